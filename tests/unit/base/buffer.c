#include "base/buffer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(buffer, every_buffer_starts_on_a_boundary)
{
    struct bl_error err;
    for (int64_t n = 0; n < 200; n += 7) {
        char *bytes = NULL;
        cr_assert_eq(bl_alloc(&bytes, n, 1, "bytes", &err), BL_OK);
        cr_assert_not_null(bytes);
        cr_assert_eq((uintptr_t)bytes % BL_ALIGN_BYTES, 0);
        bl_free(&bytes);
    }
}

Test(buffer, all_of_it_can_be_written)
{
    struct bl_error err;
    double *values = NULL;
    cr_assert_eq(bl_alloc(&values, 1001, sizeof *values, "values", &err), BL_OK);
    for (int i = 0; i < 1001; i++)
        values[i] = i;
    cr_assert_eq(values[1000], 1000.0);
    bl_free(&values);
}

/* Also where memory that was used before comes back. */
Test(buffer, zeroed_memory_is_zero_throughout)
{
    struct bl_error err;
    unsigned char *bytes = NULL;
    for (int64_t n = 1000; n <= 1000000; n *= 10) {
        cr_assert_eq(bl_alloc(&bytes, n, 1, "bytes", &err), BL_OK);
        memset(bytes, 0xff, (size_t)n);
        bl_free(&bytes);
        cr_assert_eq(bl_alloc_zero(&bytes, n, 1, "bytes", &err), BL_OK);
        for (int64_t i = 0; i < n; i++)
            cr_assert_eq(bytes[i], 0);
        bl_free(&bytes);
    }
}

Test(buffer, a_table_of_buffers_is_made_in_order_up_to_the_one_that_fails)
{
    struct bl_error err;
    const int64_t live = bl_alloc_live();
    char *first = NULL, *second = NULL, *never = NULL;
    const struct bl_buffer table[] = {
        {&first, 10, 1, "first", 1}, {&second, -1, 1, "second", 0}, {&never, 1, 1, "", 0}};
    cr_assert_eq(bl_alloc_all(table, 1, &err), BL_OK);
    cr_assert_eq(first[9], 0);
    bl_free(&first);
    cr_assert_eq(bl_alloc_all(table, 3, &err), BL_MEMORY);
    cr_assert(strstr(err.what, "second"));
    cr_assert_not_null(first);
    cr_assert_null(second);
    cr_assert_null(never);
    bl_free(&first);
    cr_assert_eq(bl_alloc_live(), live);
}

Test(buffer, a_growing_buffer_keeps_what_is_in_it)
{
    struct bl_error err;
    int64_t *values = NULL, room = 0, live = bl_alloc_live(), made = bl_alloc_count();
    for (int64_t n = 0; n < 1000; n++) {
        cr_assert_eq(bl_grow(&values, n, &room, sizeof *values, "values", &err), BL_OK);
        cr_assert_lt(n, room);
        values[n] = n * n;
    }
    for (int64_t n = 0; n < 1000; n++)
        cr_assert_eq(values[n], n * n);
    cr_assert_eq(room, 1024);
    cr_assert_eq(bl_alloc_count() - made, 5);
    bl_free(&values);
    cr_assert_eq(bl_alloc_live(), live);
}

Test(buffer, a_buffer_that_can_not_grow_stays)
{
    struct bl_error err;
    char *bytes = NULL;
    int64_t room = 0;
    cr_assert_eq(bl_grow(&bytes, 0, &room, 1, "bytes", &err), BL_OK);
    room = INT64_MAX / 4;
    char *const before = bytes;
    cr_assert_eq(bl_grow(&bytes, room, &room, 64, "bytes", &err), BL_MEMORY);
    cr_assert_eq(bytes, before);
    cr_assert_eq(room, INT64_MAX / 4);
    bl_free(&bytes);
}

#ifndef NDEBUG
Test(buffer, a_debug_build_fills_new_memory_with_nan)
{
    struct bl_error err;
    float *values = NULL;
    cr_assert_eq(bl_alloc(&values, 77, sizeof *values, "values", &err), BL_OK);
    for (int i = 0; i < 77; i++)
        cr_assert(isnan(values[i]));
    bl_free(&values);
}
#endif

Test(buffer, an_impossible_size_is_out_of_memory_and_names_its_purpose)
{
    static const struct {
        int64_t count;
        size_t size;
    } impossible[] = {{INT64_MAX, 16}, {-1, 4}, {INT64_MAX, SIZE_MAX}, {2, SIZE_MAX / 2}};
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        struct bl_error err = {0};
        int something = 0, *values = &something;
        cr_assert_eq(bl_alloc(&values, impossible[i].count, impossible[i].size, "the codes", &err),
                     BL_MEMORY);
        cr_assert_null(values);
        cr_assert(strstr(err.what, "the codes"), "%s", err.what);
    }
}

Test(buffer, freeing_clears_the_pointer_and_may_be_repeated)
{
    struct bl_error err;
    int *values = NULL;
    bl_free(&values);
    cr_assert_eq(bl_alloc(&values, 4, sizeof *values, "values", &err), BL_OK);
    bl_free(&values);
    cr_assert_null(values);
    bl_free(&values);
}

Test(buffer, the_counters_follow_what_lives_and_what_was_made)
{
    struct bl_error err;
    int64_t live = bl_alloc_live(), made = bl_alloc_count();
    int *a = NULL, *b = NULL, *c = NULL;
    cr_assert_eq(bl_alloc(&a, 4, sizeof *a, "a", &err), BL_OK);
    cr_assert_eq(bl_alloc_zero(&b, 0, sizeof *b, "b", &err), BL_OK);
    cr_assert_eq(bl_alloc(&c, -1, sizeof *c, "c", &err), BL_MEMORY);
    cr_assert_eq(bl_alloc_live(), live + 2);
    cr_assert_eq(bl_alloc_count(), made + 2);
    bl_free(&a);
    bl_free(&b);
    bl_free(&c);
    cr_assert_eq(bl_alloc_live(), live);
    cr_assert_eq(bl_alloc_count(), made + 2);
}
