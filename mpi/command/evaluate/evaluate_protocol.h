/* What every result of `bitloom evaluate` says beside its figures: which rows, by which protocol. Everything here is
 * local, used on rank 0. */
#ifndef PAR_COMMAND_EVALUATE_EVALUATE_PROTOCOL_H
#define PAR_COMMAND_EVALUATE_EVALUATE_PROTOCOL_H

#include <jansson.h>

#include "mpi/command/evaluate/evaluate_sides.h"

enum { EVALUATE_PROTOCOL_BYTES = 5000 };

/* Everything that a figure depends on, in one text: without it two figures can't be compared. Clauses end with "; ".
 * relevance: what is relevant; measures: clauses on the measures. */
void evaluate_describe_protocol(const struct evaluate_sides *sides, const char *relevance,
                                const char *measures, char text[EVALUATE_PROTOCOL_BYTES]);

/* Adds that text, and the same as separate values, for programs. */
void evaluate_put_protocol(json_t *object, const struct evaluate_sides *sides, const char *text,
                           const char *relevance);

/* Prints one clause of the text on each line. */
void evaluate_print_protocol(const char *protocol);

/* Text as JSON, which allows UTF-8 only: other bytes become '?'. A new reference. */
json_t *evaluate_json_text(const char *text);

/* Prints the object on one line with 17 digits, and gives up the reference. Errors: BL_PATH, BL_MEMORY. */
int evaluate_print_object(json_t *object, struct bl_error *err);

/* BL_PATH unless all that was printed has got there. */
int evaluate_flush_output(struct bl_error *err);

#endif
