/* What the program says while it works, on standard error and in the log file if one is open. Results are
 * printed to standard output by the commands themselves. */
#ifndef BL_BASE_LOG_H
#define BL_BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum bl_log_level {
    BL_LOG_QUIET = 0,  /* -q: only warnings and how a run ended */
    BL_LOG_NORMAL = 1, /* the default */
};

/* Sets the level; whether this process logs at all (only rank 0 does); and whether standard error is a
 * terminal, where a progress line can replace itself. */
void bl_log_setup(enum bl_log_level level, int speaks, int terminal);

/* From now on appends every line, with its time, to the file at path in place of any other file. A run that
 * resumes from a checkpoint repeats what the file holds beyond keep_bytes, so that is removed, except
 * warnings and errors; a negative keep_bytes keeps all. Errors: BL_PATH, BL_MEMORY. bl_log_close is safe
 * without a file and clears a progress line. */
int bl_log_open(const char *path, int64_t keep_bytes, struct bl_error *err);
void bl_log_close(void);

/* The file's length in bytes now, to be given as keep_bytes later; -1 without a file. */
int64_t bl_log_bytes(void);

/* fsync of the file. May be called from another thread. */
void bl_log_sync(void);

/* Write one line, given without its newline: from level NORMAL on; at every level, how a run ended; and at every
 * level with the prefix "warning: ". The log file gets all. */
void bl_log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bl_log_end(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bl_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the error to the log file only; main prints it. */
void bl_log_failure(const struct bl_error *err);

/* A line that replaces itself on a terminal, and is written nowhere else; the next ordinary line clears it.
 * Returns 1 if it was shown. Put what matters first: a narrow terminal cuts off its end. */
int bl_log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
