/* Following a run from another process, until it ends. */
#ifndef PAR_COMMAND_REPORT_REPORT_FOLLOW_H
#define PAR_COMMAND_REPORT_REPORT_FOLLOW_H

#include "base/error.h"

/* Prints the lines of the run's log as they come, and on a terminal the latest step below them. Waits for a run
 * that hasn't begun. Returns as the run ended: BL_OK when it is finished, BL_STOPPED, or its failure; BL_STALLED
 * if it ended without a word. Local. Other errors: BL_PATH. */
int report_follow(const char *folder, struct bl_error *err);

#endif
