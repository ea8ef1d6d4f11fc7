#include "io/text_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int io_text_is_blank(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

int io_text_number(const char *text, int wide, double *value)
{
    const char *at = text + strspn(text, " ");
    const char *digits = at + (*at == '-' || *at == '+');
    int is_word = (*digits | 32) == 'n' || (*digits | 32) == 'i';
    char *end;
    if (digits[0] == '0' && (digits[1] | 32) == 'x')
        return 0;
    if (!is_word && !strchr("0123456789.", *digits))
        return 0;
    *value = wide ? strtod(at, &end) : (double)strtof(at, &end);
    if (end == at || (is_word && memchr(at, '(', (size_t)(end - at))))
        return 0;
    return io_text_is_blank(end) && (is_word || isfinite(*value));
}
