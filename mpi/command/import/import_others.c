#include "mpi/command/import/import_others.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"

struct list {
    char (*names)[BL_NAME_MAX];
    int64_t n, room;
    struct bl_error *err;
    int code;
};

static void add_name(void *context, const char *name)
{
    struct list *list = context;
    if (list->code != BL_OK || strlen(name) >= BL_NAME_MAX)
        return;
    list->code =
        bl_grow(&list->names, list->n, &list->room, sizeof *list->names, "names of splits", list->err);
    if (list->code == BL_OK)
        snprintf(list->names[list->n++], BL_NAME_MAX, "%s", name);
}

static int list_splits(const char *path, struct list *list)
{
    hid_t file;
    struct bl_error ignored = {0};
    if (access(path, F_OK) != 0 || par_h5_open(&file, par_alone(), path, &ignored) != BL_OK)
        return BL_OK;
    split_each(file, add_name, list);
    par_h5_close(&file, par_alone(), path, &ignored);
    return list->code;
}

/* Copies names from n_names on, to which others->names is then longer. */
static int take_names(struct import_others *others, const struct par_split *split, struct bl_error *err)
{
    int64_t bytes = 0;
    char **names = NULL;
    for (int64_t i = 0; i < split->n_class_names; i++)
        bytes += (int64_t)(sizeof *names + strlen(split->class_names[i]) + 1);
    int code = bl_alloc(&names, bytes, 1, "class names", err);
    if (code != BL_OK)
        return code;
    char *text = (char *)(names + split->n_class_names);
    for (int64_t i = 0; i < split->n_class_names; i++) {
        const size_t n = strlen(split->class_names[i]) + 1;
        names[i] = memcpy(text, split->class_names[i], n);
        text += n;
    }
    bl_free(&others->names);
    others->names = names;
    others->n_names = split->n_class_names;
    return BL_OK;
}

static int same_beginning(const struct import_others *others, const struct par_split *split)
{
    for (int64_t i = 0; i < others->n_names && i < split->n_class_names; i++)
        if (strcmp(others->names[i], split->class_names[i]) != 0)
            return 0;
    return 1;
}

static int take_split(struct import_others *others, const char *name, const struct par_split *split,
                      struct bl_error *err)
{
    if (!others->any) {
        others->type = split->type;
        others->dim = split->dim;
    }
    others->any = 1;
    if (split->labels.kind == BL_LABELS_NONE)
        return BL_OK;
    if (!others->labelled[0]) {
        snprintf(others->labelled, sizeof others->labelled, "%s", name);
        others->layout = split->labels;
    }
    if (split->n_class_names == 0) {
        if (!others->unnamed[0])
            snprintf(others->unnamed, sizeof others->unnamed, "%s", name);
        return BL_OK;
    }
    if (!same_beginning(others, split)) {
        snprintf(others->disagreed, sizeof others->disagreed, "%s", name);
        return BL_OK;
    }
    if (!others->named[0])
        snprintf(others->named, sizeof others->named, "%s", name);
    return split->n_class_names > others->n_names ? take_names(others, split, err) : BL_OK;
}

int import_others_find(struct import_others *others, const struct import_given *given, struct bl_error *err)
{
    struct list list = {.err = err};
    struct bl_error ignored = {0};
    *others = (struct import_others){0};
    int code = list_splits(given->out, &list);
    for (int pass = 0; pass < 2; pass++) /* train first */
        for (int64_t i = 0; i < list.n && code == BL_OK; i++) {
            struct par_dataset *dataset;
            const char *name = list.names[i];
            if ((strcmp(name, "train") == 0) != (pass == 0) || strcmp(name, given->split) == 0 ||
                par_dataset_open(&dataset, par_alone(), given->out, name, &ignored) != BL_OK)
                continue;
            code = take_split(others, name, dataset_split(dataset), err);
            par_dataset_close(dataset);
        }
    bl_free(&list.names);
    return code;
}

static void compare_names(const struct import_others *others, const char *split, const char *const *names,
                          int64_t n_names)
{
    if (n_names > 0 && !others->named[0] && others->unnamed[0])
        bl_log_warn("split %s has class numbers without names and split %s has names: evaluate won't compare "
                    "them; import %s again with --class-names, or %s with numbers",
                    others->unnamed, split, others->unnamed, split);
    if (n_names == 0 && others->named[0])
        bl_log_warn("split %s has class names and split %s has numbers: evaluate won't compare them; add "
                    "--class-names with the names of %s's numbers",
                    others->named, split, split);
    for (int64_t c = 0; c < n_names && c < others->n_names; c++)
        if (strcmp(others->names[c], names[c]) != 0) {
            bl_log_warn("class %" PRId64 " is '%s' in split %s and '%s' in split %s: evaluate won't compare "
                        "them; give both the same list of names",
                        c, others->names[c], others->named, names[c], split);
            return;
        }
    if (n_names > 0 && others->disagreed[0])
        bl_log_warn("split %s has other class names than split %s, so only the latter's are used for %s",
                    others->disagreed, others->named, split);
}

void import_others_compare(const struct import_others *others, const char *split,
                           struct bl_label_layout layout, const char *const *names, int64_t n_names)
{
    if (layout.kind == BL_LABELS_NONE || !others->labelled[0])
        return;
    if (layout.kind != others->layout.kind)
        bl_log_warn("split %s has %s and split %s %s: they can't be compared", others->labelled,
                    others->layout.kind == BL_LABELS_SINGLE ? "one class per row" : "a matrix of labels",
                    split, layout.kind == BL_LABELS_SINGLE ? "one class per row" : "a matrix of labels");
    else if (layout.kind == BL_LABELS_MULTI && layout.classes != others->layout.classes)
        bl_log_warn("split %s has a matrix of %s and split %s one of %" PRId64 ": they can't be compared",
                    others->labelled, bl_count(others->layout.classes, "label").text, split, layout.classes);
    else
        compare_names(others, split, names, n_names);
}

void import_others_free(struct import_others *others)
{
    bl_free(&others->names);
    others->n_names = 0;
}
