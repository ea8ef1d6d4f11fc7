#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "io/npy.h"

/* NPZ, what numpy.savez and numpy.savez_compressed write: a zip archive of NPY files. A path is FILE.npz:NAME, or
 * FILE.npz if there is only one array. */

static int npz_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    char file[BL_PATH_MAX];
    (void)options;
    if (snprintf(file, sizeof file, "%s", path) >= (int)sizeof file)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    char *colon = access(file, F_OK) == 0 ? NULL : strrchr(file, ':');
    if (colon)
        *colon = '\0';
    return io_array_open_entry(file, colon ? colon + 1 : NULL, ".npy", io_npy_read_head, info, state, err);
}

const struct io_format io_format_npz = {.name = "npz",
                                        .summary = "what numpy.savez writes, as FILE:ARRAY",
                                        .endings = {".npz"},
                                        .open = npz_open,
                                        .read = io_array_read,
                                        .integers = io_array_integers,
                                        .skip = io_array_skip,
                                        .close = io_array_close};
