#include "mpi/mirror.h"

#include "base/buffer.h"
#include "loss/objective.h"
#include "loss/pair_blocks.h"

/* Below this a step gains nothing (docs/decisions/0023). */
enum { ONCE_FROM_ROWS = 512 };

int par_mirror_wanted_local(const struct bl_config *config, int64_t n_global)
{
    if (config->train.reduction == BL_REDUCTION_EXACT || !bl_objective_visits_pairs(&config->objective))
        return 0;
    return config->train.pairs == BL_PAIRS_AUTO ? n_global >= ONCE_FROM_ROWS
                                                : config->train.pairs == BL_PAIRS_ONCE;
}

/* Who sends to whom: which rows travel. */
static void set_parts(struct par_mirror *mirror, struct par par, const int64_t *rows)
{
    int64_t n = 0, own = 0, first = 0, widest = 0;
    for (int r = 0; r < par.size; r++) {
        own = r == par.rank ? n : own;
        widest = rows[r + 1] - rows[r] > widest ? rows[r + 1] - rows[r] : widest;
        n += bl_pair_blocks_of(rows[r + 1] - rows[r]);
    }
    const int64_t own_end = own + bl_pair_blocks_of(mirror->n_local);
    mirror->most = par.size * widest * mirror->bits;
    for (int r = 0; r < par.size; r++) {
        const int64_t end = first + bl_pair_blocks_of(rows[r + 1] - rows[r]);
        mirror->out.start[r] = rows[r] * mirror->bits;
        if (r != par.rank && bl_pair_reaches(n, own, own_end, first, end))
            mirror->out.count[r] = (rows[r + 1] - rows[r]) * mirror->bits;
        if (r != par.rank && bl_pair_reaches(n, first, end, own, own_end)) {
            mirror->in.start[r] = mirror->n_received++ * mirror->n_local * mirror->bits;
            mirror->in.count[r] = mirror->n_local * mirror->bits;
        }
        first = end;
    }
}

int par_mirror_init_local(struct par_mirror *mirror, struct par par, const int64_t *rows, int64_t bits,
                          struct bl_error *err)
{
    *mirror = (struct par_mirror){.bits = bits, .n_local = rows[par.rank + 1] - rows[par.rank]};
    int code = par_parts_init(&mirror->out, par.size, err);
    if (code == BL_OK)
        code = par_parts_init(&mirror->in, par.size, err);
    if (code == BL_OK) {
        set_parts(mirror, par, rows);
        code = bl_alloc(&mirror->received, mirror->n_received * mirror->n_local * bits, sizeof(float),
                        "gradients from other ranks", err);
    }
    if (code != BL_OK)
        par_mirror_free(mirror);
    return code;
}

void par_mirror_free(struct par_mirror *mirror)
{
    par_parts_free(&mirror->out);
    par_parts_free(&mirror->in);
    bl_free(&mirror->received);
}

void par_mirror_add(struct par_mirror *mirror, struct par par, const float *gradients, float *dh)
{
    const int64_t n = mirror->n_local * mirror->bits;
    par_alltoall(par, &mirror->out, gradients, &mirror->in, mirror->received, sizeof(float), mirror->most);
    for (int r = 0; r < mirror->n_received; r++)
        for (int64_t at = 0; at < n; at++)
            dh[at] += mirror->received[r * n + at];
}
