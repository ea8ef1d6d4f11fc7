#include "mpi/files/tensor_file.h"

#include <string.h>

#include "base/minmax.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "support/splits.h"

TestSuite(tensor_file, .init = enter, .fini = leave);

/* Tensors of 3, 1, 5 and 2 blocks; the last is not shared. */
enum { COLS = 1 << 16, ROWS_A_BLOCK = 4, N_TENSORS = 4, N_SHARED = 3, RANKS_MOST = 12 };

static const int64_t blocks_of[N_TENSORS] = {3, 1, 5, 2};

static void set_tensors(struct tensor tensors[N_TENSORS])
{
    for (int t = 0; t < N_TENSORS; t++) {
        tensors[t] = (struct tensor){.rows = blocks_of[t] * ROWS_A_BLOCK, .cols = COLS};
        snprintf(tensors[t].name, sizeof tensors[t].name, "t%d", t);
        cr_assert_eq(tensor_blocks(&tensors[t]), blocks_of[t]);
    }
}

Test(tensor_file, each_block_has_one_rank_and_ranks_have_as_many_but_for_one)
{
    struct tensor tensors[N_TENSORS];
    set_tensors(tensors);
    for (int size = 1; size <= RANKS_MOST; size++) {
        int64_t end[N_TENSORS] = {0}, least = INT64_MAX, most = 0;
        for (int rank = 0; rank < size; rank++) {
            int64_t shared = 0, lo, hi;
            for (int t = 0; t < N_TENSORS; t++) {
                tensor_share(tensors, N_SHARED, t, rank, size, &lo, &hi);
                cr_assert(lo == hi || lo == end[t], "tensor %d, rank %d of %d", t, rank, size);
                cr_assert(t < N_SHARED || rank == 0 || lo == hi);
                end[t] += hi - lo;
                shared += t < N_SHARED ? hi - lo : 0;
            }
            least = bl_min(least, shared);
            most = shared > most ? shared : most;
        }
        for (int t = 0; t < N_TENSORS; t++)
            cr_assert_eq(end[t], blocks_of[t], "tensor %d of %d ranks", t, size);
        cr_assert_leq(most - least, 1, "%d ranks: from %d to %d blocks", size, (int)least, (int)most);
    }
}

static int put(hid_t file, const char *file_path, const void *context, struct bl_error *err)
{
    (void)context;
    const int done = h5_put_integer(file, "step", 7) == 0 && h5_put_text(file, "word", "here") == 0;
    return done ? BL_OK : bl_fail(err, BL_PATH, "can't put attributes into %s", file_path);
}

static void lose(const char *name, const char *attribute)
{
    struct bl_error err;
    hid_t file;
    cr_assert_eq(h5_open_to_change(&file, name, &err), BL_OK, "%s", err.what);
    cr_assert_geq(H5Adelete(file, attribute), 0);
    cr_assert_geq(H5Fclose(file), 0);
}

Test(tensor_file, that_lost_a_number_or_a_text_is_not_marked_complete)
{
    static const char *const lost[] = {NULL, "step", "word"};
    struct tensor tensors[N_TENSORS];
    struct tensor_place places[N_TENSORS];
    struct bl_error err = {0};
    set_tensors(tensors);
    for (int i = 0; i < 3; i++) {
        const struct tensor_file_content content = {.format = "test",
                                                    .version = 1,
                                                    .tensors = tensors,
                                                    .n = N_TENSORS,
                                                    .n_shared = N_SHARED,
                                                    .put = put};
        int64_t n_attributes = 0;
        cr_assert_eq(tensor_file_make(path, &content, 0, places, &n_attributes, &err), BL_OK, "%s", err.what);
        if (lost[i])
            lose(path, lost[i]);
        const int code = tensor_file_mark(path, &content, places, n_attributes, &err);
        cr_assert_eq(code, lost[i] ? BL_PATH : BL_OK, "%s: %s", lost[i], err.what);
        cr_assert(!lost[i] || strstr(err.what, "'a number or attribute' is not in its place"));
    }
}
