#include "mpi/rows/rows.h"

struct rows rows_resident(int64_t dim, enum bl_type type, const void *resident, int64_t n_local,
                          const uint8_t *keep, struct par_sum_groups *groups)
{
    return (struct rows){.dim = dim,
                         .type = type,
                         .n_local = n_local,
                         .block_rows = 1 << 16,
                         .keep = keep,
                         .groups = groups,
                         .resident = resident};
}

int rows_read(const struct rows *rows, int64_t lo, int64_t n, const void **block, struct bl_error *err)
{
    if (rows->read)
        return rows->read(rows->context, lo, n, block, NULL, err);
    /* In memory: row lo begins at lo * dim values; nothing is copied. */
    *block = (const char *)rows->resident + (size_t)(lo * rows->dim) * bl_type_bytes(rows->type);
    return BL_OK;
}
