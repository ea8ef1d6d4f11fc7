#include "base/buffer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/quantity.h"

static atomic_llong live_buffers;
static atomic_llong all_allocations;

/* Buffers of at least HUGE_FROM bytes ask for huge pages (2 MiB in place of 4 KiB): 512 times fewer page
 * faults and TLB entries, which matters for rows read in random order. */
enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 4 * HUGE_PAGE };

static void *take(size_t bytes)
{
    if (bytes < HUGE_FROM)
        return aligned_alloc(BL_ALIGN_BYTES, bytes);
    const size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, rounded);
    if (memory)
        madvise(memory, rounded, MADV_HUGEPAGE); /* only a hint: a failure changes nothing but speed */
    return memory;
}

static int allocate(void *out, int64_t count, size_t size, const char *purpose, int fill,
                    struct bl_error *err)
{
    void *memory = NULL;
    memcpy(out, &memory,
           sizeof memory); /* *out is a pointer to any type: assigning through void ** isn't C */
    if (count < 0 || (size != 0 && (uint64_t)count > (SIZE_MAX - HUGE_PAGE) / size))
        return bl_fail(err, BL_MEMORY, "out of memory: an impossible %lld x %zu bytes for %s",
                       (long long)count, size, purpose);
    size_t bytes = (size_t)count * size;
    size_t rounded = (bytes / BL_ALIGN_BYTES + 1) * BL_ALIGN_BYTES;
    memory = take(rounded);
    if (!memory)
        return bl_fail(err, BL_MEMORY, "out of memory: %s for %s", bl_bytes((int64_t)bytes).text, purpose);
    if (fill >= 0)
        memset(memory, fill, rounded);
    atomic_fetch_add(&live_buffers, 1);
    atomic_fetch_add(&all_allocations, 1);
    memcpy(out, &memory, sizeof memory);
    return BL_OK;
}

int bl_alloc(void *out, int64_t count, size_t size, const char *purpose, struct bl_error *err)
{
#ifdef NDEBUG
    const int poison = -1;
#else
    const int poison = 0xff; /* all ones is a NaN in every float format */
#endif
    return allocate(out, count, size, purpose, poison, err);
}

int bl_alloc_zero(void *out, int64_t count, size_t size, const char *purpose, struct bl_error *err)
{
    return allocate(out, count, size, purpose, 0, err);
}

int bl_alloc_all(const struct bl_buffer *buffers, int64_t n, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t b = 0; b < n && code == BL_OK; b++) {
        const struct bl_buffer *one = &buffers[b];
        code = one->is_zero ? bl_alloc_zero(one->at, one->count, one->size, one->purpose, err)
                            : bl_alloc(one->at, one->count, one->size, one->purpose, err);
    }
    return code;
}

int bl_grow(void *buffer, int64_t n, int64_t *room, size_t size, const char *purpose, struct bl_error *err)
{
    void *old, *wider;
    if (n < *room)
        return BL_OK;
    const int64_t wanted = *room > 0 ? 2 * *room : 64;
    int code = bl_alloc(&wider, wanted, size, purpose, err);
    if (code != BL_OK)
        return code;
    memcpy(&old, buffer, sizeof old);
    if (n > 0)
        memcpy(wider, old, (size_t)n * size);
    bl_free(&old);
    memcpy(buffer, &wider, sizeof wider);
    *room = wanted;
    return BL_OK;
}

void bl_free(void *pointer)
{
    void *memory;
    memcpy(&memory, pointer, sizeof memory);
    if (!memory)
        return;
    free(memory);
    atomic_fetch_sub(&live_buffers, 1);
    memory = NULL;
    memcpy(pointer, &memory, sizeof memory);
}

int64_t bl_alloc_live(void)
{
    return atomic_load(&live_buffers);
}

int64_t bl_alloc_count(void)
{
    return atomic_load(&all_allocations);
}
