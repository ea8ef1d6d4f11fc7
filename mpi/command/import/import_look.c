#include "mpi/command/import/import_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "base/log.h"
#include "io/csv_labels.h"

int import_look_begin(struct import_look *look, const struct io_source_info *features,
                      struct bl_label_layout labels, struct bl_label_layout groups, struct bl_error *err)
{
    int code = bl_label_counter_init(&look->labels, labels, err);
    if (code == BL_OK)
        code = bl_label_counter_init(&look->groups, groups, err);
    if (code == BL_OK)
        code = bl_row_numbers_init(&look->numbers, features->dim, features->columns, err);
    return code;
}

int import_look_add(struct import_look *look, const struct import_block *block, struct bl_error *err)
{
    int code = BL_OK;
    if (look->labels.layout.kind == BL_LABELS_MULTI)
        code = bl_label_counter_add_matrix(&look->labels, block->labels, block->n, err);
    else
        code = bl_label_counter_add(&look->labels, block->labels, block->n, err);
    if (code == BL_OK && block->groups)
        code = bl_label_counter_add(&look->groups, block->groups, block->n, err);
    if (code == BL_OK && block->ids)
        code = bl_repeats_add(&look->ids, block->ids, block->id_bytes, block->n, err);
    if (code == BL_OK)
        bl_row_numbers_add(&look->numbers, block->type, block->features, block->n);
    return code;
}

void import_look_describe(const struct import_look *look, int64_t n_names, int has_ids, char *text,
                          size_t size)
{
    char labels[BL_LABEL_TEXT], groups[BL_LABEL_TEXT] = "";
    const struct bl_label_count label_count = bl_label_counter_result(&look->labels);
    const struct bl_label_count group_count = bl_label_counter_result(&look->groups);
    bl_label_count_say(&label_count, n_names, labels);
    if (look->groups.layout.words > 0)
        bl_label_count_say(&group_count, 0, groups);
    snprintf(text, size, "%s%s%s%s", labels, groups[0] ? ", " : "", groups, has_ids ? ", ids" : "");
}

static void warn_row_numbers(const struct import_look *look, const struct io_source_info *features)
{
    const int64_t feature = bl_row_numbers_find(&look->numbers);
    char remedy[80] = "leave it out", name[80] = "";
    if (feature < 0)
        return;
    int64_t column = feature;
    if (features->column_numbers) {
        column = features->column_numbers[feature];
        snprintf(remedy, sizeof remedy, "--id-column %" PRId64 " takes it as ids", column);
    }
    if (features->columns)
        snprintf(name, sizeof name, " ('%.60s')", features->columns[feature]);
    bl_log_warn("column %" PRId64 "%s numbers the rows and was imported as a feature: such an index tells "
                "nothing of new rows, or too much where rows are sorted by class; %s",
                column, name, remedy);
}

static void warn_labels(const struct bl_label_counter *counter, const char *what)
{
    const struct bl_label_count count = bl_label_counter_result(counter);
    const char *doubt = bl_label_count_doubt(&count);
    if (doubt)
        bl_log_warn("%s: %s", what, doubt);
}

void import_look_warn(struct import_look *look, const struct io_source_info *features,
                      const struct io_source_info *labels)
{
    int64_t before = 0, row = 0;
    for (int i = 0; labels && labels->remarks && i < labels->remarks->n; i++)
        bl_log_warn("%s", labels->remarks->text[i]);
    warn_labels(&look->labels, "labels");
    warn_labels(&look->groups, "groups");
    warn_row_numbers(look, features);
    const int64_t repeats = bl_repeats_find(&look->ids, &before, &row);
    if (repeats > 0)
        bl_log_warn("ids: %s with the id of an earlier row, first row %" PRId64 " with that of row %" PRId64
                    " (counted from 0); search results can't tell them apart",
                    bl_count(repeats, "row").text, row, before);
}

void import_look_free(struct import_look *look)
{
    bl_label_counter_free(&look->labels);
    bl_label_counter_free(&look->groups);
    bl_row_numbers_free(&look->numbers);
    bl_repeats_free(&look->ids);
}
