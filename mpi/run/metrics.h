/* metrics.jsonl: one JSON object a line, for curves and for `report`. Rank 0 alone writes. */
#ifndef PAR_RUN_METRICS_H
#define PAR_RUN_METRICS_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

/* Opens for appending and first cuts the file to keep_bytes (a resumed run goes on where its checkpoint was);
 * warns if it is shorter than that. Errors: BL_PATH. */
int metrics_open(const char *path, int64_t keep_bytes, struct bl_error *err);

/* The file's length so far, to be kept in a checkpoint. */
int64_t metrics_bytes(void);

/* Brings the file to the disk. Another thread may do it. */
void metrics_sync(void);

/* Writes one event and takes the object (also on failure); adds "time". Does nothing when no file is open, so
 * that every rank may call it. Errors: BL_PATH. */
int metrics_write(json_t *event, struct bl_error *err);

void metrics_close(void);

#endif
