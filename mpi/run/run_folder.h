/* The folder of one run: config.yaml, train.log, metrics.jsonl, checkpoints/, model.h5, and a lock. */
#ifndef PAR_RUN_RUN_FOLDER_H
#define PAR_RUN_RUN_FOLDER_H

#include "config/config.h"
#include "mpi/ranks/comm.h"

enum { PAR_RUN_PATH_MAX = BL_PATH_MAX + 64 };

struct par_run_folder {
    char path[BL_PATH_MAX];
    char checkpoints[PAR_RUN_PATH_MAX];
    char log[PAR_RUN_PATH_MAX];
    char metrics[PAR_RUN_PATH_MAX];
    char model[PAR_RUN_PATH_MAX];
    char config[PAR_RUN_PATH_MAX];
    int lock_fd; /* rank 0; -1 elsewhere */
};

/* Makes the folder if need be, locks it (rank 0; the lock is an open file description lock and dies with its
 * owner) and removes checkpoints that a killed owner left half-written. Collective; agreed. Errors: BL_USAGE
 * when another process holds the lock (named); BL_PATH. */
int par_run_folder_open(struct par_run_folder *folder, struct par par, const char *path,
                        struct bl_error *err);

/* Unlocks. Safe twice. */
void par_run_folder_close(struct par_run_folder *folder);

/* Removes what an earlier run left: checkpoints, damaged ones too, model, metrics, log. Collective; agreed.
 * Errors: BL_PATH. */
int par_run_folder_clear(struct par_run_folder *folder, struct par par, struct bl_error *err);

/* The checkpoint's path for a step: checkpoints/step-NNNNNNNN.h5. Local. */
void par_run_folder_checkpoint_local(const struct par_run_folder *folder, int64_t step, char *path,
                                     int64_t size);

/* Paths of step-*.h5 in folder, newest step first. Call on rank 0 only. The caller frees each and
 * the array with free(). Errors: BL_PATH. */
int par_run_folder_list_local(const char *folder, char ***paths, int64_t *n, struct bl_error *err);

/* Removes all but the newest `keep` checkpoints and, whatever steps the others have, never `newest` (NULL:
 * none). Call on rank 0 only. Errors: BL_PATH. */
int par_run_folder_prune_local(const struct par_run_folder *folder, int64_t keep, const char *newest,
                               struct bl_error *err);

/* Renames a damaged checkpoint to NAME.damaged: it no longer counts as one of those to keep, whose places
 * belong to whole ones. Local. Errors: BL_PATH. */
int par_run_folder_set_aside_local(const char *path, struct bl_error *err);

#endif
