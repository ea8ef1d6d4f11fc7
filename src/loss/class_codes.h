/* Fixed target codes of classes, +1 and -1, far from each other. They are a function of seed, class and
 * number of bits alone (under `auto` and `hadamard`; the choice between the two also looks at the number of
 * classes), so they are equal on all ranks and after a restart, and no file holds them.
 *
 * hadamard: the class's row of a Hadamard matrix of K bits, K a power of two (Sylvester's), its number and
 * sign drawn at random; classes from K to 2K - 1 get the first ones' negatives. Two codes differ in K/2 bits,
 * or in all. Yuan et al., "Central similarity quantization for efficient image and video retrieval", CVPR
 * 2020, algorithm 1. There rows are taken in order: those of 10 classes and 64 bits hold each bit four times,
 * and one that is the same for all classes.
 *
 * random: as many +1 as -1 (give or take one); of several random candidates the one whose nearest earlier
 * code is farthest away. Codes repeat when there are more classes than such codes. */
#ifndef BL_LOSS_CLASS_CODES_H
#define BL_LOSS_CLASS_CODES_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"

/* Floats for the codes of this many classes: one code each, and one for ties. */
int64_t bl_class_codes_floats(int64_t classes, int64_t bits);

/* codes [classes + 1, bits]: each class's, and that of the ties of bl_class_codes_row; a term's constants.
 * Allocates for the time of the call. Errors: BL_USAGE for hadamard where there is none and for more classes
 * of single labels than codes, naming the key; BL_MEMORY. */
int bl_class_codes_make(const struct bl_config_objective *config, int64_t bits, struct bl_label_layout labels,
                        float *codes, struct bl_error *err);

/* The target code [bits] of a row with these labels; NULL for a row without any. With several labels each bit
 * is that of the majority, in a tie that of one more random code (Yuan et al., the centers of multi-label
 * data). The result points into codes, or to room [bits]. */
const float *bl_class_codes_row(struct bl_label_layout layout, const uint32_t *labels, const float *codes,
                                int64_t bits, float *room);

#endif
