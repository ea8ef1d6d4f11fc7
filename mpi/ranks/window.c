#include "mpi/ranks/window.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/quantity.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

int64_t par_window_align_local(int64_t bytes)
{
    return (bytes + BL_ALIGN_BYTES - 1) / BL_ALIGN_BYTES * BL_ALIGN_BYTES;
}

static int fail_share(const char *purpose, int64_t bytes, struct bl_error *err)
{
    return bl_fail(err, PAR_NO_WINDOW,
                   "the ranks of a node can't share %s for %s: MPI has no room for windows of "
                   "shared memory; make /dev/shm larger (in containers --shm-size), or set train.shared: off",
                   bl_bytes(bytes).text, purpose);
}

/* 1 if this process can get so many bytes of /dev/shm, where MPI libraries keep windows under Linux, or if
 * /dev/shm can't be used at all, so that nothing is known. Asked before MPI allocates: in Open MPI 4.1 only
 * the first rank of a node notices a failure, and the others wait for it for ever. */
static int has_room(int64_t bytes)
{
    struct statvfs there;
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < (rlim_t)bytes)
        return 0;
    if (statvfs("/dev/shm", &there) == 0 && there.f_blocks > 0 &&
        (int64_t)there.f_bavail < bytes / (int64_t)there.f_frsize + 1)
        return 0;
    const int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return 1;
    int fits = ftruncate(fd, (off_t)bytes) == 0;
    void *const at = fits ? mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    fits = at != MAP_FAILED;
    if (fits)
        munmap(at, (size_t)bytes);
    close(fd);
    return fits;
}

/* Rank 0 of the node allocates the whole window and the others 0 bytes, so that it is contiguous. */
static int allocate_shared(struct par_window *window, struct par node, int64_t bytes, const char *purpose,
                           struct bl_error *err)
{
    MPI_Aint size;
    int unit, failed;
    MPI_Errhandler kept;
    if (par_min_integer(node, has_room(bytes)) == 0)
        return fail_share(purpose, bytes, err);
    /* A refusal must come back as a code here, where MPI's default would end the job. */
    MPI_Comm_get_errhandler(node.comm, &kept);
    MPI_Comm_set_errhandler(node.comm, MPI_ERRORS_RETURN);
    failed = MPI_Win_allocate_shared(node.rank == 0 ? (MPI_Aint)(bytes + BL_ALIGN_BYTES) : 0, 1,
                                     MPI_INFO_NULL, node.comm, &window->at, &window->win) != MPI_SUCCESS;
    MPI_Comm_set_errhandler(node.comm, kept);
    MPI_Errhandler_free(&kept);
    /* Freeing a window is collective: one that only some ranks got can't be freed, so it leaks. */
    if (par_max_integer(node, failed)) {
        window->win = MPI_WIN_NULL;
        window->at = NULL;
        return fail_share(purpose, bytes, err);
    }
    MPI_Win_shared_query(window->win, 0, &size, &unit, &window->at);
    MPI_Win_lock_all(MPI_MODE_NOCHECK, window->win); /* allows loads and stores until par_window_free */
    /* Up to the next multiple of BL_ALIGN_BYTES; the allocation above has as many bytes more. */
    window->at =
        (char *)window->at + (BL_ALIGN_BYTES - (uintptr_t)window->at % BL_ALIGN_BYTES) % BL_ALIGN_BYTES;
    return BL_OK;
}

int par_window_init(struct par_window *window, const struct par_nodes *nodes, int64_t bytes, int with_parts,
                    const char *purpose, struct bl_error *err)
{
    const struct par node = nodes->node;
    const int64_t all = with_parts ? bytes * node.size : bytes;
    int64_t lo, hi;
    *window = (struct par_window){.win = MPI_WIN_NULL};
    int code = node.size > 1 ? allocate_shared(window, node, all, purpose, err)
                             : bl_alloc_zero(&window->at, all, 1, purpose, err);
    /* Each rank zeroes its share: the first touch places a page in the memory nearest to that rank. */
    par_nodes_share_local(nodes, all, &lo, &hi);
    if (code == BL_OK)
        memset((char *)window->at + lo, 0, (size_t)(hi - lo));
    code = par_agree(nodes->all, code, err);
    if (code != BL_OK)
        par_window_free(window);
    else
        par_nodes_meet(nodes);
    return code;
}

void par_window_free(struct par_window *window)
{
    if (!window->at)
        return;
    if (window->win == MPI_WIN_NULL) {
        bl_free(&window->at);
        return;
    }
    MPI_Win_unlock_all(window->win);
    MPI_Win_free(&window->win); /* waits for all ranks of the node: none still uses the memory */
    window->at = NULL;
}
