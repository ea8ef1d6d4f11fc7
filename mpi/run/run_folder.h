/* The folder of one run: config.yaml, train.log, metrics.jsonl, checkpoints/, model.h5, and a lock. What a new
 * run would replace is kept beside it: model-before.h5, model-kept.h5, config-before.yaml. */
#ifndef PAR_RUN_RUN_FOLDER_H
#define PAR_RUN_RUN_FOLDER_H

#include "config/config.h"
#include "mpi/ranks/comm.h"

enum { PAR_RUN_PATH_MAX = BL_PATH_MAX + 64 };

/* How far an earlier run in the folder came, by its metrics (mpi/run/earlier_run.h). */
enum earlier_run {
    EARLIER_NONE,    /* no metrics */
    EARLIER_BEGUN,   /* neither end nor checkpoint: it was killed soon */
    EARLIER_SAVED,   /* it wrote checkpoints */
    EARLIER_ENDED,   /* it finished */
    EARLIER_FOREIGN, /* a file of that name by another program */
};

struct par_run_folder {
    char path[BL_PATH_MAX];
    char checkpoints[PAR_RUN_PATH_MAX];
    char log[PAR_RUN_PATH_MAX];
    char metrics[PAR_RUN_PATH_MAX];
    char model[PAR_RUN_PATH_MAX];
    char config[PAR_RUN_PATH_MAX];
    char model_before[PAR_RUN_PATH_MAX];  /* of the run before, until this one has finished */
    char config_before[PAR_RUN_PATH_MAX]; /* that of the run before, or written by hand */
    int lock_fd;                          /* rank 0; -1 elsewhere */
    struct {
        char folder[BL_PATH_MAX]; /* the highest of the folders that were missing; "": none was */
        int checkpoints, lock;
        int log, metrics, config; /* 1: not there before */
    } made;                       /* by opening it, on rank 0 */
};

/* Fills in the paths alone. Local. Errors: BL_USAGE one that is too long. */
int run_folder_name(struct par_run_folder *folder, const char *path, struct bl_error *err);

/* Makes the folder if need be, locks it (rank 0; the lock is an open file description lock and dies with its
 * owner) and removes checkpoints that a killed owner left half-written. Collective; agreed. Errors: BL_USAGE
 * when another process holds the lock (named); BL_PATH. */
int par_run_folder_open(struct par_run_folder *folder, struct par par, const char *path,
                        struct bl_error *err);

/* Unlocks. Safe twice. */
void par_run_folder_close(struct par_run_folder *folder);

/* Whether a process holds the lock of the folder at path. Local. */
int run_folder_is_in_use(const char *path);

/* Before closing, for a start that came to nothing: removes what opening it and the start have made, down to
 * the folder itself where it was missing. Anything else stays. Safe twice. Local. */
void run_folder_undo(struct par_run_folder *folder);

/* Makes room for a new run. The model becomes model-before.h5, or, if no run here made it or it is the one at
 * `init` (NULL: none), model-kept.h5; that of a run that hadn't finished stays in place while there is one from
 * before it. Checkpoints and metrics are removed, with fresh also damaged checkpoints and a run's log; not the
 * checkpoint at `init`. Without fresh, metrics of a run that had checkpoints become metrics-before.jsonl.
 * Collective; agreed. Errors: BL_PATH. */
int par_run_folder_clear(struct par_run_folder *folder, struct par par, enum earlier_run earlier, int fresh,
                         const char *init, struct bl_error *err);

/* Removes the model of the run before: now there is a newer one. Call on rank 0 only. Errors: BL_PATH. */
int run_folder_forget_before(const struct par_run_folder *folder, struct bl_error *err);

/* Writes config.yaml. One that says something else becomes config-before.yaml if `keep`, or if it is the file
 * that the run was started with, at `given` (NULL: none). Call on rank 0 only. Errors: BL_PATH, BL_MEMORY. */
int run_folder_write_config(const struct par_run_folder *folder, const char *text, int keep,
                            const char *given, struct bl_error *err);

/* Whether there is any checkpoint. Call on rank 0 only. Errors: BL_PATH. */
int run_folder_has_checkpoint(const struct par_run_folder *folder, int *any, struct bl_error *err);

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
