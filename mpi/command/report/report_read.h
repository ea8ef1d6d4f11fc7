/* Reading a run's curves from its metrics.jsonl. Everything here is local. */
#ifndef PAR_COMMAND_REPORT_REPORT_READ_H
#define PAR_COMMAND_REPORT_REPORT_READ_H

#include <stdint.h>

#include "base/error.h"

enum report_event { REPORT_STEP, REPORT_EPOCH, REPORT_EVALUATION };

/* One line of the metrics; values that its event doesn't have are NaN. */
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

/* "step", "epoch" or "evaluation", as in the file; a literal. */
const char *report_event_name(enum report_event event);

/* Reads the metrics of a run folder; the caller frees run->rows by report_free. Other events are skipped,
 * and so is a last line without a line end, which the run may still be writing. Errors: BL_PATH; BL_INPUT
 * a line that is no event, or no values yet; BL_MEMORY. */
int report_read(struct report_run *run, const char *folder, struct bl_error *err);

/* Frees; safe twice and on a zeroed struct. */
void report_free(struct report_run *run);

#endif
