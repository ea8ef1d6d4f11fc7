#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "hash/code.h"
#include "model/model.h"
#include "model/network.h"

/* Two features, two outputs through one hidden tanh layer of two: the code is the features' signs. */
static void identity_model(struct bl_model *model)
{
    struct bl_config_model config = {
        .hidden = {2}, .hidden_count = 1, .heads = 1, .bits = 2, .activation = BL_ACTIVATION_TANH};
    struct bl_shape shape = bl_shape_of(&config, 2);
    cr_assert_eq(bl_model_init(model, &shape, BL_NORMALIZE_NONE, NULL), BL_OK);
    memset(model->params, 0, (size_t)model->layout.n_params * sizeof(float));
    for (int l = 0; l < 2; l++) {
        model->params[model->layout.tensor[2 * l].offset] = 1.0f;
        model->params[model->layout.tensor[2 * l].offset + 3] = 1.0f;
    }
}

Test(encoder, the_code_is_the_sign_of_the_outputs)
{
    const float rows[8] = {1, 1, -1, 1, 1, -1, -1, -1};
    uint8_t codes[4] = {0xff, 0xff, 0xff, 0xff};
    int64_t bad = -1;
    struct bl_model model;
    struct bl_encoder encoder;
    identity_model(&model);
    cr_assert_eq(bl_encoder_init(&encoder, &model, 4, NULL), BL_OK);
    cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, 4, codes, &bad, NULL), BL_OK);
    const uint8_t expected[4] = {3, 2, 1, 0};
    cr_assert_arr_eq(codes, expected, 4);
    bl_encoder_free(&encoder);
    bl_model_free(&model);
}

/* For any number of layers, of growing and falling widths: the encoder goes to and fro between two buffers. */
Test(encoder, codes_are_the_signs_of_what_the_network_gives)
{
    enum { ROWS = 9, DIM = 7, BITS = 12, DEEPEST = 4 };
    float rows[ROWS * DIM], z[ROWS * BITS];
    for (int i = 0; i < ROWS * DIM; i++)
        rows[i] = sinf((float)(3 * i));
    for (int64_t hidden = 0; hidden <= DEEPEST; hidden++) {
        struct bl_config_model config = {
            .hidden = {300, 290, 310, 280}, /* deeper than a block of a product */
            .hidden_count = hidden,
            .heads = 1,
            .bits = BITS,
            .activation = BL_ACTIVATION_TANH};
        const struct bl_shape shape = bl_shape_of(&config, DIM);
        uint8_t codes[ROWS * 2], expected[ROWS * 2];
        int64_t bad = -1;
        struct bl_model model;
        struct bl_encoder encoder;
        struct bl_network network;
        cr_assert_eq(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL), BL_OK);
        bl_params_init(&shape, &model.layout, 5, model.params);
        cr_assert_eq(bl_encoder_init(&encoder, &model, ROWS, NULL), BL_OK);
        cr_assert_eq(bl_network_init(&network, &shape, ROWS, &encoder.product, NULL), BL_OK);
        bl_network_forward(&network, model.params, rows, ROWS, NULL, z);
        cr_assert(bl_code_pack(z, ROWS, BITS, expected));
        cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, ROWS, codes, &bad, NULL), BL_OK);
        cr_assert_arr_eq(codes, expected, sizeof codes, "%d hidden layers", (int)hidden);
        bl_network_free(&network);
        bl_encoder_free(&encoder);
        bl_model_free(&model);
    }
}

Test(encoder, rows_are_normalised_first)
{
    const uint8_t rows[2] = {5, 50};
    uint8_t codes[1];
    int64_t bad = -1;
    struct bl_model model;
    struct bl_encoder encoder;
    identity_model(&model);
    model.normalizer.mean[0] = 10.0;
    cr_assert_eq(bl_encoder_init(&encoder, &model, 1, NULL), BL_OK);
    cr_assert_eq(bl_encoder_run(&encoder, BL_UINT8, rows, 1, codes, &bad, NULL), BL_OK);
    cr_assert_eq(codes[0], 2);
    bl_encoder_free(&encoder);
    bl_model_free(&model);
}

Test(encoder, the_first_row_that_is_not_finite_is_named)
{
    const float rows[6] = {1, 1, 2, NAN, INFINITY, 1};
    uint8_t codes[3];
    int64_t bad = -1;
    struct bl_error err = {0};
    struct bl_model model;
    struct bl_encoder encoder;
    identity_model(&model);
    cr_assert_eq(bl_encoder_init(&encoder, &model, 3, NULL), BL_OK);
    cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, 3, codes, &bad, &err), BL_NUMBERS);
    cr_assert_eq(bad, 1);
    cr_assert_not_null(strstr(err.what, "row 1 has features"));
    bl_encoder_free(&encoder);
    bl_model_free(&model);
}

Test(encoder, an_output_that_overflows_is_refused)
{
    const float rows[2] = {1, 1};
    uint8_t codes[1];
    int64_t bad = -1;
    struct bl_model model;
    struct bl_encoder encoder;
    identity_model(&model);
    model.params[model.layout.tensor[2].offset] = INFINITY;
    cr_assert_eq(bl_encoder_init(&encoder, &model, 1, NULL), BL_OK);
    cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, 1, codes, &bad, NULL), BL_NUMBERS);
    cr_assert_eq(bad, 0);
    bl_encoder_free(&encoder);
    bl_model_free(&model);
}

Test(encoder, freeing_twice_is_safe_and_encoding_allocates_nothing)
{
    const float rows[2] = {1, -1};
    uint8_t codes[1];
    int64_t bad = -1, live = bl_alloc_live();
    struct bl_model model;
    struct bl_encoder encoder;
    identity_model(&model);
    cr_assert_eq(bl_encoder_init(&encoder, &model, 1, NULL), BL_OK);
    int64_t before = bl_alloc_count();
    cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, 1, codes, &bad, NULL), BL_OK);
    cr_assert_eq(bl_alloc_count(), before);
    for (int i = 0; i < 2; i++) {
        bl_encoder_free(&encoder);
        bl_model_free(&model);
    }
    cr_assert_eq(bl_alloc_live(), live);
}

Test(encoder, a_model_of_an_impossible_shape_allocates_nothing)
{
    struct bl_shape shape = {.n_layers = 0};
    struct bl_model model;
    int64_t live = bl_alloc_live();
    cr_assert_eq(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL), BL_DEFECT);
    bl_model_free(&model);
    cr_assert_eq(bl_alloc_live(), live);
}

/* The same two features through a first layer of another kind, straight to two bits or to one through it. */
static void anchored_model(struct bl_model *model, int input, int output)
{
    struct bl_shape shape = {
        .n_layers = input == BL_INPUT_RBF ? 2 : 1, .heads = 1, .bits = 2, .input = input, .output = output};
    for (int64_t l = 0; l <= shape.n_layers; l++)
        shape.width[l] = 2;
    cr_assert_eq(bl_model_init(model, &shape, BL_NORMALIZE_NONE, NULL), BL_OK);
    memset(model->params, 0, (size_t)model->layout.n_params * sizeof(float));
}

static void expect_codes(const struct bl_model *model, int64_t n, const float *rows, const uint8_t *expected)
{
    uint8_t codes[8];
    int64_t bad = -1;
    struct bl_encoder encoder;
    cr_assert_eq(bl_encoder_init(&encoder, model, n, NULL), BL_OK);
    cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, rows, n, codes, &bad, NULL), BL_OK);
    for (int64_t i = 0; i < n; i++)
        cr_assert_eq(codes[i], expected[i], "row %d: %d", (int)i, codes[i]);
    bl_encoder_free(&encoder);
}

Test(encoder, a_layer_of_distances_asks_which_balls_a_row_is_in)
{
    const float rows[8] = {0, 0, 3, 4, 3, 4.5f, 9, 9};
    const uint8_t expected[4] = {3, 3, 2, 0}; /* on the rim of the first; inside the second */
    const float params[6] = {0, 0, 3, 4, 25, 36};
    struct bl_model model;
    anchored_model(&model, BL_INPUT_DISTANCE, BL_OUTPUT_LINEAR);
    memcpy(model.params, params, sizeof params);
    expect_codes(&model, 4, rows, expected);
    bl_model_free(&model);
}

Test(encoder, a_layer_of_radial_basis_functions_falls_off_with_distance)
{
    /* Around (0,0), sharpness 1: e^-1 at distance 1. Bit 0: above e^-1.21; bit 1: its reverse. */
    const float rows[6] = {1, 0, 0, 1.05f, 0.8f, 0.8f};
    const uint8_t expected[3] = {1, 1, 2};
    struct bl_model model;
    anchored_model(&model, BL_INPUT_RBF, BL_OUTPUT_LINEAR);
    const float params[12] = {0, 0, 0, 0, 1, 1, 1, 0, -1, 0, -0.29819727f, 0.29819727f};
    memcpy(model.params, params, sizeof params);
    expect_codes(&model, 3, rows, expected);
    bl_model_free(&model);
}

Test(encoder, a_cosine_output_comes_back_after_each_period)
{
    const float rows[8] = {0, 0, 2, 0, 4, 0, 6, 2};
    const uint8_t expected[4] = {3, 2, 2, 1}; /* 6 is nearly a period */
    const float params[6] = {1, 0, 0, 1, 0, 0};
    struct bl_model model;
    anchored_model(&model, BL_INPUT_LINEAR, BL_OUTPUT_COSINE);
    memcpy(model.params, params, sizeof params);
    expect_codes(&model, 4, rows, expected);
    bl_model_free(&model);
}
