#include "neighbours/nearest.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/buffer.h"
#include "base/isa.h"
#include "base/minmax.h"
#include "neighbours/heap.h"

enum {
    TILE_QUERIES = 1024, /* of a product: with 1024 rows, scores of 4 MiB are read back from the cache */
    TILE_ROWS = 1024,
    CHUNK = 64,        /* scores that are compared before any is looked at */
    WORD = 8,          /* of them, that are then looked at together */
    MORE_ROOM = 64,    /* candidates beside 3 k */
    CHUNK_QUERIES = 16 /* that a thread takes at a time where they take unequal times */
};

static int64_t room_of(int64_t k)
{
    return 3 * k + MORE_ROOM;
}

int64_t bl_nearest_query_bytes(const struct bl_nearest_shape *shape, int64_t dim)
{
    return dim * (int64_t)(sizeof(float) + bl_type_bytes(shape->query_type)) +
           room_of(shape->k) * (int64_t)(2 * sizeof(float) + sizeof(int32_t)) +
           shape->k * (int64_t)(sizeof(double) + sizeof(int64_t)) + 64;
}

static struct bl_nearest_shape complete(const struct bl_nearest_shape *shape)
{
    struct bl_nearest_shape full = *shape;
    full.tile_queries =
        bl_min(full.tile_queries > 0 ? full.tile_queries : TILE_QUERIES, bl_max(full.queries, 1));
    full.tile_rows = full.tile_rows > 0 ? full.tile_rows : TILE_ROWS;
    return full;
}

int64_t bl_nearest_fixed_bytes(const struct bl_nearest_shape *shape, int64_t dim, int threads)
{
    const struct bl_nearest_shape full = complete(shape);
    return full.tile_rows * (dim * (int64_t)sizeof(float) + 16) +
           threads * (full.tile_queries * full.tile_rows * (int64_t)sizeof(float) +
                      2 * dim * (int64_t)sizeof(double) + room_of(full.k) * (int64_t)sizeof(float));
}

int bl_nearest_init(struct bl_nearest *nearest, const struct bl_nearest_shape *shape,
                    const struct bl_frame *frame, const struct bl_product *product, struct bl_error *err)
{
    const struct bl_nearest_shape full = complete(shape);
    const int64_t n = full.queries, dim = frame->dim, room = room_of(full.k);
    *nearest = (struct bl_nearest){.shape = full, .frame = *frame, .product = product, .room = room};
    const struct bl_buffer buffers[] = {
        {&nearest->floats, n * dim, sizeof(float), "queries as floats", 0},
        {&nearest->length, n, sizeof(double), "lengths of queries", 0},
        {&nearest->square, n, sizeof(double), "lengths of queries", 0},
        {&nearest->lower, n * room, sizeof(float), "candidates", 0},
        {&nearest->upper, n * room, sizeof(float), "candidates", 0},
        {&nearest->candidate, n * room, sizeof(int32_t), "candidates", 0},
        {&nearest->n_candidates, n, sizeof(int32_t), "candidates", 0},
        {&nearest->least, n, sizeof(float), "candidates", 0},
        {&nearest->key, n * full.k, sizeof(double), "neighbours", 0},
        {&nearest->row, n * full.k, sizeof(int64_t), "neighbours", 0},
        {&nearest->n_found, n, sizeof(int64_t), "neighbours", 0},
        {&nearest->tile, full.tile_rows * dim, sizeof(float), "a tile of rows", 0},
        {&nearest->half, full.tile_rows, sizeof(float), "a tile of rows", 0},
        {&nearest->tile_length, full.tile_rows, sizeof(double), "a tile of rows", 0},
        {&nearest->scores, product->threads * full.tile_queries * full.tile_rows, sizeof(float), "scores", 0},
        {&nearest->scratch, product->threads * 2 * dim, sizeof(double), "rows in double", 0},
        {&nearest->order, product->threads * room, sizeof(float), "candidates", 0},
    };
    const int code = bl_alloc_all(buffers, (int64_t)(sizeof buffers / sizeof *buffers), err);
    if (code != BL_OK)
        bl_nearest_free(nearest);
    return code;
}

void bl_nearest_free(struct bl_nearest *nearest)
{
    void *const owned[] = {&nearest->floats, &nearest->length,      &nearest->square,       &nearest->lower,
                           &nearest->upper,  &nearest->candidate,   &nearest->n_candidates, &nearest->least,
                           &nearest->key,    &nearest->row,         &nearest->n_found,      &nearest->tile,
                           &nearest->half,   &nearest->tile_length, &nearest->scores,       &nearest->scratch,
                           &nearest->order};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        bl_free(owned[i]);
}

static const char *row_at(const void *rows, enum bl_type type, int64_t dim, int64_t row)
{
    return (const char *)rows + row * dim * (int64_t)bl_type_bytes(type);
}

static double *scratch_of(const struct bl_nearest *nearest, int thread)
{
    return nearest->scratch + thread * 2 * nearest->frame.dim;
}

void bl_nearest_begin(struct bl_nearest *nearest, const void *queries, int64_t n, int64_t self)
{
    const int64_t dim = nearest->frame.dim;
    const enum bl_type type = nearest->shape.query_type;
    nearest->queries = queries;
    nearest->n = n;
    nearest->self = self;
#pragma omp parallel for schedule(static) num_threads(nearest->product->threads)
    for (int64_t i = 0; i < n; i++) {
        double *scratch = scratch_of(nearest, omp_get_thread_num());
        float half;
        bl_frame_row(&nearest->frame, type, row_at(queries, type, dim, i), scratch, nearest->floats + i * dim,
                     &nearest->length[i], &half);
        bl_type_to_double(type, row_at(queries, type, dim, i), dim, scratch);
        nearest->square[i] = bl_metric_square(dim, scratch);
        nearest->n_candidates[i] = 0;
        nearest->n_found[i] = 0;
        nearest->least[i] = -INFINITY;
    }
}

/* The next float down. */
static float below(double value)
{
    const float rounded = (float)value;
    return value >= -(double)FLT_MAX ? nextafterf(rounded, -INFINITY) : -INFINITY;
}

/* The k-th largest of values [n], which are reordered. k in [1, n]. (Hoare's selection.) */
static float select_largest(float *values, int64_t n, int64_t k)
{
    int64_t lo = 0, hi = n - 1;
    while (lo < hi) {
        const float pivot = values[lo + (hi - lo) / 2];
        int64_t i = lo, j = hi;
        while (i <= j) {
            while (values[i] > pivot)
                i++;
            while (values[j] < pivot)
                j--;
            if (i <= j) {
                const float kept = values[i];
                values[i++] = values[j];
                values[j--] = kept;
            }
        }
        if (k - 1 <= j)
            hi = j;
        else if (k - 1 >= i)
            lo = i;
        else
            break;
    }
    return values[k - 1];
}

/* The rows of the part at hand. */
struct part {
    const void *rows;
    int64_t n, first;
};

/* Computes the keys of all candidates of query i. */
static void settle(struct bl_nearest *nearest, const struct part *part, int64_t i, int thread)
{
    const int64_t dim = nearest->frame.dim, k = nearest->shape.k;
    const struct bl_nearest_shape *shape = &nearest->shape;
    double *query = scratch_of(nearest, thread), *row = query + dim;
    if (nearest->n_candidates[i] == 0)
        return;
    bl_type_to_double(shape->query_type, row_at(nearest->queries, shape->query_type, dim, i), dim, query);
    for (int32_t c = 0; c < nearest->n_candidates[i]; c++) {
        const int64_t at = nearest->candidate[i * nearest->room + c];
        bl_type_to_double(shape->row_type, row_at(part->rows, shape->row_type, dim, at), dim, row);
        bl_heap_add(nearest->key + i * k, nearest->row + i * k, &nearest->n_found[i], k,
                    bl_metric_key(nearest->frame.metric, dim, query, nearest->square[i], row),
                    part->first + at);
    }
#pragma omp atomic
    nearest->computed += nearest->n_candidates[i];
    nearest->n_candidates[i] = 0;
    if (nearest->n_found[i] == k) {
        const float least =
            below(bl_frame_score(&nearest->frame, nearest->length[i], nearest->longest, nearest->key[i * k]));
        nearest->least[i] = fmaxf(nearest->least[i], least);
    }
}

/* Raises `least` by the candidates of query i, and drops those that are below it. */
static void tighten(struct bl_nearest *nearest, int64_t i, int thread)
{
    float *lower = nearest->lower + i * nearest->room, *upper = nearest->upper + i * nearest->room;
    int32_t *candidate = nearest->candidate + i * nearest->room;
    const int32_t n = nearest->n_candidates[i];
    int32_t kept = 0;
    if (n >= nearest->shape.k) {
        float *order = nearest->order + thread * nearest->room;
        memcpy(order, lower, (size_t)n * sizeof *order);
        nearest->least[i] = fmaxf(nearest->least[i], select_largest(order, n, nearest->shape.k));
    }
    for (int32_t c = 0; c < n; c++) {
        if (upper[c] < nearest->least[i])
            continue;
        lower[kept] = lower[c];
        upper[kept] = upper[c];
        candidate[kept++] = candidate[c];
    }
    nearest->n_candidates[i] = kept;
}

/* Adds a row of the part to the candidates of query i; afterwards there is room for one more. */
static void add(struct bl_nearest *nearest, const struct part *part, int64_t i, int64_t row, float score,
                float error, int thread)
{
    const int64_t at = i * nearest->room + nearest->n_candidates[i]++;
    const int is_known = isfinite(score) && isfinite(error);
    nearest->lower[at] = is_known ? score - error : -INFINITY;
    nearest->upper[at] = is_known ? score + error : INFINITY;
    nearest->candidate[at] = (int32_t)row;
    if (nearest->n_candidates[i] < nearest->room)
        return;
    tighten(nearest, i, thread);
    /* Mostly about k are left. Where many rows are equally near, or the bound says nothing, their keys decide. */
    if (nearest->n_candidates[i] > nearest->shape.k + nearest->room / 4)
        settle(nearest, part, i, thread);
}

/* Marks those of a chunk of scores that reach the limit or aren't numbers; whether there are any. */
BL_KERNEL static int mark_reaching(const float *restrict score, const float *restrict half, float limit,
                                   uint8_t *restrict marks)
{
    int any = 0;
    for (int c = 0; c < CHUNK; c++) {
        marks[c] = (uint8_t)(score[c] - half[c] < limit ? 0 : 1);
        any |= marks[c];
    }
    return any;
}

/* Scores below this can't be among the k best of query i. */
static float limit_of(const struct bl_nearest *nearest, int64_t i, float error)
{
    return below((double)nearest->least[i] - (double)error);
}

/* What a scan of one query against a tile needs: rows `lo` and on of the part. */
struct scan {
    struct bl_nearest *nearest;
    const struct part *part;
    int64_t i, lo, self; /* self: which row of the tile the query is; none if outside */
    const float *scores;
    float error, least, limit;
    int thread;
};

static void take(struct scan *scan, int64_t j)
{
    const float score = scan->scores[j] - scan->nearest->half[j];
    if (score < scan->limit || j == scan->self)
        return;
    add(scan->nearest, scan->part, scan->i, scan->lo + j, score, scan->error, scan->thread);
    if (scan->nearest->least[scan->i] > scan->least) {
        scan->least = scan->nearest->least[scan->i];
        scan->limit = limit_of(scan->nearest, scan->i, scan->error);
    }
}

/* The scores [n] of a query and the tile. */
static void run_scan(struct scan *scan, int64_t n)
{
    uint8_t marks[CHUNK];
    int64_t at = 0;
    for (; at + CHUNK <= n; at += CHUNK) {
        if (!mark_reaching(scan->scores + at, scan->nearest->half + at, scan->limit, marks))
            continue;
        for (int64_t c = 0; c < CHUNK; c += WORD) {
            uint64_t word;
            memcpy(&word, marks + c, WORD);
            for (int64_t j = c; word && j < c + WORD; j++)
                if (marks[j])
                    take(scan, at + j);
        }
    }
    for (; at < n; at++)
        take(scan, at);
}

static void scan_tile(struct bl_nearest *nearest, const struct part *part, int64_t i, int64_t lo, int64_t n,
                      const float *scores, double longest, int thread)
{
    struct scan scan = {
        .nearest = nearest, .part = part, .i = i, .lo = lo, .scores = scores, .thread = thread};
    scan.error = (float)(bl_frame_error(&nearest->frame, nearest->length[i], longest) * (1.0 + 0x1p-20));
    scan.self = nearest->self >= 0 ? nearest->self + i - part->first - lo : -1;
    scan.least = nearest->least[i];
    scan.limit = limit_of(nearest, i, scan.error);
    run_scan(&scan, n);
}

/* Rows [lo, lo + n) of the part as floats; returns the length of the longest. */
static double fill_tile(struct bl_nearest *nearest, const struct part *part, int64_t lo, int64_t n)
{
    const int64_t dim = nearest->frame.dim;
    const enum bl_type type = nearest->shape.row_type;
    double longest = 0.0;
#pragma omp parallel for schedule(static) num_threads(nearest->product->threads)
    for (int64_t j = 0; j < n; j++)
        bl_frame_row(&nearest->frame, type, row_at(part->rows, type, dim, lo + j),
                     scratch_of(nearest, omp_get_thread_num()), nearest->tile + j * dim,
                     &nearest->tile_length[j], &nearest->half[j]);
    for (int64_t j = 0; j < n; j++)
        longest = fmax(longest, nearest->tile_length[j]);
    return longest;
}

void bl_nearest_rows(struct bl_nearest *nearest, const void *rows, int64_t n, int64_t first,
                     void (*tick)(void *context, int64_t done), void *context)
{
    const struct part part = {rows, n, first};
    const int64_t dim = nearest->frame.dim, width = nearest->shape.tile_rows,
                  height = nearest->shape.tile_queries;
    const int threads = nearest->product->threads;
    for (int64_t lo = 0; lo < n; lo += width) {
        const int64_t columns = bl_min(n - lo, width);
        const double longest = fill_tile(nearest, &part, lo, columns);
        nearest->longest = fmax(nearest->longest, longest);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
        for (int64_t q = 0; q < nearest->n; q += height) {
            const int thread = omp_get_thread_num();
            const int64_t queries = bl_min(nearest->n - q, height);
            float *scores = nearest->scores + thread * height * width;
            bl_product_run(nearest->product, thread, BL_PLAIN, BL_TRANSPOSED, queries, columns, dim,
                           nearest->floats + q * dim, dim, nearest->tile, dim, 0, scores, columns);
            for (int64_t i = 0; i < queries; i++)
                scan_tile(nearest, &part, q + i, lo, columns, scores + i * columns, longest, thread);
        }
        if (tick)
            tick(context, lo + columns);
    }
#pragma omp parallel for schedule(dynamic, CHUNK_QUERIES) num_threads(threads)
    for (int64_t i = 0; i < nearest->n; i++) {
        tighten(nearest, i, omp_get_thread_num());
        settle(nearest, &part, i, omp_get_thread_num());
    }
}

int64_t bl_nearest_take(struct bl_nearest *nearest, int64_t i, int64_t *rows, float *distances)
{
    const int64_t k = nearest->shape.k, n = nearest->n_found[i];
    bl_heap_sort(nearest->key + i * k, nearest->row + i * k, n);
    for (int64_t j = 0; j < n; j++) {
        rows[j] = nearest->row[i * k + j];
        distances[j] = bl_metric_distance(nearest->frame.metric, nearest->key[i * k + j]);
    }
    return n;
}

int bl_nearest_naive(enum bl_metric metric, int64_t dim, enum bl_type query_type, const void *query,
                     enum bl_type row_type, const void *rows, int64_t n, int64_t self, int64_t k,
                     int64_t *found, float *distances, struct bl_error *err)
{
    double *room = NULL;
    int code = bl_alloc(&room, 2 * dim + k, sizeof *room, "keys", err);
    if (code != BL_OK)
        return code;
    double *q = room, *x = room + dim, *keys = room + 2 * dim;
    int64_t held = 0;
    bl_type_to_double(query_type, query, dim, q);
    const double square = bl_metric_square(dim, q);
    for (int64_t r = 0; r < n; r++) {
        if (r == self)
            continue;
        bl_type_to_double(row_type, row_at(rows, row_type, dim, r), dim, x);
        const double key = bl_metric_key(metric, dim, q, square, x);
        int64_t at = held;
        for (; at > 0 && key < keys[at - 1]; at--)
            if (at < k) {
                keys[at] = keys[at - 1];
                found[at] = found[at - 1];
            }
        if (at < k) {
            keys[at] = key;
            found[at] = r;
        }
        held = bl_min(held + 1, k);
    }
    for (int64_t j = 0; j < held; j++)
        distances[j] = bl_metric_distance(metric, keys[j]);
    bl_free(&room);
    return BL_OK;
}
