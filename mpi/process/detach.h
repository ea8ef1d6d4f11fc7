/* A process that lets go of its terminal once its work is under way. */
#ifndef PAR_PROCESS_DETACH_H
#define PAR_PROCESS_DETACH_H

#include "base/error.h"

/* Forks. The child returns BL_OK and does the work. The parent never returns: it waits until the child calls
 * detach_done, says where to follow the run in folder `run_path`, and ends with 0; or, if the child ends
 * earlier, ends with its status. Before there are threads, and not with MPI. Local. Errors: BL_PATH. */
int detach_begin(const char *run_path, struct bl_error *err);

/* In such a child, gives up the terminal: its own session, /dev/null as standard streams. Does nothing in any
 * other process. Local. */
void detach_done(void);

#endif
