/* The one way in which a file is written: beside its place under another name, read back, and only then
 * renamed. What is there is replaced only if it is a regular file; links are followed, and the file that they
 * name is replaced where it stands. Whether a file may be replaced at all is decided above (mpi/files/output.h). */
#ifndef BL_IO_OUTPUT_H
#define BL_IO_OUTPUT_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/error.h"
#include "config/config.h"

/* What may be replaced (docs/file-formats.md). */
enum io_replace {
    IO_REPLACE_NONE, /* nothing: the file must be new */
    IO_REPLACE_SAME, /* a file of the same kind: --force */
    IO_REPLACE_PART, /* a part of it: its caller looks at the file */
    IO_REPLACE_OWN   /* a file of a run's own folder, which the run holds a lock of; also a damaged one */
};

/* A file on its way. Owns its descriptors and the temporary file; zero it first. */
struct io_output {
    char name[BL_PATH_MAX];          /* as given, for messages */
    char path[BL_PATH_MAX];          /* the file itself, behind all links */
    char temporary[BL_PATH_MAX + 8]; /* beside it: path + ".part" */
    int is_stream;                   /* a pipe, a terminal or another device: bytes go straight into it */
    int exists;                      /* there is a regular file already: */
    struct stat before;              /* its state when it was looked at */
    int is_begun;                    /* there may be a temporary file, a lock or a stream to give back */
    int fd;                          /* of the temporary file or the stream; -1: not open */
    int lock;                        /* -1: none */
    int descriptor;                  /* the stream is this open descriptor of ours; -1: it isn't */
    int64_t put;                     /* bytes so far */
    struct bl_digester *digester;    /* of these bytes */
};

/* Looks at what path names, and changes nothing. "-" is standard output. Errors: BL_PATH a folder, a socket, a
 * block device, a loop of links, a file or folder that can't be written, no such folder; BL_USAGE an empty or
 * too long path. */
int io_output_look(struct io_output *output, const char *path, struct bl_error *err);

/* After io_output_look: keeps other processes from writing the same file until the end, and removes what a
 * killed process left. Then a library writes output->temporary, or io_output_put does. A stream is opened.
 * Errors: BL_PATH, also if another process is writing this file. */
int io_output_begin(struct io_output *output, struct bl_error *err);

/* The same without a lock, for a folder that a lock of its own protects. */
int io_output_begin_alone(struct io_output *output, struct bl_error *err);

/* Writes the next bytes. Errors: BL_PATH, BL_MEMORY. */
int io_output_put(struct io_output *output, const void *bytes, int64_t n_bytes, struct bl_error *err);

/* After the last byte was put: reads the file back, compares it by its digest with what was put, and installs
 * it. Errors: BL_PATH; then the older file is as it was. */
int io_output_commit(struct io_output *output, struct bl_error *err);

/* For a temporary file that a library wrote and its caller read back: fsyncs it, gives it owner, group and mode
 * of the file that it replaces, renames it and fsyncs the folder. Errors: BL_PATH, also if another program has
 * changed the older file since io_output_look; then that file is as it was. */
int io_output_install(struct io_output *output, struct bl_error *err);

/* Removes the temporary file if it is still there and gives back everything. Safe twice, and on zeros. */
void io_output_drop(struct io_output *output);

#endif
