#include "model/shape.h"

#include <criterion/criterion.h>

static struct bl_shape good(void)
{
    struct bl_config_model model = {.hidden = {10, 7}, .hidden_count = 2, .heads = 3, .bits = 4};
    return bl_shape_of(&model, 20);
}

Test(shape, follows_the_configuration_from_features_to_code)
{
    struct bl_shape shape = good();
    cr_assert_eq(shape.n_layers, 3);
    cr_assert_eq(bl_shape_dim(&shape), 20);
    cr_assert_eq(shape.width[1], 10);
    cr_assert_eq(shape.width[2], 7);
    cr_assert_eq(bl_shape_code_bits(&shape), 12);
    cr_assert_eq(bl_shape_check(&shape, NULL), BL_OK);
}

Test(shape, the_widest_layer_and_the_widest_hidden_layer_differ)
{
    struct bl_shape shape = good();
    cr_assert_eq(bl_shape_widest(&shape), 20);
    cr_assert_eq(bl_shape_widest_hidden(&shape), 10);
}

Test(shape, heads_times_bits_must_be_the_last_width)
{
    struct bl_shape shape = good();
    shape.heads = 2;
    cr_assert_eq(bl_shape_check(&shape, NULL), BL_DEFECT);
}

Test(shape, a_code_longer_than_the_limit_is_refused)
{
    struct bl_config_model model = {.heads = 2, .bits = BL_CODE_BITS_MAX};
    struct bl_shape shape = bl_shape_of(&model, 4);
    cr_assert_eq(bl_shape_check(&shape, NULL), BL_DEFECT);
}

Test(shape, impossible_counts_widths_and_activations_are_refused)
{
    struct bl_shape layers = good(), zero = good(), wide = good(), activation = good();
    layers.n_layers = BL_LAYERS_MAX + 1;
    zero.width[1] = 0;
    wide.width[0] = (int64_t)BL_WIDTH_MAX + 1;
    activation.activation = 9;
    cr_assert_eq(bl_shape_check(&layers, NULL), BL_DEFECT);
    cr_assert_eq(bl_shape_check(&zero, NULL), BL_DEFECT);
    cr_assert_eq(bl_shape_check(&wide, NULL), BL_DEFECT);
    cr_assert_eq(bl_shape_check(&activation, NULL), BL_DEFECT);
}

Test(shape, impossible_ends_are_refused)
{
    struct bl_shape input = good(), output = good(),
                    alone = {.n_layers = 1, .width = {4, 8}, .heads = 1, .bits = 8, .input = BL_INPUT_RBF};
    input.input = 3;
    output.output = -1;
    cr_assert_eq(bl_shape_check(&input, NULL), BL_DEFECT);
    cr_assert_eq(bl_shape_check(&output, NULL), BL_DEFECT);
    cr_assert_eq(bl_shape_check(&alone, NULL), BL_DEFECT);
    alone.input = BL_INPUT_DISTANCE;
    cr_assert_eq(bl_shape_check(&alone, NULL), BL_OK);
}

Test(shape, only_linear_ends_can_be_trained)
{
    struct bl_shape shape = good();
    cr_assert(bl_shape_is_trainable(&shape));
    shape.input = BL_INPUT_RBF;
    cr_assert(!bl_shape_is_trainable(&shape));
    shape = good();
    shape.output = BL_OUTPUT_COSINE;
    cr_assert(!bl_shape_is_trainable(&shape));
}
