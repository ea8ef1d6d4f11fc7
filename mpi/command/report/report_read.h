/* The curves of a run, read from its metrics.jsonl. */
#ifndef PAR_COMMAND_REPORT_REPORT_READ_H
#define PAR_COMMAND_REPORT_REPORT_READ_H

#include <stdint.h>

#include "base/error.h"

enum report_event { REPORT_STEP, REPORT_EPOCH, REPORT_EVALUATION };

/* One line of the metrics; NaN is what its event doesn't have. */
struct report_row {
    enum report_event event;
    int64_t step;
    double epoch, loss, map, lr, rows_per_s;
};

struct report_run {
    const char *name; /* borrowed: the run folder as given */
    struct report_row *rows;
    int64_t n;
};

/* "step", "epoch" or "evaluation", as in the file. */
const char *report_event_name(enum report_event event);

/* Reads the rows of a run folder. A last line without its end is left out: the run may be writing it. Other
 * events are passed over. Errors: BL_PATH; BL_INPUT for a line that is no event, or when nothing was reported
 * yet. */
int report_read(struct report_run *run, const char *folder, struct bl_error *err);

/* Frees; safe twice and on a zeroed struct. */
void report_free(struct report_run *run);

#endif
