#include "mpi/h5/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "support/splits.h"

TestSuite(refusal, .init = enter, .fini = leave);

static void write_latest(unsigned char flags)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access));
    H5Pclose(access);
    FILE *file = fopen(path, "r+b");
    fseek(file, 11, SEEK_SET);
    fwrite(&flags, 1, 1, file);
    fclose(file);
}

static void expect(int code, const char *text)
{
    hid_t file;
    cr_assert_eq(par_h5_open(&file, par_alone(), path, &split_err), code, "%s", split_err.what);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

Test(refusal, a_lock_of_another_process_is_told_with_its_number)
{
    char holder[60];
    write_latest(0);
    const int fd = open(path, O_RDWR);
    cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    snprintf(holder, sizeof holder, "is open for writing in another program (process %d, ", (int)getpid());
    expect(BL_PATH, access("/proc/locks", R_OK) == 0 ? holder : "is open for writing in another program");
    close(fd);
}

Test(refusal, a_reader_is_no_reason_against_reading_but_against_writing)
{
    hid_t file;
    write_latest(0);
    const int fd = open(path, O_RDONLY);
    cr_assert_eq(flock(fd, LOCK_SH | LOCK_NB), 0);
    cr_assert_eq(h5_refusal(path, 0, &split_err), BL_OK);
    cr_assert_eq(h5_open_to_change(&file, path, &split_err), BL_PATH);
    cr_assert(strstr(split_err.what, "is open in another program"), "%s", split_err.what);
    close(fd);
}

Test(refusal, a_file_system_without_locks_is_told_with_its_remedy)
{
    const int reasons[] = {ENOLCK, ENOSYS, EOPNOTSUPP};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(h5_refusal_lock("F", 0, reasons[i], &split_err), BL_PATH);
        cr_assert(strstr(split_err.what, "HDF5_USE_FILE_LOCKING=FALSE"), "%s", split_err.what);
    }
    cr_assert_eq(h5_refusal_lock("F", 0, EINTR, &split_err), BL_OK);
}

Test(refusal, flags_that_a_writer_left_are_told_with_their_remedy)
{
    write_latest(1);
    expect(BL_INPUT, "its writer never closed it; wait for it, or, if it is gone, run h5clear -s");
    write_latest(5);
    expect(BL_INPUT, "h5clear -s");
}

Test(refusal, anything_else_is_damage)
{
    write_latest(0);
    cr_assert_eq(truncate(path, 100), 0);
    expect(BL_INPUT, "is truncated or damaged; copy it again");
}
