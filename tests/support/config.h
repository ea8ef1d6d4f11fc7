/* What the tests of configurations share. */
#ifndef TEST_SUPPORT_CONFIG_H
#define TEST_SUPPORT_CONFIG_H

#include "base/error.h"
#include "config/config.h"

/* The shortest valid configuration; other lines can follow it. */
#define DATA "data: {file: d.h5}\n"

/* Results of the last call. */
extern struct bl_config config;
extern struct bl_error config_err;

/* The text must be accepted as run.yaml. */
void parse(const char *text);

/* The text must be refused with BL_USAGE and a message that contains both parts. */
void refuse(const char *text, const char *part, const char *other);

/* Reads a file with that text, with overrides; returns the status. */
int read_with(const char *text, const char *const *sets, int n_sets);
int read_with_one(const char *text, const char *set);

/* The override must be refused: BL_USAGE and a message that begins "--set SET: " and contains part. */
void refuse_set(const char *set, const char *part);

/* All buffers of bl_alloc must be freed. */
void expect_all_freed(void);

#endif
