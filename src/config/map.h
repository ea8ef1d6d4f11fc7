/* A small map of texts, kept as one text "name=value, name=value". */
#ifndef BL_CONFIG_MAP_H
#define BL_CONFIG_MAP_H

#include <stddef.h>

/* Sets map [size] from such a text, without spaces around names and values. Returns 1, or 0 with the map
 * unchanged: a name is letters, digits, '_', '-' and '.', stands once, and has a value of printable
 * characters but no comma, '=', '"' or '\'; neither is longer than 127 bytes. */
int bl_map_parse(const char *text, char *map, size_t size);

/* As YAML: {name: "value", name: "value"}. */
void bl_map_text(const char *map, char *text, size_t size);

#endif
