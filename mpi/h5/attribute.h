/* Attributes of groups, data sets and files. Everything here is local: files are written by one process, or
 * opened by each rank for itself (mpi/h5/parallel_file.h). */
#ifndef PAR_H5_ATTRIBUTE_H
#define PAR_H5_ATTRIBUTE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* One text (fixed length, NUL-padded) or one number (int64 or double) on an object. Writers replace what
 * is there and return 0, or -1 on failure. Readers return 1 if the attribute exists and is of that kind;
 * otherwise 0, with *value or text untouched. A text of variable length counts as absent. */
int h5_put_text(hid_t object, const char *name, const char *text);
int h5_put_integer(hid_t object, const char *name, int64_t value);
int h5_put_real(hid_t object, const char *name, double value);
int h5_get_text(hid_t object, const char *name, char *text, int64_t size);
int h5_get_integer(hid_t object, const char *name, int64_t *value);
int h5_get_real(hid_t object, const char *name, double *value);

/* An attribute that is an array of 64-bit words [n]. Results as above; the reader accepts 1 to `most`
 * words. */
int h5_put_words(hid_t object, const char *name, const uint64_t *words, int64_t n);
int h5_get_words(hid_t object, const char *name, uint64_t *words, int64_t most, int64_t *n);

/* An attribute that is an array of fixed-length strings [n], e.g. class_names. h5_put_texts returns 0 or
 * -1. h5_get_texts allocates one block: *texts [n] point into it, and one bl_free(texts) frees everything;
 * without such an attribute *texts is NULL and *n 0. Errors: BL_INPUT unreadable; BL_MEMORY. */
int h5_put_texts(hid_t object, const char *name, const char *const *texts, int64_t n);
int h5_get_texts(hid_t object, const char *name, char ***texts, int64_t *n, struct bl_error *err);

#endif
