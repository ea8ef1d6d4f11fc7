#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"

/* What a key says of its range, in the table of the documentation and in messages, is what it takes. */

struct range {
    double lo, hi;
    int with_lo, with_hi;
};

static double number_behind(const char *text, const char *word)
{
    const char *at = strstr(text, word);
    cr_assert(at, "no '%s' in: %s", word, text);
    at += strlen(word);
    return strncmp(at, "10^15", 5) == 0 ? 1e15 : strtod(at, NULL);
}

static struct range range_said(const struct bl_key *key)
{
    char text[200];
    struct range range;
    bl_key_range(key, text, sizeof text);
    range.with_lo = strstr(text, " from ") != NULL;
    range.with_hi = strstr(text, " to ") != NULL;
    range.lo = number_behind(text, range.with_lo ? " from " : " above ");
    range.hi = number_behind(text, range.with_hi ? " to " : ", below ");
    return range;
}

static void expect_taken(const struct bl_key *key, double value, int taken)
{
    static struct bl_config config;
    struct bl_error err;
    char text[60];
    snprintf(text, sizeof text, key->type == BL_KEY_REAL ? "%.17g" : "%.0f", value);
    cr_expect_eq(bl_key_set(key, &config, text, &err) == BL_OK, taken, "%s: %s is %s", key->name, text,
                 taken ? "refused" : "taken");
}

Test(ranges, every_numeric_key_takes_what_it_says_and_nothing_beyond)
{
    int n = 0;
    for (const struct bl_key *key = bl_keys; key->name; key++) {
        if (key->type != BL_KEY_INTEGER && key->type != BL_KEY_REAL && key->type != BL_KEY_LIST)
            continue;
        const struct range range = range_said(key);
        const double step = key->type == BL_KEY_REAL ? 1e-6 : 1.0;
        expect_taken(key, range.lo, range.with_lo);
        expect_taken(key, range.lo - step, 0);
        expect_taken(key, range.lo + step, 1);
        expect_taken(key, range.hi, range.with_hi);
        expect_taken(key, range.hi + (range.hi > 1e9 ? 1.0 : step), 0);
        n++;
    }
    cr_assert_gt(n, 40);
}
