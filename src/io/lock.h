/* A lock on something that one process at a time may do. It ends with its process, however that ends. */
#ifndef BL_IO_LOCK_H
#define BL_IO_LOCK_H

#include "base/error.h"

enum { IO_LOCK_OWNER = 256 };

/* Takes the lock of that path, a small file that is made if need be: *lock is to be given back. If another
 * process has it, owner says which and *lock is -1; otherwise owner is empty. A file system without locks counts
 * as free: *lock is -1 and owner empty. Errors: BL_PATH. */
int io_lock_take(const char *path, int *lock, char owner[IO_LOCK_OWNER], struct bl_error *err);

/* Removes the file and gives the lock back; -1 is fine. */
void io_lock_return(const char *path, int lock);

#endif
