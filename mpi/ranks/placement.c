#include "mpi/ranks/placement.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

#include "base/count.h"
#include "base/log.h"
#include "mpi/ranks/reduce.h"

enum { PROCESSORS_MAX = 1024 };

/* used[p] = 1 if this process may run on processor p. Returns their number, 0 if the system doesn't say. */
static int64_t own_processors(int64_t used[PROCESSORS_MAX])
{
    int64_t n = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (size_t p = 0; p < PROCESSORS_MAX && p < CPU_SETSIZE; p++)
        n += used[p] = CPU_ISSET(p, &set) != 0;
#else
    (void)used;
#endif
    return n;
}

/* The most oversubscribed host, by threads - processors. used [p]: ranks of this host that may run on p, so
 * that processors which several ranks share count once. */
static void find_worst_host(struct par par, const struct par *host, const int64_t used[PROCESSORS_MAX],
                            struct par_placement *placement)
{
    int64_t processors = 0; /* of this host, that at least one of its ranks may use */
    for (int p = 0; p < PROCESSORS_MAX; p++)
        processors += used[p] > 0;
    const int64_t threads = host->size * placement->threads, missing = threads - processors;
    /* Equally bad hosts: the larger of each number is reported, which is good enough for a warning. */
    const int is_worst = missing == par_max_integer(par, missing);
    placement->host_threads = par_max_integer(par, is_worst ? threads : 0);
    placement->host_processors = par_max_integer(par, is_worst ? processors : 0);
}

int64_t par_hosts(struct par par)
{
    struct par host = par_on_host(par);
    int64_t hosts = host.rank == 0; /* one rank of each host counts it */
    par_sum_integers(par, &hosts, 1);
    par_leave_host(&host);
    return hosts;
}

void par_placement_find(struct par par, int64_t threads, struct par_placement *placement)
{
    struct par host = par_on_host(par);
    int64_t used[PROCESSORS_MAX] = {0};
    const int64_t bound = own_processors(used);
    *placement = (struct par_placement){.ranks = par.size, .threads = threads};
    placement->hosts = par_hosts(par);
    placement->most_ranks = par_max_integer(par, host.size);
    /* `present` is taken from a rank that has the fewest processors: the two are printed together. */
    placement->bound = par_min_integer(par, bound);
    placement->present = par_max_integer(par, bound == placement->bound ? sysconf(_SC_NPROCESSORS_ONLN) : 0);
    par_sum_integers(host, used, PROCESSORS_MAX);
    find_worst_host(par, &host, used, placement);
    par_leave_host(&host);
}

void par_placement_say_local(const struct par_placement *placement)
{
    const int64_t bound = placement->bound, present = placement->present;
    const char *each = placement->ranks > 1 ? " each" : "";
    char where[160] = "";
    if (bound > 0 && bound < present)
        snprintf(where, sizeof where, ", bound to %" PRId64 " of %s%s", bound,
                 bl_count(present, "processor").text, each);
    else if (bound > 0)
        snprintf(where, sizeof where, ", not bound (%s)", bl_count(present, "processor").text);
    if (placement->hosts > 1)
        bl_log_say("%s on %" PRId64 " hosts, at most %" PRId64 " on one, %s%s%s",
                   bl_count(placement->ranks, "rank").text, placement->hosts, placement->most_ranks,
                   bl_count(placement->threads, "thread").text, each, where);
    else
        bl_log_say("%s on one host, %s%s%s", bl_count(placement->ranks, "rank").text,
                   bl_count(placement->threads, "thread").text, each, where);
    if (bound > 0 && bound < placement->threads)
        bl_log_warn(
            "a rank has %s and may use %s; give each rank as many, with mpirun --map-by slot:PE=%" PRId64
            " or srun --cpus-per-task=%" PRId64 ", or lower train.threads",
            bl_count(placement->threads, "thread").text, bl_count(bound, "processor").text,
            placement->threads, placement->threads);
    else if (bound > 0 && placement->host_threads > placement->host_processors)
        bl_log_warn(
            "the ranks of a host have %s and may use %s: threads take turns, and each step waits for the "
            "slowest; start fewer ranks on each host or lower train.threads",
            bl_count(placement->host_threads, "thread").text,
            bl_count(placement->host_processors, "processor").text);
}
