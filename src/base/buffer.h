/* Memory that bitloom owns: aligned, counted, and poisoned with NaN in debug builds. */
#ifndef BL_BASE_BUFFER_H
#define BL_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Every buffer starts on such a boundary: a cache line, and a whole AVX-512 register. */
#define BL_ALIGN_BYTES 64

/* Sets *out to count elements of size bytes each; never NULL on success, also for count = 0.
 * Contents: NaN patterns in debug builds, undefined in others. The caller owns it: bl_free.
 * Errors: BL_MEMORY with `purpose` in the message, *out = NULL. */
int bl_alloc(void *out, int64_t count, size_t size, const char *purpose, struct bl_error *err);

/* The same, filled with zero bytes. */
int bl_alloc_zero(void *out, int64_t count, size_t size, const char *purpose, struct bl_error *err);

/* One of several buffers that are made together: a line of a table. */
struct bl_buffer {
    void *at; /* the address of the caller's pointer variable */
    int64_t count;
    size_t size;
    const char *purpose;
    int is_zero; /* filled with zero bytes */
};

/* Makes n buffers in order, as bl_alloc and bl_alloc_zero do. Errors: BL_MEMORY; those before the one that
 * failed are the caller's, those behind it are not touched. */
int bl_alloc_all(const struct bl_buffer *buffers, int64_t n, struct bl_error *err);

/* Doubles *buffer, of *room elements, if n are in it and no other would fit; makes one of 64 where there is
 * none (NULL, *room 0). The n elements stay. Errors: BL_MEMORY; all is as it was. `buffer` is the address of
 * the caller's pointer variable. */
int bl_grow(void *buffer, int64_t n, int64_t *room, size_t size, const char *purpose, struct bl_error *err);

/* Frees what bl_alloc gave and sets the pointer to NULL; *pointer may be NULL. `pointer` is the
 * address of the caller's pointer variable. */
void bl_free(void *pointer);

/* Buffers alive now, and allocations made since the start. Tests use them: a training step
 * allocates nothing, and nothing is left at the end. Thread-safe. */
int64_t bl_alloc_live(void);
int64_t bl_alloc_count(void);

#endif
