#include "io/output.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "io/file.h"
#include "support/folder.h"

static char folder[200];
static struct bl_error err;

static void open_folder(void)
{
    cr_assert(folder_make(folder, sizeof folder));
}

static void close_folder(void)
{
    folder_remove(folder);
}

TestSuite(output, .init = open_folder, .fini = close_folder);

enum { PATH = 400 };

static const char *in(const char *name)
{
    static char paths[8][PATH];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, PATH, "%s/%s", folder, name);
    return path;
}

static int put(const char *path, const char *text)
{
    return io_file_write(path, text, (int64_t)strlen(text), &err);
}

static void assert_content(const char *path, const char *text)
{
    char *bytes = NULL;
    int64_t n = 0;
    cr_assert_eq(io_file_read(path, 1000, &bytes, &n, &err), BL_OK, "%s", err.what);
    cr_assert_str_eq(bytes, text);
    bl_free(&bytes);
}

static mode_t type_of(const char *path)
{
    struct stat status;
    cr_assert_eq(lstat(path, &status), 0, "%s", path);
    return status.st_mode & S_IFMT;
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    return status.st_mode & 07777;
}

/* Only these names are in the folder; separated by blanks. */
static void assert_only(const char *names)
{
    char command[1000];
    snprintf(command, sizeof command, "test \"$(cd %s && echo $(ls -A | LC_ALL=C sort))\" = '%s'", folder,
             names);
    cr_assert_eq(system(command), 0, "%s", names); /* NOLINT(cert-env33-c) */
}

Test(output, a_link_stays_and_its_file_is_replaced_where_it_stands)
{
    cr_assert_eq(mkdir(in("far"), 0777), 0);
    cr_assert_eq(put(in("far/file"), "old"), BL_OK);
    cr_assert_eq(symlink("far/file", in("near")), 0);
    cr_assert_eq(symlink("near", in("chain")), 0);
    cr_assert_eq(put(in("chain"), "new"), BL_OK, "%s", err.what);
    assert_content(in("far/file"), "new");
    cr_assert(S_ISLNK(type_of(in("near"))) && S_ISLNK(type_of(in("chain"))));
    assert_only("chain far near");
}

Test(output, a_link_to_nothing_makes_the_file_that_it_names)
{
    cr_assert_eq(mkdir(in("far"), 0777), 0);
    cr_assert_eq(symlink(in("far/file"), in("link")), 0);
    cr_assert_eq(put(in("link"), "new"), BL_OK, "%s", err.what);
    assert_content(in("far/file"), "new");
    cr_assert(S_ISLNK(type_of(in("link"))));
}

Test(output, a_loop_of_links_is_a_path_error)
{
    cr_assert_eq(symlink("b", in("a")), 0);
    cr_assert_eq(symlink("a", in("b")), 0);
    cr_assert_eq(put(in("a"), "x"), BL_PATH);
    assert_only("a b");
}

Test(output, folders_and_sockets_are_never_replaced)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/s", folder);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
    cr_assert_eq(mkdir(in("d"), 0777), 0);
    cr_assert_eq(put(in("d"), "x"), BL_PATH);
    cr_assert(strstr(err.what, "Is a directory"), "%s", err.what);
    cr_assert_eq(put(in("d/"), "x"), BL_PATH);
    cr_assert_eq(put(in("none/"), "x"), BL_PATH);
    cr_assert_eq(put(in("s"), "x"), BL_PATH);
    cr_assert(strstr(err.what, "a socket"), "%s", err.what);
    cr_assert(S_ISSOCK(type_of(in("s"))));
    assert_only("d s");
}

Test(output, a_device_is_written_into_and_stays_a_device)
{
    cr_assert_eq(put("/dev/null", "x"), BL_OK, "%s", err.what);
    cr_assert(S_ISCHR(type_of("/dev/null")));
    cr_assert_eq(put("/dev/full", "x"), BL_PATH);
    cr_assert(strstr(err.what, "/dev/full: No space left"), "%s", err.what);
    cr_assert_eq(symlink("/dev/full", in("link")), 0);
    cr_assert_eq(put(in("link"), "x"), BL_PATH);
    cr_assert(S_ISLNK(type_of(in("link"))));
}

Test(output, bytes_go_through_a_pipe_which_stays_one)
{
    char text[10] = "";
    cr_assert_eq(mkfifo(in("pipe"), 0666), 0);
    const int fd = open(in("pipe"), O_RDONLY | O_NONBLOCK);
    cr_assert_geq(fd, 0);
    cr_assert_eq(put(in("pipe"), "through"), BL_OK, "%s", err.what);
    cr_assert_eq(read(fd, text, sizeof text - 1), 7);
    cr_assert_str_eq(text, "through");
    close(fd);
    cr_assert(S_ISFIFO(type_of(in("pipe"))));
    assert_only("pipe");
}

Test(output, an_open_descriptor_is_written_where_it_stands)
{
    char path[PATH];
    const int fd = open(in("open"), O_RDWR | O_CREAT, 0666);
    cr_assert_eq(write(fd, "before ", 7), 7);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    cr_assert_eq(put(path, "here"), BL_OK, "%s", err.what);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    cr_assert_eq(symlink(path, in("link")), 0);
    cr_assert_eq(put(in("link"), ", there"), BL_OK, "%s", err.what);
    close(fd);
    assert_content(in("open"), "before here, there");
    cr_assert_eq(put(path, "x"), BL_PATH);
}

Test(output, mode_and_group_of_a_replaced_file_are_kept)
{
    cr_assert_eq(put(in("file"), "old"), BL_OK);
    cr_assert_eq(chmod(in("file"), 0640), 0);
    const int is_root = geteuid() == 0;
    cr_assert(!is_root || chown(in("file"), 1234, 4321) == 0);
    cr_assert_eq(put(in("file"), "new"), BL_OK, "%s", err.what);
    struct stat status;
    cr_assert_eq(stat(in("file"), &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0640);
    cr_assert(!is_root || (status.st_uid == 1234 && status.st_gid == 4321));
    umask(027);
    cr_assert_eq(put(in("another"), "new"), BL_OK);
    cr_assert_eq(mode_of(in("another")), 0640);
}

Test(output, a_file_protected_against_writing_is_not_replaced)
{
    cr_assert_eq(put(in("file"), "old"), BL_OK);
    cr_assert_eq(chmod(in("file"), 0444), 0);
    cr_assert_eq(put(in("file"), "new"), BL_PATH);
    cr_assert(strstr(err.what, "protected against writing"), "%s", err.what);
    assert_content(in("file"), "old");
    assert_only("file");
}

Test(output, what_is_being_written_is_nobody_elses_when_it_replaces_a_private_file)
{
    struct io_output output;
    cr_assert_eq(put(in("file"), "old"), BL_OK);
    cr_assert_eq(chmod(in("file"), 0600), 0);
    cr_assert_eq(io_output_look(&output, in("file"), &err), BL_OK);
    cr_assert_eq(io_output_begin(&output, &err), BL_OK);
    cr_assert_eq(mode_of(in("file.part")), 0600);
    io_output_drop(&output);
    io_output_drop(&output);
    assert_content(in("file"), "old");
    assert_only("file");
}

Test(output, one_process_at_a_time_writes_a_file)
{
    struct io_output first, second;
    cr_assert_eq(io_output_look(&first, in("file"), &err), BL_OK);
    cr_assert_eq(io_output_begin(&first, &err), BL_OK);
    cr_assert_eq(io_output_put(&first, "first", 5, &err), BL_OK);
    cr_assert_eq(io_output_look(&second, in("file"), &err), BL_OK);
    cr_assert_eq(io_output_begin(&second, &err), BL_PATH);
    cr_assert(strstr(err.what, "another process") && strstr(err.what, "is writing"), "%s", err.what);
    io_output_drop(&second);
    cr_assert_eq(io_output_commit(&first, &err), BL_OK, "%s", err.what);
    io_output_drop(&first);
    assert_content(in("file"), "first");
    assert_only("file");
}

Test(output, what_a_killed_process_left_is_in_nobodys_way)
{
    const pid_t child = fork();
    if (child == 0) {
        struct io_output output;
        if (io_output_look(&output, in("file"), &err) != BL_OK || io_output_begin(&output, &err) != BL_OK ||
            io_output_put(&output, "half", 4, &err) != BL_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    assert_only("file.part file.part.lock");
    cr_assert_eq(put(in("file"), "whole"), BL_OK, "%s", err.what);
    assert_content(in("file"), "whole");
    assert_only("file");
}

Test(output, what_stands_under_the_temporary_name_and_is_no_file_is_left_alone)
{
    cr_assert_eq(symlink("elsewhere", in("file.part")), 0);
    cr_assert_eq(put(in("file"), "x"), BL_PATH);
    cr_assert(strstr(err.what, "in the way"), "%s", err.what);
    assert_only("file.part");
}

Test(output, a_file_that_somebody_changed_meanwhile_is_left_as_it_is)
{
    struct io_output output;
    cr_assert_eq(io_output_look(&output, in("file"), &err), BL_OK);
    cr_assert_eq(io_output_begin(&output, &err), BL_OK);
    cr_assert_eq(io_output_put(&output, "ours", 4, &err), BL_OK);
    const int fd = open(in("file"), O_WRONLY | O_CREAT, 0666);
    cr_assert(fd >= 0 && write(fd, "theirs", 6) == 6 && close(fd) == 0);
    cr_assert_eq(io_output_commit(&output, &err), BL_PATH);
    cr_assert(strstr(err.what, "made by another program meanwhile"), "%s", err.what);
    io_output_drop(&output);
    assert_content(in("file"), "theirs");
    assert_only("file");
}

Test(output, bytes_that_read_back_differently_get_no_name)
{
    struct io_output output;
    cr_assert_eq(io_output_look(&output, in("file"), &err), BL_OK);
    cr_assert_eq(io_output_begin(&output, &err), BL_OK);
    cr_assert_eq(io_output_put(&output, "ours", 4, &err), BL_OK);
    const int fd = open(output.temporary, O_WRONLY);
    cr_assert(fd >= 0 && pwrite(fd, "X", 1, 2) == 1 && close(fd) == 0);
    cr_assert_eq(io_output_commit(&output, &err), BL_PATH);
    cr_assert(strstr(err.what, "reads back differently"), "%s", err.what);
    io_output_drop(&output);
    assert_only("");
}

Test(output, names_that_are_none_are_a_usage_error)
{
    char path[BL_PATH_MAX + 10];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_assert_eq(put("", "x"), BL_USAGE);
    cr_assert_eq(put(path, "x"), BL_USAGE);
}
