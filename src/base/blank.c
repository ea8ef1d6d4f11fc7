#include "base/blank.h"

#include <string.h>

/* The zero-width no-break space is the byte order mark. */
static const char *const wide_blanks[] = {
    "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83",
    "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
    "\xe2\x80\x8a", "\xe2\x80\x8b", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf",
};

size_t bl_blank_bytes(const char *text)
{
    if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        return 1;
    if ((unsigned char)*text < 0x80)
        return 0;
    for (size_t i = 0; i < sizeof wide_blanks / sizeof *wide_blanks; i++) {
        const size_t n = strlen(wide_blanks[i]);
        if (strncmp(text, wide_blanks[i], n) == 0)
            return n;
    }
    return 0;
}

char *bl_blank_trim(char *text)
{
    char *end;
    for (size_t n; (n = bl_blank_bytes(text)) > 0;)
        text += n;
    end = text;
    for (char *at = text; *at;) {
        const size_t n = bl_blank_bytes(at);
        at += n > 0 ? n : 1;
        if (n == 0)
            end = at;
    }
    *end = '\0';
    return text;
}

void bl_blank_fold(const char *text, char *folded, size_t size)
{
    size_t used = 0;
    while (*text && used + 1 < size) {
        const size_t n = bl_blank_bytes(text);
        if (n == 0)
            folded[used++] = (char)(*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text);
        text += n > 0 ? n : 1;
    }
    folded[used] = '\0';
}

int bl_blank_has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return 1;
    return 0;
}
