/* How this rank spends its time: every moment belongs to exactly one phase. Entering a phase also tells the
 * stall guard that the rank is alive. Everything here is local and can't fail. */
#ifndef PAR_PROCESS_PHASES_H
#define PAR_PROCESS_PHASES_H

enum phase {
    PHASE_INPUT, /* selecting, converting and normalising the rows of a batch */
    PHASE_FORWARD,
    PHASE_GATHER,
    PHASE_OBJECTIVE,
    PHASE_BACKWARD,
    PHASE_REDUCE,
    PHASE_UPDATE,
    PHASE_EVALUATION,
    PHASE_CHECKPOINT, /* only the time that steps wait for it */
    PHASE_OTHER,      /* logging and whatever else happens between steps */
    PHASES
};

struct phases {
    enum phase now;
    double since_s;
    double seconds[PHASES];
};

/* The name that users and the stall guard's message show; a string literal. */
const char *phases_name(enum phase phase);

/* Sets all times to zero and starts in PHASE_OTHER. */
void phases_begin(struct phases *phases);

/* Ends the current phase, which gets the time since it began, and starts `phase`. */
void phases_enter(struct phases *phases, enum phase phase);

#endif
