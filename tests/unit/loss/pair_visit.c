#include "loss/pair_visit.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "loss/tile.h"
#include "support/objective.h"
#include "support/pairs.h"

static struct bl_config_objective base(int form)
{
    return (struct bl_config_objective){.relaxation = BL_RELAXATION_TANH,
                                        .pairwise_weight = 1.0,
                                        .pairwise_form = form,
                                        .pairwise_similarity = BL_SIMILARITY_LABEL,
                                        .pairwise_balance = BL_BALANCE_BALANCED,
                                        .pairwise_similar_weight = 3.0,
                                        .pairwise_dissimilar_weight = 0.5,
                                        .pairwise_soft_weight = 0.3,
                                        .gamma = 1.5};
}

/* Ways to share N rows: one holder; equal parts; unequal ones, of which one is a single row and one empty. */
enum { PARTS_MAX = 5 };
static const struct cut {
    int n_parts;
    int64_t rows[PARTS_MAX + 1];
    int circle[PARTS_MAX]; /* whose pairs with whose are visited once: parts of the same number, neighbours */
} cuts[] = {
    {1, {0, N}, {0}},
    {2, {0, N / 2, N}, {0}},
    {3, {0, 384, 385, N}, {0}},
    {5, {0, 129, 129, 600, 1000, N}, {0}},
    {3, {0, 384, 385, N}, {0, 1, 1}},
    {5, {0, 129, 129, 600, 1000, N}, {0, 0, 1, 1, 2}},
};
enum { CUTS = sizeof cuts / sizeof *cuts };

/* Each unordered pair of different blocks in exactly one of the two blocks' runs, whatever their number. */
Test(pair_visit, pair_blocks_every_two_blocks_meet_once)
{
    for (int64_t n = 1; n <= 33; n++) {
        int met[33][33] = {{0}};
        for (int64_t block = 0; block < n; block++)
            for (int64_t d = 1; d <= bl_pair_following(n, block); d++)
                met[block][(block + d) % n]++;
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++)
                cr_assert_eq(met[a][b] + met[b][a], a != b, "%d of %d", (int)a, (int)n);
    }
}

Test(pair_visit, pair_blocks_holders_of_equal_parts_have_the_same_to_do_but_for_a_block)
{
    for (int64_t parts = 1; parts <= 8; parts++)
        for (int64_t each = 2; each <= 12; each += 2) {
            int64_t least = INT64_MAX, most = 0;
            for (int64_t p = 0; p < parts; p++) {
                int64_t sum = 0;
                for (int64_t block = p * each; block < (p + 1) * each; block++)
                    sum += bl_pair_following(parts * each, block);
                least = sum < least ? sum : least;
                most = sum > most ? sum : most;
            }
            cr_assert_leq(most - least, 1);
        }
}

Test(pair_visit, pair_blocks_reach_says_which_parts_are_met)
{
    enum { BLOCKS = 11 };
    for (int64_t lo = 0; lo < BLOCKS; lo++)
        for (int64_t hi = lo; hi <= BLOCKS; hi++) {
            int met = 0;
            for (int64_t block = 2; block < 5; block++)
                for (int64_t d = 1; d <= bl_pair_following(BLOCKS, block); d++)
                    met |= (block + d) % BLOCKS >= lo && (block + d) % BLOCKS < hi;
            cr_assert_eq(bl_pair_reaches(BLOCKS, 2, 5, lo, hi), met, "[%d, %d)", (int)lo, (int)hi);
        }
}

/* Codes of other holders' rows, which are no numbers until somebody waits for them. */
struct late {
    const float *codes;
    float seen[N * K];
    int pokes, waits;
};

static void poke(void *context)
{
    ((struct late *)context)->pokes++;
}

static void wait_for(void *context)
{
    struct late *late = context;
    memcpy(late->seen, late->codes, sizeof late->seen);
    late->waits++;
}

static void send_late(struct late *late, struct bl_batch *batch, struct bl_arrival *arrival)
{
    *late = (struct late){.codes = batch->codes};
    *arrival = (struct bl_arrival){.context = late,
                                   .poke = poke,
                                   .wait = wait_for,
                                   .lo = batch->first,
                                   .hi = batch->first + batch->n_local};
    for (int64_t at = 0; at < N * K; at++) {
        const int own = at >= batch->first * K && at < (batch->first + batch->n_local) * K;
        late->seen[at] = own ? batch->codes[at] : NAN;
    }
    batch->codes = late->seen;
    batch->arrival = arrival;
}

enum visits { TWICE, ONCE, TWICE_IN_FLIGHT, ONCE_IN_FLIGHT };

static void run_part(struct bl_objective *objective, struct bl_batch batch, enum visits visits, int64_t sum,
                     const struct bl_objective_out *out)
{
    static struct late late;
    struct bl_arrival arrival;
    const struct bl_groups all = {.n = 1, .end = &batch.n_local};
    if (visits >= TWICE_IN_FLIGHT)
        send_late(&late, &batch, &arrival);
    const int64_t before = bl_alloc_count();
    bl_objective_sums(objective, &batch, &all);
    objective->sums[0] = sum; /* over all parts */
    bl_objective_rows(objective, &batch, &all, NULL, out);
    cr_assert_eq(bl_alloc_count(), before);
    if (visits >= TWICE_IN_FLIGHT) {
        cr_assert_eq(late.waits, 1);
        cr_assert_gt(late.pokes + (batch.n_local == 0), 0);
    }
}

/* The gradient in c and the value as the holders of all parts find them together. */
static double together(const struct fixture *f, const struct cut *cut, int threads, enum visits visits,
                       float *gradient)
{
    const int mirrored = visits == ONCE || visits == ONCE_IN_FLIGHT;
    double sum = 0.0;
    memset(gradient, 0, N * K * sizeof *gradient);
    for (int p = 0; p < cut->n_parts; p++) {
        const int64_t lo = cut->rows[p], n = cut->rows[p + 1] - lo;
        struct bl_product product;
        struct bl_objective objective;
        double values[BL_TERMS_MAX];
        float *dh, *mirror;
        cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, threads, NULL), BL_OK);
        cr_assert_eq(bl_objective_init(&objective, &f->config, &f->network, f->layout, n, N, &product, NULL),
                     BL_OK);
        int begin = p, end = p + 1;
        while (begin > 0 && cut->circle[begin - 1] == cut->circle[p])
            begin--;
        while (end < cut->n_parts && cut->circle[end] == cut->circle[p])
            end++;
        const int64_t *rows = cut->rows + begin, first = rows[0] * K, last = cut->rows[end] * K;
        cr_assert_eq(bl_alloc(&mirror, threads * (last - first), sizeof *mirror, "mirror", NULL), BL_OK);
        if (mirrored)
            cr_assert_eq(bl_objective_visit_once(&objective, rows, end - begin, p - begin, mirror, NULL),
                         BL_OK);
        cr_assert_eq(bl_alloc(&dh, n * K, sizeof *dh, "dh", NULL), BL_OK);
        const struct bl_objective_out out = {.dh = dh, .values = values};
        run_part(&objective, fixture_batch(f, lo, n), visits, f->objective.sums[0], &out);
        sum += values[0];
        for (int64_t at = 0; at < N * K; at++) {
            const int own = at >= lo * K && at < (lo + n) * K, in_circle = at >= first && at < last;
            gradient[at] += own ? dh[at - lo * K] : mirrored && in_circle ? mirror[at - first] : 0.0f;
        }
        bl_free(&dh);
        bl_free(&mirror);
        bl_objective_free(&objective);
        bl_product_free(&product);
    }
    return sum;
}

static double relative(const float *x, const double *y)
{
    double difference = 0.0, norm = 0.0;
    for (int64_t i = 0; i < N * K; i++) {
        difference += pow((double)x[i] - y[i], 2.0);
        norm += y[i] * y[i];
    }
    return sqrt(difference / norm);
}

/* cauchy: 1 - cos, rounded to 1e-7, stands below the line. */
static double bound_of(int form, double gap)
{
    return form == BL_FORM_CAUCHY ? 1e-6 + 1e-7 / gap : 1e-6;
}

/* One way to share the rows with 1 or 3 threads; all of them, or each time another. */
enum { WAYS = 2 * CUTS };

/* With a sanitizer, which looks for mistakes in memory: each way once or twice in all, not each with a form. */
#ifdef __SANITIZE_ADDRESS__
enum { EVERY_WAY = 3, SOME_WAYS = 1 };
#else
enum { EVERY_WAY = WAYS, SOME_WAYS = 3 };
#endif

/* Once, and both with codes on their way, against the definition in double and against twice, in n_ways of
 * the WAYS from way on. */
static void check(struct bl_config_objective config, int multi, int way, int n_ways)
{
    static double defined[N * K], twice[N * K];
    static float gradient[N * K];
    struct fixture f;
    double gap = 1.0;
    fixture_init(&f, config, multi, N);
    const double value = fixture_total(&f, 1.0, 0);
    memset(defined, 0, sizeof defined);
    const double expected = pairs_definition(&f, defined, &gap);
    for (int64_t i = 0; i < N * K; i++)
        twice[i] = (double)f.dh[i];
    const double bound = bound_of(config.pairwise_form, gap);
    for (int w = way; w < way + n_ways; w++)
        for (enum visits visits = ONCE; visits <= ONCE_IN_FLIGHT; visits++) {
            const int c = w % CUTS, threads = 1 + 2 * (w / CUTS % 2);
            const double found = together(&f, &cuts[c], threads, visits, gradient);
            cr_assert_float_eq(found, expected, 1e-6, "form %d cut %d visits %d: %.9g %.9g",
                               config.pairwise_form, c, visits, found, expected);
            cr_assert_float_eq(found, value, 1e-6);
            cr_assert_lt(relative(gradient, defined), bound, "form %d cut %d visits %d: %g",
                         config.pairwise_form, c, visits, relative(gradient, defined));
            cr_assert_lt(relative(gradient, twice), bound);
        }
    fixture_free(&f);
    cr_assert_eq(bl_alloc_live(), 0);
}

/* How rows are shared is no matter of the form: every way with two forms that need other sums of a row, a few
 * with each. The weights are two numbers: one way is enough for the second kind of them. */
Test(pair_visit, once_equals_twice_and_the_definition_for_every_form_and_weight)
{
    int way = 0;
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int balance = BL_BALANCE_BALANCED; balance <= BL_BALANCE_EXPLICIT; balance++) {
            struct bl_config_objective config = base(form);
            config.pairwise_balance = balance;
            const int every = form == BL_FORM_LIKELIHOOD || form == BL_FORM_CAUCHY;
            const int n_ways = balance == BL_BALANCE_EXPLICIT ? 1 : every ? EVERY_WAY : SOME_WAYS;
            check(config, 0, way, n_ways);
            way += n_ways;
        }
}

/* Every way with one of them, a few with each. */
Test(pair_visit, once_equals_twice_and_the_definition_for_every_similarity)
{
    int way = 0;
    for (int similarity = BL_SIMILARITY_SHARED; similarity <= BL_SIMILARITY_COSINE; similarity++)
        for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++) {
            struct bl_config_objective config = base(form);
            config.pairwise_similarity = similarity;
            if (bl_pair_form(form)->soft || similarity == BL_SIMILARITY_SHARED) {
                const int n_ways = form != BL_FORM_LIKELIHOOD           ? 1
                                   : similarity == BL_SIMILARITY_COSINE ? EVERY_WAY
                                                                        : SOME_WAYS;
                check(config, 1, way, n_ways);
                way += n_ways;
            }
        }
}

Test(pair_visit, a_code_of_zeros_has_the_gradient_of_twice)
{
    static float gradient[N * K];
    static double twice[N * K], defined[N * K];
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++) {
        struct fixture f;
        double gap = 1.0;
        fixture_init(&f, base(form), 0, N);
        memset(f.z + 130 * K, 0, K * sizeof *f.z);
        fixture_total(&f, 1.0, 0);
        for (int64_t i = 0; i < N * K; i++)
            twice[i] = (double)f.dh[i];
        together(&f, &cuts[1], 1, ONCE, gradient);
        pairs_definition(&f, defined, &gap);
        cr_assert_lt(relative(gradient, twice), bound_of(form, gap));
        for (int k = 0; k < K; k++)
            cr_assert(isfinite(gradient[130 * K + k]));
        fixture_free(&f);
    }
}

Test(pair_visit, once_gives_the_same_bits_again)
{
    static float first[N * K], second[N * K];
    struct fixture f;
    fixture_init(&f, base(BL_FORM_CAUCHY), 0, N);
    fixture_total(&f, 1.0, 0);
    together(&f, &cuts[2], 3, ONCE, first);
    together(&f, &cuts[2], 3, ONCE, second);
    cr_assert_eq(memcmp(first, second, sizeof first), 0);
    fixture_free(&f);
}
