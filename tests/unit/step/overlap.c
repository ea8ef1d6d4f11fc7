#include "mpi/step/overlap.h"

#include <criterion/criterion.h>
#include <string.h>

enum { LANES = 5 };

static struct overlap overlap(int wanted, int reduction, int against, int64_t ranks, int64_t hosts)
{
    struct bl_config config = {0};
    config.train.overlap = wanted;
    config.train.reduction = reduction;
    config.train.bucket_kib = 3;
    config.objective.pairwise_weight = 1.0;
    config.objective.pairwise_against = against;
    return overlap_choose(&config, ranks, hosts, LANES);
}

static void expect(struct overlap found, const char *name)
{
    cr_expect_str_eq(overlap_name(&found), name);
    cr_expect_eq(found.bucket_floats, strstr(name, "gradient") ? LANES * 768 : 0); /* 3 KiB for each lane */
}

Test(overlap, auto_is_all_that_can_be_between_hosts)
{
    expect(overlap(BL_OVERLAP_AUTO, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, 1), "none");
    expect(overlap(BL_OVERLAP_AUTO, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, 2), "codes and gradient");
    expect(overlap(BL_OVERLAP_AUTO, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, 4), "codes and gradient");
    expect(overlap(BL_OVERLAP_AUTO, BL_REDUCTION_EXACT, BL_AGAINST_BATCH, 4, 4), "gradient");
    expect(overlap(BL_OVERLAP_AUTO, BL_REDUCTION_FAST, BL_AGAINST_MEMORY, 4, 4), "gradient");
}

Test(overlap, is_what_was_chosen_on_any_number_of_hosts)
{
    for (int64_t hosts = 1; hosts <= 2; hosts++) {
        expect(overlap(BL_OVERLAP_NONE, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, hosts), "none");
        expect(overlap(BL_OVERLAP_CODES, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, hosts), "codes");
        expect(overlap(BL_OVERLAP_CODES, BL_REDUCTION_FAST, BL_AGAINST_MEMORY, 4, hosts), "none");
        expect(overlap(BL_OVERLAP_GRADIENT, BL_REDUCTION_EXACT, BL_AGAINST_BATCH, 4, hosts), "gradient");
        expect(overlap(BL_OVERLAP_BOTH, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 4, hosts), "codes and gradient");
    }
}

Test(overlap, is_nothing_on_one_rank)
{
    expect(overlap(BL_OVERLAP_BOTH, BL_REDUCTION_FAST, BL_AGAINST_BATCH, 1, 1), "none");
}
