/* Attributes of groups, data sets and files. Everything here is local but that all who have the file open through
 * MPI-IO put the same attributes. */
#ifndef PAR_H5_ATTRIBUTE_H
#define PAR_H5_ATTRIBUTE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* Attributes on an object: text is fixed-length, NUL-padded; numbers are native int64 or double. The readers
 * return 1 when the attribute is there and has that kind, otherwise 0 and *out untouched. Variable-length
 * texts count as absent. */
int h5_put_text(hid_t object, const char *name, const char *text);
int h5_put_integer(hid_t object, const char *name, int64_t value);
int h5_put_real(hid_t object, const char *name, double value);
int h5_get_text(hid_t object, const char *name, char *text, int64_t size);
int h5_get_integer(hid_t object, const char *name, int64_t *value);
int h5_get_real(hid_t object, const char *name, double *value);

/* A whole array attribute of 64-bit words [n]; the reader takes 1 to `most` of them and returns 1 or 0 as
 * those above. */
int h5_put_words(hid_t object, const char *name, const uint64_t *words, int64_t n);
int h5_get_words(hid_t object, const char *name, uint64_t *words, int64_t most, int64_t *n);

/* A whole array attribute of fixed-length strings, e.g. class_names [n]. h5_get_texts allocates one block:
 * *texts [n] pointers into it, freed by one bl_free(texts). */
int h5_put_texts(hid_t object, const char *name, const char *const *texts, int64_t n);
int h5_get_texts(hid_t object, const char *name, char ***texts, int64_t *n, struct bl_error *err);

#endif
