#include "mpi/files/verify.h"

#include <stdio.h>
#include <string.h>

#include "base/count.h"
#include "mpi/files/checkpoint.h"
#include "mpi/files/codes.h"
#include "mpi/files/dataset.h"
#include "mpi/files/model.h"
#include "mpi/files/neighbours.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/h5/stamp.h"
#include "mpi/h5/verify_blocks.h"

/* Each kind of file has a version of its own. Files of other software pass. */
static int check_root(hid_t file, const char *format, const char *path, struct bl_error *err)
{
    static const struct {
        const char *format;
        int64_t version;
    } known[] = {{PAR_DATASET_FORMAT, PAR_DATASET_VERSION},
                 {PAR_MODEL_FORMAT, PAR_MODEL_VERSION},
                 {PAR_CODES_FORMAT, PAR_CODES_VERSION},
                 {PAR_NEIGHBOURS_FORMAT, PAR_NEIGHBOURS_VERSION},
                 {PAR_CHECKPOINT_FORMAT, PAR_CHECKPOINT_VERSION}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(format, known[i].format) == 0)
            return h5_stamp_check(file, path, format, known[i].version, err);
    return BL_OK;
}

/* Adds to the summary how many neighbours there are. */
static int check_neighbours(hid_t file, const char *path, char *summary, int64_t summary_bytes,
                            struct bl_error *err)
{
    int64_t found;
    const int code = neighbours_check(file, path, &found, err);
    const size_t used = strlen(summary);
    if (code == BL_OK)
        snprintf(summary + used, (size_t)summary_bytes - used, "; %s in order",
                 bl_count(found, "neighbour").text);
    return code;
}

int verify_file(const char *path, char *summary, int64_t summary_bytes, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    char format[64] = "file by other software";
    if (neighbours_is(file))
        snprintf(format, sizeof format, PAR_NEIGHBOURS_FORMAT);
    int64_t sets = 0, blocks = 0, complete = 1;
    const int ours = h5_get_text(file, "format", format, sizeof format) && strncmp(format, "bitloom", 7) == 0;
    code = check_root(file, format, path, err);
    if (code != BL_OK) {
        par_h5_close(&file, par_alone(), path, &ignored);
        return code;
    }
    /* With checksums every block is compared. A file of ours must have them; of others, all we can do is
     * read. */
    if (H5Lexists(file, "checksums", H5P_DEFAULT) > 0) {
        code = h5_verify_checked(file, path, &sets, &blocks, err);
        const int64_t others = h5_verify_count(file) - sets;
        int n = 0;
        if (code == BL_OK)
            n = snprintf(summary, (size_t)summary_bytes, "%s, %s, %s: intact", format,
                         bl_count(sets, "data set").text, bl_count(blocks, "block").text);
        if (code == BL_OK && others > 0 && n < summary_bytes)
            snprintf(summary + n, (size_t)(summary_bytes - n),
                     "; damage of %s without checksums can't be detected",
                     bl_count(others, "other data set").text);
    } else if (ours) {
        code =
            bl_fail(err, BL_INPUT, "%s: its checksums are missing; restore the file or make it again", path);
    } else {
        code = h5_verify_readable(file, path, &sets, &blocks, err);
        if (code == BL_OK)
            snprintf(summary, (size_t)summary_bytes,
                     "%s without checksums, %s: all readable, but damaged values can't be detected", format,
                     bl_count(sets, "data set").text);
    }
    /* Of neighbours more than the bytes is known: what no checksum would notice was wrong when it was written. */
    if (code == BL_OK && neighbours_is(file))
        code = check_neighbours(file, path, summary, summary_bytes, err);
    /* Stricter than h5_stamp_check: a file of ours must have this attribute. */
    if (code == BL_OK && ours && (!h5_get_integer(file, "complete", &complete) || complete != 1))
        code = bl_fail(err, BL_INPUT, "%s was never finished; make it again", path);
    par_h5_close(&file, par_alone(), path, &ignored);
    return code;
}

int verify_written(const char *temporary, const char *path, struct bl_error *err)
{
    char summary[200];
    struct bl_error why;
    if (verify_file(temporary, summary, sizeof summary, &why) == BL_OK)
        return BL_OK;
    return bl_fail(err, BL_PATH,
                   "%s reads back differently from what was written; the disk may be full or faulty (%.500s)",
                   path, why.what);
}
