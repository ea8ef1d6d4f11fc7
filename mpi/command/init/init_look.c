#include "mpi/command/init/init_look.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "data/checks.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"

/* Rows are read in blocks of about BLOCK_VALUES; of files above MOST_VALUES, evenly spaced blocks of as many. */
enum { BLOCK_VALUES = 1 << 20 };
static const int64_t most_values = INT64_C(1) << 30;

/* The name of the next split in a list like "test, train"; NULL behind the last. */
static const char *next_split(const char *list, char name[BL_NAME_MAX])
{
    if (!*list)
        return NULL;
    const size_t n = strcspn(list, ",");
    snprintf(name, BL_NAME_MAX, "%.*s", (int)n, list);
    return list[n] ? list + n + 2 : list + n;
}

/* `train` if the file has it, or else the split with most rows. */
static int choose_split(const char *path, const char *list, struct init_found *found, struct bl_error *err)
{
    char name[BL_NAME_MAX];
    int64_t most = -1;
    int code = BL_OK, n = 0;
    for (const char *at = list; code == BL_OK && (at = next_split(at, name)); n++) {
        struct par_dataset *dataset = NULL;
        code = par_dataset_open(&dataset, par_alone(), path, name, err);
        const int64_t rows = code != BL_OK                ? -1
                             : strcmp(name, "train") == 0 ? INT64_MAX
                                                          : dataset_split(dataset)->rows;
        if (rows > most)
            snprintf(found->split, sizeof found->split, "%s", name);
        most = bl_max(most, rows);
        par_dataset_close(dataset);
    }
    found->only_split = n == 1;
    return code;
}

static int list_splits(const char *path, char list[PAR_SPLIT_LIST_BYTES], struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    split_list(file, list);
    par_h5_close(&file, par_alone(), path, &ignored);
    return BL_OK;
}

static int by_value(const void *one, const void *other)
{
    const int32_t *a = one, *b = other;
    return (*a > *b) - (*a < *b);
}

static void count_one(struct init_kinds *kinds, int64_t rows)
{
    if (rows == 0)
        return;
    kinds->smallest = kinds->n == 0 ? rows : bl_min(kinds->smallest, rows);
    kinds->largest = bl_max(kinds->largest, rows);
    kinds->n++;
}

/* Classes or groups: runs of equal numbers once they are sorted. Destroys the words. */
static void count_runs(struct init_kinds *kinds, uint32_t *words, int64_t n)
{
    int64_t run = 0;
    qsort(words, (size_t)n, sizeof *words, by_value);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && words[i] != words[i - 1]) {
            count_one(kinds, run);
            run = 0;
        }
        run += (int32_t)words[i] != BL_UNLABELLED;
    }
    count_one(kinds, run);
}

static void count_columns(struct init_kinds *kinds, struct bl_label_layout layout, const uint32_t *words,
                          int64_t rows)
{
    for (int64_t c = 0; c < layout.classes; c++) {
        int64_t n = 0;
        for (int64_t i = 0; i < rows; i++)
            n += words[i * layout.words + c / BL_LABELS_PER_WORD] >> (c % BL_LABELS_PER_WORD) & 1u;
        count_one(kinds, n);
    }
}

static int count_kinds(struct par_dataset *dataset, struct bl_label_layout layout, struct init_kinds *kinds,
                       struct bl_error *err)
{
    const int64_t rows = dataset_split(dataset)->rows;
    uint32_t *words = NULL;
    *kinds = (struct init_kinds){.kind = layout.words > 0 ? layout.kind : BL_LABELS_NONE};
    if (layout.words == 0)
        return BL_OK;
    int code = bl_alloc(&words, rows * layout.words, sizeof *words, "labels", err);
    if (code == BL_OK)
        code = layout.kind == BL_LABELS_GROUPS
                   ? par_dataset_read_groups_local(dataset, 0, rows, words, err)
                   : par_dataset_read_local(dataset, 0, rows, NULL, words, NULL, err);
    for (int64_t i = 0; i < rows && code == BL_OK; i++)
        kinds->without += !bl_label_any(layout, words + i * layout.words);
    if (code == BL_OK && layout.kind == BL_LABELS_MULTI)
        count_columns(kinds, layout, words, rows);
    else if (code == BL_OK)
        count_runs(kinds, words, rows * layout.words);
    bl_free(&words);
    return code;
}

/* Mean and sum of squares of each column, over the rows that are finite. */
struct columns {
    char *block;
    double *row, *mean, *squares;
    int64_t n;
};

static void columns_free(struct columns *columns)
{
    bl_free(&columns->block);
    bl_free(&columns->row);
    bl_free(&columns->mean);
    bl_free(&columns->squares);
}

static int columns_init(struct columns *columns, int64_t block_rows, int64_t dim, enum bl_type type,
                        struct bl_error *err)
{
    *columns = (struct columns){0};
    const struct bl_buffer buffers[] = {
        {&columns->block, block_rows * dim, bl_type_bytes(type), "a block of rows", 0},
        {&columns->row, dim, sizeof(double), "a row", 0},
        {&columns->mean, dim, sizeof(double), "means of columns", 1},
        {&columns->squares, dim, sizeof(double), "variances of columns", 1},
    };
    return bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
}

/* Welford's update. */
static void add_row(struct columns *columns, int64_t dim)
{
    columns->n++;
    for (int64_t d = 0; d < dim; d++) {
        const double from_mean = columns->row[d] - columns->mean[d];
        columns->mean[d] += from_mean / (double)columns->n;
        columns->squares[d] += from_mean * (columns->row[d] - columns->mean[d]);
    }
}

static void judge_columns(const struct columns *columns, struct init_found *found)
{
    double sum = 0.0, most = 0.0;
    for (int64_t d = 0; d < found->dim; d++) {
        found->varying += columns->squares[d] > 0.0;
        sum += columns->squares[d];
        if (columns->squares[d] > most) {
            most = columns->squares[d];
            found->ruling = d;
        }
    }
    found->ruling_share = sum > 0.0 && isfinite(sum) ? most / sum : 0.0;
}

static int look_at_rows(struct par_dataset *dataset, struct init_found *found, struct bl_error *err)
{
    const int64_t row_bytes = found->dim * (int64_t)bl_type_bytes(found->type);
    const int64_t block = bl_max(1, BLOCK_VALUES / found->dim);
    const int64_t every = bl_max(1, (found->rows * found->dim + most_values - 1) / most_values);
    struct columns columns;
    int code = columns_init(&columns, bl_min(block, found->rows), found->dim, found->type, err);
    for (int64_t at = 0; at < found->rows && code == BL_OK; at += block * every) {
        const int64_t n = bl_min(block, found->rows - at);
        code = par_dataset_read_local(dataset, at, n, columns.block, NULL, NULL, err);
        for (int64_t i = 0; i < n && code == BL_OK; i++) {
            const char *row = columns.block + i * row_bytes;
            if (bl_first_not_finite(found->type, row, found->dim) >= 0) {
                found->bad_rows++;
                continue;
            }
            bl_type_to_double(found->type, row, found->dim, columns.row);
            add_row(&columns, found->dim);
        }
        found->seen_rows += n;
    }
    if (code == BL_OK)
        judge_columns(&columns, found);
    columns_free(&columns);
    return code;
}

int init_look(const char *path, struct init_found *found, struct bl_error *err)
{
    char list[PAR_SPLIT_LIST_BYTES];
    struct par_dataset *dataset = NULL;
    struct bl_error ignored;
    *found = (struct init_found){.split = "train"};
    int code = list_splits(path, list, err);
    if (code == BL_OK)
        code = choose_split(path, list, found, err);
    /* Without any split the opening says what is in the file. */
    if (code == BL_OK)
        code = par_dataset_open(&dataset, par_alone(), path, found->split, err);
    if (code != BL_OK)
        return code;
    const struct par_split *split = dataset_split(dataset);
    found->rows = split->rows;
    found->dim = split->dim;
    found->type = split->type;
    found->can_stream = par_dataset_stream_check_local(dataset, &ignored) == BL_OK;
    code = count_kinds(dataset, split->labels, &found->labels, err);
    if (code == BL_OK)
        code = count_kinds(dataset, split->groups, &found->groups, err);
    if (code == BL_OK)
        code = look_at_rows(dataset, found, err);
    par_dataset_close(dataset);
    return code;
}
