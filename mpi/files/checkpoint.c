#include "mpi/files/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/files/tensor_file.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* Texts are data sets of bytes: an attribute is limited in size and has no checksum of ours. The limit is for
 * damaged files. */
enum { TEXT_BYTES_MAX = 1 << 20 };

/* Reading the head: rank 0 opens the file by itself and broadcasts what it read. */

/* The context of the visits below. */
struct collect {
    struct snapshot *head;
    hid_t file;
    const char *path;
    int64_t room; /* numbers or texts that fit; more are damage */
    struct bl_error *err;
};

/* An attribute of the group /numbers: an integer, else a real. A kind that this version doesn't know is
 * skipped. */
static herr_t take_number(hid_t group, const char *name, const H5A_info_t *info, void *context)
{
    struct collect *collect = context;
    struct snapshot *head = collect->head;
    (void)info;
    if (head->n_numbers == collect->room)
        return 1;
    struct snapshot_number *number = &head->numbers[head->n_numbers];
    snprintf(number->name, sizeof number->name, "%s", name);
    number->is_integer = h5_get_integer(group, name, &number->integer);
    if (number->is_integer || h5_get_real(group, name, &number->real))
        head->n_numbers++;
    return 0;
}

/* All numbers are attributes of one group. */
static int read_numbers(hid_t file, const char *path, struct snapshot *head, struct bl_error *err)
{
    enum { NUMBERS_MAX = 256 };
    struct collect collect = {.head = head, .room = NUMBERS_MAX};
    int code =
        bl_alloc_zero(&head->numbers, NUMBERS_MAX, sizeof *head->numbers, "the checkpoint's numbers", err);
    if (code != BL_OK)
        return code;
    hid_t group = H5Gopen2(file, "numbers", H5P_DEFAULT);
    if (group < 0 || H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, NULL, take_number, &collect) != 0)
        code = bl_fail(err, BL_INPUT, "%s: its numbers are missing or damaged", path);
    if (group >= 0)
        H5Gclose(group);
    return code;
}

/* A text is read like a tensor of bytes, and so compared with its checksum; with a NUL added. */
static int read_text(const struct collect *collect, const char *name, struct snapshot_text *text)
{
    struct tensor tensor = {.value = TENSOR_BYTE};
    snprintf(tensor.name, sizeof tensor.name, "texts/%.50s", name);
    tensor.rows = tensor_file_rows(collect->file, tensor.name);
    if (tensor.rows < 1 || tensor.rows > TEXT_BYTES_MAX)
        return bl_fail(collect->err, BL_INPUT, "%s: its text '%s' is damaged", collect->path, name);
    snprintf(text->name, sizeof text->name, "%s", name);
    int code = bl_alloc_zero(&text->text, tensor.rows + 1, 1, "a text", collect->err);
    tensor.at = text->text;
    if (code == BL_OK)
        code =
            tensor_file_read(collect->file, collect->path, &tensor, 0, tensor_blocks(&tensor), collect->err);
    return code;
}

static herr_t take_text(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
    struct collect *collect = context;
    struct snapshot *head = collect->head;
    (void)group;
    (void)info;
    if (head->n_texts == collect->room)
        return 1;
    return read_text(collect, name, &head->texts[head->n_texts++]) == BL_OK ? 0 : 1;
}

static int read_texts(hid_t file, const char *path, struct snapshot *head, struct bl_error *err)
{
    enum { TEXTS_MAX = 16 };
    struct collect collect = {.head = head, .file = file, .path = path, .room = TEXTS_MAX, .err = err};
    int code = bl_alloc_zero(&head->texts, TEXTS_MAX, sizeof *head->texts, "the checkpoint's texts", err);
    if (code != BL_OK)
        return code;
    bl_fail(err, BL_INPUT, "%s: its texts are missing or damaged", path); /* read_text may replace it */
    hid_t group = H5Gopen2(file, "texts", H5P_DEFAULT);
    if (group < 0 || H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, take_text, &collect) != 0)
        code = err->code;
    if (group >= 0)
        H5Gclose(group);
    return code;
}

/* On rank 0. Closing can't lose anything, so its outcome is ignored. */
static int open_local(const char *path, struct snapshot *head, struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = tensor_file_open(&file, path, PAR_CHECKPOINT_FORMAT, PAR_CHECKPOINT_VERSION, err);
    if (code != BL_OK)
        return code;
    code = read_numbers(file, path, head, err);
    if (code == BL_OK)
        code = read_texts(file, path, head, err);
    par_h5_close(&file, par_alone(), path, &ignored);
    return code;
}

/* Broadcasts rank 0's numbers and texts. Sizes go first, and all ranks agree that they could allocate
 * before the content follows. */
static int share_head(struct par par, struct snapshot *head, struct bl_error *err)
{
    int64_t counts[2] = {head->n_numbers, head->n_texts};
    int code = BL_OK;
    par_broadcast(par, counts, sizeof counts);
    if (par.rank != 0) {
        code =
            bl_alloc_zero(&head->numbers, counts[0], sizeof *head->numbers, "the checkpoint's numbers", err);
        if (code == BL_OK)
            code = bl_alloc_zero(&head->texts, counts[1], sizeof *head->texts, "the checkpoint's texts", err);
    }
    code = par_agree(par, code, err);
    if (code != BL_OK)
        return code;
    head->n_numbers = counts[0];
    par_broadcast(par, head->numbers, counts[0] * (int64_t)sizeof *head->numbers);
    for (int64_t i = 0; i < counts[1] && code == BL_OK; i++) {
        int64_t bytes = par.rank == 0 ? (int64_t)strlen(head->texts[i].text) + 1 : 0;
        par_broadcast(par, &bytes, sizeof bytes);
        par_broadcast(par, head->texts[i].name, sizeof head->texts[i].name);
        if (par.rank != 0)
            code = bl_alloc_zero(&head->texts[i].text, bytes, 1, "a text of the checkpoint", err);
        head->n_texts = i + 1; /* as many as snapshot_free must free */
        code = par_agree(par, code, err);
        if (code == BL_OK)
            par_broadcast(par, head->texts[i].text, bytes);
    }
    return code;
}

int par_checkpoint_open(struct par par, const char *path, struct snapshot *head, struct bl_error *err)
{
    *head = (struct snapshot){0};
    int code = par_agree(par, par.rank == 0 ? open_local(path, head, err) : BL_OK, err);
    if (code == BL_OK)
        code = share_head(par, head, err);
    if (code != BL_OK)
        snapshot_free(head);
    return code;
}

int checkpoint_is_newer(const char *path)
{
    hid_t file;
    char format[64];
    int64_t version = 0;
    struct bl_error ignored;
    /* Only the stamp is read, which all versions have in common. */
    if (par_h5_open(&file, par_alone(), path, &ignored) != BL_OK)
        return 0;
    const int known = h5_get_text(file, "format", format, sizeof format) &&
                      strcmp(format, PAR_CHECKPOINT_FORMAT) == 0 &&
                      h5_get_integer(file, "format_version", &version);
    par_h5_close(&file, par_alone(), path, &ignored);
    return known && version > PAR_CHECKPOINT_VERSION;
}

/* Reads this rank's share of the blocks of all tensors, divided among the ranks of its node. */
static int read_share(hid_t file, const char *path, const struct snapshot *state, struct par node,
                      struct bl_error *err)
{
    int code = BL_OK;
    /* In the file the state's tensors are below /state. */
    for (int64_t t = 0; t < state->n_tensors && code == BL_OK; t++) {
        struct tensor stored = state->tensors[t];
        int64_t lo, hi;
        snprintf(stored.name, sizeof stored.name, "state/%.57s", state->tensors[t].name);
        tensor_share(state->tensors, state->n_tensors, t, node.rank, node.size, &lo, &hi);
        code = tensor_file_read(file, path, &stored, lo, hi, err);
    }
    return code;
}

int par_checkpoint_read(struct par par, struct par node, const char *path, const struct snapshot *state,
                        struct bl_error *err)
{
    hid_t file;
    struct bl_error ignored;
    int code = par_h5_open(&file, par, path, err);
    if (code != BL_OK)
        return code;
    /* Agreed before the close, which is collective: a rank that couldn't read must come there, too. */
    code = par_agree(par, read_share(file, path, state, node, err), err);
    par_h5_close(&file, par, path, &ignored);
    return par_agree(node, code, err); /* now the node's other ranks have read their blocks, too */
}

void snapshot_free(struct snapshot *state)
{
    for (int64_t i = 0; i < state->n_texts; i++)
        bl_free(&state->texts[i].text);
    bl_free(&state->numbers);
    bl_free(&state->texts);
    state->n_numbers = state->n_texts = 0;
}

const struct snapshot_number *snapshot_find_number(const struct snapshot *state, const char *name)
{
    for (int64_t i = 0; i < state->n_numbers; i++)
        if (strcmp(state->numbers[i].name, name) == 0)
            return &state->numbers[i];
    return NULL;
}

const char *snapshot_find_text(const struct snapshot *state, const char *name)
{
    for (int64_t i = 0; i < state->n_texts; i++)
        if (strcmp(state->texts[i].name, name) == 0)
            return state->texts[i].text;
    return NULL;
}
