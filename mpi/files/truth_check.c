#include "mpi/files/truth_check.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/minmax.h"

enum { BLOCK_VALUES = 1 << 18 };

static int check_digest(const char *said, const char *found, const char *path, const char *queries,
                        const char *split, const char *database, struct bl_error *err)
{
    if (!said[0] || strcmp(said, found) == 0)
        return BL_OK;
    return bl_fail(
        err, BL_INPUT,
        "%s: the rows of split '%s' aren't those that the true neighbours of '%s' were found with; make "
        "them again: bitloom neighbours %s --queries %s --database %s --force",
        path, split, queries, path, queries, database);
}

int par_truth_check(struct par par, const struct par_truth *truth, const char *path, const char *queries,
                    const char *database, int64_t *database_rows, struct bl_error *err)
{
    const struct par_truth_note *note = truth_note(truth);
    struct par_dataset *asked = NULL, *searched = NULL;
    char digest[17] = "";
    if (note->database[0] && strcmp(note->database, database) != 0)
        return bl_fail(
            err, BL_INPUT,
            "%s, split '%s': its true neighbours are rows of '%s', not of '%s'; search that, or make others: "
            "bitloom neighbours %s --queries %s --database %s --force",
            path, queries, note->database, database, path, queries, database);
    int code = par_dataset_open(&asked, par, path, queries, err);
    if (code == BL_OK)
        code = par_dataset_open(&searched, par, path, database, err);
    if (code == BL_OK && truth_rows(truth) != dataset_split(asked)->rows)
        code = bl_fail(err, BL_INPUT,
                       "%s, split '%s': 'neighbors' has %" PRId64 " lists and 'features' %" PRId64
                       " rows; each row needs one",
                       path, queries, truth_rows(truth), dataset_split(asked)->rows);
    if (code == BL_OK && note->queries_digest[0])
        code = par_rows_digest(par, asked, digest, err);
    if (code == BL_OK)
        code = check_digest(note->queries_digest, digest, path, queries, queries, database, err);
    if (code == BL_OK && note->database_digest[0])
        code = par_rows_digest(par, searched, digest, err);
    if (code == BL_OK)
        code = check_digest(note->database_digest, digest, path, queries, database, database, err);
    if (code == BL_OK)
        *database_rows = dataset_split(searched)->rows;
    par_dataset_close(searched);
    par_dataset_close(asked);
    return code;
}

int truth_check_lists(struct par_truth *truth, int64_t database_rows, struct bl_error *err)
{
    const int64_t k = truth_note(truth)->k, step = bl_max(1, BLOCK_VALUES / k), n = truth_rows(truth);
    int64_t *rows = NULL;
    float *distances = NULL;
    int code = bl_alloc(&rows, step * k, sizeof *rows, "true neighbours", err);
    if (code == BL_OK)
        code = bl_alloc(&distances, step * k, sizeof *distances, "true neighbours", err);
    for (int64_t at = 0; at < n && code == BL_OK; at += step)
        code = par_truth_read_local(truth, at, bl_min(step, n - at), database_rows, rows, distances, err);
    bl_free(&rows);
    bl_free(&distances);
    return code;
}
