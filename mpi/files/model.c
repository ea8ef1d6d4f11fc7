#include "mpi/files/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "mpi/files/tensor_file_writer.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/h5/table.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

enum { TENSORS_MAX = 2 * BL_LAYERS_MAX + 2 };

/* Names of the choices as they stand in the file: part of the format. */
static const char *const normalize_names[] = {[BL_NORMALIZE_NONE] = "none",
                                              [BL_NORMALIZE_CENTER] = "center",
                                              [BL_NORMALIZE_STANDARDIZE] = "standardize",
                                              [BL_NORMALIZE_UNIT] = "unit",
                                              [BL_NORMALIZE_SCALE] = "scale"};
static const char *const activation_names[] = {[BL_ACTIVATION_RELU] = "relu", [BL_ACTIVATION_TANH] = "tanh"};
static const char *const input_names[] = {
    [BL_INPUT_LINEAR] = "linear", [BL_INPUT_DISTANCE] = "distance", [BL_INPUT_RBF] = "rbf"};
static const char *const output_names[] = {[BL_OUTPUT_LINEAR] = "linear", [BL_OUTPUT_COSINE] = "cosine"};

/* The network's tensors and those of the normaliser; parameters that only the loss uses aren't stored. */
static int list_tensors(const struct bl_model *model, struct tensor tensors[TENSORS_MAX])
{
    int n = 0;
    for (int64_t t = 0; t < bl_layout_network_tensors(&model->layout); t++, n++) {
        const struct bl_tensor *part = &model->layout.tensor[t];
        tensors[n] = (struct tensor){
            .rows = part->rows, .cols = part->is_weight ? part->cols : 0, .at = model->params + part->offset};
        snprintf(tensors[n].name, sizeof tensors[n].name, "%s", part->name);
    }
    const struct bl_normalizer *normalizer = &model->normalizer;
    tensors[n++] = (struct tensor){
        .name = "normalize/mean", .rows = normalizer->dim, .value = TENSOR_DOUBLE, .at = normalizer->mean};
    tensors[n++] = (struct tensor){
        .name = "normalize/scale", .rows = normalizer->dim, .value = TENSOR_DOUBLE, .at = normalizer->scale};
    return n;
}

/* Shape and normalisation as attributes. What is at its default isn't written, so that older versions can
 * read it. */
static int put_attributes(hid_t file, const char *path, const void *context, struct bl_error *err)
{
    const struct bl_model *model = context;
    const struct bl_shape *shape = &model->shape;
    int failed = h5_put_integer(file, "layers", shape->n_layers) != 0;
    failed |= h5_put_integer(file, "features", bl_shape_dim(shape)) != 0;
    failed |= h5_put_integer(file, "heads", shape->heads) != 0;
    failed |= h5_put_integer(file, "bits_per_head", shape->bits) != 0;
    failed |= h5_put_integer(file, "bits", bl_shape_code_bits(shape)) != 0;
    failed |= h5_put_text(file, "activation", activation_names[shape->activation]) != 0;
    if (!bl_shape_is_trainable(shape)) {
        failed |= h5_put_text(file, "input", input_names[shape->input]) != 0;
        failed |= h5_put_text(file, "output", output_names[shape->output]) != 0;
    }
    failed |= h5_put_text(file, "normalize", normalize_names[model->normalizer.kind]) != 0;
    failed |= h5_put_text(file, "method", model->method) != 0;
    if (model->arithmetic[0])
        failed |= h5_put_text(file, "arithmetic", model->arithmetic) != 0;
    if (model->trained.n > 0) {
        failed |= h5_put_integer(file, "trained_rows", model->trained.rows) != 0;
        failed |= h5_put_words(file, "trained_sample", model->trained.hash, model->trained.n) != 0;
    }
    return failed ? bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full", path)
                  : BL_OK;
}

/* The lowest version whose readers encode such a model correctly, so that older programs read what they
 * can. */
static int64_t version_of(const struct bl_shape *shape)
{
    return bl_shape_is_trainable(shape) ? 1 : PAR_MODEL_VERSION;
}

/* Compares digests: ranks may only share the writing if it doesn't matter whose bytes are written. */
static int is_same_everywhere(struct par par, const struct tensor *tensors, int n)
{
    uint64_t digest = 0;
    for (int t = 0; t < n; t++) {
        const int64_t bytes = tensor_row_bytes(&tensors[t]) * tensors[t].rows;
        digest = 31 * digest + h5_block_checksum(tensors[t].at, bytes);
    }
    uint64_t first = digest;
    par_broadcast(par, &first, sizeof first);
    return !par_max_integer(par, first != digest);
}

int par_model_write(struct par par, const char *path, const struct bl_model *model, struct h5_tuning tuning,
                    struct bl_error *err)
{
    struct tensor tensors[TENSORS_MAX];
    struct par_tensor_writer writer;
    const int n = list_tensors(model, tensors);
    /* n_shared = n: each rank writes its share; 0: rank 0 writes all. Nothing else happens meanwhile, so
     * no copy is reserved and the file is finished at once. */
    const struct tensor_file_content content = {.format = PAR_MODEL_FORMAT,
                                                .version = version_of(&model->shape),
                                                .tensors = tensors,
                                                .n = n,
                                                .n_shared = is_same_everywhere(par, tensors, n) ? n : 0,
                                                .put = put_attributes,
                                                .context = model};
    int code = par_tensor_writer_init(&writer, par, tuning, err);
    if (code == BL_OK)
        code = par_tensor_writer_begin(&writer, path, &content, err);
    if (code == BL_OK)
        code = par_tensor_writer_finish(&writer, err);
    par_tensor_writer_free(&writer);
    return code;
}

static int find_name(const char *name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

/* The width of a layer's output = the length of its bias; -1 if it has none. Widths come from the file, so
 * that bl_shape_check can refuse them before anything is allocated. */
static int64_t bias_rows(hid_t file, int64_t layer)
{
    char name[64];
    snprintf(name, sizeof name, "layer%" PRId64 "/bias", layer);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    hid_t space = H5Dget_space(set);
    int64_t rows = H5Sget_simple_extent_ndims(space) == 1 ? H5Sget_simple_extent_npoints(space) : -1;
    H5Sclose(space);
    H5Dclose(set);
    return rows;
}

/* The position of the attribute's text among n names: 0 if there is no such attribute, -1 for any other
 * text. */
static int optional_name(hid_t file, const char *attribute, const char *const *names, int n)
{
    char text[32] = "";
    if (H5Aexists(file, attribute) == 0)
        return 0;
    return h5_get_text(file, attribute, text, sizeof text) ? find_name(text, names, n) : -1;
}

/* Everything that a network needs must be there and make sense; else the file is damaged. */
static int read_shape(hid_t file, const char *path, struct bl_shape *shape, int *normalize, char *method,
                      struct bl_error *err)
{
    char activation[32] = "", kind[32] = "";
    int is_complete = h5_get_integer(file, "layers", &shape->n_layers);
    is_complete &= h5_get_integer(file, "features", &shape->width[0]);
    is_complete &= h5_get_integer(file, "heads", &shape->heads);
    is_complete &= h5_get_integer(file, "bits_per_head", &shape->bits);
    is_complete &= h5_get_text(file, "activation", activation, sizeof activation);
    is_complete &= h5_get_text(file, "normalize", kind, sizeof kind);
    h5_get_text(file, "method", method, BL_NAME_MAX);
    shape->activation = find_name(activation, activation_names, 2);
    shape->input = optional_name(file, "input", input_names, 3);
    shape->output = optional_name(file, "output", output_names, 2);
    *normalize = find_name(kind, normalize_names, 5);
    is_complete = is_complete && shape->activation >= 0 && *normalize >= 0;
    is_complete = is_complete && shape->n_layers >= 1 && shape->n_layers <= BL_LAYERS_MAX;
    for (int64_t l = 0; is_complete && l < shape->n_layers; l++)
        shape->width[l + 1] = bias_rows(file, l);
    struct bl_error why = {0};
    if (!is_complete || bl_shape_check(shape, &why) != BL_OK)
        return bl_fail(err, BL_INPUT, "%s: its attributes don't describe a network; the file is damaged",
                       path);
    return BL_OK;
}

/* An incomplete or unsorted sample counts as none: the model can still encode. */
static void read_trained(hid_t file, struct bl_row_sample *trained)
{
    struct bl_row_sample sample = {0};
    if (h5_get_integer(file, "trained_rows", &sample.rows) &&
        h5_get_words(file, "trained_sample", sample.hash, BL_ROW_SAMPLE_MAX, &sample.n) &&
        bl_row_sample_is_valid(&sample))
        *trained = sample;
}

/* On rank 0: shape first, then memory for the tensors, then these. */
static int read_local(const char *path, struct bl_model *model, struct bl_error *err)
{
    hid_t file;
    struct bl_shape shape = {0};
    struct bl_error ignored;
    struct tensor tensors[TENSORS_MAX];
    int normalize;
    char method[BL_NAME_MAX] = "";
    int code = tensor_file_open(&file, path, PAR_MODEL_FORMAT, PAR_MODEL_VERSION, err);
    if (code != BL_OK)
        return code;
    code = read_shape(file, path, &shape, &normalize, method, err);
    if (code == BL_OK)
        code = bl_model_init(model, &shape, normalize, err);
    if (code == BL_OK) {
        const int n = list_tensors(model, tensors);
        snprintf(model->method, sizeof model->method, "%s", method);
        h5_get_text(file, "arithmetic", model->arithmetic, sizeof model->arithmetic);
        read_trained(file, &model->trained);
        for (int t = 0; t < n && code == BL_OK; t++)
            code = tensor_file_read(file, path, &tensors[t], 0, tensor_blocks(&tensors[t]), err);
    }
    par_h5_close(&file, par_alone(), path, &ignored);
    return code;
}

/* What rank 0 broadcasts first: the other ranks need it to allocate. */
struct head {
    struct bl_shape shape;
    int normalize;
    char method[BL_NAME_MAX];
    char arithmetic[BL_ARITHMETIC_MAX];
    struct bl_row_sample trained;
};

int par_model_read(struct par par, const char *path, struct bl_model *model, struct bl_error *err)
{
    *model = (struct bl_model){0};
    struct head head = {0};
    int code = par_agree(par, par.rank == 0 ? read_local(path, model, err) : BL_OK, err);
    if (code != BL_OK)
        goto done;
    if (par.rank == 0) {
        head = (struct head){
            .shape = model->shape, .normalize = model->normalizer.kind, .trained = model->trained};
        memcpy(head.method, model->method, sizeof head.method);
        memcpy(head.arithmetic, model->arithmetic, sizeof head.arithmetic);
    }
    par_broadcast(par, &head, sizeof head); /* all ranks run the same program, so its layout is the same */
    if (par.rank != 0)
        code = bl_model_init(model, &head.shape, head.normalize, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    memcpy(model->method, head.method, sizeof head.method);
    memcpy(model->arithmetic, head.arithmetic, sizeof head.arithmetic);
    model->trained = head.trained;
    par_broadcast(par, model->params, model->layout.n_params * (int64_t)sizeof(float));
    par_broadcast(par, model->normalizer.mean, model->normalizer.dim * (int64_t)sizeof(double));
    par_broadcast(par, model->normalizer.scale, model->normalizer.dim * (int64_t)sizeof(double));
done:
    if (code != BL_OK)
        bl_model_free(model);
    return code;
}
