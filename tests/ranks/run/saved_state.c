/* A state that isn't the same on all nodes is no checkpoint. */
#include "mpi/run/saved_state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mpi/run/checkpoint_writer.h"
#include "support/ranks.h"
#include "support/steps.h"

static int save(struct par par, struct step_trainer *trainer, const char *path, struct bl_error *err)
{
    struct par_checkpoint_writer writer;
    int whole = 0;
    int code = par_checkpoint_writer_init(&writer, par, NULL, 1, (struct h5_tuning){0}, err);
    CHECK(code == BL_OK);
    snprintf(trainer->state.model.arithmetic, sizeof trainer->state.model.arithmetic, "of a test");
    trainer->state.memory = trainer->step.memory.codes;
    trainer->state.memory_rows = trainer->step.memory.rows;
    code = par_saved_state_begin(&trainer->state, &writer, path, "train: {}\n", err);
    const int begun = code == BL_OK;
    while (code == BL_OK && !whole) {
        tensor_writer_work(&writer.file);
        int busy = tensor_writer_is_busy(&writer.file);
        MPI_Allreduce(MPI_IN_PLACE, &busy, 1, MPI_INT, MPI_MAX, par.comm);
        if (!busy)
            code = par_tensor_writer_advance(&writer.file, &whole, err);
    }
    CHECK(begun == (code == BL_OK));
    par_checkpoint_writer_free(&writer);
    return code;
}

/* With one float changed on the last rank, of the parameters or of the memory of codes. */
static void check(struct par par, int in_memory)
{
    static struct step_trainer together, alone;
    char folder[RANKS_PATH_MAX], path[RANKS_PATH_MAX + 32], part[RANKS_PATH_MAX + 64];
    struct bl_error err = {0};
    ranks_temp_folder(par, folder);
    snprintf(path, sizeof path, "%s/step-00000001.h5", folder);
    snprintf(part, sizeof part, "%s.part", path);
    steps_make_both(par, &(struct step_variant){.preset = "dpsh", .nodes = par.size}, &together, &alone);
    float *value =
        in_memory ? &together.step.memory.codes[together.step.memory.rows * together.step.memory.bits - 1]
                  : &together.state.model.params[together.state.model.layout.n_params - 1];
    const float before = *value;
    if (par.rank == par.size - 1)
        *value += 1.0f;
    const int code = save(par, &together, path, &err);
    CHECK(code == (par.size > 1 ? BL_DEFECT : BL_OK));
    CHECK(code == BL_OK || strstr(err.what, in_memory ? "the codes of training rows" : "the parameters"));
    MPI_Barrier(par.comm);
    CHECK((access(path, F_OK) == 0) == (par.size == 1));
    CHECK(access(part, F_OK) != 0);
    *value = before;
    MPI_Barrier(par.comm);
    CHECK(save(par, &together, path, &err) == BL_OK);
    CHECK(access(path, F_OK) == 0);
    steps_free(&together);
    steps_free(&alone);
    ranks_remove_folder(par, folder);
}

static void other_parameters_on_the_last_rank_write_no_checkpoint(struct par par)
{
    check(par, 0);
}

static void nor_do_other_codes_of_training_rows(struct par par)
{
    check(par, 1);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"other_parameters_on_the_last_rank_write_no_checkpoint",
         other_parameters_on_the_last_rank_write_no_checkpoint},
        {"nor_do_other_codes_of_training_rows", nor_do_other_codes_of_training_rows},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
