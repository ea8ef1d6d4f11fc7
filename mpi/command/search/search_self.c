#include "mpi/command/search/search_self.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/command/command.h"

/* An id with its width, which may differ between files: shorter ones count as padded with NUL. */
struct search_id {
    const char *text;
    int64_t bytes, row;
};

static int compare_ids(const struct search_id *a, const struct search_id *b)
{
    const struct search_id *longer = a->bytes > b->bytes ? a : b;
    const int64_t common = a->bytes < b->bytes ? a->bytes : b->bytes;
    const int order = memcmp(a->text, b->text, (size_t)common);
    if (order != 0)
        return order;
    for (int64_t i = common; i < longer->bytes; i++)
        if (longer->text[i])
            return longer == a ? 1 : -1;
    return 0;
}

static int by_id_and_row(const void *one, const void *other)
{
    const struct search_id *a = one, *b = other;
    const int order = compare_ids(a, b);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

static int sort_ids(struct search_self *self, const struct search_side *database, struct bl_error *err)
{
    const int64_t n = database->info->rows, bytes = database->info->id_bytes;
    int code = bl_alloc(&self->sorted, n, sizeof *self->sorted, "the order of ids", err);
    if (code == BL_OK)
        code = bl_alloc(&self->rows, n, sizeof *self->rows, "the order of ids", err);
    if (code != BL_OK)
        return code;
    self->n = n;
    for (int64_t i = 0; i < n; i++)
        self->sorted[i] = (struct search_id){database->ids + i * bytes, bytes, i};
    qsort(self->sorted, (size_t)n, sizeof *self->sorted, by_id_and_row);
    for (int64_t i = 0; i < n; i++)
        self->rows[i] = self->sorted[i].row;
    return BL_OK;
}

int search_self_init(struct search_self *self, const struct search_side *queries,
                     const struct search_side *database, struct bl_error *err)
{
    *self = (struct search_self){.queries = queries};
    if (command_same_file(queries->path, database->path)) {
        self->by_row = 1;
        return bl_alloc(&self->rows, 1, sizeof *self->rows, "a row", err);
    }
    const struct search_side *without = !queries->ids ? queries : database;
    if (!queries->ids || !database->ids)
        return bl_fail(
            err, BL_USAGE,
            "--exclude-self goes by row within one file and by id between two, and %s has no ids; give the "
            "same file twice, or import with ids",
            without->path);
    return sort_ids(self, database, err);
}

void search_self_free(struct search_self *self)
{
    bl_free(&self->sorted);
    bl_free(&self->rows);
    *self = (struct search_self){0};
}

int64_t search_self_of(struct search_self *self, int64_t query, const int64_t **rows)
{
    *rows = self->rows;
    if (self->by_row) {
        self->rows[0] = query;
        return 1;
    }
    if (self->n == 0)
        return 0;
    const int64_t bytes = self->queries->info->id_bytes;
    const struct search_id id = {self->queries->ids + query * bytes, bytes, 0};
    int64_t lo = 0, hi = self->n;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (compare_ids(&self->sorted[middle], &id) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    int64_t n = 0;
    while (lo + n < self->n && compare_ids(&self->sorted[lo + n], &id) == 0)
        n++;
    *rows = self->rows + lo;
    return n;
}
