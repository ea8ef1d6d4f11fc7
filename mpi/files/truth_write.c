#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "mpi/files/truth.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/column.h"
#include "mpi/h5/file.h"
#include "mpi/h5/table_writer.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

enum { NAME_BYTES = BL_NAME_MAX + 32, BLOCK_BYTES = 1 << 20 };

/* Rank 0's side: the changed copy of the file, and both data sets in it. */
struct output {
    struct split_writer *copy;
    struct h5_writer rows, distances;
    const char *path;
    int is_wide; /* int64 rows */
    int32_t *narrow;
};

/* Removes what the split had, with its checksums. */
static int remove_old(hid_t file, const char *split, const char *path, struct bl_error *err)
{
    static const char *const parts[] = {"", "checksums/"}, *const sets[] = {"neighbors", "distances"};
    char name[NAME_BYTES];
    for (int p = 0; p < 2; p++)
        for (int s = 0; s < 2; s++) {
            snprintf(name, sizeof name, "%s%s", parts[p], split);
            if ((p > 0 && !h5_column_exists(file, "checksums")) || !h5_column_exists(file, name))
                continue;
            snprintf(name, sizeof name, "%s%s/%s", parts[p], split, sets[s]);
            if (h5_column_exists(file, name) && H5Ldelete(file, name, H5P_DEFAULT) < 0)
                return bl_fail(err, BL_INPUT, "can't replace '%s' of %s; the file is damaged", name, path);
        }
    return BL_OK;
}

static int put_note(hid_t set, const struct par_truth_note *note, const char *path, struct bl_error *err)
{
    if (h5_put_text(set, "database", note->database) != 0 || h5_put_text(set, "metric", note->metric) != 0 ||
        h5_put_text(set, "queries_digest", note->queries_digest) != 0 ||
        h5_put_text(set, "database_digest", note->database_digest) != 0)
        return bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full", path);
    return BL_OK;
}

static int begin(struct output *output, const char *split, const struct par_truth_note *note,
                 const struct par_truth_lists *lists, int64_t block, struct bl_error *err)
{
    char name[NAME_BYTES];
    int code = split_change(&output->copy, output->path, err);
    if (code != BL_OK)
        return code;
    const hid_t file = split_file(output->copy);
    code = remove_old(file, split, output->path, err);
    snprintf(name, sizeof name, "%s/neighbors", split);
    h5_writer_describe(&output->rows, name, H5Tcopy(output->is_wide ? H5T_STD_I64LE : H5T_STD_I32LE),
                       lists->n_global, note->k);
    snprintf(name, sizeof name, "%s/distances", split);
    h5_writer_describe(&output->distances, name, H5Tcopy(H5T_IEEE_F32LE), lists->n_global, note->k);
    if (code == BL_OK)
        code = h5_writer_make(&output->rows, file, output->path, err);
    if (code == BL_OK)
        code = h5_writer_make(&output->distances, file, output->path, err);
    if (code == BL_OK)
        code = put_note(output->rows.set, note, output->path, err);
    if (code == BL_OK && !output->is_wide)
        code = bl_alloc(&output->narrow, block * note->k, sizeof *output->narrow, "neighbours as int32", err);
    return code;
}

static int put(struct output *output, int64_t row_lo, int64_t n, int64_t k, const int64_t *rows,
               const float *distances, struct bl_error *err)
{
    const void *stored = rows;
    for (int64_t i = 0; i < n * k && !output->is_wide; i++)
        output->narrow[i] = (int32_t)rows[i];
    if (!output->is_wide)
        stored = output->narrow;
    int code = h5_writer_write(&output->rows, row_lo, n, stored, output->path, err);
    return code == BL_OK ? h5_writer_write(&output->distances, row_lo, n, distances, output->path, err)
                         : code;
}

static int commit(struct output *output, struct bl_error *err)
{
    const hid_t file = split_file(output->copy);
    int code = h5_flush(file, output->path, err);
    if (code == BL_OK)
        code = par_h5_writer_seal(&output->rows, par_alone(), file, output->path, err);
    if (code == BL_OK)
        code = par_h5_writer_seal(&output->distances, par_alone(), file, output->path, err);
    h5_writer_close(&output->rows);
    h5_writer_close(&output->distances);
    return code == BL_OK ? split_commit(output->copy, err) : code;
}

/* Brings the lists [at, at + n) of all ranks to rank 0, into zeros: each list is one rank's alone. */
static void gather(struct par par, const struct par_truth_lists *lists, int64_t at, int64_t n, int64_t k,
                   int64_t *rows, float *distances)
{
    const int64_t lo = bl_max(at, lists->lo), hi = bl_min(at + n, lists->hi);
    memset(rows, 0, (size_t)(n * k) * sizeof *rows);
    memset(distances, 0, (size_t)(n * k) * sizeof *distances);
    if (lo < hi) {
        const size_t count = (size_t)((hi - lo) * k);
        memcpy(rows + (lo - at) * k, lists->rows + (lo - lists->lo) * k, count * sizeof *rows);
        memcpy(distances + (lo - at) * k, lists->distances + (lo - lists->lo) * k, count * sizeof *distances);
    }
    par_reduce_to_root(par, rows, n * k * (int64_t)sizeof *rows, MPI_BYTE, MPI_BOR);
    par_reduce_to_root(par, distances, n * k * (int64_t)sizeof *distances, MPI_BYTE, MPI_BOR);
}

int par_truth_store(struct par par, const char *path, const char *split, const struct par_truth_note *note,
                    const struct par_truth_lists *lists, int replace, struct bl_error *err)
{
    const int64_t k = note->k, block = 1 + BLOCK_BYTES / (k * 12);
    struct output output = {.path = path, .is_wide = lists->database_rows > INT64_C(1) << 31};
    int64_t *rows = NULL;
    float *distances = NULL;
    output.rows.set = output.distances.set = H5I_INVALID_HID;
    int code = bl_alloc(&rows, block * k, sizeof *rows, "neighbours to write", err);
    if (code == BL_OK)
        code = bl_alloc(&distances, block * k, sizeof *distances, "distances to write", err);
    if (code == BL_OK && par.rank == 0)
        code = truth_check_place(path, split, replace, err);
    if (code == BL_OK && par.rank == 0)
        code = begin(&output, split, note, lists, block, err);
    code = par_agree(par, code, err);
    /* All ranks come to every block, also if rank 0 can't write any more. */
    int written = BL_OK;
    for (int64_t at = 0; at < lists->n_global && code == BL_OK; at += block) {
        const int64_t n = bl_min(block, lists->n_global - at);
        gather(par, lists, at, n, k, rows, distances);
        if (par.rank == 0 && written == BL_OK)
            written = put(&output, at, n, k, rows, distances, err);
    }
    if (code == BL_OK && par.rank == 0 && written == BL_OK)
        written = commit(&output, err);
    if (code == BL_OK)
        code = par_agree(par, written, err);
    h5_writer_close(&output.rows);
    h5_writer_close(&output.distances);
    split_destroy(output.copy);
    bl_free(&output.narrow);
    bl_free(&rows);
    bl_free(&distances);
    return code;
}

int truth_check_place(const char *path, const char *split, int replace, struct bl_error *err)
{
    struct bl_error ignored;
    hid_t file;
    char name[NAME_BYTES], folder[BL_PATH_MAX];
    int code = par_h5_open(&file, par_alone(), path, err);
    if (code != BL_OK)
        return code;
    snprintf(name, sizeof name, "%s/neighbors", split);
    if (!replace && h5_column_exists(file, split) && h5_column_exists(file, name))
        code = bl_fail(err, BL_USAGE,
                       "%s, split '%s': there are true neighbours already; add --force to replace them", path,
                       split);
    par_h5_close(&file, par_alone(), path, &ignored);
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    if (code == BL_OK && (access(path, W_OK) != 0 || access(slash ? folder : ".", W_OK) != 0))
        code = bl_fail(
            err, BL_PATH,
            "can't write %s: neighbours are stored in the data set itself, and it or its folder is read-only; "
            "change the permissions or use a copy",
            path);
    return code;
}
