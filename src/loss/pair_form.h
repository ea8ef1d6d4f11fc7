/* The forms of the pairwise term. Each is a row of the table in pair_form.c: a kernel that goes over one row
 * of a tile, and what it needs beside the inner products.
 *
 * A pair's loss depends on p = c_i'c_j, the squared lengths of both codes, and the similarity s. So its
 * gradient in c_i is a c_j + b c_i, with b = 0 for forms that don't look at lengths. Seen from c_j the pair
 * has the same a; and the same b, or with BL_LENGTH_INVERSE the same b over the squared inverse length. */
#ifndef BL_LOSS_PAIR_FORM_H
#define BL_LOSS_PAIR_FORM_H

#include <stdint.h>

/* What a form needs of each code beside the products. */
enum bl_pair_length { BL_LENGTH_NONE, BL_LENGTH_SQUARE, BL_LENGTH_INVERSE /* 0 for a code of zeros */ };

struct bl_pair_factors {
    float similar; /* w = dissimilar + s (similar - dissimilar): every weighting is linear in s */
    float dissimilar;
    float alpha; /* theta = alpha p */
    float slope; /* factor from the derivative (in theta, where there is an alpha) to the gradient */
    float bits;
    float margin;
    float gamma; /* Cauchy's */
    float soft;  /* weight of pairs with a similarity between 0 and 1 */
    int certain; /* every similarity is 0 or 1 */
};

/* Columns of one row of a tile. */
struct bl_pair_row {
    int64_t n;
    float length;         /* of the row's code, of the form's kind */
    const float *lengths; /* [n] of the columns' */
    float *product;       /* [n] the p; the kernel leaves slope w a */
    const float *s;       /* [n] the similarities */
    float *own;           /* [n] the kernel leaves slope w b; untouched by forms that need no lengths */
};

/* One pair in double precision. */
struct bl_pair {
    double product, square_i, square_j, s;
    double bits, alpha, margin, gamma, soft;
};

struct bl_pair_form {
    int soft; /* takes similarities between 0 and 1 */
    enum bl_pair_length length;
    double alpha_bits; /* alpha: auto is this / K; 0: it is 1 */
    int per_bit;       /* losses add over bits, so the term is divided by K */

    /* Returns the sum of w times the losses, added in an order that depends on n alone; NaN where one is. */
    double (*kernel)(const struct bl_pair_factors *factors, const struct bl_pair_row *row);

    /* The kernel's plain twin with libm: the unweighted loss, and its derivatives a in c_j's and b in c_i's
     * direction. */
    double (*naive)(const struct bl_pair *pair, double *a, double *b);
};

extern const struct bl_pair_form bl_pair_likelihood;
extern const struct bl_pair_form bl_pair_literal;
extern const struct bl_pair_form bl_pair_mixed;
extern const struct bl_pair_form bl_pair_contrastive;
extern const struct bl_pair_form bl_pair_cauchy;

/* By enum bl_pair_form_name. */
const struct bl_pair_form *bl_pair_form(int form);

/* sum of x [n] in double, in an order that depends on n alone. */
double bl_pair_sum(int64_t n, const float *x);

/* A code's length of that kind; 0 for NONE. */
float bl_pair_length(enum bl_pair_length length, int64_t bits, const float *code);

#endif
