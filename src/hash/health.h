/* How well a set of codes uses its bits: the figures that show a collapse. */
#ifndef BL_HASH_HEALTH_H
#define BL_HASH_HEALTH_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"

struct bl_code_health {
    int64_t rows;
    int64_t distinct;         /* distinct codes */
    double top_two;           /* share of rows with one of the two commonest codes */
    int64_t class_codes;      /* distinct majority codes of classes; -1 unless rows have one class each */
    int64_t classes;          /* classes that occur; -1 unless rows have one class each */
    double bit_balance_worst; /* largest |share of ones - 1/2| over bits: 0 balanced, 1/2 constant */
    double bit_balance_mean;
    double
        bit_correlation_worst; /* largest |correlation| of two bits; 1: equal or opposite. NaN: no two bits */
    double bit_correlation_mean; /* vary. Over pairs of bits; pairs with a constant bit count 0 */
};

/* Figures of words [rows, bl_code_words(bits)]; labels [rows, layout.words] may be NULL. Bit j of a class's
 * majority code is 1 if at least half of the class's rows have it. Errors: BL_MEMORY. Cost: a sort of the
 * rows, and bits^2/2 passes over one bit of all rows, with temporary memory for a copy of the codes. */
int bl_code_health(const uint64_t *words, int64_t rows, int64_t bits, struct bl_label_layout layout,
                   const uint32_t *labels, struct bl_code_health *health, struct bl_error *err);

#endif
