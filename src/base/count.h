/* Numbers with what they count, for people: "1 step", "2 steps". */
#ifndef BL_BASE_COUNT_H
#define BL_BASE_COUNT_H

#include <stdint.h>

struct bl_counted {
    char text[64];
};

/* noun: the singular, whose last word gets a regular plural ("class", "query", "training row"). Use it within
 * the call that shows it: bl_log_say("%s", bl_count(n, "step").text). */
struct bl_counted bl_count(int64_t n, const char *noun);

/* Time as "1:02:03" or "2:03". */
void bl_duration(double seconds, char *text, int64_t size);

#endif
