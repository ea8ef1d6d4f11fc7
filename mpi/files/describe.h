/* The content of a file as one JSON object (bitloom info). */
#ifndef PAR_FILES_DESCRIBE_H
#define PAR_FILES_DESCRIBE_H

#include <jansson.h>

#include "base/error.h"

/* Describes the HDF5 file at path in *description (a reference that the caller owns; NULL on failure):
 *
 *   any file      file, bytes, kind ("data set", "model", "codes", "neighbours", "checkpoint" or
 *                 "other"), attributes {of
 *                 the root}, datasets [{name, shape, type}] without the checksums
 *   a data set    splits [{name, rows, dim, type, labels, classes, class_names, ids, groups (how many for
 *                 each row), checksums}]
 *   codes         rows, bits, labels, classes, class_names, ids, groups
 *   neighbours    queries, bits, database_rows, self_excluded; k, or where their number varies how many neighbours
 *                 there are; radius
 *   a model       widths, bits, parameters, digest, arithmetic
 *   a checkpoint  numbers, digest, arithmetic and, with_config, config (its text)
 *
 * Reading models and checkpoints compares what is read with its checksums; verify_file reads everything.
 * Local. Errors: BL_PATH; BL_INPUT not HDF5, damaged, or of a newer version; BL_MEMORY. */
int describe_file(const char *path, int with_config, json_t **description, struct bl_error *err);

/* The configuration that a checkpoint was made with, as it is stored; the caller frees *text with bl_free.
 * Local. Errors: those of reading a checkpoint; BL_MEMORY. */
int describe_config(const char *path, char **text, struct bl_error *err);

#endif
