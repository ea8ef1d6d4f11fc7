#include "model/network.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "math/blas.h"

enum { ROWS = 6, DIM = 5, WIDE = 24, PARAMS_MAX = 4096, THREADS_MAX = 5 };

static const int64_t file_rows[ROWS] = {40, 3, 17, 900000000000, 5, 8};

/* A gradient on the grid: at a scale that fits what it is used for. */
struct integers {
    int32_t sums[PARAMS_MAX];
    float scale[BL_TENSORS_MAX];
    uint32_t largest[THREADS_MAX * BL_TENSORS_MAX];
};

static struct bl_grad on_grid(struct integers *integers, float scale, int64_t n_tensors)
{
    memset(integers->largest, 0, sizeof integers->largest);
    for (int64_t t = 0; t < n_tensors; t++)
        integers->scale[t] = ldexpf(scale, -(int)(t % 2)); /* not all the same */
    return (struct bl_grad){.integers = integers->sums,
                            .scale = integers->scale,
                            .largest = integers->largest,
                            .n_tensors = n_tensors};
}

/* The largest of all threads. */
static uint32_t largest_of(const struct integers *integers, int64_t tensor, int64_t n_tensors)
{
    uint32_t largest = 0;
    for (int t = 0; t < THREADS_MAX; t++)
        if (integers->largest[t * n_tensors + tensor] > largest)
            largest = integers->largest[t * n_tensors + tensor];
    return largest;
}

static void to_floats(const struct integers *integers, const struct bl_layout *layout, int64_t groups,
                      float *out)
{
    for (int64_t t = 0; t < layout->n_tensors; t++) {
        const struct bl_tensor *tensor = &layout->tensor[t];
        const uint32_t largest = largest_of(integers, t, layout->n_tensors);
        cr_assert(bl_grid_fits(integers->scale[t], (int)(largest >> 23), groups), "tensor %s", tensor->name);
        bl_grid_to_floats(tensor->rows * tensor->cols, integers->scale[t], integers->sums + tensor->offset,
                          out + tensor->offset);
    }
}

struct scene {
    struct bl_shape shape;
    struct bl_product product;
    struct bl_network network;
    struct bl_dropout dropout;
    int64_t n, n_params, bits;
    float params[PARAMS_MAX], grad[PARAMS_MAX];
    struct integers integers; /* where grad comes from with BL_PRODUCT_CHAIN */
    float x[ROWS * DIM], z[ROWS * WIDE], dz[ROWS * WIDE];
};

static void random_fill(float *x, int64_t n, uint64_t seed, double scale)
{
    for (int64_t i = 0; i < n; i++) {
        double normal[4];
        bl_rng_normal(seed, 99, (uint64_t)i, 0, 0, normal);
        x[i] = (float)(scale * normal[0]);
    }
}

static enum bl_product_kind kind = BL_PRODUCT_BLAS;

static void set_up(struct scene *s, int activation, int64_t hidden_count, int64_t bits, double p, int threads)
{
    struct bl_config_model model = {.hidden = {11, 9, 24},
                                    .hidden_count = hidden_count,
                                    .heads = 1,
                                    .bits = bits,
                                    .activation = activation};
    memset(s, 0xff, sizeof *s);
    s->shape = bl_shape_of(&model, DIM);
    s->dropout = (struct bl_dropout){.p = p, .seed = 7, .step = 12, .rows = file_rows};
    s->n = ROWS;
    s->bits = bits;
    bl_blas_setup();
    cr_assert_eq(bl_product_init(&s->product, kind, threads, NULL), BL_OK);
    cr_assert_eq(bl_network_init(&s->network, &s->shape, ROWS, &s->product, NULL), BL_OK);
    s->n_params = s->network.layout.n_params;
    cr_assert_leq(s->n_params, PARAMS_MAX);
    random_fill(s->params, s->n_params, 1, 0.4);
    random_fill(s->x, ROWS * DIM, 2, 1.0);
    random_fill(s->dz, ROWS * bits, 3, 1.0);
}

static void tear_down(struct scene *s)
{
    bl_network_free(&s->network);
    bl_product_free(&s->product);
}

static void pass(struct scene *s)
{
    bl_network_forward(&s->network, s->params, s->x, s->n, &s->dropout, s->z);
    const struct bl_groups all = {.n = 1, .end = &s->n};
    const int exact = s->product.kind == BL_PRODUCT_CHAIN;
    const struct bl_layout *layout = &s->network.layout;
    const struct bl_grad grad =
        exact ? on_grid(&s->integers, 0x1p22f, layout->n_tensors) : (struct bl_grad){.sum = s->grad};
    bl_network_backward(&s->network, s->params, s->dz, &all, &grad, NULL);
    if (exact)
        to_floats(&s->integers, layout, 1, s->grad);
}

/* The naive twin of one row's forward pass, in double; the mask comes from applying it to ones. */
static void naive_row(const struct scene *s, const double *params, int64_t row, double *out)
{
    double in[64];
    for (int64_t d = 0; d < DIM; d++)
        in[d] = (double)s->x[row * DIM + d];
    for (int64_t l = 0; l < s->shape.n_layers; l++) {
        int64_t from = s->shape.width[l], to = s->shape.width[l + 1];
        int hidden = l + 1 < s->shape.n_layers;
        const double *w = params + s->network.layout.tensor[2 * l].offset;
        const double *b = params + s->network.layout.tensor[2 * l + 1].offset;
        float mask[64];
        for (int j = 0; j < 64; j++)
            mask[j] = 1.0f;
        if (hidden)
            bl_dropout_apply(&s->dropout, l, row, 1, to, mask);
        for (int64_t j = 0; j < to; j++) {
            double sum = b[j];
            for (int64_t i = 0; i < from; i++)
                sum += w[j * from + i] * in[i];
            double active = s->shape.activation == BL_ACTIVATION_TANH ? tanh(sum) : fmax(sum, 0.0);
            out[j] = hidden ? active * (double)mask[j] : sum;
        }
        memcpy(in, out, (size_t)to * sizeof *in);
    }
}

/* The scalar whose gradient in z is dz. */
static double scalar(const struct scene *s, const double *params)
{
    double sum = 0.0, out[64];
    for (int64_t row = 0; row < s->n; row++) {
        naive_row(s, params, row, out);
        for (int64_t k = 0; k < s->bits; k++)
            sum += out[k] * (double)s->dz[row * s->bits + k];
    }
    return sum;
}

static void check_gradient(struct scene *s)
{
    static double params[PARAMS_MAX];
    const double step = 1e-6;
    pass(s);
    for (int64_t i = 0; i < s->n_params; i++)
        params[i] = (double)s->params[i];
    for (int64_t i = 0; i < s->n_params; i++) {
        double kept = params[i];
        params[i] = kept + step;
        double up = scalar(s, params);
        params[i] = kept - step;
        double down = scalar(s, params);
        params[i] = kept;
        double expected = (up - down) / (2.0 * step);
        cr_assert_float_eq((double)s->grad[i], expected, 2e-5 * (1.0 + fabs(expected)),
                           "parameter %lld: %g instead of %g", (long long)i, (double)s->grad[i], expected);
    }
    tear_down(s);
}

static struct scene scene;

#define GRADIENT(name, activation, hidden, bits, p)                                                          \
    Test(network, the_gradient_equals_central_differences_##name)                                            \
    {                                                                                                        \
        for (kind = BL_PRODUCT_BLAS; kind <= BL_PRODUCT_CHAIN; kind++) {                                     \
            set_up(&scene, activation, hidden, bits, p, 1);                                                  \
            check_gradient(&scene);                                                                          \
        }                                                                                                    \
    }

GRADIENT(without_hidden_layers, BL_ACTIVATION_RELU, 0, 8, 0.0)
GRADIENT(of_one_output, BL_ACTIVATION_TANH, 1, 1, 0.0)
GRADIENT(of_relu_layers, BL_ACTIVATION_RELU, 3, 6, 0.0)
GRADIENT(of_tanh_layers, BL_ACTIVATION_TANH, 3, 6, 0.0)
GRADIENT(of_relu_layers_with_dropout, BL_ACTIVATION_RELU, 3, 6, 0.4)
GRADIENT(of_tanh_layers_with_dropout, BL_ACTIVATION_TANH, 2, 6, 0.4)

Test(network, outputs_equal_the_naive_network_and_are_written_fully)
{
    double params[PARAMS_MAX], out[64];
    set_up(&scene, BL_ACTIVATION_TANH, 3, 7, 0.3, 1);
    pass(&scene);
    for (int64_t i = 0; i < scene.n_params; i++) {
        params[i] = (double)scene.params[i];
        cr_assert(isfinite(scene.grad[i]));
    }
    for (int64_t row = 0; row < ROWS; row++) {
        naive_row(&scene, params, row, out);
        for (int64_t k = 0; k < 7; k++)
            cr_assert_float_eq((double)scene.z[row * 7 + k], out[k], 1e-5);
    }
    tear_down(&scene);
}

Test(network, three_threads_agree_with_one_to_rounding)
{
    static struct scene other;
    set_up(&scene, BL_ACTIVATION_RELU, 3, 6, 0.2, 1);
    set_up(&other, BL_ACTIVATION_RELU, 3, 6, 0.2, 3);
    pass(&scene);
    pass(&other);
    for (int64_t i = 0; i < ROWS * 6; i++)
        cr_assert_float_eq(scene.z[i], other.z[i], 1e-5);
    for (int64_t i = 0; i < scene.n_params; i++)
        cr_assert_float_eq(scene.grad[i], other.grad[i], 1e-4);
    tear_down(&scene);
    tear_down(&other);
}

Test(network, chains_give_three_threads_the_bits_of_one)
{
    static struct scene other;
    kind = BL_PRODUCT_CHAIN;
    set_up(&scene, BL_ACTIVATION_RELU, 3, 6, 0.2, 1);
    set_up(&other, BL_ACTIVATION_RELU, 3, 6, 0.2, 3);
    pass(&scene);
    pass(&other);
    cr_assert_eq(memcmp(scene.z, other.z, ROWS * 6 * sizeof(float)), 0);
    cr_assert_eq(memcmp(scene.grad, other.grad, (size_t)scene.n_params * sizeof(float)), 0);
    cr_assert_gt(other.integers.largest[other.network.layout.n_tensors], 0); /* each thread has its own */
    for (int64_t t = 0; t < scene.network.layout.n_tensors; t++)
        cr_assert_eq(largest_of(&scene.integers, t, scene.network.layout.n_tensors),
                     largest_of(&other.integers, t, other.network.layout.n_tensors));
    tear_down(&scene);
    tear_down(&other);
}

/* The gradient of the groups' rows, from `row` on, of MANY random ones. */
enum { MANY = 2 * BL_NETWORK_PIECE + 77, MANY_TENSORS = 6 };
static const struct bl_config_model many_model = {
    .hidden = {11, 9}, .hidden_count = 2, .heads = 1, .bits = 6};
static void gradient_of(enum bl_product_kind of_kind, int threads, int64_t row,
                        const struct bl_groups *groups, const struct bl_grad *grad)
{
    const struct bl_shape shape = bl_shape_of(&many_model, DIM);
    static float x[MANY * DIM], z[MANY * 6], dz[MANY * 6], params[PARAMS_MAX];
    const int64_t n = groups->end[groups->n - 1];
    struct bl_product product;
    struct bl_network network;
    cr_assert_eq(bl_product_init(&product, of_kind, threads, NULL), BL_OK);
    cr_assert_eq(bl_network_init(&network, &shape, n, &product, NULL), BL_OK);
    cr_assert_eq(network.layout.n_tensors, MANY_TENSORS);
    random_fill(params, network.layout.n_params, 1, 0.4);
    random_fill(x, MANY * DIM, 2, 1.0);
    random_fill(dz, MANY * 6, 3, 1.0);
    bl_network_forward(&network, params, x + row * DIM, n, NULL, z);
    bl_network_backward(&network, params, dz + row * 6, groups, grad, NULL);
    bl_network_free(&network);
    bl_product_free(&product);
}

Test(network, rows_beyond_a_piece_give_the_gradient_of_smaller_pieces)
{
    static struct integers one, five; /* threads */
    static const int64_t end = MANY;
    const struct bl_groups all = {.n = 1, .end = &end};
    const struct bl_grad to_one = on_grid(&one, 0x1p16f, MANY_TENSORS);
    const struct bl_grad to_five = on_grid(&five, 0x1p16f, MANY_TENSORS);
    gradient_of(BL_PRODUCT_CHAIN, 1, 0, &all, &to_one);
    gradient_of(BL_PRODUCT_CHAIN, 5, 0, &all, &to_five);
    cr_assert_eq(memcmp(one.sums, five.sums, sizeof one.sums), 0);
}

/* Holders of runs of groups [lo, hi), with their rows alone. */
enum { HELD_GROUPS = 6 };
static void held(enum bl_product_kind of_kind, int64_t lo, int64_t hi, const struct bl_grad *grad)
{
    static const int64_t ends[HELD_GROUPS] = {7, 17, 30, 31, 50, 60};
    const int64_t row = lo > 0 ? ends[lo - 1] : 0;
    int64_t end[HELD_GROUPS];
    for (int64_t g = lo; g < hi; g++)
        end[g - lo] = ends[g] - row;
    gradient_of(of_kind, 2, row, &(struct bl_groups){.first = lo, .n = hi - lo, .end = end}, grad);
}

Test(network, integers_of_any_holders_add_up_to_those_of_all_rows)
{
    static const int64_t divisions[][5] = {{0, 3, 6}, {0, 1, 2, 6}, {0, 2, 3, 5, 6}};
    static struct integers whole, part;
    const struct bl_grad grad = on_grid(&whole, 0x1p20f, MANY_TENSORS);
    held(BL_PRODUCT_CHAIN, 0, HELD_GROUPS, &grad);
    for (int d = 0; d < 3; d++) {
        int32_t total[PARAMS_MAX] = {0};
        uint32_t largest[MANY_TENSORS] = {0};
        for (int holder = d + 1; holder >= 0; holder--) {
            const struct bl_grad own = on_grid(&part, 0x1p20f, MANY_TENSORS);
            memset(part.sums, 0, sizeof part.sums);
            held(BL_PRODUCT_CHAIN, divisions[d][holder], divisions[d][holder + 1], &own);
            bl_grid_add(PARAMS_MAX, part.sums, total);
            for (int t = 0; t < MANY_TENSORS; t++) {
                const uint32_t of_part = largest_of(&part, t, MANY_TENSORS);
                largest[t] = of_part > largest[t] ? of_part : largest[t];
            }
        }
        cr_assert_eq(memcmp(total, whole.sums, sizeof total), 0, "%d holders", d + 2);
        for (int t = 0; t < MANY_TENSORS; t++)
            cr_assert_eq(largest[t], largest_of(&whole, t, MANY_TENSORS));
    }
}

Test(network, integers_are_the_floats_gradient_to_the_grids_resolution)
{
    static struct integers integers;
    static float coarse[PARAMS_MAX], floats[PARAMS_MAX];
    const struct bl_shape shape = bl_shape_of(&many_model, DIM);
    const struct bl_layout layout = bl_layout_of(&shape);
    held(BL_PRODUCT_BLAS, 0, HELD_GROUPS, &(struct bl_grad){.sum = floats});
    for (int power = 4; power <= 20; power += 8) {
        const struct bl_grad grad = on_grid(&integers, ldexpf(1.0f, power), MANY_TENSORS);
        held(BL_PRODUCT_CHAIN, 0, HELD_GROUPS, &grad);
        to_floats(&integers, &layout, HELD_GROUPS, coarse);
        double worst = 0.0; /* at most half a step of the coarser tensors for each group */
        for (int64_t i = 0; i < layout.n_params; i++)
            worst = fmax(worst, fabs((double)coarse[i] - (double)floats[i]));
        cr_assert_lt(worst, HELD_GROUPS * ldexp(1.0, -power) + 1e-4, "2^%d: %g", power, worst);
        cr_assert_gt(worst, power < 20 ? 0.5 * ldexp(1.0, -power) : 0.0, "2^%d: %g", power, worst);
    }
}

/* One wide layer between narrow ones: 300 x 7 and 5 x 300 weights. */
enum { WATCH_ROWS = 4, WATCH_PARAMS = 300 * 7 + 300 + 5 * 300 + 5, UNSET = 0x55555555 };

struct watched {
    const int32_t *grad, *whole;
    int64_t from;
    int calls;
};

/* What is said to be complete has its values, and nothing before it. */
static void see(void *context, int64_t from)
{
    struct watched *watched = context;
    cr_assert_lt(from, watched->from);
    for (int64_t i = from; i < WATCH_PARAMS; i++)
        cr_assert_eq(watched->grad[i], watched->whole[i], "parameter %d", (int)i);
    cr_assert(from == 0 || watched->grad[from - 1] == UNSET);
    watched->from = from;
    watched->calls++;
}

static void watch_pass(int64_t piece_floats, int threads, int calls)
{
    const struct bl_config_model model = {.hidden = {300}, .hidden_count = 1, .heads = 1, .bits = 5};
    struct bl_shape shape = bl_shape_of(&model, 7);
    static float x[WATCH_ROWS * 7], z[WATCH_ROWS * 5], dz[WATCH_ROWS * 5], params[WATCH_PARAMS];
    static struct integers whole, grad;
    static const int64_t end = WATCH_ROWS;
    const struct bl_groups all = {.n = 1, .end = &end};
    struct watched watched = {.grad = grad.sums, .whole = whole.sums, .from = WATCH_PARAMS};
    const struct bl_backward_watch watch = {&watched, piece_floats, see};
    struct bl_product product;
    struct bl_network network;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, threads, NULL), BL_OK);
    cr_assert_eq(bl_network_init(&network, &shape, WATCH_ROWS, &product, NULL), BL_OK);
    cr_assert_eq(network.layout.n_params, WATCH_PARAMS);
    random_fill(params, WATCH_PARAMS, 1, 0.4);
    random_fill(x, WATCH_ROWS * 7, 2, 1.0);
    random_fill(dz, WATCH_ROWS * 5, 3, 1.0);
    const struct bl_grad to_whole = on_grid(&whole, 0x1p16f, network.layout.n_tensors);
    const struct bl_grad to_grad = on_grid(&grad, 0x1p16f, network.layout.n_tensors);
    memset(grad.sums, UNSET & 0xff, sizeof grad.sums);
    bl_network_forward(&network, params, x, WATCH_ROWS, NULL, z);
    bl_network_backward(&network, params, dz, &all, &to_whole, NULL);
    bl_network_forward(&network, params, x, WATCH_ROWS, NULL, z);
    bl_network_backward(&network, params, dz, &all, &to_grad, &watch);
    cr_assert_eq(memcmp(whole.sums, grad.sums, WATCH_PARAMS * sizeof *whole.sums), 0);
    cr_assert_eq(watched.from, 0);
    cr_assert_eq(watched.calls, calls, "%d", watched.calls);
    bl_network_free(&network);
    bl_product_free(&product);
}

Test(network, a_watched_pass_says_what_is_complete)
{
    watch_pass(1 << 20, 1, 2); /* a layer at a time */
    watch_pass(500, 1, 1 + 4); /* 2,100 weights; no piece has fewer than 64 rows for each thread */
    watch_pass(700, 1, 1 + 3);
    watch_pass(500, 2, 1 + 2);
    watch_pass(1, 5, 1 + 1);
}

Test(network, a_repeated_pass_gives_the_same_bits)
{
    static float first[PARAMS_MAX];
    set_up(&scene, BL_ACTIVATION_TANH, 2, 6, 0.2, 3);
    pass(&scene);
    memcpy(first, scene.grad, sizeof first);
    pass(&scene);
    cr_assert_eq(memcmp(first, scene.grad, (size_t)scene.n_params * sizeof *first), 0);
    tear_down(&scene);
}

Test(network, no_rows_give_a_zero_gradient)
{
    for (kind = BL_PRODUCT_BLAS; kind <= BL_PRODUCT_CHAIN; kind++) {
        set_up(&scene, BL_ACTIVATION_RELU, 2, 6, 0.0, 2);
        scene.n = 0;
        pass(&scene);
        for (int64_t i = 0; i < scene.n_params; i++)
            cr_assert_eq(scene.grad[i], 0.0f);
        tear_down(&scene);
    }
}

Test(network, a_nan_feature_reaches_its_rows_outputs_alone)
{
    set_up(&scene, BL_ACTIVATION_RELU, 2, 6, 0.5, 1);
    scene.x[DIM] = NAN;
    pass(&scene);
    for (int64_t i = 0; i < ROWS * 6; i++)
        cr_assert_eq(isnan(scene.z[i]) != 0, i / 6 == 1);
    tear_down(&scene);
}

Test(network, ten_passes_allocate_nothing)
{
    set_up(&scene, BL_ACTIVATION_TANH, 3, 6, 0.2, 2);
    int64_t before = bl_alloc_count();
    for (int i = 0; i < 10; i++)
        pass(&scene);
    cr_assert_eq(bl_alloc_count(), before);
    tear_down(&scene);
}

Test(network, freeing_twice_is_safe_and_leaves_nothing)
{
    int64_t live = bl_alloc_live();
    set_up(&scene, BL_ACTIVATION_TANH, 3, 6, 0.2, 2);
    tear_down(&scene);
    tear_down(&scene);
    cr_assert_eq(bl_alloc_live(), live);
}
