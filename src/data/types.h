/* The four types of features in files and in memory. */
#ifndef BL_DATA_TYPES_H
#define BL_DATA_TYPES_H

#include <stddef.h>
#include <stdint.h>

enum bl_type { BL_UINT8, BL_FLOAT16, BL_FLOAT32, BL_FLOAT64 };

/* Bytes of one value, and "uint8", "float16", "float32", "float64". */
size_t bl_type_bytes(enum bl_type type);
const char *bl_type_name(enum bl_type type);

/* IEEE 754 binary16, given as its bits. From float: to nearest even; overflow gives infinity. */
float bl_half_to_float(uint16_t half);
uint16_t bl_half_from_float(float value);

/* "uint8" and so on, to the type. Returns 1, or 0 for any other name. */
int bl_type_of_name(const char *name, enum bl_type *type);

/* Converts n values, rounding to the nearest. Returns n, or the index of the first finite value that `to` can't hold: too
 * large, or for uint8 not a whole number from 0 to 255 (nor is NaN). What is behind it isn't converted. */
int64_t bl_type_convert(enum bl_type from, const void *values, int64_t n, enum bl_type to, void *out);

/* Converts n values of `type` to double or float. */
void bl_type_to_double(enum bl_type type, const void *values, int64_t n, double *out);
void bl_type_to_float(enum bl_type type, const void *values, int64_t n, float *out);

#endif
