/* Neighbours files (docs/file-formats.md), which `bitloom search` writes. With k neighbours of each of Q queries
 * /neighbours [Q,k] int64 are rows of the database and /distances [Q,k] int32 their Hamming distances, nearest first, -1
 * after the last. Where their number varies both are [M], and those of query i begin at /offsets [Q+1] int64. If known,
 * /query_ids [Q], /database_ids [N], and /database_labels ([N] int32 or [N,C] uint8). Attributes of the root: kind,
 * bits, database_rows, self_excluded; k and radius where they were given; class_names if known. Everything here is
 * local. */
#ifndef PAR_FILES_NEIGHBOURS_H
#define PAR_FILES_NEIGHBOURS_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* The root attribute kind; and format and format_version. */
#define PAR_NEIGHBOURS_KIND   "neighbours"
#define PAR_NEIGHBOURS_FORMAT "bitloom neighbours"
enum { PAR_NEIGHBOURS_VERSION = 1 };

struct neighbours_info {
    int64_t queries;
    int64_t k;                           /* 0: their number varies */
    int64_t values;                      /* of /neighbours: with k, the empty places too */
    int64_t bits, radius, database_rows; /* -1: unknown, or not given */
    int self_excluded;
};

/* 1 if the open file says that it is one, or has both data sets. */
int neighbours_is(hid_t file);

/* What the file holds, by its shapes and attributes. Errors: BL_INPUT shapes that don't fit each other. */
int neighbours_describe(hid_t file, const char *path, struct neighbours_info *info, struct bl_error *err);

/* Reads all of it: rows are rows of the database, distances ascend and are at most the bits (and the radius), rows at
 * one distance ascend, empty places come last, offsets ascend to the end. *found counts the neighbours. Errors: BL_INPUT,
 * naming the query; BL_MEMORY. */
int neighbours_check(hid_t file, const char *path, int64_t *found, struct bl_error *err);

#endif
