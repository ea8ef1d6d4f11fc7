/* Supervised discrete hashing (SDH). Codes B in {-1,+1}^K of all rows, a linear classifier W on them and a
 * linear hash function P of radial basis functions Phi are fitted in turn:
 *   min |Y - B W|^2 + lambda |W|^2 + nu |B - Phi P|^2
 *   W-step (paper: G)  W = (B'B + lambda)^-1 B'Y
 *   P-step (paper: F)  P = (Phi'Phi + ridge)^-1 Phi'B
 *   B-step             each row's b minimises -2 b'q + b' W W' b, q = W y + nu P' phi, one bit after another
 * Source: Shen, Shen, Liu, Tao Shen, "Supervised discrete hashing", CVPR 2015: L2 loss, equations 4 to 11.
 * All sums over rows are in integers or fixed point, so neither order nor ranks change a bit. */
#ifndef BL_FIT_SDH_SHEN_H
#define BL_FIT_SDH_SHEN_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"
#include "math/fixed.h"

/* lambda and nu are the paper's. The ridge, without which Phi'Phi may be singular, and the most rounds of
 * coordinate descent are those of the authors' program. */
#define BL_SDH_LAMBDA 1.0
#define BL_SDH_NU     1e-5
#define BL_SDH_RIDGE  1e-2
enum { BL_SDH_ROUNDS = 10, BL_SDH_ITERATIONS = 5 };

/* The state of a fit. C = classes, M = anchors + 1, as phi ends with a constant 1. All arrays are owned. */
struct bl_sdh {
    int64_t anchors, bits, classes, max_rows;
    struct bl_label_layout labels;
    struct bl_fixed fixed; /* of phi_phi and phi_code */
    int64_t n_sums;
    int64_t *sums;       /* [n_sums] the next three; ranks add theirs up in each iteration */
    int64_t *phi_code;   /* in sums: Phi'B [M, bits], fixed point */
    int64_t *code_code;  /* in sums: B'B [bits, bits], integers */
    int64_t *class_code; /* in sums: Y'B [C, bits], integers */
    int64_t *phi_phi;    /* Phi'Phi [M, M], lower triangle, fixed point; ranks add theirs up once */
    double *factor;      /* L [M, M], Phi'Phi + ridge = L L' */
    double *projection;  /* P [M, bits] */
    double *classifier;  /* W' [C, bits] */
    double *gram;        /* W W' [bits, bits] */
    double *phi;         /* work [max_rows, M] */
    double *code;        /* work [max_rows, bits] */
    double *target;      /* work [max_rows, bits]: q */
    double *product;     /* work for the largest product */
};

/* For n_total rows in blocks of at most max_rows, with labels of this layout and `classes` classes. Allocates
 * about 24 anchors^2 bytes. Errors: BL_MEMORY. bl_sdh_free is safe twice. */
int bl_sdh_init(struct bl_sdh *sdh, int64_t anchors, int64_t bits, int64_t classes,
                struct bl_label_layout labels, int64_t n_total, int64_t max_rows, struct bl_error *err);
void bl_sdh_free(struct bl_sdh *sdh);

/* Zeroes sums, but not phi_phi, before a pass over the rows. */
void bl_sdh_begin(struct bl_sdh *sdh);

/* First pass: adds a block of n rows with random codes to sums and phi_phi. phi [n, anchors]; labels [n,
 * words]. Bit k of row i is a function of seed, k and the row's global index first + i. */
void bl_sdh_add_first(struct bl_sdh *sdh, uint64_t seed, int64_t first, int64_t n, const float *phi,
                      const uint32_t *labels);

/* Later passes: adds a block of n rows with codes from the B-step to sums. */
void bl_sdh_add(struct bl_sdh *sdh, int64_t n, const float *phi, const uint32_t *labels);

/* bl_sdh_solve: the steps of W and P, from sums over all rows; sets classifier, gram and projection.
 * bl_sdh_factor must come once before, when phi_phi is that of all rows. Errors: BL_NUMBERS, BL_MEMORY. */
int bl_sdh_factor(struct bl_sdh *sdh, struct bl_error *err);
int bl_sdh_solve(struct bl_sdh *sdh, struct bl_error *err);

/* code [n, bits] of +1 and -1: for each row, cyclic coordinate descent on -2 b'q + b' gram b from b = 0,
 * until a round changes nothing, at most BL_SDH_ROUNDS. target [n, bits] holds q and is overwritten. */
void bl_sdh_descend(int64_t n, int64_t bits, const double *gram, double *target, double *code);

/* 1 + the largest class of n rows with one label each. */
int64_t bl_sdh_classes(int64_t n, const uint32_t *labels);

#endif
