#include "mpi/fit/draw.h"

#include <string.h>

#include "base/buffer.h"
#include "math/elementwise.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* This rank's rows that may be chosen, and their labels if these count. */
struct candidates {
    int64_t n;
    int64_t *row;     /* [n] */
    uint32_t *labels; /* [n, words] */
};

static void candidates_free(struct candidates *candidates)
{
    bl_free(&candidates->row);
    bl_free(&candidates->labels);
}

static void add_labelled(struct bl_label_layout layout, int64_t lo, int64_t n, const uint32_t *labels,
                         struct candidates *candidates)
{
    for (int64_t i = 0; i < n; i++) {
        const uint32_t *own = labels + i * layout.words;
        if (!bl_label_relevant(layout, own, own)) /* only a row without labels isn't relevant to itself */
            continue;
        memcpy(candidates->labels + candidates->n * layout.words, own, (size_t)layout.words * sizeof *own);
        candidates->row[candidates->n++] = lo + i;
    }
}

static int list_labelled(const struct rows *rows, struct candidates *candidates, struct bl_error *err)
{
    int code = bl_alloc(&candidates->labels, rows->n_local * rows->labels.words, sizeof *candidates->labels,
                        "labels of rows", err);
    for (int64_t lo = 0; lo < rows->n_local && code == BL_OK; lo += rows->block_rows) {
        const int64_t n = rows->n_local - lo < rows->block_rows ? rows->n_local - lo : rows->block_rows;
        const uint32_t *labels = NULL;
        code = rows->read(rows->context, lo, n, NULL, &labels, err);
        if (code == BL_OK)
            add_labelled(rows->labels, lo, n, labels, candidates);
    }
    return code;
}

static int list_candidates(const struct rows *rows, int labelled, struct candidates *candidates,
                           struct bl_error *err)
{
    int code = bl_alloc(&candidates->row, rows->n_local, sizeof *candidates->row, "rows to choose from", err);
    if (code == BL_OK && labelled && rows->labels.kind != BL_LABELS_NONE)
        return list_labelled(rows, candidates, err);
    for (int64_t i = 0; i < rows->n_local && code == BL_OK && !labelled; i++)
        candidates->row[candidates->n++] = i;
    return code;
}

/* *before = the sum of `mine` over lower ranks; *total over all. It numbers the candidates of all ranks in
 * the order of the file, by which the draw goes, so that it is the same on any number of ranks. */
static int place(struct par par, int64_t mine, int64_t *before, int64_t *total, struct bl_error *err)
{
    int64_t *of_rank = NULL;
    int code = par_agree(par, bl_alloc_zero(&of_rank, par.size, sizeof *of_rank, "counts of rows", err), err);
    if (code == BL_OK) {
        of_rank[par.rank] = mine;
        par_sum_integers(par, of_rank, par.size);
        *before = *total = 0;
        for (int r = 0; r < par.size; r++) {
            *before += r < par.rank ? of_rank[r] : 0;
            *total += of_rank[r];
        }
    }
    bl_free(&of_rank);
    return code;
}

/* Marks the drawn ones and moves their labels to the front. */
static int draw(struct par_draw *choice, const struct rows *rows, struct par_draw_of of,
                struct candidates *candidates, int64_t before, int64_t total, struct bl_error *err)
{
    const int64_t words = rows->labels.words;
    int64_t *chosen = NULL;
    int code = bl_alloc(&chosen, candidates->n, sizeof *chosen, "chosen rows", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&choice->keep, rows->n_local, 1, "marks of chosen rows", err);
    if (code == BL_OK)
        choice->n_local = bl_choose(of.seed, of.use, total, choice->n_global, before, before + candidates->n,
                                    chosen, &choice->first);
    for (int64_t i = 0; i < choice->n_local && code == BL_OK; i++) {
        const int64_t from = chosen[i] - before;
        choice->keep[candidates->row[from]] = 1;
        if (of.labelled)
            memmove(candidates->labels + i * words, candidates->labels + from * words,
                    (size_t)words * sizeof *candidates->labels);
    }
    choice->labels = candidates->labels;
    candidates->labels = NULL;
    bl_free(&chosen);
    return code;
}

int par_draw_make(struct par_draw *choice, struct par par, const struct rows *rows, struct par_draw_of of,
                  struct bl_error *err)
{
    struct candidates candidates = {0};
    int64_t before = 0, total = 0;
    *choice = (struct par_draw){0};
    int code = par_agree(par, list_candidates(rows, of.labelled, &candidates, err), err);
    if (code == BL_OK)
        code = place(par, candidates.n, &before, &total, err);
    if (code == BL_OK && total == 0)
        code = bl_fail(err, BL_INPUT, of.labelled ? "no row has a label" : "there are no rows");
    if (code == BL_OK) {
        choice->n_global = of.n == 0 || of.n > total ? total : of.n;
        code = par_agree(par, draw(choice, rows, of, &candidates, before, total, err), err);
    }
    candidates_free(&candidates);
    if (code != BL_OK)
        par_draw_free(choice);
    return code;
}

void par_draw_free(struct par_draw *choice)
{
    bl_free(&choice->keep);
    bl_free(&choice->labels);
}

struct collection {
    int64_t dim;
    float *own;
    int is_finite;
};

static void collect(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    struct collection *collection = context;
    (void)group;
    collection->is_finite &= bl_all_finite(n * collection->dim, points);
    memcpy(collection->own + first * collection->dim, points, (size_t)(n * collection->dim) * sizeof *points);
}

int par_draw_collect(const struct par_draw *choice, struct par par, const struct rows *rows,
                     const struct bl_model *model, int64_t layers, float **own, struct bl_error *err)
{
    struct rows chosen = *rows;
    struct par_points points = {0};
    chosen.keep = choice->keep;
    *own = NULL;
    int code = par_points_init(&points, par, &chosen, model, layers, err);
    struct collection collection = {.dim = points.dim, .is_finite = 1};
    if (code == BL_OK)
        code = bl_alloc(&collection.own, choice->n_local * points.dim, sizeof(float), "chosen rows", err);
    if (code == BL_OK)
        code = par_points_visit_local(&points, collect, &collection, err);
    if (code == BL_OK && !collection.is_finite)
        code = bl_fail(err, BL_NUMBERS,
                       "a chosen training row has features that aren't finite numbers (NaN, infinity) or are "
                       "too large; correct or remove such rows");
    code = par_agree(par, code, err);
    par_points_free(&points);
    if (code != BL_OK)
        bl_free(&collection.own);
    *own = collection.own;
    return code;
}

/* Every row is on one rank and zero on the others, so joining their bytes puts all in place. */
void par_draw_gather(const struct par_draw *choice, struct par par, int64_t row_bytes, const void *own,
                     void *all)
{
    memset(all, 0, (size_t)(choice->n_global * row_bytes));
    memcpy((char *)all + choice->first * row_bytes, own, (size_t)(choice->n_local * row_bytes));
    par_join_bytes(par, all, choice->n_global * row_bytes);
}
