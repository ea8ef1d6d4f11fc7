/* Values as YAML. */
#ifndef BL_CONFIG_VALUE_H
#define BL_CONFIG_VALUE_H

#include <stddef.h>

/* The shortest decimal that reads back as the same number; 10 rather than 1e+01. */
void bl_value_number(double value, char *text, size_t size);

/* Double quotes with the two characters that need it escaped. */
void bl_value_quote(const char *value, char *text, size_t size);

#endif
