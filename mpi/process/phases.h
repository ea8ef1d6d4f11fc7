/* Where a run's time goes: each moment of a rank belongs to one phase. Entering one also tells the stall
 * guard that the rank is alive. Local throughout. */
#ifndef PAR_PROCESS_PHASES_H
#define PAR_PROCESS_PHASES_H

enum phase {
    PHASE_INPUT, /* choosing, converting and normalising a batch's rows */
    PHASE_FORWARD,
    PHASE_GATHER,
    PHASE_OBJECTIVE,
    PHASE_BACKWARD,
    PHASE_REDUCE,
    PHASE_UPDATE,
    PHASE_EVALUATION,
    PHASE_CHECKPOINT, /* for as long as steps wait for it */
    PHASE_OTHER,      /* logging, and what stands between steps */
    PHASES
};

struct phases {
    enum phase now;
    double since_s;
    double seconds[PHASES];
};

/* As users read it; also the stall guard's word. A literal. */
const char *phases_name(enum phase phase);

/* Zeroes the account; the present phase is PHASE_OTHER. */
void phases_begin(struct phases *phases);

/* What went by counts for the phase that ends. */
void phases_enter(struct phases *phases, enum phase phase);

#endif
