/* Blanks as people see them: spaces, tabs, no-break spaces and their relatives in UTF-8. */
#ifndef BL_BASE_BLANK_H
#define BL_BASE_BLANK_H

#include <stddef.h>

/* Bytes of the blank that text begins with; 0: it begins with none. */
size_t bl_blank_bytes(const char *text);

/* Removes blanks at both ends, in place: returns where the text begins. */
char *bl_blank_trim(char *text);

/* The text without any blank and with a to z for A to Z, cut off at size - 1 bytes: equal for two names that
 * differ only in blanks or case. */
void bl_blank_fold(const char *text, char *folded, size_t size);

/* 1 if a control character (a newline, a tab, an escape) is in the text, which would break a line of
 * output. */
int bl_blank_has_control(const char *text);

#endif
