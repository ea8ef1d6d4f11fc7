/* Numbers and durations as people read them: "1 step", "2 steps", "1:02:03". */
#ifndef BL_BASE_COUNT_H
#define BL_BASE_COUNT_H

#include <stdint.h>

struct bl_counted {
    char text[64];
};

/* n and the noun, in the plural unless n = 1. `noun` is a singular with a regular plural ("class", "query",
 * "training row"). Use the text within the same statement: bl_log_say("%s", bl_count(n, "step").text). */
struct bl_counted bl_count(int64_t n, const char *noun);

/* Seconds as "1:02:03", or "2:03" below an hour. */
void bl_duration(double seconds, char *text, int64_t size);

#endif
