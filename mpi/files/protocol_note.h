/* The evaluation protocol by which a data-set file was cut, stored as attributes of its root group
 * (docs/file-formats.md). */
#ifndef PAR_FILES_PROTOCOL_NOTE_H
#define PAR_FILES_PROTOCOL_NOTE_H

#include <hdf5.h>
#include <stdint.h>

#include "config/config.h"
#include "data/protocol.h"
#include "mpi/ranks/comm.h"

/* Plain values, which own nothing. */
struct par_protocol_note {
    char name[BL_NAME_MAX];                                             /* "": the file was not cut */
    int64_t seed;                                                       /* -1: no rows were drawn */
    int64_t queries_per_class, train_per_class, unseen_classes;         /* 0: doesn't apply */
    char train[BL_NAME_MAX], query[BL_NAME_MAX], database[BL_NAME_MAX]; /* splits */
    char source[BL_NAME_MAX * 4]; /* name of the file that was cut, without folders */
    char source_digest[17];       /* of its rows, labels and groups */
};

/* Writes the note into an open file; path is for messages. Local. Errors: BL_PATH. */
int protocol_note_put(hid_t file, const char *path, const struct par_protocol_note *note,
                      struct bl_error *err);

/* Reads the note of the data-set file at path; its name is "" if there is none. Collective; agreed. Errors:
 * BL_PATH, BL_INPUT. */
int par_protocol_note_read(struct par par, const char *path, struct par_protocol_note *note,
                           struct bl_error *err);

/* Reads the note of an open file; returns 1 if there is one, otherwise 0. Local. */
int protocol_note_get(hid_t file, struct par_protocol_note *note);

/* Writes the protocol in words into text [size]: its rule and the numbers used, "held-out (seed 0): half
 * of ...". Local. */
void protocol_note_describe(const struct par_protocol_note *note, char *text, int64_t size);

#endif
