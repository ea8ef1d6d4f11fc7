#include "mpi/run/job.h"

#include <jansson.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "mpi/run/metrics.h"

int job_report(const struct job *job, int64_t step, struct bl_error *err)
{
    char left[48] = "";
    if (!job->id[0])
        return BL_OK;
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string("slurm"));
    json_object_set_new(event, "step", json_integer(step));
    json_object_set_new(event, "job", json_string(job->id));
    json_object_set_new(event, "nodes", json_string(job->nodes));
    json_object_set_new(event, "restarts", json_integer(job->restarts));
    if (job->end_s > 0.0) {
        const double seconds = job->end_s - bl_clock_seconds();
        json_object_set_new(event, "seconds_left", json_real(seconds));
        char text[32];
        bl_duration(seconds, text, sizeof text);
        snprintf(left, sizeof left, ", %s left", text);
    }
    bl_log_say("slurm: job %s on %s (%s), requeued %s%s", job->id, bl_count(job->n_nodes, "node").text,
               job->nodes, bl_count(job->restarts, "time").text, left);
    return metrics_write(event, err);
}
