/* A batch with labels and random outputs, for tests of the objective's terms. */
#ifndef TEST_SUPPORT_OBJECTIVE_H
#define TEST_SUPPORT_OBJECTIVE_H

#include <criterion/criterion.h>

#include "loss/objective.h"

/* N rows make two columns of tiles and a partial row of them, so that every edge of the tiling is visited. */
enum { N = 1060, K = 5, CLASSES = 4, MULTI = 37, MULTI_WORDS = 2, MEMORY = 1100, FIXTURE_THREADS = 8 };

struct fixture {
    struct bl_config_objective config;
    struct bl_product product;
    struct bl_objective objective;
    struct bl_layout network; /* one layer with K outputs */
    struct bl_label_layout layout;
    float *z, *h, *codes, *dh;
    uint32_t *labels;
    float *own, *own_grad; /* [n_own] the terms' own tensors, and their gradient */
    int64_t n_own;
    struct bl_grad grad; /* gradient of all tensors, as integers */
    int32_t *integers;   /* [n_params] */
    int64_t n_params;
    struct bl_layout all_tensors; /* the network's and the terms' */
    float scale[BL_TENSORS_MAX];
    uint32_t largest[FIXTURE_THREADS * BL_TENSORS_MAX];
    int64_t n;
    struct bl_columns memory; /* empty unless the configuration pairs rows with a memory */
    float *memory_codes;
    uint32_t *memory_labels, *place;
};

/* An objective without any term, to add one: so that no other term's larger gradient hides its errors. */
struct bl_config_objective alone(void);

/* The layout of one layer with K outputs. */
struct bl_layout fixture_network(void);

/* A batch of n rows, some without labels; several labels per row if multi. */
void fixture_init(struct fixture *f, struct bl_config_objective config, int multi, int64_t n);
void fixture_free(struct fixture *f); /* safe twice */

/* Changes the number of threads, up to FIXTURE_THREADS. */
void fixture_threads(struct fixture *f, int threads);

struct bl_batch fixture_batch(const struct fixture *f, int64_t first, int64_t n_local);

/* The objective, sum of weight x value; with `gradient`, f->dh becomes its gradient in z. */
double fixture_total(struct fixture *f, double beta, int gradient);

/* Checks the gradient in z and in the terms' own tensors against central differences; on n rows, or on 60. */
void fixture_check_gradient_of(int64_t n, struct bl_config_objective config, int multi, double beta);
void fixture_check_gradient(struct bl_config_objective config, int multi, double beta);

#endif
