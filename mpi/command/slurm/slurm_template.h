/* The text of the batch scripts: mpi/command/slurm/slurm.in, made a constant by CMake. */
#ifndef PAR_COMMAND_SLURM_SLURM_TEMPLATE_H
#define PAR_COMMAND_SLURM_SLURM_TEMPLATE_H

extern const char command_slurm_template[]; /* ends with a zero */

#endif
