/* Reading a run's curves from its metrics.jsonl. Everything here is local. */
#ifndef PAR_COMMAND_REPORT_REPORT_READ_H
#define PAR_COMMAND_REPORT_REPORT_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum report_event { REPORT_STEP, REPORT_EPOCH, REPORT_EVALUATION };

/* One line of the metrics; values that its event doesn't have are NaN. */
struct report_row {
    enum report_event event;
    int64_t step;
    double epoch, loss, map, lr, rows_per_s;
};

/* How the latest start of a run stands, by its events. */
enum report_state { REPORT_NOT_BEGUN, REPORT_GOING, REPORT_FINISHED, REPORT_STOPPED, REPORT_FAILED };

struct report_facts {
    enum report_state state;
    int status;           /* the exit status of a failed start */
    char what[512];       /* and its message */
    int64_t step, steps;  /* done and in all */
    double train_seconds; /* in steps */
};

struct report_run {
    const char *name; /* borrowed: the run folder as given */
    struct report_row *rows;
    int64_t n;
    struct report_facts facts;
};

/* "step", "epoch" or "evaluation", as in the file; a literal. */
const char *report_event_name(enum report_event event);

/* What one event says: adds to *facts, and fills *row if it has a curve. line [n] without its end. Returns 1 for a
 * row, 0 for another event, -1 if it is none. */
int report_event_read(const char *line, size_t n, struct report_facts *facts, struct report_row *row);

/* Reads the metrics of a run folder, or the file itself; the caller frees run->rows by report_free. Events without
 * a curve have no row; a last line without a line end, which the run may still be writing, is skipped. Errors:
 * BL_PATH; BL_INPUT a line that is no event; BL_MEMORY. */
int report_read(struct report_run *run, const char *folder, struct bl_error *err);

/* BL_INPUT if there are no values to draw yet. */
int report_need_values(const struct report_run *run, struct bl_error *err);

/* The evaluation with the best mAP, the first of equals; the last row of an event. NULL: there is none. */
const struct report_row *report_best(const struct report_run *run);
const struct report_row *report_last(const struct report_run *run, enum report_event event);

/* Frees; safe twice and on a zeroed struct. */
void report_free(struct report_run *run);

#endif
