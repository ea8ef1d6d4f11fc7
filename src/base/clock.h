/* Time: a monotonic clock, and the date as text. */
#ifndef BL_BASE_CLOCK_H
#define BL_BASE_CLOCK_H

#include <stddef.h>

/* Monotonic seconds since an unspecified start. */
double bl_clock_seconds(void);

/* The local time as "2026-01-31T23:59:59+0100"; text needs 32 bytes. */
void bl_clock_text(char *text, size_t size);

#endif
