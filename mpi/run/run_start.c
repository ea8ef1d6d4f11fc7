#include "mpi/run/run_start.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/text.h"
#include "io/config_paths.h"
#include "loss/objective.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/run/metrics.h"
#include "mpi/run/resume.h"
#include "mpi/run/saved_state.h"
#include "mpi/run/start_model.h"

/* First parameters that are fitted to the data or come from a model. They are made in this rank's own
 * memory, since fitting a layer reads those before it, and a node has its parameters only once. */
static int fit_params(struct run *run, struct bl_error *err)
{
    struct bl_model *model = &run->state.model;
    float *shared = model->params, *own;
    const int64_t n = model->layout.n_params;
    int code = bl_alloc(&own, n, sizeof *own, "first parameters", err);
    code = par_agree(run->par, code, err);
    if (code != BL_OK)
        return code;
    memcpy(own, shared, (size_t)n * sizeof *own);
    model->params = own;
    code = run->options->init_path
               ? par_start_from_model(run->par, run->options->init_path, run->config, model, err)
               : par_start_model(par_as_local(run->par, PAR_TRAFFIC_STATISTICS), run->config, &run->data,
                                 model, err);
    model->params = shared;
    if (code == BL_OK) {
        par_nodes_meet(&run->nodes); /* all have copied */
        par_run_state_set_params(&run->state, own);
    }
    bl_free(&own);
    return code;
}

/* A new run: statistics, first parameters, empty files. */
static int start_new(struct run *run, struct bl_error *err)
{
    int code = fit_params(run, err);
    /* An earlier run's files go only when the new one has its first parameters; without --fresh its log stays,
     * for it says how that one ended. */
    if (code == BL_OK)
        code = par_run_folder_clear(&run->folder, run->par, run->earlier, run->options->fresh,
                                    run->options->init_path, err);
    if (code == BL_OK)
        par_run_state_keep_best(&run->state);
    return code;
}

static int start_or_continue(struct run *run, struct bl_error *err)
{
    int found = 0;
    run->state.fingerprint = run->data.fingerprint;
    if (!run->options->fresh) {
        int code = par_resume(&run->state, run->par, &run->folder, run->config, &found, err);
        if (code != BL_OK)
            return code;
    }
    if (found && run->options->init_path)
        return bl_fail(err, BL_USAGE,
                       "%s holds a run already, which would continue; add --fresh to start from --init, or "
                       "choose another --run",
                       run->folder.path);
    run->resumed = found;
    stall_saved(found);
    return found ? BL_OK : start_new(run, err);
}

/* By rank 0. Paths in config.yaml are relative to the run folder where they were relative, so that it can be
 * given to train, also after all was moved together. */
static int write_config_local(const struct run *run, int keep, struct bl_error *err)
{
    const char *given = run->options->config_path;
    struct bl_config config;
    char *text = NULL;
    int code = io_config_relative(run->config, given, run->folder.path, &config, err);
    if (code == BL_OK)
        code = bl_config_text(&config, &text, err);
    if (code == BL_OK)
        code = run_folder_write_config(&run->folder, text, keep, given, err);
    bl_free(&text);
    return code;
}

/* By rank 0. Resumed, log and metrics are cut to their lengths at the checkpoint, as the steps behind it come
 * again; so are those of a run that was killed before its first checkpoint, to nothing. */
static int open_files_local(struct run *run, struct bl_error *err)
{
    const struct par_train_options *options = run->options;
    const int is_ours = run->earlier == EARLIER_BEGUN && !options->fresh;
    const int64_t log_bytes = run->resumed ? run->state.files.log_bytes : is_ours ? 0 : -1;
    int code = bl_log_open(run->folder.log, log_bytes, err);
    if (code == BL_OK)
        code = metrics_open(run->folder.metrics, run->resumed ? run->state.files.metrics_bytes : 0, err);
    if (code == BL_OK)
        code = write_config_local(run, options->fresh || (!run->resumed && !is_ours), err);
    return code;
}

static int open_files(struct run *run, struct bl_error *err)
{
    return par_agree(run->par, run->par.rank == 0 ? open_files_local(run, err) : BL_OK, err);
}

static int start_writer(struct run *run, struct bl_error *err)
{
    int code = par_checkpoint_writer_init(&run->writer, run->par, &run->folder, run->config->checkpoint.keep,
                                          par_checkpoint_tuning_local(run->config), err);
    if (code == BL_OK && run->config->checkpoint.behind)
        code = par_saved_state_reserve(&run->state, &run->writer, err);
    return code;
}

/* What is shared between ranks. Collective over the node, safe twice. */
static void free_state(struct run *run)
{
    par_step_free(&run->step);
    par_run_state_free(&run->state);
    par_nodes_free(&run->nodes);
}

static int init_state(struct run *run, enum par_sharing sharing, struct bl_error *err)
{
    int code = par_nodes_init(&run->nodes, run->par, sharing, err);
    if (code == BL_OK)
        code =
            par_run_state_init(&run->state, &run->nodes, run->config, run->data.dim, run->data.labels, err);
    if (code == BL_OK)
        code = par_step_init(&run->step, &run->nodes, run->config, &run->data, &run->state.model,
                             &run->phases, err);
    if (code != BL_OK)
        free_state(run);
    return code;
}

/* One copy a node where it can be had, otherwise one for each rank. */
static int share_state(struct run *run, struct bl_error *err)
{
    const int wanted = run->config->train.shared != BL_SHARED_OFF;
    int code = init_state(run, wanted ? PAR_SHARE_HOSTS : PAR_SHARE_NOTHING, err);
    if (code != PAR_NO_WINDOW)
        return code;
    bl_log_warn("%s; now each rank has its own copy of everything, which is slower and takes more memory",
                err->what);
    return init_state(run, PAR_SHARE_NOTHING, err);
}

/* By rank 0: whether a start would neither continue nor replace what took training to make. From here on the
 * log says why a start came to nothing. */
static int look_at_folder(struct run *run, struct bl_error *err)
{
    int any = 0;
    int code = run->options->fresh ? BL_OK : run_folder_has_checkpoint(&run->folder, &any, err);
    if (code == BL_OK && !any)
        code = earlier_run_check(&run->folder, run->config, run->options->fresh, &run->earlier, err);
    return code == BL_OK ? bl_log_open(run->folder.log, -1, err) : code;
}

/* A checkpoint may be copied anywhere, so paths in its configuration are absolute. They are those of rank 0:
 * nodes may see one folder under several names. */
static int make_config_text(struct run *run, struct bl_error *err)
{
    struct bl_config config;
    int code = BL_OK;
    if (run->par.rank == 0)
        code = io_config_absolute(run->config, run->options->config_path, &config, err);
    code = par_agree(run->par, code, err);
    if (code != BL_OK)
        return code;
    par_broadcast(run->par, &config, sizeof config);
    return par_agree(run->par, bl_config_text(&config, &run->config_text, err), err);
}

static int open_parts(struct run *run, struct bl_error *err)
{
    const struct bl_config *config = run->config;
    int code = par_run_folder_open(&run->folder, run->par, run->options->run_path, err);
    if (code == BL_OK)
        code = par_agree(run->par, run->par.rank == 0 ? look_at_folder(run, err) : BL_OK, err);
    if (code == BL_OK)
        code = make_config_text(run, err);
    if (code == BL_OK)
        code = par_train_data_init(&run->data, run->par, run->options->data_path, config, err);
    if (code == BL_OK)
        code = bl_objective_check_learns(&config->objective, config->model.heads * config->model.bits,
                                         &run->data.label_count, err);
    if (code == BL_OK)
        code = held_out_check_early_stop(config, run->data.n_validation_global, run->data.labels, err);
    return code == BL_OK ? share_state(run, err) : code;
}

/* What of the step belongs to the run's state, and by which arithmetic the state comes about. */
static void join_parts(struct run *run)
{
    const struct bl_config *config = run->config;
    char in_flight[OVERLAP_TEXT];
    run->state.memory = run->step.memory.codes;
    run->state.memory_rows = run->step.memory.rows;
    run->state.scale = config->train.reduction == BL_REDUCTION_EXACT ? run->step.gradient.scale : NULL;
    snprintf(run->state.model.method, sizeof run->state.model.method, "%s", bl_config_preset_name(config));
    overlap_text(&run->step.overlap, config, in_flight);
    par_arithmetic(&run->nodes, config, in_flight, run->state.model.arithmetic);
}

/* Says what is about to be done. */
static int report_start(struct run *run, struct bl_error *err)
{
    struct par_placement placement;
    par_placement_find(run->par, run->config->train.threads, &placement);
    run->report = train_report_of(par_step_facts_local(&run->step), run->config, &run->data, &run->state);
    int code = par_loss_sums_init_local(&run->losses, &run->step, err);
    if (code == BL_OK)
        code = train_report_start(&run->report, &placement, run->options->data_path, run->folder.path,
                                  run->resumed, err);
    if (code == BL_OK && run->par.rank == 0)
        code = job_report(&run->options->job, run->state.progress.step, err);
    return par_agree(run->par, code, err);
}

/* Until a checkpoint was measured, the deadline goes by its bytes: the parameters, the best ones, at most
 * two states of the optimiser, and a memory of codes. */
static void begin_clocks(struct run *run)
{
    const int64_t floats =
        4 * run->state.model.layout.n_params + run->step.memory.rows * run->step.memory.bits;
    run->checkpoint.step = run->resumed ? run->state.progress.step : -1;
    run->checkpoint.begun_s = bl_clock_seconds();
    deadline_init(&run->deadline, run->started_s, run->config->train.max_hours, run->options->job.end_s,
                  floats * (int64_t)sizeof(float));
    phases_begin(&run->phases);
}

int par_run_start(struct run *run, struct bl_error *err)
{
    int code = open_parts(run, err);
    if (code != BL_OK)
        return code;
    join_parts(run);
    /* Memory for writing checkpoints is taken first, so that a lack of it shows at once. */
    code = start_writer(run, err);
    if (code == BL_OK)
        code = start_or_continue(run, err);
    if (code == BL_OK)
        code = open_files(run, err);
    if (code != BL_OK)
        return code;
    run->begun = 1;
    run->state.progress.starts++;
    code = report_start(run, err);
    begin_clocks(run);
    return code;
}

void par_run_end(struct run *run)
{
    par_checkpoint_writer_free(&run->writer);
    par_loss_sums_free(&run->losses);
    free_state(run);
    par_train_data_free(&run->data);
    metrics_close();
    bl_log_close();
    if (!run->begun && run->par.rank == 0)
        run_folder_undo(&run->folder);
    par_run_folder_close(&run->folder);
    bl_free(&run->config_text);
}
