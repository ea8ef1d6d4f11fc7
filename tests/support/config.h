/* What the tests of configurations share. */
#ifndef TEST_SUPPORT_CONFIG_H
#define TEST_SUPPORT_CONFIG_H

#include "base/error.h"
#include "config/config.h"

/* The shortest configuration, a line to put others behind. */
#define DATA "data: {file: d.h5}\n"

/* Of the last reading. */
extern struct bl_config config;
extern struct bl_error config_err;

/* The text, as run.yaml, must be accepted. */
void parse(const char *text);

/* It must be refused by BL_USAGE, in a sentence that holds both parts. */
void refuse(const char *text, const char *part, const char *other);

/* A file with that text and overrides; the status. */
int read_with(const char *text, const char *const *sets, int n_sets);
int read_with_one(const char *text, const char *set);

/* The override must be refused by BL_USAGE, in a sentence that begins with "--set SET: " and holds part. */
void refuse_set(const char *set, const char *part);

/* What a test leaves: nothing. */
void expect_all_freed(void);

#endif
