/* What the program says while it works. Results go to standard output by the commands themselves;
 * everything here goes to standard error and, when one is attached, to a log file. */
#ifndef BL_BASE_LOG_H
#define BL_BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum bl_log_level {
    BL_LOG_QUIET = 0,  /* -q: only warnings */
    BL_LOG_NORMAL = 1, /* what a user wants to see */
};

/* Sets the level, whether this process speaks at all (ranks other than 0 do not), and whether a person reads
 * standard error on a terminal, where a line may replace itself. */
void bl_log_setup(enum bl_log_level level, int speaks, int terminal);

/* Also appends every line, each with its time, to the file at path; replaces an earlier one. Of what lies
 * behind keep_bytes (negative: the end) only warnings and errors stay: a run that goes on from there says the
 * rest again. Errors: BL_PATH, BL_MEMORY. bl_log_close is safe without a file, and clears
 * a progress line. */
int bl_log_open(const char *path, int64_t keep_bytes, struct bl_error *err);
void bl_log_close(void);

/* The file's length so far, which may be keep_bytes later; -1 without a file. */
int64_t bl_log_bytes(void);

/* Brings the file to the disk. Another thread may do it. */
void bl_log_sync(void);

/* One line without its newline; NORMAL, and always (prefix "warning: "). */
void bl_log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bl_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the error's line to the log file alone; main prints it. */
void bl_log_failure(const struct bl_error *err);

/* A line that replaces itself on a terminal and appears plain nowhere else; the next ordinary line clears it.
 * Returns 1 if it was shown. Begin with what matters: a narrow terminal cuts its end off. */
int bl_log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
