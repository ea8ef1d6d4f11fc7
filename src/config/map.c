#include "config/map.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PART_MAX = 127, MAP_MAX = 2048 };

/* n characters without the spaces at both ends. */
static const char *trim(const char *text, size_t *n)
{
    while (*n > 0 && *text == ' ') {
        text++;
        --*n;
    }
    while (*n > 0 && text[*n - 1] == ' ')
        --*n;
    return text;
}

static int is_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_-.", text[i]))
            return 0;
    return n > 0 && n <= PART_MAX;
}

static int is_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~' || strchr("=\"\\", text[i]))
            return 0;
    return n > 0 && n <= PART_MAX;
}

static int has_name(const char *map, const char *name, size_t n)
{
    for (const char *at = map; *at;) {
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return 1;
        at += strcspn(at, ",");
        at += strspn(at, ", ");
    }
    return 0;
}

int bl_map_parse(const char *text, char *map, size_t size)
{
    char found[MAP_MAX] = "";
    size_t used = 0, rest = strlen(text);
    trim(text, &rest);
    for (const char *at = text; rest > 0;) {
        size_t n = strcspn(at, ","), n_name = strcspn(at, "=,");
        if (n_name == n)
            return 0;
        size_t n_value = n - n_name - 1;
        const char *value = trim(at + n_name + 1, &n_value), *name = trim(at, &n_name);
        if (!is_name(name, n_name) || !is_value(value, n_value) || has_name(found, name, n_name) ||
            used + n_name + n_value + 4 > size || size > MAP_MAX)
            return 0;
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%.*s=%.*s", used ? ", " : "",
                                 (int)n_name, name, (int)n_value, value);
        if (!at[n])
            break;
        at += n + 1;
    }
    memset(map, 0, size);
    memcpy(map, found, used);
    return 1;
}

void bl_map_text(const char *map, char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size, "{");
    for (const char *at = map; *at && n < size;) {
        const int whole = (int)strcspn(at, ","), name = (int)strcspn(at, "=");
        n += (size_t)snprintf(text + n, size - n, "%s%.*s: \"%.*s\"", at == map ? "" : ", ", name, at,
                              whole - name - 1, at + name + 1);
        at += whole;
        at += strspn(at, ", ");
    }
    if (n < size)
        snprintf(text + n, size - n, "}");
}
