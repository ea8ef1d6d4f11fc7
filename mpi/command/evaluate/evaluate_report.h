/* Printing the results of `bitloom evaluate`. Everything here is local, used on rank 0. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_REPORT_H
#define PAR_COMMAND_EVALUATE_EVALUATE_REPORT_H

#include "data/label_count.h"
#include "hash/health.h"
#include "hash/retrieval.h"
#include "mpi/command/evaluate/evaluate_sides.h"

enum { EVALUATE_REMARKS = 8, EVALUATE_REMARK_BYTES = 400 };

/* The results and what they are of. */
struct evaluate_report {
    const struct evaluate_sides *sides; /* borrowed */
    enum bl_label_kind relevance;
    int64_t bits;
    int64_t asked[BL_CUTS_MAX]; /* R as requested; retrieval.cuts are at most the size of the database */
    struct bl_retrieval retrieval;
    struct bl_code_health health; /* of the queries' codes */
    struct bl_label_count query_labels, database_labels;
    int64_t n_class_names; /* 0: classes are numbers */
    int n_remarks;
    char remark[EVALUATE_REMARKS][EVALUATE_REMARK_BYTES]; /* on labels and codes, a sentence each */
};

/* The labels of a side in words. Returns text. */
const char *evaluate_report_labels(const struct evaluate_report *report, const struct bl_label_count *count,
                                   char text[BL_LABEL_TEXT]);

/* Prints to standard output: one JSON object on one line with 17 digits, or a table. Errors: BL_PATH if it
 * can't be written; BL_MEMORY. */
int evaluate_print_json(const struct evaluate_report *report, struct bl_error *err);
int evaluate_print_text(const struct evaluate_report *report, struct bl_error *err);

/* Prints what the codes of queries show. */
void evaluate_print_health(const struct bl_code_health *health);

#endif
