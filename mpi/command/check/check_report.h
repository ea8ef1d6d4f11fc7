/* The report of `check`: made as JSON, and printed as text. Everything here is local, for the rank that
 * reports. */
#ifndef PAR_COMMAND_CHECK_CHECK_REPORT_H
#define PAR_COMMAND_CHECK_CHECK_REPORT_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "data/label_count.h"
#include "mpi/plan/plan.h"

/* The plan as a JSON object; the caller owns the reference. */
json_t *check_report_plan(const char *config_path, const char *data_path, const struct bl_config *config,
                          const struct par_split *split, const struct plan *plan);

/* Adds what the labels of the split are, in words, and what is to be doubted about them. */
void check_report_labels(json_t *report, const struct bl_label_count *count, int64_t n_class_names);

/* Adds "blas": {kernel, gflops, other_kernel, other_gflops} to the report: GFLOP/s of sgemm on one core,
 * and those of a kernel that should be faster on this processor, if there is one. Errors: BL_MEMORY. */
int check_report_blas(json_t *report, struct bl_error *err);

/* Adds "host_memory_bytes" to the report, if it is known. Errors: BL_MEMORY the ranks that are here need more than this
 * host has (`modelled`: they needn't be here, and the report alone says so). */
int check_report_memory(json_t *report, const struct plan *plan, int modelled, struct bl_error *err);

/* Adds "run" to the report: {folder, checkpoints, damaged [paths], step, checkpoint, differences}. Errors
 * are those with which training on that folder would end: BL_USAGE the newest intact checkpoint has
 * another configuration; BL_INPUT none of its checkpoints is intact; BL_PATH. */
int check_report_run(json_t *report, const char *run_path, const struct bl_config *config,
                     struct bl_error *err);

/* Prints a report, on a configuration or on a file. */
void check_report_print(const json_t *report);

/* If path is a damaged checkpoint, adds the newest intact one of the same folder to the message in err.
 * For any other file err stays. */
void check_report_older(const char *path, struct bl_error *err);

#endif
