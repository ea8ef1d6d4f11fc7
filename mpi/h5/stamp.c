#include "mpi/h5/stamp.h"

#include <inttypes.h>
#include <string.h>

#include "mpi/h5/attribute.h"

int h5_stamp_check(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err)
{
    char found[64];
    int64_t number;
    /* Data sets may come from any software, which stamps nothing. */
    if (!h5_get_text(file, "format", found, sizeof found) || strncmp(found, "bitloom", 7) != 0)
        return BL_OK;
    if (strcmp(found, format) != 0)
        return bl_fail(err, BL_INPUT, "%s is a '%s' file; a '%s' file is needed here", path, found, format);
    if (h5_get_integer(file, "format_version", &number) && number > version)
        return bl_fail(err, BL_INPUT,
                       "%s has version %" PRId64 " of its format but this bitloom reads up to %" PRId64
                       "; use a newer bitloom",
                       path, number, version);
    if (h5_get_integer(file, "complete", &number) && number != 1)
        return bl_fail(err, BL_INPUT, "%s was never finished; make it again", path);
    return BL_OK;
}

int h5_stamp_put(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err)
{
    static const char *const names[] = {"format", "format_version", "bitloom_version", "complete"};
    /* All are removed before the first is written: a file is never marked complete by half a stamp. */
    for (int i = 0; i < 4; i++)
        if (H5Aexists(file, names[i]) > 0)
            H5Adelete(file, names[i]);
    if (h5_put_text(file, names[0], format) != BL_OK || h5_put_integer(file, names[1], version) != BL_OK ||
        h5_put_text(file, names[2], BITLOOM_VERSION) != BL_OK || h5_put_integer(file, names[3], 1) != BL_OK)
        return bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full", path);
    return BL_OK;
}
