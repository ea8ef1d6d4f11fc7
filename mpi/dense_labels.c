#include "mpi/dense_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "data/labels.h"
#include "mpi/agree.h"

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

static int own_classes(int64_t n, const uint32_t *labels, int32_t **classes, int *count, struct bl_error *err)
{
    int code = bl_alloc(classes, n, sizeof(int32_t), "the classes of this rank", err);
    if (code != BL_OK)
        return code;
    int64_t labelled = 0;
    for (int64_t i = 0; i < n; i++)
        if ((int32_t)labels[i] != BL_UNLABELLED)
            (*classes)[labelled++] = (int32_t)labels[i];
    *count = (int)unique(*classes, labelled); /* at most 2^31 different values, one of which can't occur */
    return BL_OK;
}

int par_dense_labels(struct par par, int64_t n, uint32_t *labels, int64_t *classes, struct bl_error *err)
{
    int32_t *own = NULL, *all = NULL;
    int *counts = NULL, *starts = NULL, count = 0;
    int code = own_classes(n, labels, &own, &count, err);
    if (code == BL_OK)
        code = bl_alloc(&counts, par.size, sizeof(int), "counts of classes", err);
    if (code == BL_OK)
        code = bl_alloc(&starts, par.size, sizeof(int), "starts of classes", err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    counts[0] = count;
    if (par.size > 1)
        MPI_Allgather(&count, 1, MPI_INT, counts, 1, MPI_INT, par.comm);
    int64_t total = 0;
    for (int r = 0; r < par.size; r++) {
        starts[r] = (int)total;
        total += counts[r];
    }
    code = par_agree(par, bl_alloc(&all, total, sizeof *all, "the classes of all ranks", err), err);
    if (code != BL_OK)
        goto done;
    if (par.size > 1)
        MPI_Allgatherv(own, count, MPI_INT32_T, all, counts, starts, MPI_INT32_T, par.comm);
    else
        memcpy(all, own, (size_t)count * sizeof *all);
    *classes = unique(all, total);
    for (int64_t i = 0; i < n; i++) {
        if ((int32_t)labels[i] == BL_UNLABELLED)
            continue;
        int32_t value = (int32_t)labels[i];
        const int32_t *place = bsearch(&value, all, (size_t)*classes, sizeof *all, by_value);
        labels[i] = (uint32_t)(place - all);
    }
done:
    bl_free(&own);
    bl_free(&all);
    bl_free(&counts);
    bl_free(&starts);
    return code;
}
