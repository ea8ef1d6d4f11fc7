#include "config/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bl_value_number(double value, char *text, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, value);
        const int is_awkward = fabs(value) >= 1.0 && fabs(value) < 1e6 && strchr(text, 'e') != NULL;
        if (strtod(text, NULL) == value && !is_awkward)
            return;
    }
}

void bl_value_quote(const char *value, char *text, size_t size)
{
    size_t n = 0;
    text[n++] = '"';
    for (; *value && n + 3 < size; value++) {
        if (*value == '"' || *value == '\\')
            text[n++] = '\\';
        text[n++] = *value;
    }
    text[n++] = '"';
    text[n] = '\0';
}
