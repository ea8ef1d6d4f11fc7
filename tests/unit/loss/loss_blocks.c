/* Every term of config/terms.def at sizes around whole blocks: rows, bits, classes, columns of pairs and weights. A term
 * doesn't know in which order they come; so with all orders reversed its value is the same, and its gradient the same
 * in the reverse order. What is done to one block and not to another shows, in any term, also in one that is added. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "config/keys.h"
#include "loss/class_codes.h"
#include "loss/similarity.h"
#include "loss/tile.h"
#include "math/lanes.h"
#include "support/objective.h"
#include "support/sizes.h"

struct row {
    const char *name;
    const struct bl_term *term;
};

static const struct row rows[] = {
#define ROW_TERM(name, sentence) {#name, &bl_term_##name},
#include "config/terms.def"
};

static const struct row parameters[] = {
#define PARAMETER_TERM(name, sentence) {#name, &bl_term_##name},
#include "config/terms.def"
};

/* The defaults of the objective's keys, and a weight for this term alone. */
static struct bl_config_objective config_of(const char *name)
{
    struct bl_config config = {0};
    char key[64];
    for (const struct bl_key *one = bl_keys; one->name; one++)
        if (strncmp(one->name, "objective.", 10) == 0)
            cr_assert_eq(bl_key_set(one, &config, one->value, NULL), BL_OK);
    snprintf(key, sizeof key, "objective.terms.%s.weight", name);
    cr_assert_eq(bl_key_set(bl_key_find(key), &config, "1", NULL), BL_OK);
    return config.objective;
}

struct size {
    int64_t n, bits, classes; /* rows; classes of a label matrix, or -classes of single labels */
};

/* What a term gives for a batch. */
struct outcome {
    double value;
    float *dh;
};

static float normal_of(uint64_t stream, int64_t i, int64_t j)
{
    double normal[4];
    bl_rng_normal(7, stream, (uint64_t)i, (uint64_t)j, 0, normal);
    return (float)normal[0];
}

/* Whether a row has a class; each row has one to three, every 97th none. */
static int has(const struct size *size, int64_t row, int64_t c)
{
    const int64_t classes = size->classes < 0 ? -size->classes : size->classes, first = row * 5 % classes;
    if (row % 97 == 3)
        return 0;
    return c == first ||
           (size->classes > 0 && (c == row * 7 % classes || (c == classes - 1 && row % 3 == 0)));
}

/* Number i of n, counted from the end if reversed. */
static int64_t turned(int64_t i, int64_t n, int reversed)
{
    return reversed ? n - 1 - i : i;
}

static void fill_labels(const struct size *size, struct bl_label_layout layout, int reversed,
                        uint32_t *labels)
{
    for (int64_t i = 0; i < size->n; i++) {
        uint32_t *own = labels + i * layout.words;
        if (layout.kind == BL_LABELS_SINGLE)
            *own = (uint32_t)BL_UNLABELLED;
        for (int64_t c = 0; c < layout.classes; c++) {
            const int64_t at = turned(c, layout.classes, reversed);
            if (!has(size, turned(i, size->n, reversed), c))
                continue;
            if (layout.kind == BL_LABELS_SINGLE)
                *own = (uint32_t)at;
            else
                own[at / BL_LABELS_PER_WORD] |= 1u << at % BL_LABELS_PER_WORD;
        }
    }
}

/* Elements [rows, cols] of a term's own tensor or constants, which have classes along rows and bits along columns. */
static void fill_classes(int64_t n_rows, int64_t n_cols, uint64_t stream, int reversed, float *at)
{
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t c = 0; c < n_cols; c++)
            at[turned(r, n_rows, reversed) * n_cols + turned(c, n_cols, reversed)] = normal_of(stream, r, c);
}

/* Fixed codes of classes, and the one for ties behind them. */
static void turn_class_codes(int64_t classes, int64_t bits, float *codes)
{
    for (int64_t i = 0; i < (classes * bits) / 2; i++) {
        const float kept = codes[i];
        codes[i] = codes[classes * bits - 1 - i];
        codes[classes * bits - 1 - i] = kept;
    }
    for (int64_t k = 0; k < bits / 2; k++) {
        float *const tie = codes + classes * bits, kept = tie[k];
        tie[k] = tie[bits - 1 - k];
        tie[bits - 1 - k] = kept;
    }
}

/* All that a term works on. */
struct scene {
    struct size size;
    struct bl_label_layout layout;
    struct bl_layout network, all; /* with the term's own tensors */
    struct bl_product product;
    struct bl_objective objective;
    float *z, *h, *codes, *own, scale[BL_TENSORS_MAX];
    uint32_t *labels, largest[BL_TENSORS_MAX];
    int32_t *integers;
};

static void scene_fill(struct scene *scene, const struct row *row, int reversed)
{
    const int64_t n = scene->size.n, bits = scene->size.bits;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < bits; k++)
            scene->z[turned(i, n, reversed) * bits + turned(k, bits, reversed)] = normal_of(98, i, k);
    fill_labels(&scene->size, scene->layout, reversed, scene->labels);
    for (int64_t t = scene->network.n_tensors; t < scene->all.n_tensors; t++) {
        const struct bl_tensor *tensor = &scene->all.tensor[t];
        fill_classes(tensor->rows, tensor->cols, 90 + (uint64_t)t, reversed,
                     scene->own + tensor->offset - scene->network.n_params);
    }
    for (int64_t t = 0; t < scene->all.n_tensors; t++)
        scene->scale[t] = 0x1p20f;
    if (row->term->constants && reversed) {
        cr_assert_eq(row->term->constants, bl_class_codes_make, "%s: teach this test its constants",
                     row->name);
        turn_class_codes(scene->layout.classes, bits, scene->objective.constants);
    }
}

static void scene_init(struct scene *scene, const struct row *row, const struct bl_config_objective *config,
                       const struct size *size, int reversed)
{
    const int64_t n = size->n, bits = size->bits;
    memset(scene, 0, sizeof *scene);
    scene->size = *size;
    scene->layout = bl_label_layout(size->classes < 0 ? BL_LABELS_SINGLE : BL_LABELS_MULTI,
                                    size->classes < 0 ? -size->classes : size->classes);
    bl_layout_append(&scene->network, "layer0/weight", 1, bits, 2);
    scene->network.n_network = scene->network.n_params;
    scene->all = scene->network;
    bl_objective_tensors(config, scene->layout, bits, &scene->all);
    const struct bl_buffer parts[] = {
        {&scene->z, n * bits, sizeof(float), "z", 0},
        {&scene->h, n * bits, sizeof(float), "h", 0},
        {&scene->codes, n * bits, sizeof(float), "codes", 0},
        {&scene->own, scene->all.n_params, sizeof(float), "own", 1},
        {&scene->integers, scene->all.n_params, sizeof(int32_t), "integers", 1},
        {&scene->labels, n * scene->layout.words, sizeof(uint32_t), "labels", 1}};
    cr_assert_eq(bl_alloc_all(parts, sizeof parts / sizeof *parts, NULL), BL_OK);
    cr_assert_eq(bl_product_init(&scene->product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_objective_init(&scene->objective, config, &scene->network, scene->layout, n, n,
                                   &scene->product, NULL),
                 BL_OK);
    scene_fill(scene, row, reversed);
}

static void scene_free(struct scene *scene)
{
    void *owned[] = {&scene->z, &scene->h, &scene->codes, &scene->own, &scene->integers, &scene->labels};
    for (size_t p = 0; p < sizeof owned / sizeof *owned; p++)
        bl_free(owned[p]);
    bl_objective_free(&scene->objective);
    bl_product_free(&scene->product);
}

static struct outcome outcome_of(const struct row *row, struct bl_config_objective config,
                                 const struct size *size, int reversed)
{
    const int64_t n = size->n, bits = size->bits;
    double values[BL_TERMS_MAX];
    struct scene scene;
    struct outcome outcome;
    scene_init(&scene, row, &config, size, reversed);
    cr_assert_eq(bl_alloc(&outcome.dh, n * bits, sizeof *outcome.dh, "dh", NULL), BL_OK);
    bl_objective_relax(&scene.objective, 1.0, scene.z, n, scene.h, scene.codes, bits);
    const struct bl_batch batch = {.n_global = n,
                                   .n_local = n,
                                   .bits = bits,
                                   .h = scene.h,
                                   .codes = scene.codes,
                                   .codes_stride = bits,
                                   .label_layout = scene.layout,
                                   .labels = scene.labels};
    const struct bl_groups groups = {.n = 1, .end = &n};
    const struct bl_grad grad = {.integers = scene.integers,
                                 .scale = scene.scale,
                                 .largest = scene.largest,
                                 .n_tensors = scene.all.n_tensors};
    bl_objective_sums(&scene.objective, &batch, &groups);
    bl_objective_rows(&scene.objective, &batch, &groups, scene.own,
                      &(struct bl_objective_out){.dh = outcome.dh, .values = values, .grad = &grad});
    outcome.value = values[0];
    scene_free(&scene);
    return outcome;
}

static void check(const struct row *row, struct bl_config_objective config, struct size size)
{
    struct outcome plain = outcome_of(row, config, &size, 0), reversed = outcome_of(row, config, &size, 1);
    double difference2 = 0.0, norm2 = 0.0;
    cr_assert_float_eq(plain.value, reversed.value, 2e-6 * fmax(fabs(plain.value), 0.1),
                       "%s, %d rows, %d bits, %d classes: %.9g, reversed %.9g", row->name, (int)size.n,
                       (int)size.bits, (int)size.classes, plain.value, reversed.value);
    for (int64_t i = 0; i < size.n * size.bits; i++) {
        const double other = (double)reversed.dh[size.n * size.bits - 1 - i];
        difference2 += pow((double)plain.dh[i] - other, 2.0);
        norm2 += pow((double)plain.dh[i], 2.0);
    }
    cr_assert_gt(norm2, 0.0);
    cr_assert_lt(sqrt(difference2 / norm2), 1e-5, "%s, %d rows, %d bits, %d classes: gradient by %g",
                 row->name, (int)size.n, (int)size.bits, (int)size.classes, sqrt(difference2 / norm2));
    bl_free(&plain.dh);
    bl_free(&reversed.dh);
}

/* With classes, and with a label matrix, where the term takes it. */
static void check_both(const struct row *row, struct size size)
{
    struct bl_config_objective config = config_of(row->name);
    config.gamma = 1.5;
    size.classes = -size.classes;
    check(row, config, size);
    size.classes = -size.classes;
    config.pairwise_similarity = BL_SIMILARITY_SHARED;
    check(row, config, size);
}

enum { N_ROWS = sizeof rows / sizeof *rows };

Test(loss_blocks, rows_in_any_order_have_their_gradients)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++)
        for (int i = 0; i < SIZES_TWO; i++)
            check_both(row, (struct size){size_around(BL_TILE_ROWS, i), 6, 5});
}

Test(loss_blocks, columns_of_pairs_in_any_order_have_their_gradients)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++)
        for (int i = 0; i < SIZES_ONE && row->term->needs_codes; i++)
            check_both(row, (struct size){size_around(BL_TILE_COLUMNS, i), 3, 5});
}

Test(loss_blocks, bits_in_any_order_have_their_gradients)
{
    static const int64_t blocks[] = {BL_LANES, BL_CENTERS_BITS, BL_SCATTER_BITS, BL_TILE_ROWS};
    for (const struct row *row = rows; row < rows + N_ROWS; row++)
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
            for (int i = 0; i < SIZES_ONE; i++)
                check_both(row, (struct size){40, size_around(blocks[b], i), 5});
}

/* And every similarity of a label matrix. */
Test(loss_blocks, classes_in_any_order_have_their_gradients)
{
    for (const struct row *row = rows; row < rows + N_ROWS; row++)
        for (int i = 0; i < SIZES_TWO; i++) {
            const struct size size = {200, 8, size_around(BL_LABELS_PER_WORD, i)};
            struct bl_config_objective config = config_of(row->name);
            const int last = row->term->needs_codes ? BL_SIMILARITY_COSINE : BL_SIMILARITY_SHARED;
            for (int similarity = BL_SIMILARITY_SHARED; similarity <= last; similarity++) {
                config.pairwise_similarity = similarity;
                check(row, config, size);
            }
        }
}

/* A layer [outputs, inputs], the tensor of another term behind it, and a term of parameters. */
static double value_of_weights(const struct row *row, int64_t outputs, int64_t inputs, int reversed,
                               float *grad)
{
    const struct bl_shape shape = {.n_layers = 1, .width = {inputs, outputs}, .heads = 1, .bits = outputs};
    struct bl_config_objective config = config_of(row->name);
    struct bl_layout layout = bl_layout_of(&shape);
    struct bl_product product;
    struct bl_objective objective;
    double values[BL_TERMS_MAX];
    float *params;
    bl_layout_append(&layout, "classifier/weight", 1, 3, outputs);
    cr_assert_eq(bl_alloc(&params, layout.n_params, sizeof *params, "parameters", NULL), BL_OK);
    for (int64_t i = 0; i < layout.n_params; i++)
        params[i] = 0.1f * normal_of(96, i, 0);
    for (int64_t i = 0; i < outputs * inputs; i++)
        params[i] = 0.1f * normal_of(97, turned(i, outputs * inputs, reversed), 0);
    memset(grad, 0, (size_t)layout.n_params * sizeof *grad);
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_objective_init(&objective, &config, &layout, bl_label_layout(BL_LABELS_NONE, 0), 4, 4,
                                   &product, NULL),
                 BL_OK);
    const struct bl_range whole = {0, layout.n_params};
    bl_objective_params(&objective, &layout, params, (struct bl_ranges){1, &whole}, grad, values);
    for (int64_t i = layout.n_network; i < layout.n_params; i++)
        cr_assert_eq(grad[i], 0.0f, "%s: another term's parameter %d", row->name, (int)i);
    bl_objective_free(&objective);
    bl_product_free(&product);
    bl_free(&params);
    return values[0];
}

static void check_weights(const struct row *row, int64_t outputs, int64_t inputs)
{
    const int64_t n = outputs * inputs;
    float *plain, *reversed;
    double difference2 = 0.0, norm2 = 0.0;
    cr_assert_eq(bl_alloc(&plain, n + 4 * outputs, sizeof *plain, "gradient", NULL), BL_OK);
    cr_assert_eq(bl_alloc(&reversed, n + 4 * outputs, sizeof *reversed, "gradient", NULL), BL_OK);
    const double value = value_of_weights(row, outputs, inputs, 0, plain);
    const double other = value_of_weights(row, outputs, inputs, 1, reversed);
    cr_assert_float_eq(value, other, 1e-6 * fabs(value), "%s of %d x %d: %.9g, reversed %.9g", row->name,
                       (int)outputs, (int)inputs, value, other);
    for (int64_t i = 0; i < n; i++) {
        difference2 += pow((double)plain[i] - (double)reversed[n - 1 - i], 2.0);
        norm2 += pow((double)plain[i], 2.0);
    }
    cr_assert_gt(norm2, 0.0);
    cr_assert_lt(sqrt(difference2 / norm2), 1e-5, "%s of %d x %d: gradient by %g", row->name, (int)outputs,
                 (int)inputs, sqrt(difference2 / norm2));
    bl_free(&plain);
    bl_free(&reversed);
}

Test(loss_blocks, weights_in_any_order_have_their_gradients)
{
    for (const struct row *row = parameters; row < parameters + sizeof parameters / sizeof *parameters; row++)
        for (int i = 0; i < SIZES_ONE; i++) {
            check_weights(row, size_around(BL_TILE_ROWS, i), 200);
            check_weights(row, size_around(BL_TILE_ROWS, i), 100);
            check_weights(row, 3, size_around(BL_TILE_COLUMNS, i));
            check_weights(row, size_around(BL_TILE_ROWS, i), size_around(BL_TILE_COLUMNS, i));
        }
}
