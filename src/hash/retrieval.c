/* Items are ranked by distance; those at one distance, a bucket, are tied, and every order of them is equally
 * likely. Notation: a bucket has n items, p of them relevant; F items, G of them relevant, are nearer. A cut
 * R, if it divides the bucket, takes T of its n items. */
#include "hash/retrieval.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/functions.h"
#include "base/minmax.h"

/* Sums of up to DIRECT_TERMS terms are added up; the asymptotic series of H holds from H_64 on; ranked_far
 * serves for F >= 64 T. */
enum { DIRECT_TERMS = 64, ASYMPTOTIC_FROM = 64, FAR_ABOVE = 64 };

/* H_n = gamma + log z + tail(z), z = n + 1/2: tail = 1/24z^2 - 7/960z^4 + 31/8064z^6 - ... */
static double harmonic_tail(double z)
{
    const double u = 1.0 / (z * z);
    return u * (1.0 / 24.0 + u * (-7.0 / 960.0 + u * (31.0 / 8064.0)));
}

double bl_harmonic_difference(int64_t from, int64_t n)
{
    double sum = 0;
    const int64_t direct = n <= DIRECT_TERMS ? n : ASYMPTOTIC_FROM - from;
    for (int64_t t = 1; t <= direct; t++)
        sum += 1.0 / (double)(from + t);
    if (direct >= n)
        return sum;
    if (direct > 0) {
        from += direct;
        n -= direct;
    }
    /* log((from + n + 1/2) / (from + 1/2)) = log1p(n / (from + 1/2)) */
    const double low = (double)from + 0.5;
    return sum + (bl_log1p((double)n / low) + (harmonic_tail(low + (double)n) - harmonic_tail(low)));
}

/* Sums over the first T places of a bucket, t = 1 .. T. */
struct places {
    double harmonic; /* sum of 1/(F+t) = H_{F+T} - H_F */
    double ranked;   /* sum of (t-1)/(F+t) = T - (F+1) harmonic */
};

/* places.ranked for F far above T, where T - (F+1) (H_{F+T} - H_F) would cancel. With F + t = m + x around
 * the middle m, 1/(F+t) is expanded in powers of x/m; odd powers sum to 0, and x^2, x^4 and x^6 have closed
 * sums. */
static double ranked_far(double f, double t)
{
    const double m = f + 0.5 * (t + 1.0), u = 1.0 / (m * m), t2 = t * t, common = t * (t2 - 1.0);
    const double spread =
        u * common *
        (1.0 / 12.0 + u * ((3.0 * t2 - 7.0) / 240.0 + u * ((3.0 * t2 - 18.0) * t2 + 31.0) / 1344.0));
    return (0.5 * t * (t - 1.0) - (f + 1.0) * spread) / m;
}

static struct places places_of(int64_t f, int64_t t_max)
{
    struct places places = {.harmonic = bl_harmonic_difference(f, t_max)};
    if (t_max <= DIRECT_TERMS)
        for (int64_t t = 2; t <= t_max; t++)
            places.ranked += (double)(t - 1) / (double)(f + t);
    else if (f / FAR_ABOVE > t_max)
        places.ranked = ranked_far((double)f, (double)t_max);
    else
        places.ranked = (double)t_max - ((double)f + 1.0) * places.harmonic;
    return places;
}

/* Expected sum of the precisions at relevant items within the first T places of a bucket. Place t holds a
 * relevant item with probability p/n; then (t-1)(p-1)/(n-1) of the places before it do on average, so
 *   sum over t of p/n (G + 1 + (t-1) (p-1)/(n-1)) / (F+t) = p/n ((p-1)/(n-1) ranked + (G+1) harmonic). */
static double bucket_term(int64_t n, int64_t p, int64_t g, struct places places)
{
    const double a = n > 1 ? (double)(p - 1) / (double)(n - 1) : 0.0;
    return (double)p / (double)n * (a * places.ranked + ((double)g + 1.0) * places.harmonic);
}

static void totals(const bl_bucket *buckets, int64_t bits, int64_t *items, int64_t *relevant)
{
    *items = *relevant = 0;
    for (int64_t d = 0; d <= bits; d++) {
        *items += bl_bucket_items(buckets[d]);
        *relevant += bl_bucket_relevant(buckets[d]);
    }
}

/* The buckets down to a cut, from the nearest on. */
struct walk {
    int64_t cut;         /* R, at most the number of items */
    int64_t relevant;    /* relevant items at all distances */
    double sum;          /* expected sum of precisions in the buckets wholly within the cut */
    int64_t f, g;        /* items and relevant items in those buckets */
    int64_t n, p, taken; /* the bucket that the cut divides and T; 0 if it divides none */
};

static struct walk walk_to(const bl_bucket *buckets, int64_t bits, int64_t cut)
{
    struct walk walk = {0};
    int64_t items;
    totals(buckets, bits, &items, &walk.relevant);
    walk.cut = bl_min(cut, items);
    for (int64_t d = 0; d <= bits && walk.f < walk.cut; d++) {
        const int64_t n = bl_bucket_items(buckets[d]), p = bl_bucket_relevant(buckets[d]);
        if (n > walk.cut - walk.f) {
            walk.n = n;
            walk.p = p;
            walk.taken = walk.cut - walk.f;
            break;
        }
        if (p > 0)
            walk.sum += bucket_term(n, p, walk.g, places_of(walk.f, n));
        walk.f += n;
        walk.g += p;
    }
    return walk;
}

double bl_average_precision(const bl_bucket *buckets, int64_t bits)
{
    const struct walk walk = walk_to(buckets, bits, INT64_MAX);
    return walk.relevant > 0 ? walk.sum / (double)walk.relevant : 0.0;
}

double bl_average_precision_at_min(const bl_bucket *buckets, int64_t bits, int64_t cut)
{
    const struct walk walk = walk_to(buckets, bits, cut);
    const int64_t divisor = bl_min(walk.cut, walk.relevant);
    if (divisor <= 0)
        return 0.0;
    double sum = walk.sum;
    if (walk.p > 0)
        sum += bucket_term(walk.n, walk.p, walk.g, places_of(walk.f, walk.taken));
    return sum / (double)divisor;
}

/* Expected AP@R in the found form when the cut divides a bucket. k of its T taken items are relevant with the
 * hypergeometric probability C(p,k) C(n-p,T-k) / C(n,T), and then AP is
 *   (sum + bucket_term(T, k)) / (G + k).
 * The weights are computed from the mode outwards by the ratio of neighbours, so that nothing over- or
 * underflows. They are log-concave: once one is negligible, so are all beyond it. */
static double found_in_cut_bucket(const struct walk *walk)
{
    const int64_t n = walk->n, p = walk->p, taken = walk->taken;
    const int64_t least = bl_max(taken - (n - p), 0), most = bl_min(p, taken);
    const struct places places = places_of(walk->f, taken);
    int64_t mode = (int64_t)(((double)taken + 1.0) * ((double)p + 1.0) / ((double)n + 2.0));
    mode = bl_max(least, bl_min(mode, most));
    double mass = 0, sum = 0;
    for (int step = 1; step >= -1; step -= 2) {
        double weight = 1.0;
        for (int64_t k = mode; k >= least && k <= most && weight > 1e-20 * mass; k += step) {
            if (step == 1 || k != mode) { /* the mode counts once */
                mass += weight;
                if (walk->g + k > 0)
                    sum += weight * (walk->sum + (k > 0 ? bucket_term(taken, k, walk->g, places) : 0.0)) /
                           (double)(walk->g + k);
            }
            const double up = (double)(p - k) * (double)(taken - k);
            const double down = (double)k * (double)(n - p - taken + k);
            weight *= step == 1 ? up / ((double)(k + 1) * (double)(n - p - taken + k + 1))
                                : down / ((double)(p - k + 1) * (double)(taken - k + 1));
        }
    }
    return sum / mass;
}

double bl_average_precision_at_found(const bl_bucket *buckets, int64_t bits, int64_t cut)
{
    const struct walk walk = walk_to(buckets, bits, cut);
    if (walk.p > 0)
        return found_in_cut_bucket(&walk);
    return walk.g > 0 ? walk.sum / (double)walk.g : 0.0;
}

double bl_precision_at(const bl_bucket *buckets, int64_t bits, int64_t cut)
{
    const struct walk walk = walk_to(buckets, bits, cut);
    if (walk.cut <= 0)
        return 0.0;
    /* E[relevant among the T taken] = p T/n */
    const double inside = walk.n > 0 ? (double)walk.p * (double)walk.taken / (double)walk.n : 0.0;
    return ((double)walk.g + inside) / (double)walk.cut;
}

double bl_precision_radius(const bl_bucket *buckets, int64_t bits, int64_t radius)
{
    int64_t items, relevant;
    totals(buckets, bl_min(radius, bits), &items, &relevant);
    return items > 0 ? (double)relevant / (double)items : 0.0;
}

double bl_recall_radius(const bl_bucket *buckets, int64_t bits, int64_t radius)
{
    int64_t items, inside, relevant;
    totals(buckets, bl_min(radius, bits), &items, &inside);
    totals(buckets, bits, &items, &relevant);
    return relevant > 0 ? (double)inside / (double)relevant : 0.0;
}

int bl_retrieval_check_rows(int64_t rows, struct bl_error *err)
{
    if (rows <= BL_DATABASE_ROWS_MAX)
        return BL_OK;
    return bl_fail(err, BL_USAGE, "the database has %" PRId64 " rows; at most %" PRId64 " can be counted",
                   rows, BL_DATABASE_ROWS_MAX);
}

int64_t bl_retrieval_block(int64_t bits)
{
    return 1 + (1 << 17) / (bits + 1);
}

void bl_retrieval_init(struct bl_retrieval *retrieval, int64_t bits, const int64_t *cuts, int64_t n_cuts)
{
    memset(retrieval, 0, sizeof *retrieval);
    retrieval->bits = bits;
    retrieval->n_cuts = bl_min(n_cuts, BL_CUTS_MAX);
    for (int64_t i = 0; i < retrieval->n_cuts; i++)
        retrieval->cuts[i] = cuts[i];
}

void bl_retrieval_add(struct bl_retrieval *retrieval, const bl_bucket *buckets)
{
    const int64_t bits = retrieval->bits;
    int64_t items, relevant;
    totals(buckets, bits, &items, &relevant);
    retrieval->queries++;
    retrieval->unanswerable += relevant == 0;
    if (relevant == 0)
        return; /* every measure is 0 */
    retrieval->sum_ap += bl_average_precision(buckets, bits);
    for (int64_t i = 0; i < retrieval->n_cuts; i++) {
        const int64_t cut = retrieval->cuts[i];
        retrieval->sum_ap_min[i] += bl_average_precision_at_min(buckets, bits, cut);
        retrieval->sum_ap_found[i] += bl_average_precision_at_found(buckets, bits, cut);
        retrieval->sum_precision_at[i] += bl_precision_at(buckets, bits, cut);
    }
    int64_t items_within = 0, relevant_within = 0;
    for (int64_t d = 0; d <= bits; d++) {
        items_within += bl_bucket_items(buckets[d]);
        relevant_within += bl_bucket_relevant(buckets[d]);
        if (items_within > 0)
            retrieval->sum_precision_radius[d] += (double)relevant_within / (double)items_within;
        retrieval->sum_recall_radius[d] += (double)relevant_within / (double)relevant;
    }
}

/* No query has anything to be found: there is no mean, and 0 would look like a bad one. */
static void mean_nothing(const struct bl_retrieval *retrieval, struct bl_retrieval_means *means)
{
    means->map = means->map_answerable = (double)NAN;
    for (int64_t i = 0; i < retrieval->n_cuts; i++)
        means->map_min[i] = means->map_found[i] = means->precision_at[i] = (double)NAN;
    for (int64_t d = 0; d <= retrieval->bits; d++)
        means->precision_radius[d] = means->recall_radius[d] = (double)NAN;
}

void bl_retrieval_means(const struct bl_retrieval *retrieval, struct bl_retrieval_means *means)
{
    const int64_t answerable = retrieval->queries - retrieval->unanswerable;
    memset(means, 0, sizeof *means);
    if (answerable == 0) {
        mean_nothing(retrieval, means);
        return;
    }
    const double queries = (double)retrieval->queries;
    means->map = retrieval->sum_ap / queries;
    means->map_answerable = retrieval->sum_ap / (double)answerable;
    for (int64_t i = 0; i < retrieval->n_cuts; i++) {
        means->map_min[i] = retrieval->sum_ap_min[i] / queries;
        means->map_found[i] = retrieval->sum_ap_found[i] / queries;
        means->precision_at[i] = retrieval->sum_precision_at[i] / queries;
    }
    for (int64_t d = 0; d <= retrieval->bits; d++) {
        means->precision_radius[d] = retrieval->sum_precision_radius[d] / queries;
        means->recall_radius[d] = retrieval->sum_recall_radius[d] / queries;
    }
}
