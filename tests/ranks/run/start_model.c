#include "mpi/run/start_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "io/config_file.h"
#include "model/network.h"
#include "mpi/files/dataset.h"
#include "mpi/rows/train_data.h"
#include "mpi/run/run_state.h"
#include "support/ranks.h"

enum { ROWS = 701, DIM = 8, TEXT_BYTES = 400 };

static const char basis[] = "data: {file: x, shards: 4, normalize: standardize, validation: 0.2}\n"
                            "model: {hidden: %s, init: %s, heads: 2, bits: %d}\n"
                            "train: {global_batch: 32}\n";

/* A run's data and the model that it starts from, on the ranks of par. */
struct start {
    struct bl_config config;
    struct par_train_data data;
    struct par_nodes nodes; /* nothing is shared, as starts are made in each rank's own memory */
    struct par_run_state state;
};

/* Correlated columns; `other` changes the held-out rows alone. */
static void make_rows(const struct par_train_data *data, int other, float *features)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        double normal[4], shared[4];
        bl_rng_normal(4, 94, i, DIM, 0, shared);
        for (uint64_t d = 0; d < DIM; d++) {
            bl_rng_normal(4, 94, i, d, 0, normal);
            features[i * DIM + d] =
                (float)(normal[0] + (double)d * shared[0] + (shared[1] > 0.0 ? 3.0 : 0.0));
        }
    }
    for (int64_t s = 0; other && s < data->shard_hi - data->shard_lo; s++)
        for (int64_t i = 0; i < data->shard[s].n_validation; i++)
            features[data->shard[s].validation[i] * DIM] += 100.0f;
}

static int write_data(const char *path, const float *features, struct bl_error *err)
{
    struct split_writer *writer = NULL;
    const struct split_writer_options options = {
        .rows = ROWS, .dim = DIM, .type = BL_FLOAT32, .labels = bl_label_layout(BL_LABELS_NONE, 0)};
    int code = split_create(&writer, path, "train", &options, err);
    if (code == BL_OK)
        code = split_append(writer, ROWS, features, NULL, NULL, err);
    if (code == BL_OK)
        code = split_commit(writer, err);
    split_destroy(writer);
    return code;
}

static void begin(struct start *start, struct par par, const char *path, const char *text)
{
    struct bl_error err = {0};
    memset(start, 0, sizeof *start);
    CHECK(io_config_parse(text, "start.yaml", &start->config, &err) == BL_OK);
    CHECK(par_train_data_init(&start->data, par, path, &start->config, &err) == BL_OK);
    CHECK(par_nodes_init(&start->nodes, par, PAR_SHARE_NOTHING, &err) == BL_OK);
    CHECK(par_run_state_init(&start->state, &start->nodes, &start->config, DIM, start->data.labels, &err) ==
          BL_OK);
    CHECK(par_start_model(par, &start->config, &start->data, &start->state.model, &err) == BL_OK);
}

static void end(struct start *start)
{
    par_run_state_free(&start->state);
    par_nodes_free(&start->nodes);
    par_train_data_free(&start->data);
}

/* The start of all ranks together, and of each by itself; alone->data are all rows. */
static void begin_both(struct par par, const char *text, const struct par_train_data *other,
                       struct start *together, struct start *alone)
{
    static float features[ROWS * DIM];
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 16];
    struct bl_error err = {0};
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/data.h5", folder);
    make_rows(other, other != NULL, features);
    if (par.rank == 0)
        CHECK(write_data(path, features, &err) == BL_OK);
    MPI_Barrier(par.comm);
    begin(together, par, path, text);
    begin(alone, par_alone(), path, text);
    ranks_remove_folder(par, folder);
}

static int same_params(const struct start *a, const struct start *b)
{
    const size_t n = (size_t)a->state.model.layout.n_params;
    return memcmp(a->state.model.params, b->state.model.params, n * sizeof(float)) == 0;
}

static void write_text(char text[TEXT_BYTES], const char *hidden, const char *init, int bits)
{
    snprintf(text, TEXT_BYTES, basis, hidden, init, bits);
}

static void every_start_has_the_bits_of_one_rank(struct par par)
{
    static const char *const hidden[] = {"[]", "[6]", "[20, 12, 7]"}, *const inits[] = {"pca", "itq"};
    static struct start together, alone, random;
    char text[TEXT_BYTES];
    for (int i = 0; i < 6; i++) {
        write_text(text, hidden[i / 2], inits[i % 2], 3);
        begin_both(par, text, NULL, &together, &alone);
        CHECK(same_params(&together, &alone));
        CHECK(strstr(together.state.model.arithmetic, "OpenBLAS"));
        CHECK(par_run_state_init(&random.state, &alone.nodes, &alone.config, DIM, alone.data.labels, NULL) ==
              BL_OK);
        CHECK(!same_params(&alone, &random));
        par_run_state_free(&random.state);
        end(&together);
        end(&alone);
    }
}

static void held_out_rows_are_not_seen(struct par par)
{
    static struct start together, alone, changed, changed_alone;
    char text[TEXT_BYTES];
    write_text(text, "[6]", "itq", 3);
    begin_both(par, text, NULL, &together, &alone);
    begin_both(par, text, &alone.data, &changed, &changed_alone);
    CHECK(alone.data.n_validation_global > 0 && changed.data.fingerprint != alone.data.fingerprint);
    CHECK(same_params(&together, &changed));
    end(&together);
    end(&alone);
    end(&changed);
    end(&changed_alone);
}

/* What comes out of layer `layer` for all training rows, before the activation: sums over rows of its `width`
 * outputs, of their squares, and of products of neighbours. */
static int64_t output_moments(const struct start *start, int64_t layer, double *sums, double *squares,
                              double *products)
{
    const struct bl_model *model = &start->state.model;
    int64_t n = 0;
    struct bl_product product;
    CHECK(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL) == BL_OK);
    for (int64_t s = 0; s < start->data.shard_hi - start->data.shard_lo; s++)
        for (int64_t i = 0; i < start->data.shard[s].n_train; i++, n++) {
            float x[2][32];
            const void *row = NULL;
            struct bl_error err;
            CHECK(par_train_data_row_local(&start->data, start->data.shard[s].train[i], &row, &err) == BL_OK);
            bl_normalizer_apply(&model->normalizer, start->data.type, row, 1, x[0]);
            struct bl_shape cut = model->shape; /* so that the layer is the last, without an activation */
            cut.n_layers = layer + 1;
            for (int64_t l = 0; l <= layer; l++)
                bl_layer_forward(&cut, &model->layout, l, &product, 0, model->params, x[l % 2], 1,
                                 x[(l + 1) % 2]);
            for (int64_t j = 0; j < cut.width[layer + 1]; j++) {
                const double z = (double)x[(layer + 1) % 2][j];
                sums[j] += z;
                squares[j] += z * z;
                products[j] += j > 0 ? z * (double)x[(layer + 1) % 2][j - 1] : 0.0;
            }
        }
    bl_product_free(&product);
    return n;
}

/* Mean 0, overall root mean square `size`; returns the largest correlation of neighbours. */
static double check_outputs(const struct start *start, int64_t layer, int64_t width, double size)
{
    double sums[32] = {0}, squares[32] = {0}, products[32] = {0}, all = 0.0, most = 0.0;
    const double n = (double)output_moments(start, layer, sums, squares, products);
    for (int64_t j = 0; j < width; j++) {
        CHECK(fabs(sums[j] / n) < 1e-5);
        all += squares[j] / n / (double)width;
        most = j > 0 ? fmax(most, fabs(products[j]) / sqrt(squares[j] * squares[j - 1])) : 0.0;
    }
    CHECK(fabs(sqrt(all) / size - 1.0) < 1e-5);
    return most;
}

static void first_outputs_are_uncorrelated_with_mean_square_one(struct par par)
{
    static struct start together, alone;
    char text[TEXT_BYTES];
    write_text(text, "[5]", "pca", 2);
    begin_both(par, text, NULL, &together, &alone);
    CHECK(check_outputs(&alone, 0, 5, 1.0) < 1e-4);
    end(&together);
    end(&alone);
}

static void itq_makes_the_last_outputs_centred_with_mean_square_one(struct par par)
{
    static struct start together, alone;
    char text[TEXT_BYTES];
    write_text(text, "[7, 6]", "itq", 2);
    begin_both(par, text, NULL, &together, &alone);
    CHECK(check_outputs(&alone, 2, 4, 1.0) > 1e-3); /* rotated, so no longer without correlation */
    CHECK(check_outputs(&alone, 0, 7, 1.0) < 1e-4); /* while the first layer is not */
    end(&together);
    end(&alone);
}

static void before_tanh_layers_that_itq_follows_the_first_outputs_are_small(struct par par)
{
    static struct start together, alone;
    char text[TEXT_BYTES];
    write_text(text, "[7, 6], activation: tanh", "itq", 2);
    begin_both(par, text, NULL, &together, &alone);
    CHECK(check_outputs(&alone, 0, 7, 0.05) < 1e-4);
    check_outputs(&alone, 2, 4, 1.0);
    end(&together);
    end(&alone);
}

static void later_layers_are_identities_and_what_is_beyond_stays_random(struct par par)
{
    static struct start together, alone, random;
    char text[TEXT_BYTES];
    write_text(text, "[12, 14]", "pca", 2);
    begin_both(par, text, NULL, &together, &alone);
    CHECK(par_run_state_init(&random.state, &alone.nodes, &alone.config, DIM, alone.data.labels, NULL) ==
          BL_OK);
    const struct bl_layout *layout = &alone.state.model.layout;
    for (int64_t l = 0; l < 3; l++) {
        const struct bl_tensor *weight = &layout->tensor[2 * l];
        const int64_t fitted = weight->rows < weight->cols ? weight->rows : weight->cols;
        for (int64_t i = 0; i < weight->rows; i++)
            for (int64_t j = 0; j < weight->cols; j++) {
                const int64_t at = weight->offset + i * weight->cols + j;
                if (i >= fitted)
                    CHECK(alone.state.model.params[at] == random.state.model.params[at]);
                else if (l > 0)
                    CHECK(alone.state.model.params[at] == (i == j ? 1.0f : 0.0f));
            }
    }
    par_run_state_free(&random.state);
    end(&together);
    end(&alone);
}

static const struct ranks_case cases[] = {
    {"every_start_has_the_bits_of_one_rank", every_start_has_the_bits_of_one_rank},
    {"held_out_rows_are_not_seen", held_out_rows_are_not_seen},
    {"first_outputs_are_uncorrelated_with_mean_square_one",
     first_outputs_are_uncorrelated_with_mean_square_one},
    {"itq_makes_the_last_outputs_centred_with_mean_square_one",
     itq_makes_the_last_outputs_centred_with_mean_square_one},
    {"before_tanh_layers_that_itq_follows_the_first_outputs_are_small",
     before_tanh_layers_that_itq_follows_the_first_outputs_are_small},
    {"later_layers_are_identities_and_what_is_beyond_stays_random",
     later_layers_are_identities_and_what_is_beyond_stays_random},
};

int main(int argc, char **argv)
{
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
