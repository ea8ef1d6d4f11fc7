/* A model: all that encoding needs (shape, parameters, normalisation) and where it came from. */
#ifndef BL_MODEL_MODEL_H
#define BL_MODEL_MODEL_H

#include "data/normalize.h"
#include "data/row_sample.h"
#include "math/product.h"
#include "model/params.h"
#include "model/shape.h"

enum { BL_ARITHMETIC_MAX = 256 };

struct bl_model {
    struct bl_shape shape;
    struct bl_layout layout;
    float *params; /* [layout.n_params], of which the first n_network are the model's; owned unless
                    * borrows_params */
    int borrows_params;
    struct bl_normalizer normalizer;
    char method[BL_NAME_MAX];           /* preset or baseline that made it */
    char arithmetic[BL_ARITHMETIC_MAX]; /* what its bits depend on; "" if unknown */
    struct bl_row_sample trained;       /* a sample of the rows that it was trained on or fitted to */
};

/* Allocates undefined parameters, and the normaliser. bl_model_free is safe twice and on a zeroed struct. */
int bl_model_init(struct bl_model *model, const struct bl_shape *shape, int normalize, struct bl_error *err);

/* The same for training. layout: the shape's with the objective's tensors appended. Borrows params. */
int bl_model_init_training(struct bl_model *model, const struct bl_shape *shape,
                           const struct bl_layout *layout, int normalize, float *params,
                           struct bl_error *err);
void bl_model_free(struct bl_model *model);

/* Work space for encoding at most max_rows rows at a time. Products are chains (math/product.h), so a row's
 * code depends neither on the rows around it nor on the machine. */
struct bl_encoder {
    const struct bl_model *model; /* borrowed */
    int64_t max_rows;
    struct bl_product product;
    float *front, *back; /* [max_rows, widest layer] each; owned */
};

int bl_encoder_init(struct bl_encoder *encoder, const struct bl_model *model, int64_t max_rows,
                    struct bl_error *err);
void bl_encoder_free(struct bl_encoder *encoder);

/* codes [n, bl_code_bytes(K)] of n <= max_rows rows [n, dim] of `type`, not normalised yet. Errors:
 * BL_NUMBERS, with the first of these rows (from 0) whose features or outputs aren't finite in the message
 * and in *bad_row. */
int bl_encoder_run(struct bl_encoder *encoder, enum bl_type type, const void *rows, int64_t n, uint8_t *codes,
                   int64_t *bad_row, struct bl_error *err);

#endif
