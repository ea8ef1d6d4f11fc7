#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/quantity.h"
#include "config/text.h"
#include "io/config_file.h"
#include "io/config_paths.h"
#include "mpi/command/command.h"
#include "mpi/command/run_path.h"
#include "mpi/files/describe.h"

enum { NAMES_SHOWN = 10 };

static void print_value(const json_t *value)
{
    if (json_is_string(value))
        printf("%s", json_string_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        printf("%.10g", json_real_value(value));
    else if (json_is_boolean(value))
        printf("%s", json_is_true(value) ? "yes" : "no");
    else
        printf("not a finite number");
}

/* The first `most` of a list as "a, b, c", and how many there are if there are more. */
static void print_list(const json_t *list, const char *between, size_t most)
{
    for (size_t i = 0; i < json_array_size(list) && i < most; i++) {
        printf("%s", i ? between : "");
        print_value(json_array_get(list, i));
    }
    if (json_array_size(list) > most)
        printf("%s... (%zu in all)", between, json_array_size(list));
}

static void print_object(const char *title, json_t *object)
{
    const char *name;
    json_t *value;
    if (json_object_size(object) == 0)
        return;
    printf("\n%s\n", title);
    json_object_foreach(object, name, value)
    {
        printf("  %-24s ", name);
        print_value(value);
        printf("\n");
    }
}

static void print_remark(const json_t *object, const char *name)
{
    const char *remark = json_string_value(json_object_get(object, name));
    if (remark)
        printf("    %s: %s\n", name + strlen("remark_on_"), remark);
}

static void print_tags(const json_t *object)
{
    const char *labels = json_string_value(json_object_get(object, "labels"));
    const json_t *groups = json_object_get(object, "groups");
    const json_t *classes = json_object_get(object, "classes"),
                 *names = json_object_get(object, "class_names");
    const char *words = json_string_value(json_object_get(object, "labels_in_words"));
    const char *group_words = json_string_value(json_object_get(object, "groups_in_words"));
    if (strcmp(labels, "none") == 0)
        printf("no labels");
    else
        printf("%s", strcmp(labels, "multi") == 0 ? "several labels per row" : "one label per row");
    if (words)
        printf(": %s", words);
    else if (classes)
        printf(", %s", bl_count(json_integer_value(classes), "class").text);
    if (group_words)
        printf(", %s", group_words);
    else if (groups)
        printf(", %s per row", bl_count(json_integer_value(groups), "group").text);
    printf("%s", json_is_true(json_object_get(object, "ids")) ? ", ids" : "");
    if (names) {
        printf(" (");
        print_list(names, ", ", NAMES_SHOWN);
        printf(")");
    }
    printf("\n");
    print_remark(object, "remark_on_labels");
    print_remark(object, "remark_on_groups");
}

/* "100 queries, each with 10 neighbours among 5000 rows of 64 bits, without itself". */
static void print_neighbours(const json_t *description)
{
    const json_t *k = json_object_get(description, "k"), *all = json_object_get(description, "neighbours");
    const json_t *radius = json_object_get(description, "radius"),
                 *bits = json_object_get(description, "bits");
    const json_t *rows = json_object_get(description, "database_rows");
    printf("  %s", bl_count(json_integer_value(json_object_get(description, "queries")), "query").text);
    if (k)
        printf(", at most %s each", bl_count(json_integer_value(k), "neighbour").text);
    else
        printf(", %s", bl_count(json_integer_value(all), "neighbour").text);
    if (radius)
        printf(" within distance %" JSON_INTEGER_FORMAT, json_integer_value(radius));
    if (rows)
        printf(", among %s", bl_count(json_integer_value(rows), "row").text);
    if (bits)
        printf(" of %s", bl_count(json_integer_value(bits), "bit").text);
    printf("%s\n",
           json_is_true(json_object_get(description, "self_excluded")) ? ", without the query itself" : "");
}

static void print_splits(const json_t *splits)
{
    size_t i;
    json_t *split;
    if (splits)
        printf("\nsplits\n");
    json_array_foreach(splits, i, split)
    {
        printf("  %s: %s of %" JSON_INTEGER_FORMAT " x %s, ",
               json_string_value(json_object_get(split, "name")),
               bl_count(json_integer_value(json_object_get(split, "rows")), "row").text,
               json_integer_value(json_object_get(split, "dim")),
               json_string_value(json_object_get(split, "type")));
        print_tags(split);
    }
}

static void print_datasets(const json_t *datasets)
{
    size_t i;
    json_t *set;
    if (json_array_size(datasets) > 0)
        printf("\ndata sets\n");
    json_array_foreach(datasets, i, set)
    {
        printf("  /%s [", json_string_value(json_object_get(set, "name")));
        print_list(json_object_get(set, "shape"), ", ", SIZE_MAX);
        const char *storage = json_string_value(json_object_get(set, "storage"));
        printf("] %s%s%s\n", json_string_value(json_object_get(set, "type")), storage ? ", " : "",
               storage ? storage : "");
    }
}

static void print_text(const json_t *description)
{
    const char *kind = json_string_value(json_object_get(description, "kind"));
    const json_t *parameters = json_object_get(description, "parameters");
    const json_t *digest = json_object_get(description, "digest");
    const json_t *arithmetic = json_object_get(description, "arithmetic");
    printf("%s: %s, ", json_string_value(json_object_get(description, "file")),
           strcmp(kind, "other") == 0 ? "HDF5, no kind of file that bitloom knows" : kind);
    printf("%s\n", bl_bytes(json_integer_value(json_object_get(description, "bytes"))).text);
    if (strcmp(kind, "codes") == 0) {
        printf("  %s of %s, ",
               bl_count(json_integer_value(json_object_get(description, "rows")), "code").text,
               bl_count(json_integer_value(json_object_get(description, "bits")), "bit").text);
        print_tags(description);
    }
    if (strcmp(kind, "neighbours") == 0)
        print_neighbours(description);
    if (parameters) {
        printf("  layers ");
        print_list(json_object_get(description, "widths"), " - ", SIZE_MAX);
        printf(", %s\n", bl_count(json_integer_value(parameters), "parameter").text);
    }
    if (digest)
        printf("  digest %s%s%s\n", json_string_value(digest), arithmetic ? "  made by " : "",
               arithmetic ? json_string_value(arithmetic) : "");
    print_splits(json_object_get(description, "splits"));
    print_object("attributes", json_object_get(description, "attributes"));
    print_object("numbers", json_object_get(description, "numbers"));
    print_datasets(json_object_get(description, "datasets"));
}

struct given {
    const char *json, *config;
};

static const struct command_option options[] = {
    {.name = "--json", .text = "one JSON object on one line", .at = offsetof(struct given, json)},
    {.name = "--config",
     .text = "only the configuration of a checkpoint or run folder, as YAML with absolute paths; with --json "
             "a member more",
     .at = offsetof(struct given, config)},
    COMMAND_OPTIONS_END,
};

static int is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int read_config(const char *operand, char **text, struct bl_error *err)
{
    struct par_run_folder folder;
    struct bl_config config, absolute;
    if (!is_folder(operand))
        return describe_config(operand, text, err);
    int code = run_folder_name(&folder, operand, err);
    if (code == BL_OK)
        code = io_config_read(folder.config, NULL, 0, &config, err);
    if (code == BL_OK)
        code = io_config_absolute(&config, folder.config, &absolute, err);
    return code == BL_OK ? bl_config_text(&absolute, text, err) : code;
}

/* Of a run folder its config.yaml, of a checkpoint the text within. Paths are absolute, so that the output is a
 * configuration wherever it is put. */
static int print_config(const char *operand, struct bl_error *err)
{
    char *text = NULL;
    int code = read_config(operand, &text, err);
    if (code == BL_OK)
        printf("%s", text);
    bl_free(&text);
    if (code == BL_OK && fflush(stdout) != 0)
        code = bl_fail_path(err, "write to", "standard output", errno);
    return code;
}

/* The member "config" of a run folder, whose model has none. */
static int add_config(const char *folder, json_t *description, struct bl_error *err)
{
    char *text = NULL;
    int code = read_config(folder, &text, err);
    if (code == BL_OK)
        json_object_set_new(description, "config", json_string(text));
    bl_free(&text);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *operand;
    char path[COMMAND_RUN_PATH_MAX];
    json_t *description = NULL;
    char *text = NULL;
    (void)par;
    int code = command_parse(argc, argv, options, &given, &operand, 1, 1, NULL, err);
    if (code == BL_OK && given.config && !given.json)
        return print_config(operand, err);
    if (code == BL_OK)
        code = command_file_path(operand, path, err);
    if (code == BL_OK)
        code = describe_file(path, given.config != NULL, &description, err);
    if (code == BL_OK && given.config && is_folder(operand))
        code = add_config(operand, description, err);
    if (code != BL_OK) {
        json_decref(description);
        return code;
    }
    if (given.json) {
        text = json_dumps(description, JSON_COMPACT);
        if (text)
            printf("%s\n", text);
        else
            code = bl_fail(err, BL_MEMORY, "out of memory: the description as JSON");
    } else {
        print_text(description);
    }
    if (fflush(stdout) != 0 && code == BL_OK)
        code = bl_fail_path(err, "write to", "standard output", errno);
    free(text);
    json_decref(description);
    return code;
}

const struct command command_info = {
    .name = "info",
    .summary = "what is in a data set, model, codes, neighbours or checkpoint",
    .usage = "FILE [--json] [--config]\n",
    .text =
        "Describes any file of bitloom, a run folder's model or else its newest checkpoint, or an HDF5 file by other software: its kind, attributes, splits and "
        "data sets, and a checkpoint's numbers. "
        "`bitloom check FILE` verifies every byte instead.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "bitloom info runs/fashion-mnist/model.h5\n",
    .run = run,
};
