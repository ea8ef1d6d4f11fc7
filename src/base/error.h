/* How a function says that it failed: an int code, and one sentence for the person at the terminal. */
#ifndef BL_BASE_ERROR_H
#define BL_BASE_ERROR_H

/* The exit statuses of the program; 0 is success. docs/errors.md explains each. */
enum bl_code {
    BL_OK = 0,
    BL_USAGE = 2,    /* command line or configuration */
    BL_INPUT = 3,    /* a file that opened but is not a whole, valid file of its kind */
    BL_PATH = 4,     /* a path that can't be opened, read or written */
    BL_NUMBERS = 5,  /* NaN, Inf, divergence */
    BL_STALLED = 6,  /* no progress for too long */
    BL_MEMORY = 7,   /* out of memory */
    BL_LAUNCH = 8,   /* MPI can't start where a launcher wants it to */
    BL_DEFECT = 70,  /* a mistake in bitloom itself */
    BL_STOPPED = 75, /* stopped on request or at the time limit, with a checkpoint: start again to continue */
};

/* The largest code: ranks agree on one code by a maximum. */
#define BL_CODE_MAX BL_STOPPED

struct bl_error {
    int code;        /* enum bl_code */
    int rank;        /* the rank that failed first; 0 until ranks agree */
    char what[1000]; /* what, where, what to do; one line, no final newline */
};

/* Fills err (which may be NULL) and returns code, so that callers write `return bl_fail(...)`.
 * A later call replaces an earlier message; newlines in the text become spaces. */
int bl_fail(struct bl_error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message that is already in err. Returns err->code. */
int bl_fail_prefix(struct bl_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* BL_PATH for a failed system call on path: "can't open PATH: No such file or directory".
 * ENOSPC and EDQUOT say that the disk is full; ENOMEM gives BL_MEMORY. */
int bl_fail_path(struct bl_error *err, const char *verb, const char *path, int errno_value);

#endif
