/* A training step written out in double from docs/mathematics.md: nothing of it calls what it is compared with, but for
 * random numbers (dropout's masks), the fixed codes of classes, and which rows a batch has. Gradients are central
 * differences of the value. For single labels and label matrices, pairs within the batch or against a memory. */
#ifndef TEST_SUPPORT_REFERENCE_H
#define TEST_SUPPORT_REFERENCE_H

#include "config/config.h"
#include "data/labels.h"
#include "model/params.h"
#include "model/shape.h"

enum { REFERENCE_PARAMS = 400, REFERENCE_BATCH = 64, REFERENCE_WIDTH = 16, REFERENCE_ROWS = 256 };

/* What stays the same: configuration, shapes, classes, and the training rows with their labels. Borrows all pointers. */
struct reference {
    const struct bl_config *config;
    struct bl_shape shape;
    const struct bl_layout *layout;
    struct bl_label_layout labels;
    const float *class_codes; /* [classes + 1, K] of terms with fixed codes; NULL without */
    int64_t total_steps, steps_per_epoch;
    int64_t n_train;                   /* rows of the memory of codes */
    int64_t train_row[REFERENCE_ROWS]; /* their numbers in the file */
    const uint32_t *train_labels[REFERENCE_ROWS];
    /* The state. */
    double params[REFERENCE_PARAMS];
    double state[2][REFERENCE_PARAMS];              /* of the optimiser */
    double memory[REFERENCE_ROWS][REFERENCE_WIDTH]; /* the codes of rows when they were last in a batch */
};

/* A batch: n rows of the file, their features and labels. */
struct reference_batch {
    int64_t n;
    const int64_t *rows;
    const float *x;         /* [n, D] normalised */
    const uint32_t *labels; /* [n, words] */
};

struct reference_outcome {
    double lr, beta, grad_norm, value; /* value: the weighted sum of all terms */
};

/* Global step `number`, from 0: changes the state. */
struct reference_outcome reference_step(struct reference *reference, const struct reference_batch *batch,
                                        int64_t number);

#endif
