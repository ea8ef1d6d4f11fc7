#include "mpi/files/describe.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/config.h"
#include "mpi/files/checkpoint.h"
#include "mpi/files/codes.h"
#include "mpi/files/count_labels.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/files/neighbours.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/h5/list.h"
#include "mpi/h5/storage.h"

enum { ATTRIBUTE_BYTES = 1024, DIMS_MAX = 32 };

/* JSON allows UTF-8 only: if the text isn't, bytes outside ASCII become '?'. */
static json_t *json_of_text(const char *text)
{
    json_t *value = json_string(text);
    char plain[ATTRIBUTE_BYTES];
    size_t n = 0;
    if (value)
        return value;
    for (; text[n] && n + 1 < sizeof plain; n++)
        plain[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
    plain[n] = '\0';
    return json_string(plain);
}

/* JSON has no NaN and no Inf. */
static json_t *json_of_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Texts and numbers only; attributes of other kinds, such as arrays, are left out. */
static herr_t take_attribute(hid_t object, const char *name, const H5A_info_t *info, void *context)
{
    json_t *attributes = context;
    char text[ATTRIBUTE_BYTES];
    int64_t integer;
    double real;
    (void)info;
    if (h5_get_text(object, name, text, sizeof text))
        json_object_set_new(attributes, name, json_of_text(text));
    else if (h5_get_integer(object, name, &integer))
        json_object_set_new(attributes, name, json_integer(integer));
    else if (h5_get_real(object, name, &real))
        json_object_set_new(attributes, name, json_of_real(real));
    return 0;
}

/* What wasn't written reads as fill values, so it is told. */
static void put_storage(json_t *entry, hid_t set)
{
    struct h5_storage storage;
    char text[80];
    if (h5_storage_look(set, &storage) != 0)
        snprintf(text, sizeof text, "damaged");
    else if (storage.is_elsewhere)
        snprintf(text, sizeof text, "in other files");
    else if (storage.stored == 0 && storage.chunks > 0)
        snprintf(text, sizeof text, "never written");
    else if (storage.stored < storage.chunks)
        snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " chunks written", storage.stored,
                 storage.chunks);
    else
        return;
    json_object_set_new(entry, "storage", json_string(text));
}

/* Checksums aren't listed: there would be one for each data set. */
static herr_t take_dataset(hid_t root, const char *name, const H5O_info_t *info, void *context)
{
    char type_name[64];
    hsize_t dims[DIMS_MAX];
    if (info->type != H5O_TYPE_DATASET || strncmp(name, "checksums/", 10) == 0)
        return 0;
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    json_t *entry = json_object(), *shape = json_array();
    for (int i = 0; i < rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)dims[i]));
    h5_list_type(type, type_name, sizeof type_name);
    json_object_set_new(entry, "name", json_of_text(name));
    json_object_set_new(entry, "shape", shape);
    json_object_set_new(entry, "type", json_string(type_name));
    put_storage(entry, set);
    json_array_append_new(context, entry);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(set);
    return 0;
}

/* What every HDF5 file has. describe_kind adds to it, and finds splits and codes in its list of data sets. */
static int describe_any(hid_t file, const char *path, json_t *description, struct bl_error *err)
{
    json_t *attributes = json_object(), *datasets = json_array();
    struct stat status;
    json_object_set_new(description, "file", json_of_text(path));
    if (stat(path, &status) == 0)
        json_object_set_new(description, "bytes", json_integer(status.st_size));
    json_object_set_new(description, "kind", json_string("other"));
    json_object_set_new(description, "attributes", attributes);
    json_object_set_new(description, "datasets", datasets);
    if (H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, take_attribute, attributes) < 0 ||
        H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, take_dataset, datasets) < 0)
        return bl_fail(err, BL_INPUT, "%s: its list of data sets is damaged; restore the file", path);
    return BL_OK;
}

/* Labels, groups and ids, of data sets and of codes alike. */
static void put_tags(json_t *object, struct bl_label_layout labels, struct bl_label_layout groups,
                     int64_t id_bytes, int64_t n_names, const char *const *names)
{
    static const char *const kinds[] = {
        [BL_LABELS_NONE] = "none", [BL_LABELS_SINGLE] = "single", [BL_LABELS_MULTI] = "multi"};
    json_object_set_new(object, "labels", json_string(kinds[labels.kind]));
    if (labels.classes > 0)
        json_object_set_new(object, "classes", json_integer(labels.classes));
    if (groups.words > 0)
        json_object_set_new(object, "groups", json_integer(groups.words));
    json_object_set_new(object, "ids", json_boolean(id_bytes > 0));
    if (n_names == 0)
        return;
    json_t *list = json_array();
    for (int64_t i = 0; i < n_names; i++)
        json_array_append_new(list, json_of_text(names[i]));
    json_object_set_new(object, "class_names", list);
}

/* What labels or groups say. `code`: of counting them; if it failed, the file may still be described. */
static void put_count(json_t *object, const char *prefix, int code, const struct bl_label_count *count,
                      int64_t n_names, const struct bl_error *err)
{
    char name[64], text[BL_LABEL_TEXT];
    const char *doubt = code == BL_OK ? bl_label_count_doubt(count) : err->what;
    if (code == BL_OK && count->kind == BL_LABELS_NONE)
        return;
    if (code == BL_OK) {
        snprintf(name, sizeof name, "%s_in_words", prefix);
        json_object_set_new(object, name, json_string(bl_label_count_say(count, n_names, text)));
        snprintf(name, sizeof name, "%s_that_occur", prefix);
        json_object_set_new(object, name, json_integer(count->distinct));
        snprintf(name, sizeof name, "rows_without_%.*s", (int)strlen(prefix) - 1, prefix);
        json_object_set_new(object, name, json_integer(count->none));
    }
    snprintf(name, sizeof name, "remark_on_%s", prefix);
    if (doubt)
        json_object_set_new(object, name, json_of_text(doubt));
}

static void put_counts(json_t *entry, struct par_dataset *dataset)
{
    const struct par_split *split = dataset_split(dataset);
    struct bl_label_count labels = {0}, groups = {0};
    struct bl_error err = {0};
    int code = par_dataset_count_labels_local(dataset, &labels, &err);
    put_count(entry, "labels", code, &labels, split->n_class_names, &err);
    code = par_dataset_count_groups_local(dataset, &groups, &err);
    put_count(entry, "groups", code, &groups, 0, &err);
}

/* Opening a split checks it like training would; of its rows only labels and groups are read. */
static int add_split(json_t *splits, const char *path, const char *name, struct bl_error *err)
{
    struct par_dataset *dataset = NULL;
    int code = par_dataset_open(&dataset, par_alone(), path, name, err);
    if (code != BL_OK)
        return code;
    const struct par_split *split = dataset_split(dataset);
    json_t *entry = json_object();
    json_object_set_new(entry, "name", json_of_text(name));
    json_object_set_new(entry, "rows", json_integer(split->rows));
    json_object_set_new(entry, "dim", json_integer(split->dim));
    json_object_set_new(entry, "type", json_string(bl_type_name(split->type)));
    put_tags(entry, split->labels, split->groups, split->id_bytes, split->n_class_names, split->class_names);
    put_counts(entry, dataset);
    json_object_set_new(entry, "checksums", json_boolean(split->has_checksums));
    json_array_append_new(splits, entry);
    par_dataset_close(dataset);
    return BL_OK;
}

/* A split for each data set NAME/features. */
static int describe_splits(const char *path, json_t *description, struct bl_error *err)
{
    json_t *splits = json_array(), *datasets = json_object_get(description, "datasets"), *entry;
    int code = BL_OK;
    size_t i;
    json_array_foreach(datasets, i, entry)
    {
        char split[BL_NAME_MAX];
        const char *name = json_string_value(json_object_get(entry, "name"));
        const char *slash = strchr(name, '/');
        if (!slash || strcmp(slash, "/features") != 0 || slash - name >= BL_NAME_MAX)
            continue;
        snprintf(split, sizeof split, "%.*s", (int)(slash - name), name);
        if (code == BL_OK)
            code = add_split(splits, path, split, err);
    }
    if (json_array_size(splits) > 0)
        json_object_set(description, "splits", splits);
    json_decref(splits);
    return code;
}

static int describe_codes(const char *path, json_t *description, struct bl_error *err)
{
    struct par_codes *codes = NULL;
    int code = par_codes_open(&codes, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    const struct par_codes_info *info = codes_info(codes);
    json_object_set_new(description, "rows", json_integer(info->rows));
    json_object_set_new(description, "bits", json_integer(info->bits));
    put_tags(description, info->labels, info->groups, info->id_bytes, info->n_class_names, info->class_names);
    struct bl_label_count count = {0};
    struct bl_error ignored = {0};
    const int counted = par_codes_count_labels_local(codes, &count, &ignored);
    put_count(description, "labels", counted, &count, info->n_class_names, &ignored);
    par_codes_close(codes);
    return BL_OK;
}

/* From shapes and attributes: `check` reads the neighbours. */
static int describe_neighbours(const char *path, json_t *description, struct bl_error *err)
{
    hid_t file;
    struct neighbours_info info;
    struct bl_error ignored;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    code = neighbours_describe(file, path, &info, err);
    par_h5_close(&file, par_alone(), path, &ignored);
    if (code != BL_OK)
        return code;
    json_object_set_new(description, "queries", json_integer(info.queries));
    if (info.k > 0)
        json_object_set_new(description, "k", json_integer(info.k));
    else
        json_object_set_new(description, "neighbours", json_integer(info.values));
    if (info.radius >= 0)
        json_object_set_new(description, "radius", json_integer(info.radius));
    if (info.bits >= 0)
        json_object_set_new(description, "bits", json_integer(info.bits));
    if (info.database_rows >= 0)
        json_object_set_new(description, "database_rows", json_integer(info.database_rows));
    json_object_set_new(description, "self_excluded", json_boolean(info.self_excluded));
    return BL_OK;
}

/* Two runs can be compared by their digests, which must agree if their arithmetic does. */
static void put_digest(json_t *description, uint64_t digest, const char *arithmetic)
{
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, digest);
    json_object_set_new(description, "digest", json_string(text));
    if (arithmetic && arithmetic[0])
        json_object_set_new(description, "arithmetic", json_of_text(arithmetic));
}

static int describe_model(const char *path, json_t *description, struct bl_error *err)
{
    struct bl_model model = {0};
    int code = par_model_read(par_alone(), path, &model, err);
    if (code != BL_OK)
        return code;
    json_t *widths = json_array();
    for (int64_t l = 0; l <= model.shape.n_layers; l++)
        json_array_append_new(widths, json_integer(model.shape.width[l]));
    json_object_set_new(description, "widths", widths);
    json_object_set_new(description, "bits", json_integer(bl_shape_code_bits(&model.shape)));
    json_object_set_new(description, "parameters", json_integer(model.layout.n_params));
    put_digest(description, bl_params_digest(model.params, model.layout.n_params), model.arithmetic);
    bl_model_free(&model);
    return BL_OK;
}

/* Fingerprint and digest are 64 unsigned bits, stored as int64 and shown in hexadecimal everywhere. */
static json_t *json_of_number(const struct snapshot_number *number)
{
    char digits[17];
    if (!number->is_integer)
        return json_of_real(number->real);
    if (strcmp(number->name, "data_fingerprint") != 0 && strcmp(number->name, "params_digest") != 0)
        return json_integer(number->integer);
    snprintf(digits, sizeof digits, "%016" PRIx64, (uint64_t)number->integer);
    return json_string(digits);
}

/* From the head only: the tensors of a checkpoint aren't read. */
static int describe_checkpoint(const char *path, int with_config, json_t *description, struct bl_error *err)
{
    struct snapshot head = {0};
    int code = par_checkpoint_open(par_alone(), path, &head, err);
    if (code != BL_OK)
        return code;
    json_t *numbers = json_object();
    for (int64_t i = 0; i < head.n_numbers; i++)
        json_object_set_new(numbers, head.numbers[i].name, json_of_number(&head.numbers[i]));
    json_object_set_new(description, "numbers", numbers);
    const struct snapshot_number *digest = snapshot_find_number(&head, "params_digest");
    if (digest && digest->is_integer)
        put_digest(description, (uint64_t)digest->integer, snapshot_find_text(&head, "arithmetic"));
    const char *config = snapshot_find_text(&head, "config");
    if (with_config && config)
        json_object_set_new(description, "config", json_of_text(config));
    snapshot_free(&head);
    return BL_OK;
}

int describe_config(const char *path, char **text, struct bl_error *err)
{
    struct snapshot head = {0};
    int code = par_checkpoint_open(par_alone(), path, &head, err);
    const char *config = code == BL_OK ? snapshot_find_text(&head, "config") : NULL;
    *text = NULL;
    if (code == BL_OK && !config)
        code = bl_fail(err, BL_INPUT, "%s: its configuration is missing", path);
    if (code == BL_OK)
        code = bl_alloc(text, (int64_t)strlen(config) + 1, 1, "the configuration", err);
    if (code == BL_OK)
        memcpy(*text, config, strlen(config) + 1);
    snapshot_free(&head);
    return code;
}

/* Our models and checkpoints are known by their stamp, data sets, codes and neighbours also by their content, since other
 * software may have written them. */
static int describe_kind(const char *path, int with_config, int is_neighbours, json_t *description,
                         struct bl_error *err)
{
    json_t *attributes = json_object_get(description, "attributes"), *entry;
    const char *format = json_string_value(json_object_get(attributes, "format"));
    size_t i;
    int has_codes = 0, code;
    json_array_foreach(json_object_get(description, "datasets"), i, entry) has_codes |=
        strcmp(json_string_value(json_object_get(entry, "name")), "codes") == 0;
    const char *kind = NULL;
    if (format && strcmp(format, PAR_MODEL_FORMAT) == 0) {
        kind = "model";
        code = describe_model(path, description, err);
    } else if (format && strcmp(format, PAR_CHECKPOINT_FORMAT) == 0) {
        kind = "checkpoint";
        code = describe_checkpoint(path, with_config, description, err);
    } else if (is_neighbours) {
        kind = PAR_NEIGHBOURS_KIND;
        code = describe_neighbours(path, description, err);
    } else if (has_codes) {
        kind = "codes";
        code = describe_codes(path, description, err);
    } else {
        code = describe_splits(path, description, err);
        kind = json_object_get(description, "splits") ? "data set" : NULL;
    }
    if (kind)
        json_object_set_new(description, "kind", json_string(kind));
    return code;
}

int describe_file(const char *path, int with_config, json_t **description, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    *description = NULL;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    json_t *object = json_object();
    code = describe_any(file, path, object, err);
    const int is_neighbours = neighbours_is(file);
    par_h5_close(&file, par_alone(), path, &ignored); /* the reader of its kind opens it again */
    if (code == BL_OK)
        code = describe_kind(path, with_config, is_neighbours, object, err);
    if (code == BL_OK)
        *description = object;
    else
        json_decref(object);
    return code;
}
