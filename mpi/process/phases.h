/* Where a run's time goes: each moment of a rank belongs to one phase. Entering one also tells the stall
 * guard that the rank is alive. Local throughout. */
#ifndef PAR_PROCESS_PHASES_H
#define PAR_PROCESS_PHASES_H

enum par_phase {
    PAR_PHASE_INPUT, /* choosing, converting and normalising a batch's rows */
    PAR_PHASE_FORWARD,
    PAR_PHASE_GATHER,
    PAR_PHASE_OBJECTIVE,
    PAR_PHASE_BACKWARD,
    PAR_PHASE_REDUCE,
    PAR_PHASE_UPDATE,
    PAR_PHASE_EVALUATION,
    PAR_PHASE_CHECKPOINT, /* for as long as steps wait for it */
    PAR_PHASE_OTHER,      /* logging, and what stands between steps */
    PAR_PHASES
};

struct par_phases {
    enum par_phase now;
    double since_s;
    double seconds[PAR_PHASES];
    double behind_s; /* what another thread did for checkpoints while steps went on: in no phase */
};

/* As users read it; also the stall guard's word. A literal. */
const char *par_phase_name(enum par_phase phase);

/* Zeroes the account; the present phase is PAR_PHASE_OTHER. */
void par_phases_begin_local(struct par_phases *phases);

/* What went by counts for the phase that ends. */
void par_phases_enter_local(struct par_phases *phases, enum par_phase phase);

#endif
