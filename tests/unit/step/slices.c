#include "mpi/step/slices.h"

#include <criterion/criterion.h>

#include "model/network.h"

/* 784-1024-512-64: 802,816 + 1,024, 524,288 + 512, 32,768 + 64 parameters, and a term's 640. */
static struct bl_layout usual(void)
{
    const struct bl_config_model model = {.hidden = {1024, 512}, .hidden_count = 2, .heads = 1, .bits = 64};
    const struct bl_shape shape = bl_shape_of(&model, 784);
    struct bl_layout layout = bl_layout_of(&shape);
    bl_layout_append(&layout, "classifier/weight", 1, 10, 64);
    return layout;
}

/* Every parameter and every block has one owner, and ranges are whole blocks. */
static void check_partition(const struct bl_layout *layout, int size, int threads, int64_t bucket_floats)
{
    const struct slices slices = slices_cut(layout, size, threads, bucket_floats);
    int64_t end = layout->n_params, end_block = slices.n_blocks;
    cr_assert_leq(slices.n_buckets, PAR_BUCKETS_MAX);
    for (int b = 0; b < slices.n_buckets; b++) {
        int64_t at = slices_begin(&slices, slices.end[b + 1]), block = slices.end[b + 1];
        const int64_t begin = at;
        for (int r = 0; r < size; r++) {
            int64_t lo, hi, first, last;
            slices_range(&slices, b, r, &lo, &hi);
            slices_blocks(&slices, b, r, &first, &last);
            cr_assert_eq(lo, at);
            cr_assert_eq(first, block);
            cr_assert_eq(lo, slices_begin(&slices, first));
            cr_assert_eq(hi, slices_begin(&slices, last));
            at = hi;
            block = last;
        }
        cr_assert_eq(at, end);
        cr_assert_eq(block, end_block);
        end = begin;
        end_block = slices.end[b + 1];
        cr_assert(end == 0 || at - begin >= bucket_floats);
    }
    cr_assert_eq(end, 0);
    int64_t params = 0, blocks = 0, least = INT64_MAX, most = 0;
    for (int r = 0; r < size; r++) {
        const int64_t own = slices_blocks_of(&slices, r);
        params += slices_params_of(&slices, r);
        blocks += own;
        least = own < least ? own : least;
        most = own > most ? own : most;
    }
    cr_assert_leq(most - least, 1);
    cr_assert_eq(params, layout->n_params);
    cr_assert_eq(blocks, slices.n_blocks);
}

Test(slices, every_parameter_has_one_owner)
{
    const struct bl_layout layout = usual();
    for (int size = 1; size <= 1000; size = size * 3 + 1)
        for (int64_t floats = 0; floats <= 1 << 22; floats = floats * 4 + 1000)
            for (int threads = 1; threads <= 8; threads += 7)
                check_partition(&layout, size, threads, floats);
}

Test(slices, buckets_end_where_the_backward_pass_says_so)
{
    const struct bl_layout layout = usual();
    const struct slices slices = slices_cut(&layout, 2, 1, 262144);
    /* The last layer with half of the one before it; its other half; three parts of the first. A part of the
     * first is 341 or 342 rows of 784, rounded up to blocks. */
    const int64_t begins[] = {802816 + 1024 + 256 * 1024, 802816 + 1024, 131 * 4096, 66 * 4096, 0};
    cr_assert_eq(slices.n_buckets, 5);
    for (int b = 0; b < 5; b++)
        cr_assert_eq(slices_begin(&slices, slices.end[b + 1]), begins[b], "%d: %d", b,
                     (int)slices_begin(&slices, slices.end[b + 1]));
}

Test(slices, a_layout_of_nothing_has_no_buckets)
{
    const struct bl_layout layout = {0};
    cr_assert_eq(slices_cut(&layout, 3, 1, 0).n_buckets, 0);
    cr_assert_eq(slices_cut(&layout, 3, 1, 1000).n_buckets, 0);
}

Test(slices, one_parameter_more_than_whole_blocks_has_a_block_of_its_own)
{
    static const int64_t sizes[] = {1, PAR_SLICE_BLOCK - 1, PAR_SLICE_BLOCK, PAR_SLICE_BLOCK + 1,
                                    2 * PAR_SLICE_BLOCK + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int64_t n = sizes[i];
        struct bl_layout layout = {.n_tensors = 1, .n_params = n, .n_network = n};
        layout.tensor[0] = (struct bl_tensor){.rows = 1, .cols = n, .is_weight = 1};
        const struct slices slices = slices_cut(&layout, 1, 1, 0);
        cr_assert_eq(slices_params_of(&slices, 0), n);
        cr_assert_eq(slices.n_blocks, n / PAR_SLICE_BLOCK + (n % PAR_SLICE_BLOCK > 0));
    }
}
