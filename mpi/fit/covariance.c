#include "mpi/fit/covariance.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "math/covariance.h"
#include "math/eigen.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

/* Sums of own groups [groups, dim] and the largest values [dim]. */
struct first_pass {
    int64_t dim;
    double *sums, *largest;
};

static void add_columns(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    struct first_pass *pass = context;
    (void)first;
    bl_columns_add(n, pass->dim, points, pass->sums + group * pass->dim, pass->largest);
}

static int check_means(const struct par_means *means, struct bl_error *err)
{
    for (int64_t d = 0; d < means->dim; d++)
        if (!isfinite(means->mean[d]))
            return bl_fail(
                err, BL_NUMBERS,
                "column %lld holds a NaN, an infinity or numbers too large to add; remove these rows",
                (long long)d);
    return BL_OK;
}

/* mean_d = (1/N) sum_i x_id: each rank its groups' sums, which are added over ranks in the order of groups.
 */
int par_means_fit(struct par_means *means, struct par par, struct par_points *points, struct bl_error *err)
{
    const int64_t dim = points->dim;
    struct par_sum_groups *groups = points->rows->groups;
    double *parts = NULL;
    *means = (struct par_means){.n = par_points_count_local(points), .dim = dim};
    int code = bl_alloc_zero(&parts, groups->local.n * dim, sizeof *parts, "column sums", err);
    if (code == BL_OK)
        code = bl_alloc(&means->mean, dim, sizeof(double), "column means", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&means->largest, dim, sizeof(double), "largest values", err);
    struct first_pass pass = {.dim = dim, .sums = parts, .largest = means->largest};
    if (code == BL_OK)
        code = par_points_visit_local(points, add_columns, &pass, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_sum_integers(par, &means->n, 1);
        par_max_doubles(par, means->largest, dim);
        par_sum_groups_sum(groups, par, parts, dim, dim, means->mean);
        for (int64_t d = 0; d < dim && means->n > 0; d++)
            means->mean[d] /= (double)means->n;
        code =
            means->n > 0 ? check_means(means, err) : bl_fail(err, BL_INPUT, "there is no row to learn from");
    }
    bl_free(&parts);
    if (code != BL_OK)
        par_means_free(means);
    return code;
}

void par_means_free(struct par_means *means)
{
    bl_free(&means->mean);
    bl_free(&means->largest);
}

static void add_products(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    (void)group;
    (void)first;
    bl_covariance_add(context, n, points);
}

/* C = (1/N) sum_i (x_i - mean)(x_i - mean)', summed in fixed point (math/covariance.h): integers, so the
 * same in any order and on any number of ranks. */
int par_covariance_fit(double *matrix, struct par par, struct par_points *points,
                       const struct par_means *means, struct bl_error *err)
{
    struct bl_covariance covariance;
    int code = bl_covariance_init(&covariance, &points->product, means->dim, means->n, means->mean,
                                  means->largest, err);
    if (code == BL_OK)
        code = par_points_visit_local(points, add_products, &covariance, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_sum_integers(par, covariance.sums, means->dim * means->dim);
        bl_covariance_matrix(&covariance, matrix);
    }
    bl_covariance_free(&covariance);
    return code;
}

double par_principal_variance_local(const struct par_principal *principal)
{
    double sum = 0.0;
    for (int64_t i = 0; i < principal->k; i++)
        sum += principal->variance[i];
    return sum;
}

static int init_principal(struct par_principal *principal, int64_t dim, double **matrix, struct bl_error *err)
{
    if (dim > BL_EIGEN_MAX)
        return bl_fail(err, BL_USAGE, "principal directions are found for at most %d columns, here are %lld",
                       BL_EIGEN_MAX, (long long)dim);
    int code = bl_alloc(matrix, dim * dim, sizeof(double), "the covariance", err);
    if (code == BL_OK)
        code = bl_alloc(&principal->variance, principal->k, sizeof(double), "variances", err);
    if (code == BL_OK)
        code = bl_alloc(&principal->vectors, principal->k * dim, sizeof(double), "directions", err);
    return code;
}

/* Rank 0 computes for all: eigenvectors of different libraries differ in their last bits. */
static int find_directions(struct par_principal *principal, struct par par, double *matrix,
                           struct bl_error *err)
{
    const int64_t dim = principal->means.dim, k = principal->k;
    int code = BL_OK;
    if (par.rank == 0)
        code = bl_covariance_rank(dim, matrix, &principal->varying, err);
    if (par.rank == 0 && code == BL_OK)
        code = bl_eigen_top(dim, matrix, k, principal->variance, principal->vectors, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    par_broadcast(par, &principal->varying, (int64_t)sizeof principal->varying);
    par_broadcast(par, principal->variance, k * (int64_t)sizeof(double));
    par_broadcast(par, principal->vectors, k * dim * (int64_t)sizeof(double));
    for (int64_t i = 0; i < k; i++) /* rounding may leave a zero below zero */
        principal->variance[i] = fmax(principal->variance[i], 0.0);
    if (par_principal_variance_local(principal) <= 0.0)
        return bl_fail(err, BL_INPUT, "all rows are equal: there are no directions to take");
    return BL_OK;
}

int par_principal_fit(struct par_principal *principal, struct par par, struct par_points *points, int64_t k,
                      struct bl_error *err)
{
    double *matrix = NULL;
    *principal = (struct par_principal){.k = k};
    int code = par_agree(par, init_principal(principal, points->dim, &matrix, err), err);
    if (code == BL_OK)
        code = par_means_fit(&principal->means, par, points, err);
    if (code == BL_OK)
        code = par_covariance_fit(matrix, par, points, &principal->means, err);
    if (code == BL_OK)
        code = find_directions(principal, par, matrix, err);
    bl_free(&matrix);
    if (code != BL_OK)
        par_principal_free(principal);
    return code;
}

void par_principal_free(struct par_principal *principal)
{
    par_means_free(&principal->means);
    bl_free(&principal->variance);
    bl_free(&principal->vectors);
}
