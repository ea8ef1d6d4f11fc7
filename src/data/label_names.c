#include "data/label_names.h"

#include <inttypes.h>
#include <string.h>

int bl_label_names_check(const struct bl_label_names *a, const struct bl_label_names *b, struct bl_error *err)
{
    if ((a->n == 0) != (b->n == 0)) {
        const char *named = a->n > 0 ? a->where : b->where, *numbered = a->n > 0 ? b->where : a->where;
        return bl_fail(
            err, BL_INPUT,
            "the classes of %s have names and those of %s are numbers without names, so they can't "
            "be compared; import the latter with --class-names (h5py: the attribute class_names of "
            "its labels)",
            named, numbered);
    }
    for (int64_t c = 0; c < a->n && c < b->n; c++)
        if (strcmp(a->names[c], b->names[c]) != 0)
            return bl_fail(err, BL_INPUT,
                           "class %" PRId64
                           " is '%s' in %s and '%s' in %s; import both with the same classes",
                           c, a->names[c], a->where, b->names[c], b->where);
    return BL_OK;
}
