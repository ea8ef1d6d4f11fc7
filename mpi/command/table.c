#include <stddef.h>

#include "mpi/command/command.h"

/* Each command defines its entry beside its code; to add one, add it here twice. */
extern const struct command command_baseline;
extern const struct command command_check;
extern const struct command command_cut;
extern const struct command command_encode;
extern const struct command command_evaluate;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_info;
extern const struct command command_init;
extern const struct command command_report;
extern const struct command command_search;
extern const struct command command_slurm;
extern const struct command command_train;
extern const struct command command_version;

/* clang-format off */
const struct command *const command_table[] = {
    &command_init,
    &command_import,
    &command_cut,
    &command_check,
    &command_train,
    &command_encode,
    &command_evaluate,
    &command_search,
    &command_report,
    &command_baseline,
    &command_info,
    &command_slurm,
    &command_help,
    &command_version,
    NULL,
};
/* clang-format on */
