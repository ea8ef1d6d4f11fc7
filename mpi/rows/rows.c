#include "mpi/rows/rows.h"

struct par_rows par_rows_resident_local(int64_t dim, enum bl_type type, const void *resident, int64_t n_local,
                                        const uint8_t *keep, struct par_groups *groups)
{
    return (struct par_rows){.dim = dim,
                             .type = type,
                             .n_local = n_local,
                             .block_rows = 1 << 16,
                             .keep = keep,
                             .groups = groups,
                             .resident = resident};
}

int par_rows_read_local(const struct par_rows *rows, int64_t lo, int64_t n, const void **block,
                        struct bl_error *err)
{
    if (rows->read)
        return rows->read(rows->context, lo, n, block, NULL, err);
    *block = (const char *)rows->resident + (size_t)(lo * rows->dim) * bl_type_bytes(rows->type);
    return BL_OK;
}
