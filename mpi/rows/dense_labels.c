#include "mpi/rows/dense_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "data/labels.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

static int by_value(const void *a, const void *b)
{
    int32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Sorts values [n] and keeps one of each; returns how many. */
static int64_t unique(int32_t *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || values[i] != values[kept - 1])
            values[kept++] = values[i];
    return kept;
}

/* The distinct classes of this rank's labels [n], sorted. */
static int own_classes(int64_t n, const uint32_t *labels, int32_t **classes, int64_t *count,
                       struct bl_error *err)
{
    int code = bl_alloc(classes, n, sizeof(int32_t), "the classes of this rank", err);
    if (code != BL_OK)
        return code;
    int64_t labelled = 0;
    for (int64_t i = 0; i < n; i++)
        if ((int32_t)labels[i] != BL_UNLABELLED)
            (*classes)[labelled++] = (int32_t)labels[i];
    *count = unique(*classes, labelled);
    return BL_OK;
}

int par_dense_labels(struct par par, int64_t n, uint32_t *labels, int64_t *classes, struct bl_error *err)
{
    int32_t *own = NULL, *all = NULL;
    int64_t count = 0;
    struct par_blocks blocks = {0};
    int code = own_classes(n, labels, &own, &count, err);
    if (code == BL_OK)
        code = blocks_init(&blocks, par.size, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    /* The numbers of classes first, so that each rank can allocate for all; then the classes. */
    par_blocks_gather(&blocks, par, count);
    const int64_t total = blocks.begin[par.size];
    code = par_agree(par, bl_alloc(&all, total, sizeof *all, "the classes of all ranks", err), err);
    if (code != BL_OK)
        goto done;
    memcpy(all + blocks.begin[par.rank], own, (size_t)count * sizeof *all);
    par_allgather(par, &blocks, all, sizeof *all);
    *classes = unique(all, total);
    for (int64_t i = 0; i < n; i++) {
        if ((int32_t)labels[i] == BL_UNLABELLED)
            continue;
        int32_t value = (int32_t)labels[i]; /* found: all ranks' classes include this rank's */
        const int32_t *place = bsearch(&value, all, (size_t)*classes, sizeof *all, by_value);
        labels[i] = (uint32_t)(place - all);
    }
done:
    bl_free(&own);
    bl_free(&all);
    blocks_free(&blocks);
    return code;
}
