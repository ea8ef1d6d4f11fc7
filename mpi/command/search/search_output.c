#include "mpi/command/search/search_output.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/command/search/search_h5.h"

enum { NAME_BYTES = 512 };

struct search_output {
    enum search_format format;
    const struct search_side *queries, *database;
    struct io_output output; /* of texts */
    FILE *file;              /* their next bytes, in memory: */
    char *text;
    size_t n_text;
    struct search_h5 h5;
    int64_t n_written;
};

int search_format_of(const char *name, const char *path, enum search_format *format, struct bl_error *err)
{
    static const struct {
        const char *name, *ending;
        enum search_format format;
    } known[] = {{"tsv", ".tsv", SEARCH_TSV}, {"json", ".json", SEARCH_JSON}, {"hdf5", ".h5", SEARCH_HDF5}};
    *format = SEARCH_TSV;
    if (!name && (!path || strcmp(path, "-") == 0))
        return BL_OK;
    const char *ending = path ? strrchr(path, '.') : NULL;
    for (int i = 0; i < 3; i++)
        if (name ? strcmp(name, known[i].name) == 0 : ending && strcmp(ending, known[i].ending) == 0) {
            *format = known[i].format;
            return BL_OK;
        }
    if (name)
        return bl_fail(err, BL_USAGE, "--format must be tsv, json or hdf5, not '%s'", name);
    return bl_fail(err, BL_USAGE, "%s ends in neither .tsv, .json nor .h5; say --format tsv, json or hdf5",
                   path);
}

enum file_kind search_kind(enum search_format format)
{
    return format == SEARCH_HDF5 ? FILE_NEIGHBOURS : format == SEARCH_JSON ? FILE_JSON : FILE_TSV;
}

/* The id of a row, or else its number. Tabs and line ends, which would break the table, become spaces. */
static void write_row_name(const struct search_side *side, int64_t row, char *text)
{
    if (!side->ids) {
        snprintf(text, NAME_BYTES, "%" PRId64, row);
        return;
    }
    const int64_t n = side->info->id_bytes < NAME_BYTES - 1 ? side->info->id_bytes : NAME_BYTES - 1;
    snprintf(text, NAME_BYTES, "%.*s", (int)n, side->ids + row * side->info->id_bytes);
    for (char *at = text; *at; at++)
        if (*at == '\t' || *at == '\n' || *at == '\r')
            *at = ' ';
}

static size_t append_class(const struct search_side *side, int64_t class, char *text, size_t used)
{
    if (used + 2 >= NAME_BYTES)
        return used;
    if (used > 0)
        text[used++] = ',';
    int n = class < side->info->n_class_names
                ? snprintf(text + used, NAME_BYTES - used, "%s", side->info->class_names[class])
                : snprintf(text + used, NAME_BYTES - used, "%" PRId64, class);
    used += n > 0 ? (size_t)n : 0;
    return used < NAME_BYTES ? used : NAME_BYTES - 1;
}

/* The class names of a row, or else their numbers, separated by commas; "" without labels. */
static void write_label_name(const struct search_side *side, int64_t row, char *text)
{
    const struct bl_label_layout layout = side->info->labels;
    const uint32_t *words = side->codes.labels ? side->codes.labels + row * layout.words : NULL;
    size_t used = 0;
    text[0] = '\0';
    if (layout.kind == BL_LABELS_SINGLE && words && (int32_t)words[0] != BL_UNLABELLED)
        append_class(side, (int32_t)words[0], text, 0);
    else if (layout.kind == BL_LABELS_MULTI && words)
        for (int64_t c = 0; c < layout.classes; c++)
            if (words[c / 32] >> (c % 32) & 1u)
                used = append_class(side, c, text, used);
    for (char *at = text; *at; at++)
        if (*at == '\t' || *at == '\n' || *at == '\r')
            *at = ' ';
}

static void write_tsv(struct search_output *output, const struct search_block *block)
{
    char query[NAME_BYTES], item[NAME_BYTES], label[NAME_BYTES];
    for (int64_t i = 0; i < block->n; i++) {
        write_row_name(output->queries, block->first + i, query);
        for (int64_t j = 0; block->at[i] + j < block->at[i + 1] && block->rows[block->at[i] + j] >= 0; j++) {
            const int64_t row = block->rows[block->at[i] + j];
            write_row_name(output->database, row, item);
            write_label_name(output->database, row, label);
            fprintf(output->file, "%s\t%" PRId64 "\t%s\t%" PRId32 "\t%s\n", query, j + 1, item,
                    block->distances[block->at[i] + j], label);
        }
    }
}

/* JSON allows UTF-8 only: if the text isn't, bytes outside ASCII become '?'. */
static json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    char plain[NAME_BYTES];
    size_t n = 0;
    for (; !value && text[n] && n + 1 < sizeof plain; n++)
        plain[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
    plain[n] = '\0';
    return value ? value : json_string(plain);
}

static void put_row(json_t *object, const struct search_side *side, int64_t row)
{
    char text[NAME_BYTES];
    json_object_set_new(object, "row", json_integer(row));
    if (side->ids) {
        write_row_name(side, row, text);
        json_object_set_new(object, "id", json_text(text));
    }
}

static json_t *json_of_query(const struct search_output *output, const struct search_block *block, int64_t i)
{
    char label[NAME_BYTES];
    json_t *query = json_object(), *neighbours = json_array();
    put_row(query, output->queries, block->first + i);
    for (int64_t j = 0; block->at[i] + j < block->at[i + 1] && block->rows[block->at[i] + j] >= 0; j++) {
        const int64_t row = block->rows[block->at[i] + j];
        json_t *item = json_object();
        put_row(item, output->database, row);
        json_object_set_new(item, "distance", json_integer(block->distances[block->at[i] + j]));
        if (output->database->codes.labels) {
            write_label_name(output->database, row, label);
            json_object_set_new(item, "label", json_text(label));
        }
        json_array_append_new(neighbours, item);
    }
    json_object_set_new(query, "neighbours", neighbours);
    return query;
}

static int write_json(struct search_output *output, const struct search_block *block, struct bl_error *err)
{
    for (int64_t i = 0; i < block->n; i++) {
        json_t *query = json_of_query(output, block, i);
        char *text = json_dumps(query, JSON_COMPACT);
        json_decref(query);
        if (!text)
            return bl_fail(err, BL_MEMORY, "out of memory: a query's answer as JSON");
        fprintf(output->file, "%s%s", output->n_written + i > 0 ? "," : "", text);
        free(text);
    }
    return BL_OK;
}

/* Of k and radius, what was asked for. */
static void write_head(struct search_output *output, const struct search_wish *wish)
{
    if (output->format == SEARCH_TSV) {
        fprintf(output->file, "query\trank\titem\tdistance\tlabel\n");
        return;
    }
    fprintf(output->file, "{\"bits\":%" PRId64, output->queries->info->bits);
    if (wish->k > 0)
        fprintf(output->file, ",\"k\":%" PRId64, wish->k);
    if (wish->radius >= 0)
        fprintf(output->file, ",\"radius\":%" PRId64, wish->radius);
    fprintf(output->file,
            ",\"self_excluded\":%s,\"queries\":%" PRId64 ",\"database\":%" PRId64 ",\"results\":[",
            wish->exclude_self ? "true" : "false", output->queries->info->rows, output->database->info->rows);
}

/* Texts are made in memory, a block of queries at a time, and written from there. */
static int begin_text(struct search_output *output, struct bl_error *err)
{
    output->file = open_memstream(&output->text, &output->n_text);
    return output->file ? BL_OK : bl_fail(err, BL_MEMORY, "out of memory: a block of answers");
}

static int put_text(struct search_output *output, struct bl_error *err)
{
    FILE *file = output->file;
    output->file = NULL;
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    int code = failed ? bl_fail(err, BL_MEMORY, "out of memory: a block of answers")
                      : io_output_put(&output->output, output->text, (int64_t)output->n_text, err);
    free(output->text);
    output->text = NULL;
    return code;
}

int search_output_create(struct search_output **out, enum search_format format, const char *path,
                         const struct search_side *queries, const struct search_side *database,
                         const struct search_wish *wish, const int64_t *offsets, struct bl_error *err)
{
    struct search_output *output;
    int code = bl_alloc_zero(&output, 1, sizeof *output, "the output", err);
    *out = output;
    if (code != BL_OK)
        return code;
    output->format = format;
    output->queries = queries;
    output->database = database;
    if (format == SEARCH_HDF5)
        return search_h5_create(&output->h5, path, queries, database, wish, offsets, err);
    code = output_begin(&output->output, path, search_kind(format), wish->replace, err);
    if (code == BL_OK)
        code = begin_text(output, err);
    if (code != BL_OK)
        return code;
    write_head(output, wish);
    return put_text(output, err);
}

int search_output_write(struct search_output *output, const struct search_block *block, struct bl_error *err)
{
    if (output->format == SEARCH_HDF5)
        return search_h5_write(&output->h5, block, err);
    int code = begin_text(output, err);
    if (code != BL_OK)
        return code;
    if (output->format == SEARCH_JSON)
        code = write_json(output, block, err);
    else
        write_tsv(output, block);
    output->n_written += block->n;
    struct bl_error later;
    const int put = put_text(output, code == BL_OK ? err : &later);
    return code == BL_OK ? put : code;
}

int search_output_commit(struct search_output *output, struct bl_error *err)
{
    static const char end[] = "]}\n";
    if (output->format == SEARCH_HDF5)
        return search_h5_commit(&output->h5, err);
    const int code =
        output->format == SEARCH_JSON ? io_output_put(&output->output, end, sizeof end - 1, err) : BL_OK;
    return code == BL_OK ? io_output_commit(&output->output, err) : code;
}

void search_output_destroy(struct search_output *output)
{
    if (!output)
        return;
    if (output->format == SEARCH_HDF5)
        search_h5_destroy(&output->h5);
    io_output_drop(&output->output);
    bl_free(&output);
}
