/* The other splits of the file that a split is imported into: what their labels are and how their classes are
 * named. Everything here is local. */
#ifndef PAR_COMMAND_IMPORT_IMPORT_OTHERS_H
#define PAR_COMMAND_IMPORT_IMPORT_OTHERS_H

#include "config/config.h"
#include "data/labels.h"
#include "data/types.h"
#include "mpi/command/import/import_rows.h"

/* Owns the names. Zeros: there is no other split. */
struct import_others {
    char **names; /* [n_names] of the classes 0, 1, ... in those splits; NULL: no names */
    int64_t n_names;
    int any;                       /* there is another split; its features are of this type */
    enum bl_type type;             /* of train, or of the first */
    int64_t dim;                   /* features of the same */
    char named[BL_NAME_MAX];       /* the split that has them */
    char unnamed[BL_NAME_MAX];     /* a split with numbered classes and no names; "": none */
    char labelled[BL_NAME_MAX];    /* a split with labels; "": none */
    char disagreed[BL_NAME_MAX];   /* a split whose names are others; "": none */
    struct bl_label_layout layout; /* of `labelled` */
};

/* Looks at the file given->out, if it is there, without given->split. What can't be opened is passed over:
 * writing will say why. Names are those of train, or of the first split that has some, made longer by splits
 * whose first names are the same. Errors: BL_MEMORY. */
int import_others_find(struct import_others *others, const struct import_given *given, struct bl_error *err);

/* Warns where the labels of the new split and of others can't be compared, or may not mean the same. names
 * [n_names]: of the new split's classes. */
void import_others_compare(const struct import_others *others, const char *split,
                           struct bl_label_layout layout, const char *const *names, int64_t n_names);

/* Safe twice and on zeros. */
void import_others_free(struct import_others *others);

#endif
