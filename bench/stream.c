/* Training steps on streamed rows, which are read from the file meanwhile (data.residency: stream), beside
 * the same steps on rows in memory, on the ranks of a launcher:
 *
 *   mpirun -n 2 bench_stream [BATCH]...
 *
 * 196 MiB of float32 rows, 4 shards, windows of 2 MiB, which hold more rows than a step takes from a shard.
 * Epochs are timed in turn; a 12th of an epoch, two windows of each shard, has been read before it begins.
 * Medians over rounds:
 *   warm  streamed / in memory, with the file in the page cache
 *   cold  the same, with the file's pages dropped before each epoch, so that it comes from the disk, whose rate
 *         for sequential reads is printed too
 *   cpu   the ratio of processor time of all threads and ranks, warm: what reading costs when no core is idle
 * Layers 784-1024-512-64, SGD with momentum, reduction: exact. The file is in TMPDIR. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "math/blas.h"
#include "mpi/files/dataset.h"
#include "mpi/ranks/reduce.h"
#include "mpi/ranks/world.h"
#include "trainer.h"

enum { ROUNDS = 5, MEMORY = 0, WARM, COLD, WAYS };

static void make_data(const char *path)
{
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {.rows = BENCH_ROWS,
                                                 .dim = BENCH_DIM,
                                                 .type = BL_FLOAT32,
                                                 .labels = bl_label_layout(BL_LABELS_SINGLE, 0)};
    bench_must(split_create(&writer, path, "train", &options, &bench_error));
    for (uint64_t i = 0; i < BENCH_ROWS; i++) {
        float row[BENCH_DIM];
        uint64_t words[4];
        for (uint64_t d = 0; d < BENCH_DIM; d++) {
            if (d % 4 == 0)
                bl_rng_words(1, BL_STREAM_LSH, i, d, 0, words);
            row[d] = (float)bl_rng_unit(words[d % 4]);
        }
        const int32_t label = (int32_t)(i % BENCH_CLASSES);
        bench_must(split_append(writer, 1, row, &label, NULL, &bench_error));
    }
    bench_must(split_commit(writer, &bench_error));
    split_destroy(writer);
}

static void drop_pages(const char *path)
{
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        fprintf(stderr, "benchmark: the pages of %s can't be dropped\n", path);
    close(fd);
}

/* MB/s of reading the file sequentially, not from the page cache. */
static double disk_rate(const char *path)
{
    static char piece[1 << 20];
    drop_pages(path);
    const int fd = open(path, O_RDONLY);
    const double begun = bl_clock_seconds();
    double bytes = 0.0;
    for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
        bytes += (double)n;
    close(fd);
    return 1e-6 * bytes / (bl_clock_seconds() - begun);
}

static void make_trainer(struct bench_trainer *trainer, struct par par, const char *path, long batch,
                         const char *residency)
{
    char text[400];
    snprintf(text, sizeof text,
             "data: {file: x, validation: 0, shards: 4, residency: %s, window: 2}\n"
             "optimizer: {name: sgd, lr: 0.01, momentum: 0.9, weight_decay: 0}\n"
             "train: {global_batch: %ld, epochs: 1000}\n",
             residency, batch);
    bench_trainer_init(trainer, par, path, text);
}

/* Processor time of all threads of this process, in s. */
static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Seconds of an epoch; *cpu: processor seconds of all ranks. */
static double run_epoch(struct par par, struct bench_trainer *trainer, double *cpu)
{
    MPI_Barrier(par.comm);
    const double cpu_begun = processor_seconds();
    const double begun = bl_clock_seconds();
    for (int64_t i = 0; i < trainer->step.batches.steps_per_epoch; i++)
        bench_trainer_step(trainer);
    *cpu = processor_seconds() - cpu_begun;
    par_sum_doubles(par, cpu, 1);
    return bl_clock_seconds() - begun;
}

static void report(struct par par, long batch, double s[WAYS][ROUNDS], double ratio[WAYS][ROUNDS],
                   double *cpu_ratio)
{
    static const char *const names[] = {"", "warm", "cold"};
    char what[80];
    const double memory = bench_median(s[MEMORY], ROUNDS);
    printf("%8ld  %9.0f  %9.1f", batch, BENCH_ROWS / memory, 1e-6 * BENCH_ROWS * BENCH_DIM * 4 / memory);
    for (int way = WARM; way < WAYS; way++) {
        const double median = bench_median(ratio[way], ROUNDS);
        printf("  %6.3f", median);
        snprintf(what, sizeof what, "stream: %s / memory, %d ranks, batch %ld", names[way], par.size, batch);
        bench_record(what, median, "at most", 1.05);
    }
    printf("  %6.3f\n", bench_median(cpu_ratio, ROUNDS));
}

static void measure(struct par par, const char *path, long batch)
{
    static struct bench_trainer memory, stream;
    const struct timespec nap = {.tv_nsec = 300 * 1000 * 1000};
    double s[WAYS][ROUNDS], ratio[WAYS][ROUNDS], cpu[WAYS], cpu_ratio[ROUNDS];
    make_trainer(&memory, par, path, batch, "memory");
    make_trainer(&stream, par, path, batch, "stream");
    run_epoch(par, &memory, cpu);
    run_epoch(par, &stream, cpu);
    for (int round = 0; round < ROUNDS; round++) {
        for (int way = MEMORY; way < WAYS; way++) {
            nanosleep(&nap, NULL); /* until reading ahead has finished */
            if (way == COLD && par.rank == 0)
                drop_pages(path);
            s[way][round] = run_epoch(par, way == MEMORY ? &memory : &stream, &cpu[way]);
            ratio[way][round] = s[way][round] / s[MEMORY][round];
        }
        cpu_ratio[round] = cpu[WARM] / cpu[MEMORY];
    }
    if (par.rank == 0)
        report(par, batch, s, ratio, cpu_ratio);
    bench_trainer_free(&memory);
    bench_trainer_free(&stream);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"512", "2048"};
    MPI_Init(&argc, &argv);
    bl_blas_setup();
    const struct par par = par_world();
    char path[BENCH_PATH_MAX];
    bench_temp_path(par, "bench_stream", path);
    if (par.rank == 0) {
        make_data(path);
        printf("%d ranks; the disk gives %.0f MB/s\n", par.size, disk_rate(path));
        printf("   batch  in memory, rows/s    MB/s    warm    cold     cpu (ratios)\n");
    }
    MPI_Barrier(par.comm);
    for (int i = argc > 1 ? 1 : 0; i < (argc > 1 ? argc : 2); i++) {
        measure(par, path, strtol(argc > 1 ? argv[i] : usual[i], NULL, 10));
        fflush(stdout);
    }
    if (par.rank == 0)
        remove(path);
    MPI_Finalize();
    return 0;
}
