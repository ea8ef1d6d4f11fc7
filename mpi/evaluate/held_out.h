/* How well the codes of held-out rows find training rows: what chooses the best model. Never sees the test
 * split. */
#ifndef PAR_EVALUATE_HELD_OUT_H
#define PAR_EVALUATE_HELD_OUT_H

#include "config/config.h"
#include "hash/health.h"
#include "model/model.h"
#include "mpi/rows/train_data.h"

struct held_out_result {
    double
        map; /* exact expected mAP, held-out rows as queries, all other train rows as database; NaN: nothing
                 * is relevant to any */
    int64_t queries, database, unanswerable;
    struct bl_code_health health; /* of the held-out rows' codes */
};

/* Whether a run with such data has evaluations. Local. */
int held_out_is_judged(const struct bl_config *config, int64_t n_validation, struct bl_label_layout labels);

/* BL_USAGE when it has none though evaluate.early_stop counts on them; says what to change. Local. */
int held_out_check_early_stop(const struct bl_config *config, int64_t n_validation,
                              struct bl_label_layout labels, struct bl_error *err);

/* What such a mAP is of, in words: queries, database, training rows in it, relevance, ties. from_model: the
 * run began from a model, which may have been trained on the held-out rows. Local. */
enum { PAR_VALIDATION_PROTOCOL = 500 };
void held_out_protocol(const struct par_train_data *data, const struct bl_config *config, int from_model,
                       char text[PAR_VALIDATION_PROTOCOL]);

/* Collective: encodes this rank's rows, gathers the queries' codes, counts. The same result on all ranks,
 * whatever their number. data must have labels and held-out rows. Allocates for its time: codes of this
 * rank's rows and of all held-out rows. Errors, agreed: BL_NUMBERS an output that isn't finite, with its file
 * row; BL_MEMORY. */
int par_held_out_judge(struct par par, const struct par_train_data *data, const struct bl_model *model,
                       struct held_out_result *result, struct bl_error *err);

/* The codes of held-out rows, or of up to about 1,024 training rows if none are held out, without any mAP: for
 * data without labels. Collective; the same result on all ranks, whatever their number. Errors as above. */
int par_held_out_look(struct par par, const struct par_train_data *data, const struct bl_model *model,
                      struct bl_code_health *health, struct bl_error *err);

#endif
