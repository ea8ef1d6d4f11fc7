/* The unfinished files of this process, so that a signal that ends it can remove them first. */
#ifndef BL_IO_UNFINISHED_H
#define BL_IO_UNFINISHED_H

/* From now on the file at path, which needn't exist yet, is unfinished; or it no longer is. Any thread may call
 * these. At most 32 at a time are remembered. io/output.h calls them. */
void io_unfinished_add(const char *path);
void io_unfinished_drop(const char *path);

/* Removes all unfinished files. A handler of signals may call it. */
void io_unfinished_remove(void);

#endif
