#include "mpi/run/loss_sums.h"

#include <string.h>

#include "base/buffer.h"

static int64_t n_group_values(const struct par_loss_sums *sums)
{
    return sums->step->groups.local.n * BL_TERMS_MAX;
}

int par_loss_sums_init_local(struct par_loss_sums *sums, struct par_step *step, struct bl_error *err)
{
    *sums = (struct par_loss_sums){.step = step};
    return bl_alloc_zero(&sums->group_values, n_group_values(sums), sizeof *sums->group_values,
                         "values of groups", err);
}

void par_loss_sums_free(struct par_loss_sums *sums)
{
    bl_free(&sums->group_values);
}

void par_loss_sums_add_local(struct par_loss_sums *sums, const struct par_step_outcome *outcome)
{
    for (int64_t i = 0; i < n_group_values(sums); i++)
        sums->group_values[i] += sums->step->group_values[i];
    for (int64_t t = 0; t < sums->step->objective.n_terms; t++)
        sums->parameter_values[t] += outcome->parameter_values[t];
    sums->steps++;
}

void par_loss_sums_flush(struct par_loss_sums *sums, struct term_sums *epoch, struct term_sums *interval)
{
    struct par_step *step = sums->step;
    double values[BL_TERMS_MAX];
    par_sum_groups_sum(&step->groups, step->par, sums->group_values, BL_TERMS_MAX, step->objective.n_terms,
                       values);
    /* Terms of the parameters are whole on every rank already. */
    for (int64_t t = 0; t < step->objective.n_terms; t++) {
        values[t] += sums->parameter_values[t];
        interval->values[t] += values[t];
        epoch->values[t] += values[t];
    }
    interval->steps += sums->steps;
    epoch->steps += sums->steps;
    memset(sums->group_values, 0, (size_t)n_group_values(sums) * sizeof *sums->group_values);
    memset(sums->parameter_values, 0, sizeof sums->parameter_values);
    sums->steps = 0;
}

double term_sums_objective(const struct term_sums *sums, const struct bl_objective *objective)
{
    double total = 0.0;
    for (int64_t t = 0; t < objective->n_terms; t++)
        total += objective->weight[t] * sums->values[t];
    return total / (double)sums->steps;
}
