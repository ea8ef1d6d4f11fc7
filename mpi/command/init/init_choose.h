/* The values of a first configuration for data that were looked at: arithmetic alone. Everything here is local. */
#ifndef PAR_COMMAND_INIT_INIT_CHOOSE_H
#define PAR_COMMAND_INIT_INIT_CHOOSE_H

#include <stdint.h>

#include "config/reference.h"
#include "mpi/command/init/init_look.h"

enum { INIT_CHOICES_MAX = 16, INIT_VALUE_BYTES = 80, INIT_WHY_BYTES = 240, INIT_TEXT_BYTES = 600 };

/* It points into itself: it must not be moved. */
struct init_choices {
    int64_t n;
    struct bl_choice choice[INIT_CHOICES_MAX];
    char value[INIT_CHOICES_MAX][INIT_VALUE_BYTES], why[INIT_CHOICES_MAX][INIT_WHY_BYTES];
    char about[INIT_TEXT_BYTES];   /* what was found, for a person */
    char warning[INIT_TEXT_BYTES]; /* "": none */
};

/* Adds one; the formats give its value, and why ("": nothing is said of it). */
void init_add(struct init_choices *choices, const char *key, const char *value, const char *why_format, ...)
    __attribute__((format(printf, 4, 5)));

/* Chooses so that training begins at once: split, preset and what defines similarity, shards and batch that the rows
 * fill, a normalisation that no column rules. bits: of the whole code; host_bytes: this host's memory, 0: unknown.
 * Errors: BL_INPUT fewer than two rows that are finite, naming `path`. */
int init_choose(const char *path, const struct init_found *found, int64_t bits, int64_t host_bytes,
                struct init_choices *choices, struct bl_error *err);

#endif
