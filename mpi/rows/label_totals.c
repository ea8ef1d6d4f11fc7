#include "mpi/rows/label_totals.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

/* A class and how many rows have it. */
struct pair {
    int64_t value, rows;
};

static int count_own(struct bl_label_counter *counter, struct bl_label_layout layout, const uint32_t *labels,
                     int64_t n, const uint8_t *keep, struct bl_error *err)
{
    int code = bl_label_counter_init(counter, layout, err);
    if (!keep)
        return code == BL_OK ? bl_label_counter_add(counter, labels, n, err) : code;
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        if (keep[i])
            code = bl_label_counter_add(counter, labels + i * layout.words, 1, err);
    return code;
}

static void list_pairs(const struct bl_label_counter *counter, struct pair *pairs)
{
    int64_t n = 0;
    for (int64_t i = 0; i < counter->room; i++)
        if (counter->key[i] != BL_UNLABELLED)
            pairs[n++] = (struct pair){counter->key[i], counter->of[i]};
}

/* Adds the other ranks' pairs to this rank's counter. */
static int add_others(struct bl_label_counter *counter, const struct par_blocks *blocks, struct par par,
                      const struct pair *pairs, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t i = 0; i < blocks->begin[par.size] && code == BL_OK; i++)
        if (i < blocks->begin[par.rank] || i >= blocks->begin[par.rank + 1])
            code = bl_label_counter_put(counter, (int32_t)pairs[i].value, pairs[i].rows, err);
    return code;
}

int par_label_totals(struct par par, struct bl_label_layout layout, const uint32_t *labels, int64_t n,
                     const uint8_t *keep, struct bl_label_count *count, struct bl_error *err)
{
    struct bl_label_counter counter = {0};
    struct par_blocks blocks = {0};
    struct pair *pairs = NULL;
    int code = count_own(&counter, layout, labels, n, keep, err);
    if (code == BL_OK)
        code = blocks_init(&blocks, par.size, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    par_blocks_gather(&blocks, par, counter.used);
    code =
        par_agree(par, bl_alloc(&pairs, blocks.begin[par.size], sizeof *pairs, "classes of ranks", err), err);
    if (code != BL_OK)
        goto done;
    list_pairs(&counter, pairs + blocks.begin[par.rank]);
    par_allgather(par, &blocks, pairs, sizeof *pairs);
    code = par_agree(par, add_others(&counter, &blocks, par, pairs, err), err);
    if (code != BL_OK)
        goto done;
    int64_t rows[2] = {counter.rows, counter.none};
    par_sum_integers(par, rows, 2);
    counter.rows = rows[0];
    counter.none = rows[1];
    *count = bl_label_counter_result(&counter);
done:
    bl_label_counter_free(&counter);
    bl_free(&pairs);
    blocks_free(&blocks);
    return code;
}
