/* Code files (docs/file-formats.md): /codes [N, ceil(K/8)] uint8, where bit j of byte i is code bit 8i+j
 * and unused bits are 0; the root attribute `bits` = K; and, if known, labels or groups, and ids
 * (mpi/files/tags.h). */
#ifndef PAR_FILES_CODES_H
#define PAR_FILES_CODES_H

#include <stdint.h>

#include "data/labels.h"
#include "io/output.h"
#include "mpi/ranks/comm.h"

/* The root attributes format and format_version. */
#define PAR_CODES_FORMAT "bitloom codes"
enum { PAR_CODES_VERSION = 1 };

/* What a code file holds. Given to par_codes_create (class_names borrowed for the call), or filled by
 * par_codes_open (class_names owned by the open file). */
struct par_codes_info {
    int64_t rows;
    int64_t bits;
    struct bl_label_layout labels;
    struct bl_label_layout groups; /* only when reading; when writing, groups are `labels` of kind GROUPS */
    int64_t id_bytes;              /* 0: no ids */
    int64_t n_class_names;
    const char *const *class_names;
    enum io_replace replace; /* only when writing: whether there may be an older file */
    /* Only when reading; written by codes_put_trained. */
    int64_t trained_sampled; /* training rows in the model's sample; 0: unknown */
    int64_t trained_found;   /* how many of them are in this file */
};

/* Writing by all ranks. Rank 0 makes the file; each rank writes one contiguous range of rows, in pieces,
 * by independent transfers; par_codes_commit reads everything back and gives the file its name. Until then
 * it has a temporary name. Owned by the caller. */
struct par_codes_writer;

/* Begins a file, under a temporary name. Collective, arguments equal on all ranks; agreed. Errors: BL_PATH,
 * BL_USAGE path too long, BL_MEMORY; *out is NULL then. */
int par_codes_create(struct par_codes_writer **out, struct par par, const char *path,
                     const struct par_codes_info *info, struct bl_error *err);

/* Writes rows [row_lo, row_lo + n), each once and by one rank: codes [n, bl_code_bytes(bits)], labels (or
 * groups) [n, labels.words] packed or NULL, ids [n, id_bytes] or NULL. Local. Errors: BL_PATH. */
int par_codes_write_local(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint8_t *codes,
                          const uint32_t *labels, const char *ids, struct bl_error *err);

/* Sets trained_sampled and trained_found, summed over all ranks, before the commit. Local. */
void codes_put_trained(struct par_codes_writer *writer, int64_t sampled, int64_t found);

/* Verifies the rows, marks the file complete and renames it to its path. Collective; agreed. Errors: BL_PATH
 * unwritable or read back differently; BL_DEFECT rows were left out. */
int par_codes_commit(struct par_codes_writer *writer, struct bl_error *err);

/* Frees the writer; without a commit rank 0 removes the temporary file. Collective; no rank waits. NULL is
 * fine. */
void par_codes_destroy(struct par_codes_writer *writer);

/* An open code file. */
struct par_codes;

/* Opens a code file for reading. One by other software that holds only /codes is accepted: `bits` is then
 * 8 x its columns. Collective, arguments equal; agreed. Errors: BL_PATH; BL_INPUT not a code file, a shape
 * or type that doesn't fit; BL_MEMORY. *out is NULL then. */
int par_codes_open(struct par_codes **out, struct par par, const char *path, struct bl_error *err);

/* Borrowed until par_codes_close. Local. */
const struct par_codes_info *codes_info(const struct par_codes *codes);

/* If the codes have no labels, uses their groups as labels from now on, as par_dataset_use_groups_local does.
 * Local. */
void par_codes_use_groups_local(struct par_codes *codes);

/* Reads rows [row_lo, row_lo + n) as par_codes_write_local takes them; each array may be NULL. Local: any
 * rank may read any rows. Errors: BL_INPUT unreadable, damaged, bits set beyond the last, or a label that
 * can't be one. */
int par_codes_read_local(struct par_codes *codes, int64_t row_lo, int64_t n, uint8_t *rows, uint32_t *labels,
                         char *ids, struct bl_error *err);

/* Collective as the opening was. NULL is fine. */
void par_codes_close(struct par_codes *codes);

#endif
