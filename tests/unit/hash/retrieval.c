#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hash/code.h"
#include "hash/retrieval.h"
#include "support/sizes.h"

enum { ITEMS_MAX = 4096, ROWS_MAX = 4200 };

static void count(const struct bl_code_set *queries, int64_t query_lo, int64_t n_queries,
                  const struct bl_code_set *database, int exclude_self, bl_bucket *buckets)
{
    void *scratch = aligned_alloc(64, (size_t)(bl_retrieval_scratch_bytes() + 63) / 64 * 64);
    cr_assert(scratch);
    bl_retrieval_count(queries, query_lo, n_queries, database, exclude_self, buckets, scratch);
    free(scratch);
}

/* One ranking of a query's items, best first: what an evaluator that sorts would see. */
struct ranking {
    int64_t n;
    int64_t distance[ITEMS_MAX];
    int relevant[ITEMS_MAX];
};

struct measures {
    double ap, at_min, at_found, precision;
};

/* The definitions, on one order of the items. */
static struct measures plain_measures(const struct ranking *ranking, int64_t cut)
{
    int64_t all = 0, found = 0;
    double sum = 0, sum_cut = 0;
    for (int64_t i = 0; i < ranking->n; i++) {
        all += ranking->relevant[i];
        sum += ranking->relevant[i] ? (double)all / (double)(i + 1) : 0.0;
        if (i + 1 <= cut) {
            found = all;
            sum_cut = sum;
        }
    }
    cut = cut < ranking->n ? cut : ranking->n;
    struct measures measures = {0};
    if (all > 0) {
        measures.ap = sum / (double)all;
        measures.at_min = sum_cut / (double)(cut < all ? cut : all);
    }
    measures.at_found = found > 0 ? sum_cut / (double)found : 0.0;
    measures.precision = cut > 0 ? (double)found / (double)cut : 0.0;
    return measures;
}

static void add_measures(struct measures *sum, struct measures one)
{
    sum->ap += one.ap;
    sum->at_min += one.at_min;
    sum->at_found += one.at_found;
    sum->precision += one.precision;
}

/* Adds the measures of every order of the items [at, n) that keeps the distances ascending. */
static void all_orders(struct ranking *ranking, int64_t at, int64_t cut, struct measures *sum,
                       int64_t *orders)
{
    if (at == ranking->n) {
        add_measures(sum, plain_measures(ranking, cut));
        ++*orders;
        return;
    }
    for (int64_t i = at; i < ranking->n && ranking->distance[i] == ranking->distance[at]; i++) {
        int kept = ranking->relevant[at];
        ranking->relevant[at] = ranking->relevant[i];
        ranking->relevant[i] = kept;
        all_orders(ranking, at + 1, cut, sum, orders);
        ranking->relevant[i] = ranking->relevant[at];
        ranking->relevant[at] = kept;
    }
}

static void buckets_of(const struct ranking *ranking, int64_t bits, bl_bucket *buckets)
{
    memset(buckets, 0, (size_t)(bits + 1) * sizeof *buckets);
    for (int64_t i = 0; i < ranking->n; i++)
        buckets[ranking->distance[i]] += bl_bucket_of(1, (uint64_t)ranking->relevant[i]);
}

static void check_measures(const bl_bucket *buckets, int64_t bits, int64_t cut, struct measures expected,
                           double tolerance)
{
    cr_assert_float_eq(bl_average_precision(buckets, bits), expected.ap, tolerance);
    cr_assert_float_eq(bl_average_precision_at_min(buckets, bits, cut), expected.at_min, tolerance);
    cr_assert_float_eq(bl_average_precision_at_found(buckets, bits, cut), expected.at_found, tolerance,
                       "cut %d: %.15g, expected %.15g", (int)cut,
                       bl_average_precision_at_found(buckets, bits, cut), expected.at_found);
    cr_assert_float_eq(bl_precision_at(buckets, bits, cut), expected.precision, tolerance);
}

/* Every assignment of relevance and of distances to n items, by the digits of two numbers. */
static void check_all_orders(int64_t n, int64_t bits, int relevance, int64_t distances)
{
    static struct ranking ranking;
    bl_bucket buckets[8];
    int64_t distance = 0;
    ranking.n = n;
    for (int64_t i = 0; i < n; i++) { /* each digit is the step to the next distance */
        distance += distances >> i & 1;
        ranking.distance[i] = distance;
        ranking.relevant[i] = relevance >> i & 1;
    }
    cr_assert_leq(distance, bits);
    for (int64_t cut = 1; cut <= n + 1; cut++) {
        struct measures sum = {0};
        int64_t orders = 0;
        all_orders(&ranking, 0, cut, &sum, &orders);
        const double one = 1.0 / (double)orders;
        buckets_of(&ranking, bits, buckets);
        check_measures(
            buckets, bits, cut,
            (struct measures){sum.ap * one, sum.at_min * one, sum.at_found * one, sum.precision * one},
            1e-13);
    }
}

Test(retrieval, measures_are_the_mean_over_all_orders_of_tied_items)
{
    for (int64_t n = 1; n <= 6; n++)
        for (int relevance = 0; relevance < 1 << n; relevance++)
            for (int64_t distances = 0; distances < 1 << n; distances++)
                check_all_orders(n, 7, relevance, distances);
}

Test(retrieval, measures_are_near_the_mean_over_random_shuffles)
{
    enum { N = 400, SHUFFLES = 4000, BITS = 5, CUT = 70 };
    static struct ranking ranking;
    bl_bucket buckets[BITS + 1];
    ranking.n = N;
    for (int64_t i = 0; i < N; i++) {
        ranking.distance[i] = i * BITS / N;
        ranking.relevant[i] = bl_rng_below(5, BL_STREAM_BATCH, (uint64_t)i, 0, 0, 10) < 1;
    }
    struct measures sum = {0};
    for (int64_t s = 0; s < SHUFFLES; s++) {
        for (int64_t i = N - 1; i > 0; i--) {
            int64_t lo = i;
            while (lo > 0 && ranking.distance[lo - 1] == ranking.distance[i])
                lo--;
            int64_t j = lo + (int64_t)bl_rng_below(6, BL_STREAM_BATCH, (uint64_t)s, (uint64_t)i, 0,
                                                   (uint64_t)(i - lo + 1));
            int kept = ranking.relevant[i];
            ranking.relevant[i] = ranking.relevant[j];
            ranking.relevant[j] = kept;
        }
        add_measures(&sum, plain_measures(&ranking, CUT));
    }
    buckets_of(&ranking, BITS, buckets);
    const double one = 1.0 / SHUFFLES;
    check_measures(buckets, BITS, CUT,
                   (struct measures){sum.ap * one, sum.at_min * one, sum.at_found * one, sum.precision * one},
                   4e-3);
}

Test(retrieval, harmonic_differences_are_right_to_twelve_digits)
{
    const int64_t from[] = {0, 1, 5, 63, 64, 65, 100, 1000, 100000, 4000000000};
    const int64_t n[] = {1, 2, 63, 64, 65, 66, 128, 1000, 30000, 1000000};
    for (size_t f = 0; f < sizeof from / sizeof *from; f++)
        for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
            long double sum = 0;
            for (int64_t t = n[i]; t >= 1; t--)
                sum += 1.0L / (long double)(from[f] + t);
            double got = bl_harmonic_difference(from[f], n[i]);
            cr_assert_lt(fabsl((long double)got - sum), 4e-15L * sum, "H(%lld + %lld) - H(%lld)",
                         (long long)from[f], (long long)n[i], (long long)from[f]);
        }
    cr_assert_eq(bl_harmonic_difference(12, 0), 0.0);
}

/* Expected AP of buckets by a sum over places, in long double. */
static long double place_by_place(const bl_bucket *buckets, int64_t bits)
{
    long double sum = 0, f = 0, g = 0;
    for (int64_t d = 0; d <= bits; d++) {
        const int64_t items = bl_bucket_items(buckets[d]);
        const long double n = (long double)items, p = (long double)bl_bucket_relevant(buckets[d]);
        for (int64_t t = 1; t <= items && p > 0; t++)
            sum += p / n * (1 + g + (n > 1 ? (p - 1) / (n - 1) : 0) * (long double)(t - 1)) /
                   (f + (long double)t);
        f += n;
        g += p;
    }
    return sum / g;
}

Test(retrieval, average_precision_of_large_buckets_is_the_sum_over_places)
{
    const bl_bucket cases[][4] = {
        {bl_bucket_of(1000000, 1), bl_bucket_of(10, 0), bl_bucket_of(70, 70), bl_bucket_of(3, 1)},
        {bl_bucket_of(0, 0), bl_bucket_of(1000000, 999999), bl_bucket_of(1, 1), bl_bucket_of(1000000, 5)},
        {bl_bucket_of(2000000, 0), bl_bucket_of(65, 3), bl_bucket_of(300, 300), bl_bucket_of(64, 2)},
        {bl_bucket_of(30, 7), bl_bucket_of(900000, 100000), bl_bucket_of(0, 0), bl_bucket_of(800000, 800000)},
    };
    for (size_t i = 0; i < 4; i++) {
        long double expected = place_by_place(cases[i], 3);
        cr_assert_lt(fabsl((long double)bl_average_precision(cases[i], 3) - expected), 1e-12L * expected);
    }
}

/* The found form of one bucket of n items, p relevant, cut at T, term by term with log-gamma. */
static long double found_by_gamma(int64_t n, int64_t p, int64_t taken)
{
    long double harmonic = 0, sum = 0;
    for (int64_t t = taken; t >= 1; t--)
        harmonic += 1.0L / (long double)t;
    const int64_t least = taken - (n - p) > 1 ? taken - (n - p) : 1, most = p < taken ? p : taken;
    for (int64_t k = least; k <= most; k++) {
        const long double lk = (long double)k, lt = (long double)taken, lp = (long double)p,
                          ln = (long double)n;
        const long double log_p = lgammal(lp + 1) - lgammal(lk + 1) - lgammal(lp - lk + 1) +
                                  lgammal(ln - lp + 1) - lgammal(lt - lk + 1) -
                                  lgammal(ln - lp - lt + lk + 1) - lgammal(ln + 1) + lgammal(lt + 1) +
                                  lgammal(ln - lt + 1);
        const long double a = taken > 1 ? (lk - 1) / (lt - 1) : 0;
        sum += expl(log_p) * (a * (lt - harmonic) + harmonic) / lt;
    }
    return sum;
}

Test(retrieval, the_found_form_holds_for_buckets_of_a_million_items)
{
    const int64_t cases[][3] = {{1000000, 500000, 1000},  {1000000, 100000, 500000}, {1000000, 10, 999999},
                                {1000000, 999990, 999},   {1000000, 1, 1},           {1000000, 3, 500},
                                {1000000, 999999, 999999}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_bucket bucket[2] = {bl_bucket_of((uint64_t)cases[i][0], (uint64_t)cases[i][1]), 0};
        double got = bl_average_precision_at_found(bucket, 1, cases[i][2]);
        long double expected = found_by_gamma(cases[i][0], cases[i][1], cases[i][2]);
        cr_assert_lt(fabsl((long double)got - expected), 1e-9L * expected, "case %zu: %.15g, expected %.15Lg",
                     i, got, expected);
    }
}

Test(retrieval, a_cut_beyond_the_items_is_the_whole)
{
    const bl_bucket buckets[3] = {bl_bucket_of(5, 2), 0, bl_bucket_of(9, 3)};
    const double ap = bl_average_precision(buckets, 2);
    cr_assert_float_eq(bl_average_precision_at_min(buckets, 2, 1000), ap, 1e-15);
    cr_assert_float_eq(bl_average_precision_at_found(buckets, 2, 1000), ap, 1e-15);
    cr_assert_float_eq(bl_precision_at(buckets, 2, 1000), 5.0 / 14, 1e-15);
}

Test(retrieval, an_empty_ball_and_nothing_relevant_count_zero)
{
    const bl_bucket far[4] = {0, 0, 0, bl_bucket_of(4, 2)};
    const bl_bucket irrelevant[2] = {bl_bucket_of(3, 0), bl_bucket_of(3, 0)}, empty[2] = {0, 0};
    cr_assert_eq(bl_precision_radius(far, 3, 2), 0.0);
    cr_assert_eq(bl_recall_radius(far, 3, 2), 0.0);
    cr_assert_eq(bl_precision_radius(far, 3, 3), 0.5);
    cr_assert_eq(bl_recall_radius(far, 3, 99), 1.0);
    check_measures(irrelevant, 1, 4, (struct measures){0}, 0.0);
    check_measures(empty, 1, 4, (struct measures){0}, 0.0);
    cr_assert_eq(bl_recall_radius(irrelevant, 1, 1), 0.0);
}

/* Codes and labels of a kind that makes ties and empty label rows frequent. */
struct sample {
    uint64_t words[ROWS_MAX * 16];
    uint32_t labels[ROWS_MAX * 63];
    struct bl_code_set set;
};

static uint64_t random_word(uint64_t seed, int64_t i)
{
    uint64_t words[4];
    bl_rng_words(seed, BL_STREAM_LSH, (uint64_t)i, 0, 0, words);
    return words[0];
}

static struct sample *random_sample(uint64_t seed, int64_t rows, int64_t bits, struct bl_label_layout layout)
{
    struct sample *sample = calloc(1, sizeof *sample);
    const int64_t n_words = bl_code_words(bits);
    cr_assert(sample && rows <= ROWS_MAX && n_words <= 16 && layout.words <= 63);
    for (int64_t i = 0; i < rows * n_words; i++) {
        sample->words[i] = random_word(seed, i);
        if (i % n_words == n_words - 1 && bits % 64 != 0)
            sample->words[i] &= (UINT64_C(1) << bits % 64) - 1;
    }
    for (int64_t i = 0; i < rows; i++) {
        const uint64_t random = random_word(seed + 1, i);
        if (layout.kind == BL_LABELS_SINGLE)
            sample->labels[i] = (uint32_t)(random % 6) - 1; /* -1: unlabelled */
        else if (layout.kind == BL_LABELS_GROUPS) {
            uint32_t *row = sample->labels + i * layout.words;
            for (int64_t w = 0; w < layout.words; w++)
                row[w] = (uint32_t)((random_word(seed + 3 + (uint64_t)w, i) >> 7) % 90) - 1;
            for (int64_t w = 0; random % 5 == 0 && w < layout.words; w++)
                row[w] = (uint32_t)BL_UNLABELLED;
            bl_group_pack(layout, row);
        } else if (layout.kind == BL_LABELS_MULTI)
            for (int64_t c = random % 5 == 0 ? 4 : 0; c < 4; c++) {
                const int64_t class = (int64_t)(random >> (12 * c + 4) & 0xfff) % layout.classes;
                sample->labels[i * layout.words + class / 32] |= 1u << class % 32;
            }
    }
    sample->set = (struct bl_code_set){rows, bits, sample->words, layout, sample->labels, 0};
    return sample;
}

static void check_kernel(int64_t rows, int64_t queries, int64_t bits, struct bl_label_layout layout, int same)
{
    struct sample *database = random_sample(11, rows, bits, layout);
    struct sample *query = same ? database : random_sample(22, queries, bits, layout);
    const size_t n = (size_t)(queries * (bits + 1));
    bl_bucket *fast = calloc(n + 1, sizeof *fast), *naive = calloc(n + 1, sizeof *naive);
    cr_assert(fast && naive);
    count(&query->set, 0, queries, &database->set, same, fast);
    bl_retrieval_count_naive(&query->set, 0, queries, &database->set, same, naive);
    cr_assert_arr_eq(fast, naive, n * sizeof *fast, "%d bits, %d rows", (int)bits, (int)rows);
    free(fast);
    free(naive);
    if (!same)
        free(query);
    free(database);
}

Test(retrieval, the_kernel_counts_what_the_plain_loop_counts_at_every_width)
{
    const int64_t widths[] = {1, 2, 7, 16, 48, 63, 64, 65, 96, 127, 128, 129, 192, 256, 320, 512, 1000, 1024};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int same = 0; same < 2; same++)
            check_kernel(2050, 9, widths[i], bl_label_layout(BL_LABELS_SINGLE, 5), same);
}

Test(retrieval, the_kernel_counts_what_the_plain_loop_counts_for_all_kinds_of_labels)
{
    const int64_t classes[] = {1, 20, 81, 1024, 1025, 2000};
    check_kernel(100, 5, 64, bl_label_layout(BL_LABELS_NONE, 0), 0);
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        for (int same = 0; same < 2; same++)
            check_kernel(1100, 7, 64, bl_label_layout(BL_LABELS_MULTI, classes[i]), same);
    for (int i = 0; i < SIZES_TWO; i++)
        check_kernel(300, 7, 64, bl_label_layout(BL_LABELS_MULTI, size_around(BL_LABELS_PER_WORD, i)), 0);
}

Test(retrieval, the_kernel_counts_what_the_plain_loop_counts_for_groups)
{
    const int64_t widths[] = {1, 2, 5, 16, 32, 33};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (int same = 0; same < 2; same++)
            check_kernel(1100, 7, 64, bl_group_layout(widths[i]), same);
}

Test(retrieval, the_kernel_counts_databases_around_the_edges_of_its_tiles)
{
    const struct bl_label_layout layouts[] = {
        bl_label_layout(BL_LABELS_SINGLE, 5), bl_label_layout(BL_LABELS_MULTI, 700),
        bl_label_layout(BL_LABELS_MULTI, 1200), bl_group_layout(3), bl_group_layout(33)};
    const int64_t bits[] = {64, 600};
    for (int64_t rows = 0; rows < 6; rows++)
        check_kernel(rows, 3, 64, layouts[0], 0);
    for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++)
        for (size_t b = 0; b < 2; b++)
            for (int i = 0; i < SIZES_TWO; i++)
                check_kernel(size_around(bl_retrieval_tile(bits[b], layouts[l]), i), 3, bits[b], layouts[l],
                             0);
    check_kernel(10, 0, 64, bl_label_layout(BL_LABELS_SINGLE, 5), 0);
}

Test(retrieval, pieces_of_a_database_sum_to_the_whole_and_exclude_self_by_global_row)
{
    enum { ROWS = 300, BITS = 40 };
    struct sample *sample = random_sample(7, ROWS, BITS, bl_label_layout(BL_LABELS_SINGLE, 5));
    static bl_bucket whole[ROWS * (BITS + 1)], sum[ROWS * (BITS + 1)];
    count(&sample->set, 0, ROWS, &sample->set, 1, whole);
    const int64_t edges[] = {0, 0, 1, 120, 121, 299, 300};
    for (int piece = 0; piece < 6; piece++) {
        struct bl_code_set part = sample->set;
        part.first = edges[piece];
        part.rows = edges[piece + 1] - edges[piece];
        part.words += part.first;
        part.labels += part.first;
        for (int64_t q = 0; q < ROWS; q += 50)
            count(&sample->set, q, 50, &part, 1, sum + q * (BITS + 1));
    }
    cr_assert_arr_eq(whole, sum, sizeof whole);
    for (int64_t q = 0; q < ROWS; q++) {
        int64_t items = 0;
        for (int64_t d = 0; d <= BITS; d++)
            items += bl_bucket_items(whole[q * (BITS + 1) + d]);
        cr_assert_eq(items, ROWS - 1);
    }
    free(sample);
}

Test(retrieval, the_order_of_the_database_changes_no_bucket)
{
    enum { ROWS = 500, BITS = 24 };
    struct sample *a = random_sample(8, ROWS, BITS, bl_label_layout(BL_LABELS_SINGLE, 5));
    struct sample *b = random_sample(8, ROWS, BITS, bl_label_layout(BL_LABELS_SINGLE, 5));
    static bl_bucket of_a[5 * (BITS + 1)], of_b[5 * (BITS + 1)];
    for (int64_t i = 0; i < ROWS; i++) {
        b->words[i] = a->words[ROWS - 1 - i];
        b->labels[i] = a->labels[ROWS - 1 - i];
    }
    count(&a->set, 0, 5, &a->set, 0, of_a);
    count(&a->set, 0, 5, &b->set, 0, of_b);
    cr_assert_arr_eq(of_a, of_b, sizeof of_a);
    free(a);
    free(b);
}

Test(retrieval, equal_codes_score_the_share_of_relevant_items)
{
    const bl_bucket buckets[2] = {bl_bucket_of(100, 10), 0};
    double expected = 0; /* E[AP] of a random order: (1/n) (a (n - H) + H) */
    for (int t = 1; t <= 100; t++)
        expected += (1.0 + 9.0 / 99.0 * (t - 1)) / t / 100.0;
    cr_assert_float_eq(bl_average_precision(buckets, 1), expected, 1e-14);
    cr_assert_float_eq(bl_precision_at(buckets, 1, 7), 0.1, 1e-15);
}

Test(retrieval, means_are_over_all_queries_and_answerable_ones_apart)
{
    const int64_t cuts[] = {1, 3};
    const bl_bucket perfect[3] = {bl_bucket_of(2, 2), bl_bucket_of(3, 0), 0};
    const bl_bucket worst[3] = {bl_bucket_of(1, 0), 0, bl_bucket_of(1, 1)};
    const bl_bucket hopeless[3] = {bl_bucket_of(5, 0), 0, 0};
    static struct bl_retrieval retrieval;
    static struct bl_retrieval_means means;
    bl_retrieval_init(&retrieval, 2, cuts, 2);
    bl_retrieval_add(&retrieval, perfect);
    bl_retrieval_add(&retrieval, worst);
    bl_retrieval_add(&retrieval, hopeless);
    bl_retrieval_means(&retrieval, &means);
    cr_assert_eq(retrieval.queries, 3);
    cr_assert_eq(retrieval.unanswerable, 1);
    cr_assert_float_eq(means.map, 1.5 / 3, 1e-15);
    cr_assert_float_eq(means.map_answerable, 1.5 / 2, 1e-15);
    cr_assert_float_eq(means.precision_at[0], 1.0 / 3, 1e-15);
    cr_assert_float_eq(means.precision_at[1], (2.0 / 3 + 0.5) / 3, 1e-15);
    cr_assert_float_eq(means.precision_radius[0], 1.0 / 3, 1e-15);
    cr_assert_float_eq(means.recall_radius[1], 1.0 / 3, 1e-15);
    cr_assert_float_eq(means.recall_radius[2], 2.0 / 3, 1e-15);
    cr_assert_float_eq(means.precision_radius[2], (0.4 + 0.5) / 3, 1e-15);
    for (int r = 0; r < 3; r++) {
        cr_assert_float_eq(means.precision_radius[r],
                           (bl_precision_radius(perfect, 2, r) + bl_precision_radius(worst, 2, r)) / 3,
                           1e-15);
        cr_assert_float_eq(means.recall_radius[r],
                           (bl_recall_radius(perfect, 2, r) + bl_recall_radius(worst, 2, r)) / 3, 1e-15);
    }
}

Test(retrieval, there_is_no_mean_over_no_query_or_over_none_with_anything_relevant)
{
    static struct bl_retrieval retrieval;
    static struct bl_retrieval_means means;
    const bl_bucket nothing_relevant[3] = {bl_bucket_of(2, 0), bl_bucket_of(0, 0), bl_bucket_of(5, 0)};
    bl_retrieval_init(&retrieval, 2, (const int64_t[]){3}, 1);
    for (int round = 0; round < 2; round++) {
        bl_retrieval_means(&retrieval, &means);
        cr_assert(isnan(means.map) && isnan(means.map_answerable));
        cr_assert(isnan(means.map_min[0]) && isnan(means.map_found[0]) && isnan(means.precision_at[0]));
        cr_assert(isnan(means.recall_radius[2]) && isnan(means.precision_radius[0]));
        bl_retrieval_add(&retrieval, nothing_relevant);
    }
    cr_assert_eq(retrieval.unanswerable, 2);
}
