/* How much memory this host has. */
#ifndef PAR_PROCESS_MEMORY_H
#define PAR_PROCESS_MEMORY_H

#include <stdint.h>

/* Bytes of physical memory, or what the control groups of this process leave of it (containers, batch systems); 0:
 * unknown. Local. */
int64_t memory_of_host(void);

/* The same, from the folder of control groups at `groups` and this process's line there, as in /proc/self/cgroup
 * ("0::/a/b"), of a host of so many bytes. Local. */
int64_t memory_within_groups(const char *groups, const char *line, int64_t host_bytes);

#endif
