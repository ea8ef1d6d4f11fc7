/* `bitloom evaluate --relevant neighbours`: recall of the true nearest rows that a data set holds. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_RECALL_H
#define PAR_COMMAND_EVALUATE_EVALUATE_RECALL_H

#include "hash/recall.h"
#include "mpi/command/evaluate/evaluate_sides.h"

/* What is measured unless --at says otherwise; those with more neighbours than a truth lists are left out. */
#define EVALUATE_RECALLS "1@1,1@10,1@100,10@10,10@20,10@40,10@100"

struct evaluate_recalls {
    int64_t n;
    int is_default;
    struct bl_recall_at at[BL_RECALLS_MAX];
};

/* Reads "K@R,K@R,..."; NULL: the default. Local. Errors: BL_USAGE. */
int evaluate_recall_parse(const char *text, struct evaluate_recalls *recalls, struct bl_error *err);

/* Says of which data set and splits the codes of two files are. Local. Errors: BL_USAGE a name that is too long. */
int evaluate_recall_name(struct evaluate_sides *sides, const char *data, const char *queries,
                         const char *database, struct bl_error *err);

/* Measures the sides by the truth of sides->data and prints the result on rank 0. Collective; agreed. Errors: BL_USAGE
 * halves of a split, a K that the truth doesn't list; BL_INPUT no truth, one of another database, of other rows or with
 * impossible lists; those of par_recall and of printing. */
int par_evaluate_recall(struct par par, const struct evaluate_sides *sides,
                        const struct evaluate_recalls *recalls, int json, struct bl_error *err);

#endif
