#include "mpi/ranks/traffic.h"

#include "base/share.h"
#include "mpi/ranks/comm.h"

const char *traffic_name(enum par_traffic_kind kind)
{
    static const char *const names[] = {
        [PAR_TRAFFIC_OTHER] = "other",
        [PAR_TRAFFIC_CODES] = "codes and labels",
        [PAR_TRAFFIC_SUMS] = "sums of terms",
        [PAR_TRAFFIC_GRADIENT] = "gradient",
        [PAR_TRAFFIC_STATISTICS] = "statistics",
        [PAR_TRAFFIC_EVALUATION] = "evaluation",
        [PAR_TRAFFIC_CHECKPOINT] = "checkpoints",
    };
    return names[kind];
}

int traffic_in_step(enum par_traffic_kind kind)
{
    return kind >= PAR_TRAFFIC_CODES && kind <= PAR_TRAFFIC_GRADIENT;
}

void traffic_add(struct par_traffic_count *sum, const struct par_traffic_count *more)
{
    sum->collectives += more->collectives;
    sum->messages += more->messages;
    sum->sent_bytes += more->sent_bytes;
    sum->received_bytes += more->received_bytes;
}

struct par_traffic_count traffic_of_steps(const struct par_traffic *traffic)
{
    struct par_traffic_count sum = {0};
    for (int kind = 0; kind < PAR_TRAFFIC_KINDS; kind++)
        if (traffic_in_step((enum par_traffic_kind)kind))
            traffic_add(&sum, &traffic->of[kind]);
    return sum;
}

struct par_traffic_count traffic_allgather(int64_t all_bytes, int64_t own_bytes, int size)
{
    return (struct par_traffic_count){.collectives = size > 1,
                                      .messages = own_bytes > 0 ? size - 1 : 0,
                                      .sent_bytes = own_bytes * (size - 1),
                                      .received_bytes = all_bytes - own_bytes};
}

struct par_traffic_count traffic_allreduce(int64_t elements, int64_t element_bytes, int rank, int size)
{
    int64_t lo, hi;
    bl_share(elements, rank, size, &lo, &hi);
    const int64_t own = hi - lo;
    /* Others' shares of its part come in, those of the others' parts go out; then the sums the other way. */
    const int64_t bytes = (elements - own + own * (size - 1)) * element_bytes;
    return (struct par_traffic_count){.collectives = size > 1,
                                      .messages = INT64_C(2) * (size - 1),
                                      .sent_bytes = bytes,
                                      .received_bytes = bytes};
}
