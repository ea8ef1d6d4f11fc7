/* What is in a file, as one JSON object: for people and programs that ask before they use it. */
#ifndef PAR_FILES_DESCRIBE_H
#define PAR_FILES_DESCRIBE_H

#include <jansson.h>

#include "base/error.h"

/* Describes the HDF5 file at path in *description (the caller's reference; NULL on failure):
 *
 *   file, bytes, kind ("data set", "model", "codes", "checkpoint" or "other"), attributes {of the root},
 *   datasets [{name, shape, type}] without the checksums; splits [{name, rows, dim, type, labels, classes,
 *   class_names, ids, groups (how many a row), checksums}] of a data set; rows, bits, labels, groups, ... of
 * codes; parameters of a model; numbers of a checkpoint and, with_config, its configuration's text.
 *
 * Local. A checkpoint is verified on the way, others are not. Errors: BL_PATH; BL_INPUT not HDF5, damaged, or
 * of a newer version; BL_MEMORY. */
int describe_file(const char *path, int with_config, json_t **description, struct bl_error *err);

#endif
