/* What `check` found, as JSON and for people. All of it is local to the rank that reports. */
#ifndef PAR_COMMAND_CHECK_CHECK_REPORT_H
#define PAR_COMMAND_CHECK_CHECK_REPORT_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "mpi/plan/plan.h"

/* The plan as an object; the caller's reference. */
json_t *check_report_plan(const char *config_path, const char *data_path, const struct bl_config *config,
                          const struct par_split *split, const struct plan *plan);

/* Adds "blas": {kernel, gflops, other_kernel, other_gflops} to the report: the rate of sgemm on one core,
 * and that of a kernel that should suit the processor better, where there is one. Errors: BL_MEMORY. */
int check_report_blas(json_t *report, struct bl_error *err);

/* Adds "run" to the report: {folder, checkpoints, damaged [paths], step, checkpoint, differences}. Errors,
 * those that training on that folder would end with: BL_USAGE the newest whole checkpoint has another
 * configuration; BL_INPUT there are checkpoints and none is whole; BL_PATH. */
int check_report_run(json_t *report, const char *run_path, const struct bl_config *config,
                     struct bl_error *err);

/* Prints a report of either kind. */
void check_report_print(const json_t *report);

/* Adds to the message about a damaged checkpoint which of the others in its folder is the newest whole one.
 * Other files leave err as it is. */
void check_report_older(const char *path, struct bl_error *err);

#endif
