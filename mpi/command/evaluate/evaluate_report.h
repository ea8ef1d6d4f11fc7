/* How `bitloom evaluate` says what it found. Used on rank 0. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_REPORT_H
#define PAR_COMMAND_EVALUATE_EVALUATE_REPORT_H

#include "hash/health.h"
#include "hash/retrieval.h"
#include "mpi/command/evaluate/evaluate_sides.h"

struct evaluate_report {
    const struct evaluate_sides *sides; /* what was compared */
    enum bl_label_kind relevance;
    int64_t bits;
    int64_t asked[BL_CUTS_MAX]; /* the cuts as they were asked for; retrieval.cuts are capped */
    struct bl_retrieval retrieval;
    struct bl_code_health health; /* of the queries' codes */
};

/* One JSON object on one line, 17 digits; or a table. To standard output. Errors: BL_PATH when that can't be
 * written, BL_MEMORY. */
int evaluate_print_json(const struct evaluate_report *report, struct bl_error *err);
int evaluate_print_text(const struct evaluate_report *report, struct bl_error *err);

#endif
