/* Reading and writing files, on the ranks of a launcher:
 *
 *   mpirun -n 2 bench_files [MIB]
 *
 * Loading a data set beside plain pread, and writing a checkpoint beside write + fsync, of the same bytes.
 * Then how long training steps wait for a checkpoint that is written in the background, in all and at most,
 * beside memcpy of its bytes.
 *
 * MIB (256) of float32 features, contiguous, in the page cache, and a checkpoint of the same size; files are
 * in TMPDIR. Each rank reads, writes and copies its part; plain reading goes into fresh memory from malloc.
 * Timed in turn; medians over rounds. */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/share.h"
#include "bench.h"
#include "io/config_file.h"
#include "mpi/files/dataset.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/world.h"
#include "mpi/rows/train_data.h"
#include "mpi/run/checkpoint_writer.h"

enum { DIM = 512, ROUNDS = 9, PIECE = 4 << 20 };

static double seconds_of(struct par par, void (*run)(void *), void *context)
{
    MPI_Barrier(par.comm);
    const double begun = bl_clock_seconds();
    run(context);
    MPI_Barrier(par.comm);
    return bl_clock_seconds() - begun;
}

struct bench {
    struct par par;
    int64_t rows; /* of all ranks */
    char data[200], plain[200], checkpoint[200];
    struct bl_config config;
    char *piece;                             /* [PIECE] */
    struct tensor tensor;                    /* the checkpoint's, as large as the features */
    char *private;                           /* [own bytes] target of plain copies */
    struct par_checkpoint_writer writer;     /* writes while the caller waits */
    struct par_checkpoint_writer background; /* has a copy, from which it writes between steps */
};

static int64_t own_bytes(const struct bench *bench, int64_t *lo_bytes)
{
    int64_t lo, hi;
    bl_share(bench->rows, bench->par.rank, bench->par.size, &lo, &hi);
    *lo_bytes = lo * DIM * (int64_t)sizeof(float);
    return (hi - lo) * DIM * (int64_t)sizeof(float);
}

static void load(void *context)
{
    struct bench *bench = context;
    struct par_train_data data;
    bench_must(par_train_data_init(&data, bench->par, bench->data, &bench->config, &bench_error));
    par_train_data_free(&data);
}

static void plain_read(void *context)
{
    struct bench *bench = context;
    int64_t lo, n = own_bytes(bench, &lo);
    char *all = malloc((size_t)n);
    const int fd = open(bench->data, O_RDONLY | O_CLOEXEC);
    for (int64_t at = 0; at < n; at += PIECE)
        if (pread(fd, all + at, (size_t)(n - at < PIECE ? n - at : PIECE), (off_t)(lo + at)) < 0)
            bench_must(bl_fail(&bench_error, BL_PATH, "can't read %s", bench->data));
    close(fd);
    free(all);
}

/* A whole checkpoint, up to its final name, with no steps meanwhile. */
static void checkpoint(void *context)
{
    struct bench *bench = context;
    const struct snapshot state = {.n_tensors = 1, .tensors = &bench->tensor};
    bench_must(par_checkpoint_begin(&bench->writer, bench->checkpoint, &state, &bench_error));
    bench_must(par_tensor_writer_finish(&bench->writer.file, &bench_error));
}

static void plain_copy(void *context)
{
    struct bench *bench = context;
    int64_t lo, n = own_bytes(bench, &lo);
    memcpy(bench->private, (const char *)bench->tensor.at + lo, (size_t)n);
}

static void plain_write(void *context)
{
    struct bench *bench = context;
    int64_t lo, n = own_bytes(bench, &lo);
    const int fd = open(bench->plain, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    for (int64_t at = 0; at < n; at += PIECE)
        if (pwrite(fd, (char *)bench->tensor.at + lo + at, (size_t)(n - at < PIECE ? n - at : PIECE),
                   (off_t)(lo + at)) < 0)
            bench_must(bl_fail(&bench_error, BL_PATH, "can't write %s", bench->plain));
    if (fsync(fd) != 0)
        bench_must(bl_fail(&bench_error, BL_PATH, "can't write %s", bench->plain));
    close(fd);
}

static void make(struct bench *bench)
{
    const char *folder = getenv("TMPDIR");
    long pid = (long)getpid();
    par_broadcast(bench->par, &pid, sizeof pid);
    snprintf(bench->data, sizeof bench->data, "%.100s/bench_files-%ld.h5", folder ? folder : "/tmp", pid);
    snprintf(bench->plain, sizeof bench->plain, "%.100s/bench_files-%ld", folder ? folder : "/tmp", pid);
    snprintf(bench->checkpoint, sizeof bench->checkpoint, "%.100s/step-%08ld.h5", folder ? folder : "/tmp",
             pid);
    bench->tensor = (struct tensor){.name = "all", .rows = bench->rows, .cols = DIM};
    bench_must(bl_alloc(&bench->tensor.at, bench->rows * DIM, sizeof(float), "a tensor", &bench_error));
    float *at = bench->tensor.at;
    for (int64_t i = 0; i < bench->rows * DIM; i++)
        at[i] = (float)(i % 65521);
    bench_must(io_config_parse("data: {file: x, validation: 0}\n"
                               "objective: {preset: none, terms: {quantization: {weight: 1}}}\n",
                               "bench", &bench->config, &bench_error));
    if (bench->par.rank != 0)
        return;
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {.rows = bench->rows, .dim = DIM, .type = BL_FLOAT32};
    bench_must(split_create(&writer, bench->data, "train", &options, &bench_error));
    bench_must(split_append(writer, bench->rows, at, NULL, NULL, &bench_error));
    bench_must(split_commit(writer, &bench_error));
    split_destroy(writer);
}

static void make_writers(struct bench *bench)
{
    const struct snapshot state = {.n_tensors = 1, .tensors = &bench->tensor};
    int64_t lo;
    bench_must(
        par_checkpoint_writer_init(&bench->writer, bench->par, NULL, 0, (struct h5_tuning){0}, &bench_error));
    bench_must(par_checkpoint_writer_init(&bench->background, bench->par, NULL, 0, (struct h5_tuning){0},
                                          &bench_error));
    bench_must(par_checkpoint_reserve(&bench->background, &state, &bench_error));
    bench_must(bl_alloc_zero(&bench->private, own_bytes(bench, &lo), 1, "a copy", &bench_error));
}

/* Removes the files of the round before, so that both ways write new ones. */
static void remove_written(struct bench *bench)
{
    if (bench->par.rank == 0) {
        remove(bench->plain);
        remove(bench->checkpoint);
    }
    MPI_Barrier(bench->par.comm);
}

static void compare(struct bench *bench, const char *name, double target, void (*ours)(void *),
                    void (*plain)(void *))
{
    double ratio[ROUNDS], seconds[ROUNDS];
    char what[80];
    for (int r = -1; r < ROUNDS; r++) {
        remove_written(bench);
        const double floor = seconds_of(bench->par, plain, bench);
        const double taken = seconds_of(bench->par, ours, bench);
        if (r < 0)
            continue;
        ratio[r] = floor / taken;
        seconds[r] = taken;
    }
    if (bench->par.rank != 0)
        return;
    const double bytes = (double)bench->rows * DIM * sizeof(float), value = bench_median(ratio, ROUNDS);
    printf("%-10s %7.0f MB/s, %.3f of the rate of plain system calls, at least %.3g\n", name,
           1e-6 * bytes / bench_median(seconds, ROUNDS), value, target);
    snprintf(what, sizeof what, "files: %s, of the rate of system calls, %d ranks", name, bench->par.size);
    bench_record(what, value, "at least", target);
}

/* Target: steps wait at most this many times as long as memcpy of the bytes takes. */
static const double WAIT_COPIES = 6.0;

/* Seconds that steps wait for a checkpoint. */
struct wait {
    double all;    /* all steps */
    double first;  /* the first step, for the copy */
    double most;   /* the longest of a later step */
    double pieces; /* all later steps that write a piece */
    int n_pieces;  /* number of those */
};

/* Seconds since `begun` on the slowest rank, for which the others wait in the step's reduction. */
static double slowest(struct bench *bench, double begun)
{
    double seconds = bl_clock_seconds() - begun;
    par_allreduce(bench->par, &seconds, 1, MPI_DOUBLE, MPI_MAX);
    return seconds;
}

static int is_busy_anywhere(struct bench *bench)
{
    int busy = tensor_writer_is_busy(&bench->background.file);
    par_allreduce(bench->par, &busy, 1, MPI_INT, MPI_MAX);
    return busy;
}

/* Writes a checkpoint in the background of steps of a millisecond, by the calls of a training run. */
static struct wait stall(struct bench *bench)
{
    struct par_tensor_writer *file = &bench->background.file;
    const struct snapshot state = {.n_tensors = 1, .tensors = &bench->tensor};
    const struct timespec nap = {.tv_nsec = 1000 * 1000};
    struct wait wait = {0};
    MPI_Barrier(bench->par.comm);
    double begun = bl_clock_seconds();
    bench_must(par_checkpoint_begin(&bench->background, bench->checkpoint, &state, &bench_error));
    wait.all = wait.first = slowest(bench, begun);
    while (tensor_writer_is_pending(file)) {
        int whole;
        nanosleep(&nap, NULL);
        const int busy = is_busy_anywhere(bench); /* in training this travels with the step's reduction */
        begun = bl_clock_seconds();
        if (!busy)
            bench_must(par_tensor_writer_advance(file, &whole, &bench_error));
        const int64_t block = file->write.block + file->write.piece;
        tensor_writer_work(file);
        const int wrote = file->stage == TENSOR_WRITING && block != file->write.block + file->write.piece;
        const double seconds = slowest(bench, begun);
        wait.all += seconds;
        wait.most = seconds > wait.most ? seconds : wait.most;
        wait.pieces += wrote ? seconds : 0.0;
        wait.n_pieces += wrote;
    }
    return wait;
}

static void tell(const struct bench *bench, const char *what, double value, double target)
{
    char name[120];
    printf("  %s: %.3f, at most %.3g\n", what, value, target);
    snprintf(name, sizeof name, "files: %s, %d ranks", what, bench->par.size);
    bench_record(name, value, "at most", target);
}

static void compare_stall(struct bench *bench)
{
    double all[ROUNDS], first[ROUNDS], pieces[ROUNDS], piece[ROUNDS], share[ROUNDS], seconds[ROUNDS];
    for (int r = -1; r < ROUNDS; r++) {
        remove_written(bench);
        const double copy = seconds_of(bench->par, plain_copy, bench);
        const struct wait wait = stall(bench);
        if (r < 0)
            continue;
        all[r] = wait.all / copy;
        first[r] = wait.first / copy;
        pieces[r] = wait.pieces / copy;
        piece[r] = wait.most * wait.n_pieces / wait.pieces;
        share[r] = wait.most * wait.n_pieces / (WAIT_COPIES * copy);
        seconds[r] = wait.all;
    }
    if (bench->par.rank != 0)
        return;
    printf("steps wait %6.1f ms in all for a checkpoint; relative to memcpy of its bytes: %.2f in the first, "
           "%.2f in those that write\n",
           1e3 * bench_median(seconds, ROUNDS), bench_median(first, ROUNDS), bench_median(pieces, ROUNDS));
    tell(bench, "wait of all steps / memcpy", bench_median(all, ROUNDS), WAIT_COPIES);
    tell(bench, "longest wait of a later step / (6 memcpy / pieces)", bench_median(share, ROUNDS), 1.5);
    tell(bench, "longest wait of a later step / mean of those that write", bench_median(piece, ROUNDS), 1.5);
}

int main(int argc, char **argv)
{
    par_start_mpi(&argc, &argv, 0);
    const int64_t mib = argc > 1 ? strtol(argv[1], NULL, 10) : 256;
    static struct bench bench;
    bench = (struct bench){.par = par_world(), .rows = mib * (1 << 20) / DIM / (int64_t)sizeof(float)};
    make(&bench);
    MPI_Barrier(bench.par.comm);
    if (bench.par.rank == 0)
        printf("%lld MiB, %d ranks\n", (long long)mib, bench.par.size);
    compare(&bench, "load", 0.8, load, plain_read);
    make_writers(&bench);
    compare(&bench, "checkpoint", 0.75, checkpoint, plain_write);
    compare_stall(&bench);
    remove_written(&bench);
    if (bench.par.rank == 0)
        remove(bench.data);
    par_checkpoint_writer_free(&bench.writer);
    par_checkpoint_writer_free(&bench.background);
    bl_free(&bench.private);
    bl_free(&bench.tensor.at);
    MPI_Finalize();
    return 0;
}
