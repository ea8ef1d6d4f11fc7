#include "mpi/ranks/agree.h"
#include "base/share.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"
#include "support/ranks.h"

static void no_failure_is_agreed_as_success(struct par par)
{
    struct bl_error err = {0};
    CHECK(par_agree(par, BL_OK, &err) == BL_OK);
    CHECK(err.what[0] == '\0');
}

static void a_failure_on_any_rank_is_the_same_failure_everywhere(struct par par)
{
    for (int guilty = 0; guilty < par.size; guilty++) {
        struct bl_error err = {0};
        int code = BL_OK;
        if (par.rank == guilty)
            code = bl_fail(&err, BL_INPUT, "row %d of rank %d is broken", 7, guilty);
        char expected[100];
        snprintf(expected, sizeof expected, "row 7 of rank %d is broken", guilty);
        CHECK(par_agree(par, code, &err) == BL_INPUT);
        CHECK(err.code == BL_INPUT);
        CHECK(err.rank == guilty);
        CHECK(strcmp(err.what, expected) == 0);
    }
}

static void the_lowest_failing_rank_is_heard(struct par par)
{
    static const int codes[] = {BL_PATH, BL_NUMBERS, BL_USAGE, BL_MEMORY};
    for (int first = 0; first < par.size; first++) {
        struct bl_error err = {0};
        int code = BL_OK;
        if (par.rank >= first)
            code = bl_fail(&err, codes[par.rank % 4], "from %d", par.rank);
        CHECK(par_agree(par, code, &err) == codes[first % 4]);
        CHECK(err.rank == first);
        CHECK(err.what[5] == (char)('0' + first));
    }
}

static void a_stop_is_agreed_like_a_failure(struct par par)
{
    struct bl_error err = {0};
    int code = par.rank == par.size - 1 ? bl_fail(&err, BL_STOPPED, "asked to stop") : BL_OK;
    CHECK(par_agree(par, code, &err) == BL_STOPPED);
}

static void a_process_alone_agrees_with_itself(struct par par)
{
    (void)par;
    struct bl_error err = {0};
    CHECK(par_agree(par_alone(), BL_OK, &err) == BL_OK);
    int code = bl_fail(&err, BL_PATH, "gone");
    CHECK(par_agree(par_alone(), code, &err) == BL_PATH);
    CHECK(strcmp(err.what, "gone") == 0);
}

static void ranges_are_disjoint_cover_all_and_differ_by_at_most_one(struct par par)
{
    for (int64_t n = 0; n <= 40; n++)
        for (int size = 1; size <= 9; size++) {
            int64_t next = 0;
            for (int rank = 0; rank < size; rank++) {
                int64_t lo, hi;
                bl_share(n, rank, size, &lo, &hi);
                CHECK(lo == next && lo <= hi);
                CHECK(hi - lo == n / size || hi - lo == n / size + 1);
                CHECK(lo == n * rank / size);
                next = hi;
            }
            CHECK(next == n);
        }
    int64_t lo, hi, sum, mine;
    bl_share(101, par.rank, par.size, &lo, &hi);
    mine = hi - lo;
    MPI_Allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, par.comm);
    CHECK(sum == 101);
}

static void ranges_of_very_many_things_do_not_overflow(struct par par)
{
    (void)par;
    const int64_t n = INT64_MAX - 5;
    const int size = 1 << 20;
    int64_t lo, hi, lo_first;
    bl_share(n, 0, size, &lo_first, &hi);
    CHECK(lo_first == 0 && hi == n / size);
    bl_share(n, size - 1, size, &lo, &hi);
    CHECK(hi == n);
    CHECK(lo > 0 && lo < hi);
}

static void a_broadcast_gives_every_rank_the_bytes_of_rank_0(struct par par)
{
    enum { N = 100003 };
    struct bl_error err;
    unsigned char *bytes = NULL;
    if (bl_alloc(&bytes, N, 1, "bytes", &err) != BL_OK) {
        MPI_Abort(par.comm, BL_MEMORY);
        return;
    }
    for (int i = 0; i < N; i++)
        bytes[i] = (unsigned char)(par.rank == 0 ? i * 31 % 251 : 0);
    par_broadcast(par, bytes, N);
    int wrong = 0;
    for (int i = 0; i < N; i++)
        wrong += bytes[i] != (unsigned char)(i * 31 % 251);
    CHECK(wrong == 0);
    par_broadcast(par, bytes, 0);
    bl_free(&bytes);
}

static void extremes_are_of_all_ranks_and_may_be_negative(struct par par)
{
    for (int64_t base = -100; base <= 100; base += 50) {
        const int64_t own = base + 7 * par.rank;
        CHECK(par_min_integer(par, own) == base);
        CHECK(par_max_integer(par, own) == base + 7 * (par.size - 1));
        CHECK(par_max_integer(par, -own) == -base);
    }
}

static const struct ranks_case cases[] = {
    {"no_failure_is_agreed_as_success", no_failure_is_agreed_as_success},
    {"a_failure_on_any_rank_is_the_same_failure_everywhere",
     a_failure_on_any_rank_is_the_same_failure_everywhere},
    {"the_lowest_failing_rank_is_heard", the_lowest_failing_rank_is_heard},
    {"a_stop_is_agreed_like_a_failure", a_stop_is_agreed_like_a_failure},
    {"a_process_alone_agrees_with_itself", a_process_alone_agrees_with_itself},
    {"ranges_are_disjoint_cover_all_and_differ_by_at_most_one",
     ranges_are_disjoint_cover_all_and_differ_by_at_most_one},
    {"ranges_of_very_many_things_do_not_overflow", ranges_of_very_many_things_do_not_overflow},
    {"a_broadcast_gives_every_rank_the_bytes_of_rank_0", a_broadcast_gives_every_rank_the_bytes_of_rank_0},
    {"extremes_are_of_all_ranks_and_may_be_negative", extremes_are_of_all_ranks_and_may_be_negative},
};

int main(int argc, char **argv)
{
    return ranks_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
