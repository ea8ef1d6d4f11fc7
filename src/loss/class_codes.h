/* Fixed codes of classes, +1 and -1, far from each other: what the rows of a class are drawn to. They are a
 * function of seed, class and number of bits alone (under `auto` and `hadamard`; the choice between the two
 * also looks at the number of classes), so every rank and every start makes the same and no file holds them.
 *
 * hadamard: the class's row of a Hadamard matrix of K bits, K a power of two (Sylvester's), its number and
 * sign drawn at random; classes from K to 2K - 1 get the first ones' negatives. Two codes differ in K/2 bits,
 * or in all. Yuan et al., "Central similarity quantization for efficient image and video retrieval", CVPR
 * 2020, algorithm 1. There rows are taken in order: those of 10 classes and 64 bits hold each bit four times,
 * and one that is the same for all classes.
 *
 * random: as many +1 as -1 (give or take one), the farthest from the classes before of several candidates, by
 * the nearest of these. Codes repeat when there are more classes than such codes. */
#ifndef BL_LOSS_CLASS_CODES_H
#define BL_LOSS_CLASS_CODES_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"

/* Floats that codes of this many classes take: one code each, and one for ties. */
int64_t bl_class_codes_floats(int64_t classes, int64_t bits);

/* codes [classes + 1, bits]: each class's, and that of the ties of bl_class_codes_row; a term's constants.
 * Allocates for the time of the call. Errors: BL_USAGE for hadamard where there is none and for more classes
 * of single labels than codes, naming the key; BL_MEMORY. */
int bl_class_codes_make(const struct bl_config_objective *config, int64_t bits, struct bl_label_layout labels,
                        float *codes, struct bl_error *err);

/* The code [bits] that a row of these labels is drawn to; NULL for a row without any. Of several labels each
 * bit takes the majority, and in a tie the bit of one more random code (Yuan et al., the centers of
 * multi-label data). The result is in codes, or in room [bits]. */
const float *bl_class_codes_row(struct bl_label_layout layout, const uint32_t *labels, const float *codes,
                                int64_t bits, float *room);

#endif
