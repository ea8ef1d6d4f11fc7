#include "mpi/files/checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/checkpoint_writer.h"
#include "support/ranks.h"

/* Tensors of several blocks, written by all ranks and read by all, into memory of each or of all together. */

enum { ROWS = 700, COLS = 1024, SMALL = 5, N_TENSORS = 2 };

struct content {
    struct tensor tensors[N_TENSORS];
    struct snapshot state;
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 32];
};

static float value(int64_t i)
{
    return (float)(i % 8191) - 77.0f;
}

static void point(struct content *content, float *memory)
{
    content->tensors[0] = (struct tensor){.name = "large", .rows = ROWS, .cols = COLS, .at = memory};
    content->tensors[1] = (struct tensor){.name = "small", .rows = SMALL, .at = memory + ROWS * COLS};
    content->state = (struct snapshot){.n_tensors = N_TENSORS, .tensors = content->tensors};
}

enum { VALUES = ROWS * COLS + SMALL };

static int is_right(const float *memory)
{
    int right = 1;
    for (int64_t i = 0; i < VALUES; i++)
        right &= memory[i] == value(i);
    return right;
}

/* Memory of this rank's own. */
static float *own_memory(int filled)
{
    float *memory = NULL;
    CHECK(bl_alloc_zero(&memory, VALUES, sizeof *memory, "a test", NULL) == BL_OK);
    for (int64_t i = 0; i < VALUES && filled; i++)
        memory[i] = value(i);
    return memory;
}

/* The stages that a writer has been in, as bits. */
static unsigned stages_seen;

/* begin, steps that write a piece each, and the stages between them, as training does it. far: as if the
 * ranks were on several hosts. */
static int write_in_steps(struct par par, struct content *content, int behind, int far, struct bl_error *err)
{
    struct par_checkpoint_writer writer;
    float *memory = own_memory(1);
    int whole = 0;
    point(content, memory);
    int code = par_checkpoint_writer_init(&writer, par, NULL, 0, (struct h5_tuning){0}, err);
    writer.file.is_one_host &= !far;
    if (code == BL_OK && behind)
        code = par_checkpoint_reserve(&writer, &content->state, err);
    if (code == BL_OK)
        code = par_checkpoint_begin(&writer, content->path, &content->state, err);
    writer.file.piece_bytes = 1; /* a block each */
    if (behind)
        memset(memory, 0xff, VALUES * sizeof *memory); /* it has a copy */
    while (code == BL_OK && !whole) {
        int busy = tensor_writer_is_busy(&writer.file);
        MPI_Allreduce(MPI_IN_PLACE, &busy, 1, MPI_INT, MPI_MAX, par.comm);
        if (!busy)
            code = par_tensor_writer_advance(&writer.file, &whole, err);
        stages_seen |= 1u << writer.file.stage;
        if (code == BL_OK)
            tensor_writer_work(&writer.file);
    }
    par_checkpoint_writer_free(&writer);
    bl_free(&memory);
    return code;
}

static void make(struct par par, struct content *content, int behind, int far)
{
    struct bl_error err = {0};
    ranks_temp_folder(par, content->folder);
    snprintf(content->path, sizeof content->path, "%s/step-00000001.h5", content->folder);
    CHECK(write_in_steps(par, content, behind, far, &err) == BL_OK);
}

static void each_rank_reads_what_all_wrote(struct par par)
{
    for (int way = 0; way < 4; way++) {
        struct content content;
        struct bl_error err = {0};
        make(par, &content, way % 2, way / 2);
        float *memory = own_memory(0);
        point(&content, memory);
        CHECK(par_checkpoint_read(par, par_alone(), content.path, &content.state, &err) == BL_OK);
        CHECK(is_right(memory));
        bl_free(&memory);
        ranks_remove_folder(par, content.folder);
    }
}

/* Another host's blocks are sure to be in the file only when that host has synced it. */
static void ranks_of_several_hosts_read_back_when_all_have_synced(struct par par)
{
    for (int far = 0; far < 2; far++) {
        struct content content;
        stages_seen = 0;
        make(par, &content, 0, far);
        CHECK(stages_seen & 1u << TENSOR_SYNCING);
        CHECK(!(stages_seen & 1u << TENSOR_CHECKING) == !far);
        ranks_remove_folder(par, content.folder);
    }
}

static void a_tensor_of_another_type_is_refused(struct par par)
{
    struct content content;
    struct bl_error err = {0};
    make(par, &content, 0, 0);
    float *memory = own_memory(0);
    point(&content, memory);
    double *wide = NULL;
    CHECK(bl_alloc_zero(&wide, SMALL, sizeof *wide, "a test", NULL) == BL_OK);
    content.tensors[1] = (struct tensor){.name = "small", .rows = SMALL, .value = TENSOR_DOUBLE, .at = wide};
    CHECK(par_checkpoint_read(par, par_alone(), content.path, &content.state, &err) == BL_INPUT);
    CHECK(strstr(err.what, "'state/small' has values of another type"));
    bl_free(&wide);
    bl_free(&memory);
    ranks_remove_folder(par, content.folder);
}

/* One memory of all ranks of the host, of which each fills a part. */
static float *common_memory(struct par node, MPI_Win *window)
{
    float *memory = NULL;
    MPI_Aint bytes = node.rank == 0 ? VALUES * (MPI_Aint)sizeof *memory : 0;
    int unit;
    MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, node.comm, &memory, window);
    MPI_Win_shared_query(*window, 0, &bytes, &unit, &memory);
    MPI_Win_lock_all(0, *window);
    return memory;
}

static void ranks_of_a_node_fill_its_memory_together(struct par par)
{
    struct content content;
    struct bl_error err = {0};
    MPI_Win window;
    make(par, &content, 1, 0);
    struct par node = par_on_host(par);
    float *memory = common_memory(node, &window);
    point(&content, memory);
    CHECK(par_checkpoint_read(par, node, content.path, &content.state, &err) == BL_OK);
    MPI_Win_sync(window);
    CHECK(is_right(memory));
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
    par_leave_host(&node);
    ranks_remove_folder(par, content.folder);
}

static void flip(struct par par, const char *path, int64_t place)
{
    char byte;
    if (par.rank == 0) {
        const int fd = open(path, O_RDWR);
        CHECK(pread(fd, &byte, 1, (off_t)place) == 1);
        byte ^= 1;
        CHECK(pwrite(fd, &byte, 1, (off_t)place) == 1);
        close(fd);
    }
    MPI_Barrier(par.comm);
}

/* Of each block in turn, whoever of the node reads it. */
static void a_damaged_block_is_the_same_failure_on_all_ranks(struct par par)
{
    enum { BLOCK = 1 << 20 };
    struct content content;
    MPI_Win window;
    make(par, &content, 0, 0);
    struct par node = par_on_host(par);
    float *memory = common_memory(node, &window);
    int64_t at = 0;
    if (par.rank == 0) {
        hid_t file = H5Fopen(content.path, H5F_ACC_RDONLY, H5P_DEFAULT),
              set = H5Dopen2(file, "state/large", H5P_DEFAULT);
        at = (int64_t)H5Dget_offset(set);
        H5Dclose(set);
        H5Fclose(file);
    }
    point(&content, memory);
    for (int64_t block = 0; block * BLOCK < ROWS * COLS * 4; block++) {
        struct bl_error err = {0};
        char expected[64];
        flip(par, content.path, at + block * BLOCK + 3);
        CHECK(par_checkpoint_read(par, node, content.path, &content.state, &err) == BL_INPUT);
        snprintf(expected, sizeof expected, "'state/large' is damaged in rows %d to", (int)block * 256);
        CHECK(strstr(err.what, expected));
        flip(par, content.path, at + block * BLOCK + 3);
    }
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
    par_leave_host(&node);
    ranks_remove_folder(par, content.folder);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(each_rank_reads_what_all_wrote),
        CASE(ranks_of_several_hosts_read_back_when_all_have_synced),
        CASE(a_tensor_of_another_type_is_refused),
        CASE(ranks_of_a_node_fill_its_memory_together),
        CASE(a_damaged_block_is_the_same_failure_on_all_ranks),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
