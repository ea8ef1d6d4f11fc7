/* Three steps of small networks against the same steps written out in double (support/reference.h): value, norm of the
 * gradient, rate, beta and every parameter, for each preset's terms, relaxation, optimiser and schedule. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "loss/class_codes.h"
#include "support/ranks.h"
#include "support/reference.h"
#include "support/steps.h"

enum { STEPS = 3 };

/* From the program: what is given to both. The rest is the reference's own. */
static void begin(struct reference *reference, const struct step_trainer *alone)
{
    static float codes[REFERENCE_WIDTH * REFERENCE_WIDTH];
    const struct bl_model *model = &alone->state.model;
    const struct bl_config_objective *config = &alone->step.objective.config;
    const int64_t bits = bl_shape_code_bits(&model->shape);
    struct bl_error err = {0};
    *reference = (struct reference){.config = &alone->config,
                                    .shape = model->shape,
                                    .layout = &model->layout,
                                    .labels = alone->data.labels,
                                    .total_steps = alone->step.total_steps,
                                    .steps_per_epoch = alone->step.batches.steps_per_epoch};
    CHECK(model->layout.n_params <= REFERENCE_PARAMS && bits <= REFERENCE_WIDTH);
    if (config->centers_weight > 0.0 || config->cosine_weight > 0.0) {
        CHECK(bl_class_codes_floats(alone->data.labels.classes, bits) <=
              (int64_t)(sizeof codes / sizeof *codes));
        CHECK(bl_class_codes_make(config, bits, alone->data.labels, codes, &err) == BL_OK);
        reference->class_codes = codes;
    }
    for (int64_t i = 0; i < model->layout.n_params; i++)
        reference->params[i] = (double)model->params[i];
    for (int64_t s = 0; s < alone->data.shards; s++)
        for (int64_t r = 0; r < alone->data.shard[s].n_train; r++) {
            const int64_t at = reference->n_train++;
            reference->train_row[at] = alone->data.shard[s].train[r];
            reference->train_labels[at] = train_data_labels(&alone->data, reference->train_row[at]);
        }
    CHECK(reference->n_train == alone->data.n_train_global && reference->n_train <= REFERENCE_ROWS);
}

/* The weighted sum of the terms' values in the program's last step. */
static double value_of(struct step_trainer *trainer, const struct par_step_outcome *outcome)
{
    const struct bl_objective *objective = &trainer->step.objective;
    double values[BL_TERMS_MAX], sum = 0.0;
    par_sum_groups_sum(&trainer->step.groups, trainer->step.par, trainer->step.group_values, BL_TERMS_MAX,
                       (int)objective->n_terms, values);
    for (int64_t t = 0; t < objective->n_terms; t++)
        sum += objective->weight[t] * (values[t] + outcome->parameter_values[t]);
    return sum;
}

static int near(double is, double wanted, double bound, const char *what, const struct step_variant *variant)
{
    if (fabs(is - wanted) <= bound)
        return 1;
    fprintf(stderr, "%s: %.9g for %.9g (preset %s, terms %s, optimiser %s)\n", what, is, wanted,
            variant->preset ? variant->preset : "likelihood", variant->terms ? variant->terms : "",
            variant->optimizer ? variant->optimizer : "");
    return 0;
}

static void compare(struct reference *reference, const struct reference_batch *batch, int64_t number,
                    const struct step_trainer *trainer, const struct par_step_outcome *outcome, double value,
                    const struct step_variant *variant)
{
    const struct reference_outcome wanted = reference_step(reference, batch, number);
    CHECK(near(outcome->lr, wanted.lr, 1e-12, "rate", variant));
    CHECK(near(outcome->beta, wanted.beta, 1e-12 * wanted.beta, "beta", variant));
    CHECK(near(value, wanted.value, 3e-6 * fmax(fabs(wanted.value), 1.0), "value", variant));
    CHECK(
        near(outcome->grad_norm, wanted.grad_norm, 3e-5 * wanted.grad_norm, "norm of the gradient", variant));
    for (int64_t i = 0; i < reference->layout->n_params; i++)
        CHECK(
            near((double)trainer->state.model.params[i], reference->params[i], 2e-5, "a parameter", variant));
}

static void follow(struct par par, const struct step_variant *given)
{
    static struct step_trainer together, alone;
    static struct reference reference;
    struct step_variant small = *given;
    const struct step_variant *variant = &small;
    small.hidden = given->hidden ? given->hidden : "[6]";
    steps_make_both(par, variant, &together, &alone);
    begin(&reference, &alone);
    for (int64_t number = variant->first_step; number < variant->first_step + STEPS; number++) {
        struct par_step_outcome outcome;
        struct bl_error err = {0};
        par_batch_load_local(&alone.step.batch, &alone.state.model.normalizer, number);
        const struct reference_batch batch = {.n = alone.step.batch.n_local,
                                              .rows = alone.step.batch.rows,
                                              .x = alone.step.batch.x,
                                              .labels = alone.step.batch.labels};
        CHECK(batch.n <= REFERENCE_BATCH);
        CHECK(par_step_run(&together.step, &together.state.model, &together.state.optimizer, number, &outcome,
                           &err) == BL_OK);
        const double value = value_of(&together, &outcome);
        if (par.rank == 0) /* the parameters are the same on all ranks: ranks/step/step */
            compare(&reference, &batch, number, &together, &outcome, value, variant);
        par_nodes_meet(&together.nodes); /* all have looked */
    }
    steps_free(&together);
    steps_free(&alone);
}

/* Gradients far below epsilon don't count, so that the rounding of a gradient near 0 isn't a whole step of AdamW. */
#define ADAMW ", epsilon: 1.0e-4"

static void every_preset_does(struct par par)
{
    static const struct step_variant variants[] = {
        {.preset = "likelihood"},
        {.preset = "joint"},
        {.preset = "seed"},
        {.preset = "hashnet", .relaxation = "tanh-beta", .first_step = 7},
        {.preset = "dpsh"},
        {.preset = "dsh"},
        {.preset = "dch",
         .hidden = "[]"}, /* no two rows with nearly one code: the gradient goes as 1/(1 - cos) */
        {.preset = "idhn", .similarity = "cosine", .multi = 1},
        {.preset = "csq"},
        {.preset = "orthohash"},
        {.preset = "greedyhash", .relaxation = "ste"},
    };
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++)
        for (int exact = 0; exact < 2; exact++) {
            struct step_variant variant = variants[v];
            variant.optimizer = ADAMW;
            variant.reduction = exact ? "exact" : "fast";
            follow(par, &variant);
        }
}

static void every_term_does_with_classes_and_with_label_matrices(struct par par)
{
    static const char *const terms[] = {
        ", quantization: {weight: 1}, balance: {weight: 0.5}, decorrelation: {weight: 0.04}",
        ", quantization: {weight: 1}, balance: {weight: 1}, decorrelation: {weight: 0.3}, scatter: {weight: 1}",
        ", classification: {weight: 1}, weight_decay: {weight: 0.3}",
        ", classification: {weight: 0.4}, independence: {weight: 0.2}",
        ", centers: {weight: 1}, quantization: {weight: 0.1, form: log-cosh}",
        ", cosine: {weight: 1, scale: 6, margin: 0.3}, quantization: {weight: 0.3, form: cubic}",
        ", quantization: {weight: 1, form: absolute}, balance: {weight: 1}",
        ", quantization: {weight: 1, form: cauchy}, scatter: {weight: 0.5}",
    };
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++)
        for (int multi = 0; multi < 2; multi++)
            follow(par, &(struct step_variant){.preset = "none",
                                               .terms = terms[t],
                                               .multi = multi,
                                               .optimizer = ADAMW,
                                               .hidden = "[6, 5]"});
}

static void pairs_do_in_every_way(struct par par)
{
    static const struct step_variant variants[] = {
        {.similarity = "jaccard, alpha: 0.7", .multi = 1},
        {.similarity = "shared, form: contrastive, margin: 9", .multi = 1},
        {.similarity = "label, balance: explicit, similar_weight: 3, dissimilar_weight: 0.5"},
        {.similarity = "label, balance: none, against: memory", .first_step = 2},
        {.similarity = "cosine, form: mixed, soft_weight: 0.4", .multi = 1},
    };
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        struct step_variant variant = variants[v];
        variant.optimizer = ADAMW;
        follow(par, &variant);
    }
}

static void networks_do_with_tanh_dropout_and_clipping(struct par par)
{
    static const struct step_variant variants[] = {
        {.model = ", activation: tanh", .hidden = "[6, 5]"},
        {.dropout = "0.4"},
        {.dropout = "0.3",
         .model = ", activation: tanh",
         .hidden = "[6, 5]",
         .reduction = "exact",
         .first_step = 5},
        {.clip_norm = "0.01"},
        {.clip_norm = "0.01", .reduction = "exact"},
        {.clip_norm = "1000"},
        {.hidden = "[]"},
    };
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        struct step_variant variant = variants[v];
        variant.optimizer = ADAMW;
        follow(par, &variant);
    }
}

static void optimisers_and_schedules_do(struct par par)
{
    static const struct step_variant variants[] = {
        {.optimizer = ADAMW ", weight_decay: 0.3, beta1: 0.8, beta2: 0.9"},
        {.optimizer = ", epsilon: 0.1"},
        {.optimizer = ", name: sgd, momentum: 0"},
        {.optimizer = ", name: sgd, momentum: 0.8, weight_decay: 0.2"},
        {.optimizer = ", name: sgd, momentum: 0.8, weight_decay: 0.2, nesterov: true", .reduction = "exact"},
        {.optimizer = ADAMW ", schedule: cosine, warmup_steps: 2, final_lr: 0.1"},
        {.optimizer = ADAMW ", schedule: cosine, warmup_steps: 2, final_lr: 0.1", .first_step = 11},
        {.optimizer = ADAMW ", schedule: step, step_every_epochs: 2, step_factor: 0.3, warmup_steps: 0",
         .first_step = 5},
        {.optimizer = ADAMW ", schedule: constant, warmup_steps: 1000"},
    };
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++)
        follow(par, &variants[v]);
}

#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        CASE(every_preset_does),           CASE(every_term_does_with_classes_and_with_label_matrices),
        CASE(pairs_do_in_every_way),       CASE(networks_do_with_tanh_dropout_and_clipping),
        CASE(optimisers_and_schedules_do),
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
