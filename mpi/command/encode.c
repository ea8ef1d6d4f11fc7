#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/share.h"
#include "hash/bit_tally.h"
#include "hash/code.h"
#include "io/source.h"
#include "model/model.h"
#include "mpi/command/command.h"
#include "mpi/command/run_path.h"
#include "mpi/files/codes.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/files/output.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/row_sample.h"

/* Rows are encoded in units of UNIT_ROWS, counted from the file's first row, and a rank has whole units.
 * So each row is in the same matrix product on any number of ranks, and its code has the same bits. */
enum { UNIT_ROWS = 256, BLOCK_BYTES = 4 << 20 };

/* The rows to encode: a split of a data set, or a file of another format, which has no labels. Owns
 * whichever is open. */
struct input {
    const char *name; /* for messages: the file without its folders */
    const char *split;
    struct par_dataset *dataset;
    struct io_source *source;
    int64_t dim;
    enum bl_type type;
    struct par_codes_info info; /* of the codes to come */
};

/* One run of the command. Every rank has the model and encodes its own rows. */
struct work {
    struct bl_model model;
    struct bl_encoder encoder;
    struct input input;
    struct par_codes_writer *writer;
    struct bl_row_tally tally;
    struct bl_bit_tally bits;
    int64_t row_lo, row_hi; /* this rank's rows */
    int64_t block_rows;
    char *features, *ids;
    uint8_t *codes;
    uint32_t *labels;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void describe_dataset(struct input *input)
{
    par_dataset_use_groups_local(input->dataset, 0);
    const struct par_split *split = dataset_split(input->dataset);
    input->dim = split->dim;
    input->type = split->type;
    input->info = (struct par_codes_info){.rows = split->rows,
                                          .labels = split->labels,
                                          .id_bytes = split->id_bytes,
                                          .n_class_names = split->n_class_names,
                                          .class_names = split->class_names};
}

/* A data set is opened by all ranks together, a file of another format by each rank for itself. */
static int open_input(struct input *input, struct par par, const char *path, const char *split,
                      int64_t model_dim, struct bl_error *err)
{
    const struct io_source_options options = {.width = model_dim, .without_labels = 1};
    const char *format = io_source_format_of(path);
    input->name = base_name(path);
    input->split = format ? NULL : split;
    if (!format && !split)
        return bl_fail(err, BL_USAGE, "encode needs --split S, the split of %s to encode", path);
    if (format && split)
        return bl_fail(err, BL_USAGE, "%s has no splits; leave out --split", path);
    if (!format) {
        int code = par_dataset_open(&input->dataset, par, path, split, err);
        if (code == BL_OK)
            describe_dataset(input);
        return code;
    }
    int code = par_agree(par, io_source_open(&input->source, format, path, &options, err), err);
    if (code != BL_OK)
        return code;
    const struct io_source_info *info = io_source_info(input->source);
    input->dim = info->dim;
    input->type = info->type;
    input->info = (struct par_codes_info){.rows = info->rows, .labels = bl_label_layout(BL_LABELS_NONE, 0)};
    if (info->rows < 1)
        return bl_fail(err, BL_INPUT, "%s has no rows to encode", path);
    return BL_OK;
}

/* A data set is read at any row; other formats only in order, so each rank skips to its first row once. */
static int read_rows(struct input *input, int64_t row_lo, int64_t n, struct work *work, struct bl_error *err)
{
    if (input->dataset)
        return par_dataset_read_local(input->dataset, row_lo, n, work->features, work->labels, work->ids,
                                      err);
    for (int64_t at = 0, got = 0; at < n; at += got) {
        char *to = work->features + at * input->dim * (int64_t)bl_type_bytes(input->type);
        int code = io_source_read(input->source, n - at, to, NULL, NULL, &got, err);
        if (code != BL_OK)
            return code;
        if (got == 0)
            return bl_fail(err, BL_INPUT, "%s ended after row %" PRId64 "; it changed while it was read",
                           input->name, row_lo + at);
    }
    return BL_OK;
}

static int fail_bad_row(const struct input *input, int64_t row, struct bl_error *err)
{
    return bl_fail(err, BL_NUMBERS,
                   "%s%s%s, row %" PRId64 " (counted from 0): a value is NaN or infinite, or the model's "
                   "output is; repair or remove the row",
                   input->name, input->split ? " " : "", input->split ? input->split : "", row);
}

/* Encodes the n rows in work->features, the first of which is row row_lo of the file. */
static int encode_rows(struct work *work, int64_t row_lo, int64_t n, struct bl_error *err)
{
    const struct input *input = &work->input;
    int64_t row_bytes = input->dim * (int64_t)bl_type_bytes(input->type);
    int64_t code_bytes = bl_code_bytes(input->info.bits);
    for (int64_t at = 0; at < n; at += UNIT_ROWS) {
        int64_t rows = n - at < UNIT_ROWS ? n - at : UNIT_ROWS, bad = 0;
        int code = bl_encoder_run(&work->encoder, input->type, work->features + at * row_bytes, rows,
                                  work->codes + at * code_bytes, &bad, err);
        if (code == BL_NUMBERS)
            return fail_bad_row(input, row_lo + at + bad, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

/* Encodes this rank's rows, from file to file: no collective call in here. */
static int encode_local(struct work *work, struct bl_error *err)
{
    int code = BL_OK;
    if (work->input.source)
        code = io_source_skip(work->input.source, work->row_lo, err);
    for (int64_t row = work->row_lo; row < work->row_hi && code == BL_OK; row += work->block_rows) {
        int64_t n = work->row_hi - row < work->block_rows ? work->row_hi - row : work->block_rows;
        code = read_rows(&work->input, row, n, work, err);
        if (code == BL_OK)
            bl_row_tally_add(&work->tally, work->input.type, work->features, n, work->input.dim);
        if (code == BL_OK)
            code = encode_rows(work, row, n, err);
        if (code == BL_OK)
            bl_bit_tally_bytes(&work->bits, work->codes, n, work->input.info.bits);
        if (code == BL_OK)
            code = par_codes_write_local(work->writer, row, n, work->codes, work->labels, work->ids, err);
        bl_log_progress("encoded %" PRId64 " of %" PRId64 " rows of this rank", row + n - work->row_lo,
                        work->row_hi - work->row_lo);
    }
    return code;
}

/* Sets this rank's rows and allocates for a block of them. */
static int prepare_local(struct work *work, struct par par, struct bl_error *err)
{
    const struct input *input = &work->input;
    const struct par_codes_info *info = &input->info;
    int64_t row_bytes = input->dim * (int64_t)bl_type_bytes(input->type);
    int64_t units = (info->rows + UNIT_ROWS - 1) / UNIT_ROWS;
    bl_share(units, par.rank, par.size, &work->row_lo, &work->row_hi);
    work->row_lo *= UNIT_ROWS;
    work->row_hi = work->row_hi < units ? work->row_hi * UNIT_ROWS : info->rows;
    if (work->row_lo > work->row_hi)
        work->row_lo = work->row_hi;
    int64_t units_a_block = BLOCK_BYTES / (UNIT_ROWS * row_bytes);
    work->block_rows = UNIT_ROWS * (units_a_block > 0 ? units_a_block : 1);
    int code = bl_encoder_init(&work->encoder, &work->model, UNIT_ROWS, err);
    if (code == BL_OK)
        code = bl_alloc(&work->features, work->block_rows * row_bytes, 1, "a block of features", err);
    if (code == BL_OK)
        code =
            bl_alloc(&work->codes, work->block_rows * bl_code_bytes(info->bits), 1, "a block of codes", err);
    if (code == BL_OK && info->labels.words > 0)
        code = bl_alloc(&work->labels, work->block_rows * info->labels.words, sizeof *work->labels,
                        "a block of labels", err);
    if (code == BL_OK && info->id_bytes > 0)
        code = bl_alloc(&work->ids, work->block_rows * info->id_bytes, 1, "a block of ids", err);
    return code;
}

static int open_both(struct work *work, struct par par, const char *model, const char *data,
                     const char *split, struct bl_error *err)
{
    int code = par_model_read(par, model, &work->model, err);
    if (code == BL_OK)
        code = open_input(&work->input, par, data, split, bl_shape_dim(&work->model.shape), err);
    if (code != BL_OK)
        return code;
    work->input.info.bits = bl_shape_code_bits(&work->model.shape);
    int64_t dim = bl_shape_dim(&work->model.shape);
    if (dim != work->input.dim)
        return bl_fail(err, BL_INPUT,
                       "%s takes rows of %s but those of %s have %" PRId64
                       "; encode with a model trained on such data",
                       model, bl_count(dim, "feature").text, data, work->input.dim);
    return BL_OK;
}

static void release(struct work *work)
{
    par_codes_destroy(work->writer);
    par_dataset_close(work->input.dataset);
    io_source_close(work->input.source);
    bl_encoder_free(&work->encoder);
    bl_model_free(&work->model);
    bl_free(&work->features);
    bl_free(&work->codes);
    bl_free(&work->labels);
    bl_free(&work->ids);
}

/* Whether the codes tell rows apart needs no labels to be seen. Collective. */
static void judge_codes(struct work *work, struct par par, const char *output)
{
    const int64_t bits = work->input.info.bits;
    char text[BL_BIT_TALLY_TEXT];
    par_sum_integers(par, &work->bits.rows, 1);
    par_sum_integers(par, work->bits.ones, bits);
    if (bl_bit_tally_doubt(&work->bits, bits, output, text))
        bl_log_warn("%s", text);
}

static int encode(struct par par, const char *model, const char *data, const char *split, const char *output,
                  enum io_replace replace, struct bl_error *err)
{
    struct work work = {0};
    int code = open_both(&work, par, model, data, split, err); /* agreed, or the same on all ranks */
    if (code == BL_OK)
        code = par_agree(par, prepare_local(&work, par, err), err);
    work.input.info.replace = replace;
    if (code == BL_OK)
        code = par_codes_create(&work.writer, par, output, &work.input.info, err);
    work.tally.sample = &work.model.trained;
    double start = bl_clock_seconds();
    if (code == BL_OK)
        code = par_agree(par, encode_local(&work, err), err);
    double seconds = bl_clock_seconds() - start;
    /* Which of the model's sampled training rows any rank met: the file says how many. */
    if (code == BL_OK) {
        par_row_tally_merge(par, &work.tally);
        codes_put_trained(work.writer, work.model.trained.n, bl_row_tally_count(&work.tally));
    }
    if (code == BL_OK)
        code = par_codes_commit(work.writer, err);
    if (code == BL_OK) {
        const struct par_codes_info *info = &work.input.info;
        const char *note = work.input.source ? io_source_info(work.input.source)->note : NULL;
        bl_log_say("encoded %s of %s%s%s%s%s%s to %s: %s (%.0f rows/s)", bl_count(info->rows, "row").text,
                   work.input.name, split ? " " : "", split ? split : "", note ? " (" : "", note ? note : "",
                   note ? ")" : "", bl_count(info->bits, "bit").text, output,
                   (double)info->rows / (seconds > 0 ? seconds : 1e-9));
        judge_codes(&work, par, output);
    }
    release(&work);
    return code;
}

struct given {
    const char *split, *output, *force;
};

static const struct command_option options[] = {
    {.name = "--split",
     .argument = "S",
     .values = "train test",
     .text = "the split of DATA to encode; other formats have none",
     .at = offsetof(struct given, split)},
    {.name = "--output|-o",
     .argument = "CODES",
     .values = COMMAND_FILES,
     .text = "the file to write; it appears when it is whole",
     .at = offsetof(struct given, output)},
    COMMAND_FORCE(struct given),
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *files[2];
    char model[COMMAND_RUN_PATH_MAX];
    int code = command_parse(argc, argv, options, &given, files, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    if (!given.output)
        return bl_fail(err, BL_USAGE, "encode needs -o CODES: the file to write");
    code = command_model_path(files[0], model, err);
    files[0] = model;
    if (code == BL_OK)
        code = command_check_output(given.output, files, 2, err);
    if (code == BL_OK && par.rank == 0)
        code = output_check(given.output, FILE_CODES, command_replace(given.force), err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    return encode(par, files[0], files[1], given.split, given.output, command_replace(given.force), err);
}

const struct command command_encode = {
    .name = "encode",
    .summary = "hash rows of a split, or of an NPY, CSV or other file, by a model",
    .usage = "MODEL DATA --split S -o CODES [--force]\n"
             "MODEL ROWS -o CODES [--force]\n",
    .text = "MODEL is a model file or a run folder, which stands for its model.h5.\n"
            "Writes /codes [rows, bytes] with the rows' labels and ids, if they have any. "
            "The same codes on any number of ranks.\n"
            "ROWS is a file of a format that import reads, told by its ending (see bitloom import --help).\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "mpirun -n 4 bitloom encode runs/a/model.h5 data.h5 --split test -o codes.h5\n",
    .parallel = 1,
    .work = SIGNALS_FILE,
    .run = run,
};
