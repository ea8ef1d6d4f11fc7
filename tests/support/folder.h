/* Temporary folders for tests of every kind. */
#ifndef TEST_SUPPORT_FOLDER_H
#define TEST_SUPPORT_FOLDER_H

#include <stddef.h>

/* Makes a new empty folder under $TMPDIR or /tmp and writes its path. Returns 1, or 0 if it can't. */
int folder_make(char *path, size_t size);

/* Removes the folder and everything in it. */
void folder_remove(const char *path);

#endif
