/* The template of the batch scripts: mpi/command/slurm/slurm.in, which CMake turns into a constant. */
#ifndef PAR_COMMAND_SLURM_SLURM_TEMPLATE_H
#define PAR_COMMAND_SLURM_SLURM_TEMPLATE_H

extern const char command_slurm_template[]; /* NUL-terminated */

#endif
