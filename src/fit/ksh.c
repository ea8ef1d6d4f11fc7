#include "fit/ksh.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/functions.h"
#include "math/eigen.h"
#include "math/solve.h"

/* Added to Kernel'Kernel, relative to its mean diagonal; equal anchors would make it singular. */
static const double ridge = 1e-6;
/* Descent ends when a step changes the objective by a smaller share. */
static const double tolerance = 1e-6;

struct fit {
    const struct bl_ksh *problem;
    double *factor;                          /* [m, m] L, Kernel'Kernel + ridge = L L' */
    double *spectral;                        /* [m, m] L^-1 Kernel'R Kernel L'^-1: for u = L' a */
    double *copy;                            /* [m, m] */
    double *project;                         /* [m] */
    double *s, *rs;                          /* [n] */
    double *code, *best;                     /* [n] +-1 */
    double *now, *before, *ahead, *gradient; /* [m] */
};

void bl_ksh_similarity(int64_t n, int64_t bits, struct bl_label_layout layout, const uint32_t *labels,
                       double *residual)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            residual[i * n + j] =
                bl_label_relevant(layout, labels + i * layout.words, labels + j * layout.words)
                    ? (double)bits
                    : -(double)bits;
}

/* y [n] = M x or [m] = M'x for M [n, m]. */
static void multiply(enum bl_transpose op, int64_t n, int64_t m, const double *matrix, const double *x,
                     double *y)
{
    cblas_dgemv(CblasRowMajor, op == BL_PLAIN ? CblasNoTrans : CblasTrans, (blasint)n, (blasint)m, 1.0,
                matrix, (blasint)m, x, 1, 0.0, y, 1);
}

static double dot(int64_t n, const double *x, const double *y)
{
    return cblas_ddot((blasint)n, x, 1, y, 1);
}

double bl_ksh_smooth(const struct bl_ksh *problem, const double *a, double *s, double *rs, double *gradient)
{
    const int64_t n = problem->n, m = problem->m;
    multiply(BL_PLAIN, n, m, problem->kernel, a, s); /* s = 2/(1 + exp(-Kernel a)) - 1, f = -s'R s */
    for (int64_t i = 0; i < n; i++)
        s[i] = 2.0 / (1.0 + bl_exp(-s[i])) - 1.0;
    multiply(BL_PLAIN, n, n, problem->residual, s, rs);
    const double value = -dot(n, s, rs);
    if (gradient) { /* ds/dx = (1 - s^2)/2 and R is symmetric: gradient = -Kernel'((1 - s^2) R s) */
        for (int64_t i = 0; i < n; i++)
            rs[i] *= -(1.0 - s[i] * s[i]);
        multiply(BL_TRANSPOSED, n, m, problem->kernel, rs, gradient);
    }
    return value;
}

/* code = sgn(Kernel a); returns code'R code. */
static double quantize(const struct fit *fit, const double *a, double *code)
{
    const struct bl_ksh *problem = fit->problem;
    multiply(BL_PLAIN, problem->n, problem->m, problem->kernel, a, code);
    for (int64_t i = 0; i < problem->n; i++)
        code[i] = code[i] >= 0.0 ? 1.0 : -1.0;
    multiply(BL_PLAIN, problem->n, problem->n, problem->residual, code, fit->rs);
    return dot(problem->n, code, fit->rs);
}

/* Backtracking line search: now = ahead - step gradient, where step is halved until f(now) <= value - step
 * |gradient|^2 / 2. Returns f(now), or value with now = ahead if no step is short enough. */
static double line_search(const struct fit *fit, double value, double *step)
{
    const int64_t m = fit->problem->m;
    const double slope = dot(m, fit->gradient, fit->gradient);
    for (int halvings = 0; halvings < 60; halvings++, *step /= 2.0) {
        for (int64_t j = 0; j < m; j++)
            fit->now[j] = fit->ahead[j] - *step * fit->gradient[j];
        const double reached = bl_ksh_smooth(fit->problem, fit->now, fit->s, fit->rs, NULL);
        if (reached <= value - 0.5 * *step * slope)
            return reached;
    }
    memcpy(fit->now, fit->ahead, (size_t)m * sizeof *fit->now);
    return value;
}

/* Nesterov's accelerated gradient descent from a; a becomes the lowest point found:
 *   ahead = now + t/(t+3) (now - before),   now = ahead - step gradient(ahead). */
static void descend(const struct fit *fit, double *a)
{
    const int64_t m = fit->problem->m;
    const size_t bytes = (size_t)m * sizeof *a;
    double lowest = bl_ksh_smooth(fit->problem, a, fit->s, fit->rs, fit->gradient), reached = lowest, before;
    double step = sqrt(dot(m, a, a) / (dot(m, fit->gradient, fit->gradient) + 1e-300));
    memcpy(fit->now, a, bytes);
    memcpy(fit->before, a, bytes);
    for (int t = 0; t < BL_KSH_STEPS; t++) {
        const double momentum = t / (t + 3.0);
        for (int64_t j = 0; j < m; j++) {
            fit->ahead[j] = fit->now[j] + momentum * (fit->now[j] - fit->before[j]);
            fit->before[j] = fit->now[j];
        }
        before = reached;
        reached =
            line_search(fit, bl_ksh_smooth(fit->problem, fit->ahead, fit->s, fit->rs, fit->gradient), &step);
        if (reached < lowest) {
            lowest = reached;
            memcpy(a, fit->now, bytes);
        }
        if (fabs(before - reached) <= tolerance * fabs(reached))
            break;
    }
}

/* Spectral relaxation: a maximises a'Kernel'R Kernel a subject to |Kernel a|^2 = n (up to the ridge). With u
 * = L'a it is sqrt(n) times the first eigenvector of L^-1 Kernel'R Kernel L'^-1. */
static int relax(const struct fit *fit, double *a, struct bl_error *err)
{
    const int64_t m = fit->problem->m;
    double value;
    memcpy(fit->copy, fit->spectral, (size_t)(m * m) * sizeof *fit->copy);
    int code = bl_eigen_top(m, fit->copy, 1, &value, a, err);
    if (code != BL_OK)
        return code;
    cblas_dscal((blasint)m, sqrt((double)fit->problem->n), a, 1);
    bl_lower_solve(BL_TRANSPOSED, m, 1, fit->factor, a);
    return BL_OK;
}

/* R -= b b' for the bit that was found, and the same in spectral: minus v v' with v = L^-1 Kernel'b. */
static void deflate(const struct fit *fit, const double *code)
{
    const struct bl_ksh *problem = fit->problem;
    multiply(BL_TRANSPOSED, problem->n, problem->m, problem->kernel, code, fit->project);
    bl_lower_solve(BL_PLAIN, problem->m, 1, fit->factor, fit->project);
    cblas_dger(CblasRowMajor, (blasint)problem->m, (blasint)problem->m, -1.0, fit->project, 1, fit->project,
               1, fit->spectral, (blasint)problem->m);
    cblas_dger(CblasRowMajor, (blasint)problem->n, (blasint)problem->n, -1.0, code, 1, code, 1,
               problem->residual, (blasint)problem->n);
}

/* One bit: the better, by b'R b, of the spectral solution and the descent from it. */
static int fit_bit(const struct fit *fit, double *a, struct bl_error *err)
{
    const int64_t m = fit->problem->m, n = fit->problem->n;
    int code = relax(fit, a, err);
    if (code != BL_OK)
        return code;
    const double spectral = quantize(fit, a, fit->best);
    memcpy(fit->project, a, (size_t)m * sizeof *a);
    descend(fit, fit->project);
    if (quantize(fit, fit->project, fit->code) > spectral) {
        memcpy(a, fit->project, (size_t)m * sizeof *a);
        memcpy(fit->best, fit->code, (size_t)n * sizeof *fit->best);
    }
    deflate(fit, fit->best);
    return BL_OK;
}

/* L L' = Kernel'Kernel + ridge, and spectral = L^-1 Kernel'R Kernel L'^-1. */
static int prepare(const struct fit *fit, struct bl_error *err)
{
    const struct bl_ksh *problem = fit->problem;
    const blasint n = (blasint)problem->n, m = (blasint)problem->m;
    double *product = NULL, trace = 0.0; /* R Kernel */
    int code = bl_alloc(&product, problem->n * problem->m, sizeof *product, "products of kernel values", err);
    if (code != BL_OK)
        return code;
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, m, n, 1.0, problem->kernel, m, problem->kernel, m,
                0.0, fit->factor, m);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, m, n, 1.0, problem->residual, n,
                problem->kernel, m, 0.0, product, m);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, m, n, 1.0, problem->kernel, m, product, m, 0.0,
                fit->spectral, m);
    bl_free(&product);
    for (int64_t j = 0; j < problem->m; j++)
        trace += fit->factor[j * problem->m + j];
    for (int64_t j = 0; j < problem->m; j++)
        fit->factor[j * problem->m + j] += ridge * trace / (double)problem->m;
    code = bl_cholesky(problem->m, fit->factor, err);
    if (code == BL_OK)
        bl_lower_congruence(problem->m, fit->factor, fit->spectral);
    return code;
}

int bl_ksh_fit(const struct bl_ksh *problem, double *a, struct bl_error *err)
{
    const int64_t n = problem->n, m = problem->m;
    struct fit fit = {.problem = problem};
    const struct {
        double **at;
        int64_t count;
    } arrays[] = {{&fit.factor, m * m}, {&fit.spectral, m * m}, {&fit.copy, m * m}, {&fit.project, m},
                  {&fit.s, n},          {&fit.rs, n},           {&fit.code, n},     {&fit.best, n},
                  {&fit.now, m},        {&fit.before, m},       {&fit.ahead, m},    {&fit.gradient, m}};
    int code = BL_OK;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && code == BL_OK; i++)
        code =
            bl_alloc(arrays[i].at, arrays[i].count, sizeof(double), "supervised hashing with kernels", err);
    if (code == BL_OK)
        code = prepare(&fit, err);
    for (int64_t k = 0; k < problem->bits && code == BL_OK; k++)
        code = fit_bit(&fit, a + k * m, err);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        bl_free(arrays[i].at);
    return code;
}
