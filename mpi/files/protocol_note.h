/* What a data-set file says about the protocol that it was cut by: attributes of its root
 * (docs/file-formats.md). */
#ifndef PAR_FILES_PROTOCOL_NOTE_H
#define PAR_FILES_PROTOCOL_NOTE_H

#include <hdf5.h>
#include <stdint.h>

#include "config/config.h"
#include "data/protocol.h"
#include "mpi/ranks/comm.h"

struct par_protocol_note {
    char name[BL_NAME_MAX];                                             /* "": the file was not cut */
    int64_t seed;                                                       /* -1: nothing was drawn */
    int64_t queries_per_class, train_per_class, unseen_classes;         /* 0: doesn't apply */
    char train[BL_NAME_MAX], query[BL_NAME_MAX], database[BL_NAME_MAX]; /* splits */
    char source[BL_NAME_MAX * 4]; /* the file that was cut, without its folders */
    char source_digest[17];       /* of its rows and labels */
};

/* Into a file that is being written. Local. Errors: BL_PATH. */
int protocol_note_put(hid_t file, const char *path, const struct par_protocol_note *note,
                      struct bl_error *err);

/* The note of the data-set file at path. Collective; the outcome is agreed. Errors: BL_PATH, BL_INPUT. */
int par_protocol_note_read(struct par par, const char *path, struct par_protocol_note *note,
                           struct bl_error *err);

/* The same of an open file; 1 if there is one. Local. */
int protocol_note_get(hid_t file, struct par_protocol_note *note);

/* The protocol in words: its rule with the numbers that were used, "held-out (seed 0): half of ...". */
void par_protocol_note_describe(const struct par_protocol_note *note, char *text, int64_t size);

#endif
