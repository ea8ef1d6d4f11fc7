#include "model/params.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "fit/lsh.h"

static struct bl_shape shape_with(int activation)
{
    struct bl_config_model model = {
        .hidden = {9, 6}, .hidden_count = 2, .heads = 1, .bits = 5, .activation = activation};
    return bl_shape_of(&model, 13);
}

Test(params, tensors_follow_each_other_without_gaps)
{
    struct bl_shape shape = shape_with(BL_ACTIVATION_RELU);
    struct bl_layout layout = bl_layout_of(&shape);
    int64_t at = 0;
    cr_assert_eq(layout.n_tensors, 6);
    for (int64_t t = 0; t < layout.n_tensors; t++) {
        cr_assert_eq(layout.tensor[t].offset, at);
        cr_assert_eq(layout.tensor[t].is_weight, t % 2 == 0);
        at += layout.tensor[t].rows * layout.tensor[t].cols;
    }
    cr_assert_eq(layout.n_params, at);
    cr_assert_str_eq(layout.tensor[2].name, "layer1/weight");
    cr_assert_str_eq(layout.tensor[5].name, "layer2/bias");
    cr_assert_eq(layout.tensor[2].rows, 6);
    cr_assert_eq(layout.tensor[2].cols, 9);
}

static void fill(int activation, uint64_t seed, float *params)
{
    struct bl_shape shape = shape_with(activation);
    memset(params, 0xff, (size_t)bl_layout_of(&shape).n_params * sizeof *params);
    const struct bl_layout layout = bl_layout_of(&shape);
    bl_params_init(&shape, &layout, seed, params);
}

Test(params, the_start_is_written_fully_within_its_bounds_and_biases_are_zero)
{
    struct bl_shape shape = shape_with(BL_ACTIVATION_RELU);
    struct bl_layout layout = bl_layout_of(&shape);
    float params[400];
    cr_assert_leq(layout.n_params, 400);
    fill(BL_ACTIVATION_RELU, 3, params);
    for (int64_t t = 0; t < layout.n_tensors; t++) {
        const struct bl_tensor *tensor = &layout.tensor[t];
        double in = (double)tensor->cols, out = (double)tensor->rows, largest = 0.0;
        double bound = !tensor->is_weight ? 0.0 : sqrt(6.0 / (t == 4 ? in + out : in));
        for (int64_t i = 0; i < tensor->rows * tensor->cols; i++) {
            cr_assert(isfinite(params[tensor->offset + i]));
            largest = fmax(largest, fabs((double)params[tensor->offset + i]));
        }
        cr_assert_leq(largest, bound * (1.0 + 1e-6));
        cr_assert_geq(largest, bound * 0.8);
    }
}

Test(params, tanh_layers_start_narrower_than_relu_layers)
{
    float relu[400], tanh_[400];
    fill(BL_ACTIVATION_RELU, 3, relu);
    fill(BL_ACTIVATION_TANH, 3, tanh_);
    cr_assert_float_eq(tanh_[0] / relu[0], sqrt(13.0 / 22.0), 1e-6);
}

Test(params, the_seed_alone_decides_the_start)
{
    float a[400], b[400], c[400];
    fill(BL_ACTIVATION_TANH, 1, a);
    fill(BL_ACTIVATION_TANH, 1, b);
    fill(BL_ACTIVATION_TANH, 2, c);
    cr_assert_eq(memcmp(a, b, 100 * sizeof *a), 0);
    cr_assert_neq(memcmp(a, c, 100 * sizeof *a), 0);
}

Test(params, layers_of_equal_shape_start_with_different_weights)
{
    enum { WIDTH = 6, LAYERS = 4, WEIGHTS = WIDTH * WIDTH };
    struct bl_config_model model = {
        .hidden = {WIDTH, WIDTH, WIDTH}, .hidden_count = 3, .heads = 1, .bits = WIDTH};
    for (int activation = BL_ACTIVATION_RELU; activation <= BL_ACTIVATION_TANH; activation++) {
        model.activation = activation;
        const struct bl_shape shape = bl_shape_of(&model, WIDTH);
        const struct bl_layout layout = bl_layout_of(&shape);
        float params[LAYERS * (WEIGHTS + WIDTH)];
        bl_params_init(&shape, &layout, 1, params);
        for (int a = 0; a < LAYERS; a++)
            for (int b = 0; b < a; b++) {
                /* Bounds may differ, so signs are compared: of 36 about 18 agree. */
                int equal = 0;
                for (int i = 0; i < WEIGHTS; i++)
                    equal += (params[layout.tensor[2 * a].offset + i] < 0.0f) ==
                             (params[layout.tensor[2 * b].offset + i] < 0.0f);
                cr_assert(equal > 5 && equal < 31, "layers %d and %d: %d signs of %d agree", a, b, equal,
                          WEIGHTS);
            }
    }
}

Test(params, rows_and_columns_of_a_weight_are_all_different)
{
    enum { OUT = 9, IN = 13 };
    float params[400];
    fill(BL_ACTIVATION_TANH, 3, params);
    for (int i = 0; i < OUT * IN; i++)
        for (int j = 0; j < i; j++)
            cr_assert_neq(params[i], params[j], "weights %d and %d", i, j);
}

Test(params, random_planes_have_mean_0_and_variance_1_and_do_not_depend_on_the_code_length)
{
    enum { BITS = 40, DIM = 251 };
    static float planes[BITS * DIM], fewer[7 * DIM];
    double sum = 0.0, squares = 0.0;
    bl_lsh_planes(5, BITS, DIM, planes);
    bl_lsh_planes(5, 7, DIM, fewer);
    for (int i = 0; i < BITS * DIM; i++) {
        sum += (double)planes[i];
        squares += (double)planes[i] * (double)planes[i];
    }
    cr_assert_float_eq(sum / (BITS * DIM), 0.0, 0.05);
    cr_assert_float_eq(squares / (BITS * DIM), 1.0, 0.05);
    cr_assert_eq(memcmp(planes, fewer, sizeof fewer), 0);
}
