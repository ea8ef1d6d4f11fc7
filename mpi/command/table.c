#include <stddef.h>

#include "mpi/command/command.h"

#define COMMAND(name) extern const struct command command_##name;
#include "mpi/command/commands.def"

const struct command *const command_table[] = {
#define COMMAND(name) &command_##name,
#include "mpi/command/commands.def"
    NULL};
