/* Encoding on one core beside its lower bound, the matrix products of a forward pass alone: once with the
 * encoder's own products and once with OpenBLAS's. Timed in turn; medians. Layers 784-1024-512-64, rows of
 * uint8. */
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bench.h"
#include "hash/code.h"
#include "math/blas.h"
#include "model/model.h"

enum { ROWS = 1024, DIM = 784, ROUNDS = 41, ENCODE = 0, CHAINS, BLAS, WAYS };

struct bench {
    struct bl_model model;
    struct bl_encoder encoder;
    struct bl_product blas;
    uint8_t *rows, *codes;
    float *in, *out;
};

static void make(struct bench *bench)
{
    const struct bl_config_model config = {.hidden = {1024, 512}, .hidden_count = 2, .heads = 4, .bits = 16};
    const struct bl_shape shape = bl_shape_of(&config, DIM);
    memset(bench, 0, sizeof *bench);
    bench_must(bl_model_init(&bench->model, &shape, BL_NORMALIZE_STANDARDIZE, &bench_error));
    bl_params_init(&shape, &bench->model.layout, 1, bench->model.params);
    for (int64_t d = 0; d < DIM; d++) {
        bench->model.normalizer.mean[d] = 127.5;
        bench->model.normalizer.scale[d] = 1.0 / 73.6;
    }
    bench_must(bl_encoder_init(&bench->encoder, &bench->model, ROWS, &bench_error));
    bench_must(bl_product_init(&bench->blas, BL_PRODUCT_BLAS, 1, &bench_error));
    bench_must(bl_alloc(&bench->rows, ROWS * DIM, 1, "rows", &bench_error));
    bench_must(bl_alloc(&bench->codes, ROWS * bl_code_bytes(64), 1, "codes", &bench_error));
    bench_must(bl_alloc(&bench->in, ROWS * 1024, sizeof(float), "floor", &bench_error));
    bench_must(bl_alloc(&bench->out, ROWS * 1024, sizeof(float), "floor", &bench_error));
    for (int64_t i = 0; i < ROWS * DIM; i++)
        bench->rows[i] = (uint8_t)(i * 7919 % 251);
    for (int64_t i = 0; i < ROWS * 1024; i++)
        bench->in[i] = (float)(i % 1000) * 1e-3f;
}

static void run(struct bench *bench, int way)
{
    int64_t bad_row;
    const struct bl_shape *shape = &bench->model.shape;
    const struct bl_product *product = way == CHAINS ? &bench->encoder.product : &bench->blas;
    if (way == ENCODE)
        bench_must(bl_encoder_run(&bench->encoder, BL_UINT8, bench->rows, ROWS, bench->codes, &bad_row,
                                  &bench_error));
    for (int64_t l = 0; l < shape->n_layers && way != ENCODE; l++)
        bl_product_run(product, 0, BL_PLAIN, BL_TRANSPOSED, ROWS, shape->width[l + 1], shape->width[l],
                       bench->in, shape->width[l],
                       bench->model.params + bench->model.layout.tensor[2 * l].offset, shape->width[l], 0,
                       bench->out, shape->width[l + 1]);
}

int main(void)
{
    static struct bench bench;
    double taken[WAYS][ROUNDS], of_chains[ROUNDS], of_blas[ROUNDS];
    bl_blas_setup();
    make(&bench);
    for (int r = -2; r < ROUNDS; r++)
        for (int way = 0; way < WAYS; way++) {
            const double begun = bl_clock_seconds();
            run(&bench, way);
            if (r >= 0)
                taken[way][r] = bl_clock_seconds() - begun;
        }
    for (int r = 0; r < ROUNDS; r++) {
        of_chains[r] = taken[CHAINS][r] / taken[ENCODE][r];
        of_blas[r] = taken[BLAS][r] / taken[ENCODE][r];
    }
    const double chains = bench_median(of_chains, ROUNDS), blas = bench_median(of_blas, ROUNDS);
    printf("%.0f rows/s; products alone / encoding: %.3f (%s), %.3f (%s)\n",
           ROWS / bench_median(taken[ENCODE], ROUNDS), chains, bench.encoder.product.name, blas,
           bench.blas.name);
    bench_record("encode: OpenBLAS's products / encoding", blas, "at least", 0.9);
    bench_record("encode: its own products / encoding", chains, "at least", 0.9);
    bl_encoder_free(&bench.encoder);
    bl_model_free(&bench.model);
    bl_product_free(&bench.blas);
    bl_free(&bench.rows);
    bl_free(&bench.codes);
    bl_free(&bench.in);
    bl_free(&bench.out);
    return 0;
}
