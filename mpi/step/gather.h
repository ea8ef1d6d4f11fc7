/* The exchange of a step's forward half: every rank's codes and labels into every node's one copy, where all
 * its ranks read them. */
#ifndef PAR_STEP_GATHER_H
#define PAR_STEP_GATHER_H

#include "data/labels.h"
#include "mpi/ranks/spread.h"
#include "mpi/ranks/window.h"

/* What travels of each row of the global batch: K floats of the code, then its labels in 32-bit words, then
 * a word for its place in a memory of codes. In flight, labels travel by themselves before the codes, as
 * all of them are wanted before the first pair; places never do. */
struct gather_row {
    int64_t bits, label_words;
    int with_places, in_flight;
};

/* Every rank brings its rows; a node has the whole batch once, which all of its ranks read. */
struct par_gather {
    const struct par_nodes *nodes; /* borrowed */
    struct gather_row row;
    int64_t stride; /* floats from one row to the next: what travels together */
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

/* Sets up for batches to which this rank brings n_local rows (they may differ between ranks). In flight,
 * exchanges go by begin and wait; otherwise by run. Borrows nodes. Collective; agreed. Errors: BL_MEMORY,
 * PAR_NO_WINDOW. par_gather_free is collective over the node, safe twice. */
int par_gather_init(struct par_gather *gather, const struct par_nodes *nodes, int64_t n_local,
                    const struct gather_row *row, struct bl_error *err);
void par_gather_free(struct par_gather *gather);

/* Puts own labels [n_local, label_words] into their place in `labels`: all that steps do that need no others.
 */
void par_gather_own_local(struct par_gather *gather, const uint32_t *labels);

/* Own rows' codes stand in rows + first * stride, and their places in places + first, already; labels
 * [n_local, label_words] are packed beside them, exchanged, and those that this rank carries (spread)
 * unpacked. All is there after the next par_nodes_meet. Between nodes n_global * stride floats travel.
 * Collective. */
void par_gather_run(struct par_gather *gather, const uint32_t *labels);

/* The nonblocking form, in flight: begin_labels sends own labels [n_local, label_words]; begin_codes sends
 * own codes, which are in their place. `labels` may be read after wait_labels; rows of the own node after
 * begin_codes, all `rows` after wait_codes. Collective. */
void par_gather_begin_labels(struct par_gather *gather, const uint32_t *labels);
void par_gather_wait_labels(struct par_gather *gather);
void par_gather_begin_codes(struct par_gather *gather);
void par_gather_wait_codes(struct par_gather *gather);

/* Bytes that travel of a row; bytes of a node's copy of n_global rows. Local. */
int64_t par_gather_row_bytes_local(const struct gather_row *row);
int64_t par_gather_bytes_local(int64_t n_global, const struct gather_row *row);

/* What a rank counts in a step whose lane carries lane_rows rows of all nodes, own_rows of them its own
 * node's. Local. */
struct par_traffic_count par_gather_traffic_local(const struct gather_row *row, int64_t lane_rows,
                                                  int64_t own_rows, int n_nodes);

#endif
