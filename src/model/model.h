/* What encoding needs and nothing else: shape, parameters, normalisation, and where they came from. */
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
    float *params; /* [layout.n_params], of which the first n_network are the model; owned unless
                      borrows_params */
    int borrows_params;
    struct bl_normalizer normalizer;
    char method[BL_NAME_MAX];           /* preset or baseline that made it */
    char arithmetic[BL_ARITHMETIC_MAX]; /* what its bits depend on; "" where nothing is known */
    struct bl_row_sample trained;       /* of the rows that it was trained on or fitted to */
};

/* Allocates parameters (unset) and normaliser for the shape. bl_model_free is safe twice and on a zeroed
 * struct. */
int bl_model_init(struct bl_model *model, const struct bl_shape *shape, int normalize, struct bl_error *err);

/* The same while it is trained: layout is the shape's with the tensors that terms appended, params [n_params]
 * the caller's. Borrows params. */
int bl_model_init_training(struct bl_model *model, const struct bl_shape *shape,
                           const struct bl_layout *layout, int normalize, float *params,
                           struct bl_error *err);
void bl_model_free(struct bl_model *model);

/* Scratch for encoding up to max_rows rows at a time; owned by the caller. Products are chains
 * (math/product.h): a row's code never depends on the rows around it or on the machine. */
struct bl_encoder {
    const struct bl_model *model; /* borrowed */
    int64_t max_rows;
    struct bl_product product;
    float *front, *back; /* [max_rows, widest layer] each; owned */
};

int bl_encoder_init(struct bl_encoder *encoder, const struct bl_model *model, int64_t max_rows,
                    struct bl_error *err);
void bl_encoder_free(struct bl_encoder *encoder);

/* Codes of n <= max_rows raw rows [n, dim] of `type`: codes [n, bl_code_bytes(K)]. Local.
 * Errors: BL_NUMBERS with the index of the first row (counted from 0 within these) whose features or outputs
 * are not finite, also in *bad_row. */
int bl_encoder_run(struct bl_encoder *encoder, enum bl_type type, const void *rows, int64_t n, uint8_t *codes,
                   int64_t *bad_row, struct bl_error *err);

#endif
