/* Whether a set of codes uses its space: what tells a collapse from a code. */
#ifndef BL_HASH_HEALTH_H
#define BL_HASH_HEALTH_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"

struct bl_code_health {
    int64_t rows;
    int64_t distinct;         /* different codes */
    double top_two;           /* share of rows on the two commonest codes */
    int64_t class_codes;      /* different class-majority codes; -1 without single labels */
    int64_t classes;          /* classes seen; -1 without single labels */
    double bit_balance_worst; /* largest |share of ones - 1/2| over bits: 0 is balanced, 1/2 constant */
    double bit_balance_mean;
    double bit_correlation_worst; /* largest |correlation| of two bits, 1: one says what the other says */
    double bit_correlation_mean;  /* over pairs of bits; a constant bit counts 0 */
};

/* words [rows, bl_code_words(bits)], labels [rows, layout.words] may be NULL. Class-majority code: bit j of
 * class c is 1 if at least half of the class's rows have it. Local: callers gather first. Allocates and frees
 * its scratch. Errors: BL_MEMORY. Cost: a sort of the rows, and bits^2/2 passes over a bit of all rows. */
int bl_code_health(const uint64_t *words, int64_t rows, int64_t bits, struct bl_label_layout layout,
                   const uint32_t *labels, struct bl_code_health *health, struct bl_error *err);

#endif
