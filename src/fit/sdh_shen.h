/* Supervised discrete hashing: rows' codes b in {-1,+1}^K, a linear classifier W on them and a linear hash
 * function P on radial basis functions phi are fitted in turn:
 *   min |Y - B W|^2 + lambda |W|^2 + nu |B - Phi P|^2.
 * Source: Shen, Shen, Liu, Tao Shen, "Supervised discrete hashing", CVPR 2015: L2 loss, equations 4 to 11.
 * Whatever is summed over rows is a fixed-point or whole number: neither order nor ranks change a bit. */
#ifndef BL_FIT_SDH_SHEN_H
#define BL_FIT_SDH_SHEN_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"
#include "math/fixed.h"

/* The paper's lambda and nu; the ridge of Phi'Phi, without which it may be singular, and the most rounds of
 * coordinate descent are those of the authors' program. */
#define BL_SDH_LAMBDA 1.0
#define BL_SDH_NU     1e-5
#define BL_SDH_RIDGE  1e-2
enum { BL_SDH_ROUNDS = 10, BL_SDH_ITERATIONS = 5 };

/* The state of a fit; C = classes, M = anchors + 1: phi ends with a constant 1. All arrays are owned. */
struct bl_sdh {
    int64_t anchors, bits, classes, max_rows;
    struct bl_label_layout labels;
    struct bl_fixed fixed; /* of phi_phi and phi_code */
    int64_t n_sums;        /* whole numbers in sums: the reduction over ranks is their sum */
    int64_t *sums;
    int64_t *phi_code;   /* in sums: [M, bits] */
    int64_t *code_code;  /* in sums: [bits, bits] */
    int64_t *class_code; /* in sums: [C, bits] */
    int64_t *phi_phi;    /* [M, M], lower triangle; summed over ranks once */
    double *factor;      /* [M, M] of Phi'Phi + ridge */
    double *projection;  /* P [M, bits] */
    double *classifier;  /* W' [C, bits] */
    double *gram;        /* W W' [bits, bits] */
    double *phi;         /* work [max_rows, M] */
    double *code;        /* work [max_rows, bits] */
    double *target;      /* work [max_rows, bits] */
    double *product;     /* work, for the largest of the products */
};

/* For n_total rows in blocks of up to max_rows, labels of `labels` with `classes` classes. Allocates about
 * 24 anchors^2 bytes. Errors: BL_MEMORY. bl_sdh_free is safe twice. */
int bl_sdh_init(struct bl_sdh *sdh, int64_t anchors, int64_t bits, int64_t classes,
                struct bl_label_layout labels, int64_t n_total, int64_t max_rows, struct bl_error *err);
void bl_sdh_free(struct bl_sdh *sdh);

/* Zeroes sums (not phi_phi), for a pass over the rows. */
void bl_sdh_begin(struct bl_sdh *sdh);

/* Adds a block of n rows to sums with random codes: bit k of a row is a function of seed, k and the row's
 * number among all, first + i. phi [n, anchors]; labels [n, words]. Adds to phi_phi too. */
void bl_sdh_add_first(struct bl_sdh *sdh, uint64_t seed, int64_t first, int64_t n, const float *phi,
                      const uint32_t *labels);

/* Adds a block of n rows with the codes that fit W and P best (the B-step). */
void bl_sdh_add(struct bl_sdh *sdh, int64_t n, const float *phi, const uint32_t *labels);

/* The G-step and F-step from complete sums: sets classifier, gram and projection. bl_sdh_factor goes before
 * the first, once phi_phi is complete. Errors: BL_NUMBERS, BL_MEMORY. */
int bl_sdh_factor(struct bl_sdh *sdh, struct bl_error *err);
int bl_sdh_solve(struct bl_sdh *sdh, struct bl_error *err);

/* Codes [n, bits] of +1 and -1 by cyclic coordinate descent on -2 b'q + b' gram b, from zeros, a row at a
 * time: until a round changes nothing, at most BL_SDH_ROUNDS. target [n, bits] holds q and is used up. */
void bl_sdh_descend(int64_t n, int64_t bits, const double *gram, double *target, double *code);

/* 1 + the largest class of n rows with one label each. */
int64_t bl_sdh_classes(int64_t n, const uint32_t *labels);

#endif
