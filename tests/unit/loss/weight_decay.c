#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "support/objective.h"

enum { PARAMS = 4 * 3 + 4 + 2 * 4 + 2, ALL = PARAMS + 3 * 2 + 3 };

/* Two layers, and behind them the tensors of a classifier, which is another term's. */
static struct bl_layout layout_of_both(void)
{
    const struct bl_shape shape = {.n_layers = 2, .width = {3, 4, 2}, .heads = 1, .bits = 2};
    struct bl_layout layout = bl_layout_of(&shape);
    bl_layout_append(&layout, "classifier/weight", 1, 3, 2);
    bl_layout_append(&layout, "classifier/bias", 0, 3, 1);
    cr_assert_eq(layout.n_params, ALL);
    cr_assert_eq(layout.n_network, PARAMS);
    return layout;
}

/* The term's value; its weighted gradient is added to grad in two ranges, or in none if cut < 0. */
static double value_of(const float *params, int64_t cut, float *grad)
{
    const struct bl_layout layout = layout_of_both();
    const struct bl_range ranges[] = {{cut, ALL}, {0, cut}};
    struct bl_config_objective config = alone();
    struct bl_objective objective;
    struct bl_product product;
    double values[BL_TERMS_MAX];
    config.weight_decay_weight = 0.7;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_objective_init(&objective, &config, &layout, bl_label_layout(BL_LABELS_NONE, 0), 4, 4,
                                   &product, NULL),
                 BL_OK);
    bl_objective_params(&objective, &layout, params, (struct bl_ranges){cut < 0 ? 0 : 2, ranges}, grad,
                        values);
    bl_objective_free(&objective);
    bl_product_free(&product);
    return values[0];
}

static void fill(float *params)
{
    for (int i = 0; i < ALL; i++) {
        double normal[4];
        bl_rng_normal(13, 96, (uint64_t)i, 0, 0, normal);
        params[i] = (float)normal[0];
    }
}

Test(weight_decay, is_half_the_squares_of_the_networks_weights_and_biases)
{
    float params[ALL];
    double squares = 0.0;
    fill(params);
    for (int i = 0; i < PARAMS; i++)
        squares += (double)params[i] * (double)params[i];
    cr_assert_float_eq(value_of(params, -1, NULL), 0.5 * squares, 1e-12);
}

Test(weight_decay, has_the_gradient_of_its_value)
{
    float params[ALL], grad[ALL] = {0};
    fill(params);
    value_of(params, 9, grad);
    for (int i = 0; i < ALL; i++) {
        const float kept = params[i], step = 0x1p-7f;
        params[i] = kept + step;
        const double up = value_of(params, -1, NULL);
        params[i] = kept - step;
        const double down = value_of(params, -1, NULL);
        params[i] = kept;
        cr_assert_float_eq((double)grad[i], 0.7 * (up - down) / (2.0 * (double)step), 1e-5, "parameter %d",
                           i);
    }
}

Test(weight_decay, leaves_the_tensors_of_other_terms_alone)
{
    for (int64_t cut = 0; cut <= ALL; cut++) {
        float params[ALL], grad[ALL];
        fill(params);
        for (int i = 0; i < ALL; i++)
            grad[i] = 3.0f; /* what is there stays */
        value_of(params, cut, grad);
        for (int i = 0; i < ALL; i++)
            cr_assert_eq(grad[i], i < PARAMS ? 3.0f + 0.7f * params[i] : 3.0f, "parameter %d", i);
    }
}
