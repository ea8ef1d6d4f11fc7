#include "mpi/run/saved_state.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "io/config_file.h"
#include "loss/objective.h"
#include "mpi/files/tensor_file.h"
#include "mpi/h5/file.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* One block of the size of the parameters, as tensors "prefix/layer0/weight", ...; returns the next free
 * place. */
static struct tensor *list_block(struct tensor *tensor, const char *prefix, const struct bl_layout *layout,
                                 float *block)
{
    for (int64_t t = 0; t < layout->n_tensors; t++, tensor++) {
        const struct bl_tensor *part = &layout->tensor[t];
        snprintf(tensor->name, sizeof tensor->name, "%s/%s", prefix, part->name);
        tensor->rows = part->rows;
        tensor->cols = part->is_weight ? part->cols : 0;
        tensor->at = block + part->offset;
    }
    return tensor;
}

static struct tensor *list_doubles(struct tensor *tensor, const char *name, int64_t n, double *at)
{
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->rows = n;
    tensor->value = TENSOR_DOUBLE;
    tensor->at = at;
    return tensor + 1;
}

/* The statistics of the features are each rank's own, everything before them its node's. */
enum { OWN_TENSORS = 2 };

/* Every tensor of the state, pointing into it. Freed by bl_free(tensors). */
static int list_tensors(struct par_run_state *state, struct tensor **tensors, int64_t *n,
                        struct bl_error *err)
{
    const struct bl_layout *layout = &state->model.layout;
    const struct bl_optimizer_type *type = state->optimizer.type;
    int code = bl_alloc_zero(tensors, (2 + type->n_states) * layout->n_tensors + 3, sizeof **tensors,
                             "the list of tensors", err);
    if (code != BL_OK)
        return code;
    struct tensor *next = list_block(*tensors, "params", layout, state->model.params);
    next = list_block(next, "best", layout, state->best.params);
    for (int s = 0; s < type->n_states; s++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "optimizer/%s", type->state_name[s]);
        next = list_block(next, prefix, layout, state->optimizer.states[s]);
    }
    if (state->memory_rows > 0)
        *next++ = (struct tensor){.name = "memory/codes",
                                  .rows = state->memory_rows,
                                  .cols = bl_shape_code_bits(&state->model.shape),
                                  .at = state->memory};
    next = list_doubles(next, "normalize/mean", state->model.normalizer.dim, state->model.normalizer.mean);
    next = list_doubles(next, "normalize/scale", state->model.normalizer.dim, state->model.normalizer.scale);
    *n = next - *tensors;
    return BL_OK;
}

enum { NUMBERS = 18 + 2 * BL_TERMS_MAX, NAME_BYTES = 32 };

/* The numbers of the state: one list for writing and reading. The first n_required are in every checkpoint;
 * those behind them came later, and where one is missing it stays as it is. */
struct number_field {
    const char *name;
    int64_t *integer; /* one of the two */
    double *real;
};

static int list_numbers(struct par_run_state *state, struct number_field fields[NUMBERS],
                        char names[][NAME_BYTES], int *n_required)
{
    int n = 0;
    fields[n++] = (struct number_field){"step", &state->progress.step, NULL};
    fields[n++] = (struct number_field){"train_seconds", NULL, &state->progress.train_seconds};
    fields[n++] = (struct number_field){"starts", &state->progress.starts, NULL};
    fields[n++] = (struct number_field){"epoch_steps", &state->progress.epoch.steps, NULL};
    fields[n++] = (struct number_field){"best_map", NULL, &state->best.map};
    fields[n++] = (struct number_field){"best_step", &state->best.step, NULL};
    fields[n++] = (struct number_field){"evaluations_since_best", &state->best.evaluations_since, NULL};
    fields[n++] = (struct number_field){"last_evaluated_step", &state->progress.last_evaluated_step, NULL};
    fields[n++] = (struct number_field){"metrics_bytes", &state->files.metrics_bytes, NULL};
    fields[n++] = (struct number_field){"data_fingerprint", (int64_t *)&state->fingerprint, NULL};
    fields[n++] = (struct number_field){"params_digest", (int64_t *)&state->digest, NULL};
    for (int t = 0; t < BL_TERMS_MAX; t++) {
        snprintf(names[t], NAME_BYTES, "epoch_value_%d", t);
        fields[n++] = (struct number_field){names[t], NULL, &state->progress.epoch.values[t]};
    }
    *n_required = n;
    fields[n++] = (struct number_field){"log_bytes", &state->files.log_bytes, NULL};
    fields[n++] = (struct number_field){"label_kind", &state->label_kind, NULL};
    fields[n++] = (struct number_field){"label_classes", &state->label_classes, NULL};
    fields[n++] = (struct number_field){"last_objective", NULL, &state->progress.last_objective};
    fields[n++] = (struct number_field){"settled_epochs", &state->progress.settled_epochs, NULL};
    fields[n++] = (struct number_field){"interval_steps", &state->progress.interval.steps, NULL};
    fields[n++] = (struct number_field){"interval_seconds", NULL, &state->progress.interval_seconds};
    for (int t = 0; t < BL_TERMS_MAX; t++) {
        char *name = names[BL_TERMS_MAX + t];
        snprintf(name, NAME_BYTES, "interval_value_%d", t);
        fields[n++] = (struct number_field){name, NULL, &state->progress.interval.values[t]};
    }
    return n;
}

/* Numbers that an older checkpoint doesn't have must not stay from a damaged one that was tried before. */
static void forget_later_numbers(struct par_run_state *state)
{
    state->files.log_bytes = -1;
    state->progress.last_objective = NAN;
    state->progress.settled_epochs = 0;
    state->progress.interval.steps = 0;
    state->progress.interval_seconds = 0.0;
    memset(state->progress.interval.values, 0, sizeof state->progress.interval.values);
}

/* Whether all nodes hold the same values [n], by digests that each node's first rank forms. *first becomes
 * that of rank 0's node. */
static int agree_on_digest(const struct par_run_state *state, struct par par, const float *values, int64_t n,
                           const char *what, uint64_t *first, struct bl_error *err)
{
    const int looks = state->nodes->node.rank == 0;
    const uint64_t digest = looks ? bl_params_digest(values, n) : 0;
    *first = digest;
    par_broadcast(par, first, sizeof *first);
    int code = BL_OK;
    if (looks && *first != digest)
        code = bl_fail(err, BL_DEFECT,
                       "step %" PRId64 ": %s of this rank (digest %016" PRIx64
                       ") are not those of rank 0 (%016" PRIx64
                       "): no checkpoint was written; continue from the one before, without this rank's node",
                       state->progress.step, what, digest, *first);
    return par_agree(par, code, err);
}

/* Of every tensor that all ranks write a part of. */
static int agree_on_digests(struct par_run_state *state, struct par par, struct bl_error *err)
{
    const int64_t n_memory = state->memory_rows * bl_shape_code_bits(&state->model.shape);
    uint64_t ignored;
    int code = agree_on_digest(state, par, state->model.params, state->model.layout.n_params,
                               "the parameters", &state->digest, err);
    if (code == BL_OK && n_memory > 0)
        code =
            agree_on_digest(state, par, state->memory, n_memory, "the codes of training rows", &ignored, err);
    return code;
}

int par_saved_state_reserve(struct par_run_state *state, struct par_checkpoint_writer *writer,
                            struct bl_error *err)
{
    struct snapshot whole = {0};
    int code = par_agree(writer->file.par, list_tensors(state, &whole.tensors, &whole.n_tensors, err), err);
    if (code == BL_OK)
        code = par_checkpoint_reserve(writer, &whole, err);
    bl_free(&whole.tensors);
    return code;
}

/* The scales of the gradient's grid, powers of two, as their exponents; "-" for one that isn't known yet. */
enum { SCALES_BYTES = 8 * BL_TENSORS_MAX };

static void print_scales(const struct par_run_state *state, char text[SCALES_BYTES])
{
    char *to = text;
    *to = '\0';
    for (int64_t t = 0; t < state->model.layout.n_tensors && state->scale; t++) {
        const char *space = t > 0 ? " " : "";
        if (state->scale[t] > 0.0f)
            to += sprintf(to, "%s%d", space, ilogbf(state->scale[t]));
        else
            to += sprintf(to, "%s-", space);
    }
}

static void parse_scales(const char *text, struct par_run_state *state)
{
    for (int64_t t = 0; t < state->model.layout.n_tensors && state->scale; t++) {
        char *end;
        const long exponent = text ? strtol(text, &end, 10) : 0;
        const int known = text && end != text && exponent >= -126 && exponent <= 127;
        state->scale[t] = known ? ldexpf(1.0f, (int)exponent) : 0.0f;
        text = text ? strchr(text, ' ') : NULL;
        text = text ? text + 1 : NULL;
    }
}

/* What a checkpoint says besides its tensors: numbers, and texts stored in the state or in this struct. */
struct words {
    struct snapshot_number numbers[NUMBERS];
    struct snapshot_text texts[4];
    char trained[BL_ROW_SAMPLE_TEXT], scales[SCALES_BYTES];
};

static int64_t copy_numbers(struct par_run_state *state, struct snapshot_number numbers[NUMBERS])
{
    struct number_field fields[NUMBERS];
    char names[2 * BL_TERMS_MAX][NAME_BYTES];
    int n_required;
    const int n = list_numbers(state, fields, names, &n_required);
    for (int i = 0; i < n; i++) {
        snprintf(numbers[i].name, sizeof numbers[i].name, "%s", fields[i].name);
        numbers[i].is_integer = fields[i].integer != NULL;
        if (fields[i].integer)
            numbers[i].integer = *fields[i].integer;
        else
            numbers[i].real = *fields[i].real;
    }
    return n;
}

static int64_t list_texts(struct par_run_state *state, const char *config_text, struct words *words)
{
    char *text = NULL;
    int64_t n = 0;
    memcpy(&text, &config_text, sizeof text); /* borrowed for writing only */
    words->texts[n++] = (struct snapshot_text){.name = "config", .text = text};
    words->texts[n++] = (struct snapshot_text){.name = "arithmetic", .text = state->model.arithmetic};
    if (state->model.trained.n > 0) {
        bl_row_sample_print(&state->model.trained, words->trained);
        words->texts[n++] = (struct snapshot_text){.name = "trained_before", .text = words->trained};
    }
    if (state->scale) {
        print_scales(state, words->scales);
        words->texts[n++] = (struct snapshot_text){.name = "gradient_scales", .text = words->scales};
    }
    return n;
}

int par_saved_state_begin(struct par_run_state *state, struct par_checkpoint_writer *writer, const char *path,
                          const char *config_text, struct bl_error *err)
{
    struct words words = {0};
    struct snapshot whole = {.numbers = words.numbers, .texts = words.texts};
    /* First, as state->digest is one of the numbers. */
    int code = agree_on_digests(state, writer->file.par, err);
    if (code != BL_OK)
        return code;
    whole.n_texts = list_texts(state, config_text, &words);
    whole.n_numbers = copy_numbers(state, words.numbers);
    code = par_agree(writer->file.par, list_tensors(state, &whole.tensors, &whole.n_tensors, err), err);
    if (code == BL_OK)
        code = par_checkpoint_begin(writer, path, &whole, err);
    bl_free(&whole.tensors);
    return code;
}

static int read_numbers(struct par_run_state *state, const char *path, const struct snapshot *head,
                        struct bl_error *err)
{
    struct number_field fields[NUMBERS];
    char names[2 * BL_TERMS_MAX][NAME_BYTES];
    int n_required;
    const int n = list_numbers(state, fields, names, &n_required);
    forget_later_numbers(state);
    for (int i = 0; i < n; i++) {
        const struct snapshot_number *number = snapshot_find_number(head, fields[i].name);
        if (!number && i >= n_required)
            continue;
        if (!number || number->is_integer != (fields[i].integer != NULL))
            return bl_fail(err, BL_INPUT, "%s: the number %s is missing; the file is damaged", path,
                           fields[i].name);
        if (fields[i].integer)
            *fields[i].integer = number->integer;
        else
            *fields[i].real = number->real;
    }
    return BL_OK;
}

static int read_tensors(const struct par_run_state *state, struct par par, const char *path,
                        const struct snapshot *whole, struct bl_error *err)
{
    struct snapshot shared = *whole, own = *whole;
    shared.n_tensors -= OWN_TENSORS;
    own.tensors += shared.n_tensors;
    own.n_tensors = OWN_TENSORS;
    int code = par_checkpoint_read(par, state->nodes->node, path, &shared, err);
    return code == BL_OK ? par_checkpoint_read(par, par_alone(), path, &own, err) : code;
}

int par_saved_state_read(struct par_run_state *state, struct par par, const char *path,
                         const struct snapshot *head, struct bl_error *err)
{
    struct snapshot whole = {0};
    const char *trained = snapshot_find_text(head, "trained_before");
    int code = read_numbers(state, path, head, err);
    if (code != BL_OK)
        return code;
    state->model.trained = (struct bl_row_sample){0};
    if (trained)
        bl_row_sample_parse(trained, &state->model.trained);
    parse_scales(snapshot_find_text(head, "gradient_scales"), state);
    code = par_agree(par, list_tensors(state, &whole.tensors, &whole.n_tensors, err), err);
    if (code == BL_OK)
        code = read_tensors(state, par, path, &whole, err);
    bl_free(&whole.tensors);
    if (code == BL_OK && bl_params_digest(state->model.params, state->model.layout.n_params) != state->digest)
        code = bl_fail(err, BL_INPUT,
                       "%s: its parameters don't have the digest that they were written with; the file is "
                       "damaged",
                       path);
    return par_agree(par, code, err);
}

/* The rows of a tensor, which decide how much room its contents need. */
static int read_rows(const char *path, const char *tensor, int64_t *rows, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    *rows = tensor_file_rows(file, tensor);
    par_h5_close(&file, par_alone(), path, &ignored);
    return *rows > 0 ? BL_OK : bl_fail(err, BL_INPUT, "%s: the tensor '%s' is missing", path, tensor);
}

/* Room for the memory of codes that the checkpoint of such a run must hold. */
static int init_memory(struct par_run_state *state, const char *path, const struct bl_config *config,
                       struct bl_error *err)
{
    if (!bl_objective_wants_memory(&config->objective))
        return BL_OK;
    int code = read_rows(path, "state/memory/codes", &state->memory_rows, err);
    if (code == BL_OK)
        code = bl_alloc(&state->memory, state->memory_rows * bl_shape_code_bits(&state->model.shape),
                        sizeof(float), "codes of training rows", err);
    return code;
}

/* The labels that a checkpoint's run had; none in files from before it mattered. */
static struct bl_label_layout read_labels(const struct snapshot *head)
{
    const struct snapshot_number *kind = snapshot_find_number(head, "label_kind"),
                                 *classes = snapshot_find_number(head, "label_classes");
    if (!kind || !classes)
        return bl_label_layout(BL_LABELS_NONE, 0);
    return bl_label_layout((enum bl_label_kind)kind->integer, classes->integer);
}

int par_saved_state_check_local(const char *path, struct bl_error *err)
{
    struct par_run_state state = {0};
    struct par_nodes nodes = {0};
    struct snapshot head = {0};
    struct bl_config config;
    int64_t dim = 0;
    int code = par_checkpoint_open(par_alone(), path, &head, err);
    const char *text = code == BL_OK ? snapshot_find_text(&head, "config") : NULL;
    if (code == BL_OK && !text)
        code = bl_fail(err, BL_INPUT, "%s: its configuration is missing; the file is damaged", path);
    if (code == BL_OK)
        code = io_config_parse(text, path, &config, err);
    if (code == BL_OK)
        code = read_rows(path, "state/normalize/mean", &dim, err);
    if (code == BL_OK)
        code = par_nodes_init(&nodes, par_alone(), PAR_SHARE_NOTHING, err);
    if (code == BL_OK)
        code = par_run_state_init(&state, &nodes, &config, dim, read_labels(&head), err);
    if (code == BL_OK)
        code = init_memory(&state, path, &config, err);
    if (code == BL_OK)
        code = par_saved_state_read(&state, par_alone(), path, &head, err);
    bl_free(&state.memory);
    par_run_state_free(&state);
    par_nodes_free(&nodes);
    snapshot_free(&head);
    return code;
}
