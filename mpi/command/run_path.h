/* Run folders in place of files. Everything here is local. */
#ifndef PAR_COMMAND_RUN_PATH_H
#define PAR_COMMAND_RUN_PATH_H

#include "base/error.h"
#include "config/config.h"
#include "mpi/run/run_folder.h"

enum { COMMAND_RUN_PATH_MAX = PAR_RUN_PATH_MAX + 32 };

/* Where a model is wanted: the path itself, or for a folder its model.h5. Errors: BL_PATH a folder without one,
 * with what it has instead. */
int command_model_path(const char *path, char file[COMMAND_RUN_PATH_MAX], struct bl_error *err);

/* Where any file is wanted: the same, and for a run folder without a model its newest checkpoint. */
int command_file_path(const char *path, char file[COMMAND_RUN_PATH_MAX], struct bl_error *err);

/* Where a configuration is wanted: BL_USAGE for a run folder, with the line that continues it; BL_OK for
 * anything else. */
int command_refuse_run(const char *path, struct bl_error *err);

/* Where codes are wanted: BL_USAGE for a run folder, with the line that makes them; BL_OK for anything else. */
int command_refuse_run_as_codes(const char *path, struct bl_error *err);

#endif
