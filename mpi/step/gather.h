/* The exchange of a step's forward half: every rank's codes and labels into every node's one copy, where all
 * its ranks read them. */
#ifndef PAR_STEP_GATHER_H
#define PAR_STEP_GATHER_H

#include "data/labels.h"
#include "mpi/ranks/spread.h"
#include "mpi/ranks/window.h"

/* Rows of the global batch as they travel: K floats of the code, then label_words 32-bit words of labels,
 * then a word for the row's place in a memory of codes, if there is one. In flight, labels travel by
 * themselves before the codes, as all of them are wanted before the first pair. */
struct par_gather {
    const struct par_nodes *nodes; /* borrowed */
    int64_t bits, label_words, place_words;
    int in_flight;
    int64_t stride; /* floats a row: the sum of what travels in it */
    int64_t n_global;
    int64_t first, n_local;       /* rows [first, first + n_local) are this rank's */
    int64_t node_first, node_end; /* and those of its node */
    struct par_window window;     /* of the three arrays, which a node has once */
    float *rows;                  /* [n_global, stride] */
    uint32_t *labels;             /* [n_global, label_words] */
    uint32_t *places;             /* [n_global]; NULL without place words */
    struct par_blocks rank_rows;  /* which rows each rank brings */
    struct par_spread spread;
    struct par_flight labels_flight, codes_flight;
};

/* Sets up for batches to which rank r brings n_local rows (they may differ between ranks). Collective; the
 * outcome is agreed. with_places: each row brings its place too. in_flight: exchanges go by begin and wait,
 * without places; otherwise by run. Borrows nodes. Errors: BL_MEMORY, PAR_NO_WINDOW. par_gather_free is
 * collective over the node, safe twice. */
int par_gather_init(struct par_gather *gather, const struct par_nodes *nodes, int64_t n_local, int64_t bits,
                    int64_t label_words, int with_places, int in_flight, struct bl_error *err);
void par_gather_free(struct par_gather *gather);

/* Puts own labels [n_local, label_words] into their place in `labels`: all that steps do that need no others.
 */
void par_gather_own_local(struct par_gather *gather, const uint32_t *labels);

/* Own rows' codes stand in rows + first * stride, and their places in places + first, already; labels
 * [n_local, label_words] are packed beside them, exchanged, and those that this rank carries (spread)
 * unpacked. All is there after the next par_nodes_meet. Between nodes n_global * stride floats travel.
 * Collective. */
void par_gather_run(struct par_gather *gather, const uint32_t *labels);

/* The same in flight: labels [n_local, label_words] set out, and when own codes stand in their place these
 * do. `labels` may be read after wait_labels; rows of own node after begin_codes, all `rows` after
 * wait_codes. Collective. */
void par_gather_begin_labels(struct par_gather *gather, const uint32_t *labels);
void par_gather_wait_labels(struct par_gather *gather);
void par_gather_begin_codes(struct par_gather *gather);
void par_gather_wait_codes(struct par_gather *gather);

/* Bytes of a node's copy. Local. */
int64_t par_gather_bytes_local(int64_t n_global, int64_t bits, int64_t label_words, int with_places,
                               int in_flight);

#endif
