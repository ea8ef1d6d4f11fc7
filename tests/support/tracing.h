/* Writes down system calls, in the process that makes them, for support/trace.h:
 *
 *   BITLOOM_TEST_TRACE=FILE
 *
 * appends a line "RANK THREAD CALL OFFSET BYTES PATH" to FILE for each call on files in FILE's folder and below.
 * THREAD is M, the main one, or T, another. CALL is
 *   rows     bytes were written by H5Dwrite
 *   make     others were, through HDF5 or not; OFFSET -1: where the file ended
 *   read     bytes are about to be read at an offset
 *   sync     the file, which has BYTES, is about to be synced
 *   rename, remove
 * Writes are noted once they are done and others before they begin: what is noted later began later. */
#ifndef TEST_SUPPORT_TRACING_H
#define TEST_SUPPORT_TRACING_H

void tracing_note(const char *call, int fd, long long offset, long long bytes);
void tracing_note_path(const char *call, const char *path);

/* How long an open file is; the rank of this process, "0" without a launcher. */
long long tracing_bytes(int fd);
const char *tracing_rank(void);

#endif
