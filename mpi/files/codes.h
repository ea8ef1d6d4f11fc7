/* Code files: /codes [N, ceil(K/8)] uint8, bit j of byte i = code bit 8i+j, padding 0, with labels, or
 * without them groups, and ids beside them if known (mpi/files/tags.h has their form), root attribute `bits`
 * (docs/file-formats.md). */
#ifndef PAR_FILES_CODES_H
#define PAR_FILES_CODES_H

#include <stdint.h>

#include "data/labels.h"
#include "mpi/ranks/comm.h"

/* The root attributes format and format_version. */
#define PAR_CODES_FORMAT "bitloom codes"
enum { PAR_CODES_VERSION = 1 };

struct par_codes_info {
    int64_t rows;
    int64_t bits;
    struct bl_label_layout labels;
    struct bl_label_layout groups; /* read alone: what is written are labels */
    int64_t id_bytes;
    int64_t n_class_names;
    const char *const *class_names;
    int64_t trained_sampled,
        trained_found; /* rows that the model was trained on, sampled, and how many of these
                          are here; 0, 0: not known. Read alone: par_codes_put_trained */
};

/* Writing by all ranks: rank r owns one contiguous block of rows and hands it over in pieces; independent
 * transfers into a file that rank 0 made. The file appears under its name in par_codes_commit. Create, commit
 * and destroy are collective (arguments equal); append is local. Errors: BL_PATH, agreed where collective. */
struct par_codes_writer;
int par_codes_create(struct par_codes_writer **out, struct par par, const char *path,
                     const struct par_codes_info *info, struct bl_error *err);
/* codes [n, bl_code_bytes(bits)], labels (or groups) [n, labels.words] packed or NULL, ids [n, id_bytes] or
 * NULL. */
int par_codes_write_local(struct par_codes_writer *writer, int64_t row_lo, int64_t n, const uint8_t *codes,
                          const uint32_t *labels, const char *ids, struct bl_error *err);
/* Before the commit, with the tally of all ranks. Local. */
void par_codes_put_trained(struct par_codes_writer *writer, int64_t sampled, int64_t found);
int par_codes_commit(struct par_codes_writer *writer, struct bl_error *err);
void par_codes_destroy(struct par_codes_writer *writer);

/* Reading. As for data sets: open and close are collective if par has more than one rank, reads are
 * independent. Files that others wrote with only /codes are accepted; `bits` is then 8 x columns. */
struct par_codes;
int par_codes_open(struct par_codes **out, struct par par, const char *path, struct bl_error *err);
const struct par_codes_info *par_codes_info(const struct par_codes *codes);
/* From here on the labels of codes without any are their groups, as par_dataset_choose_local has it. Local.
 */
void par_codes_choose_local(struct par_codes *codes);
int par_codes_read_local(struct par_codes *codes, int64_t row_lo, int64_t n, uint8_t *rows, uint32_t *labels,
                         char *ids, struct bl_error *err);
void par_codes_close(struct par_codes *codes);

#endif
