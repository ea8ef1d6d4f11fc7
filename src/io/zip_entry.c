#include "io/zip_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unzip.h>

#include "base/buffer.h"
#include "config/config.h"

enum { NAME_BYTES = 512, LIST_BYTES = 400, PIECE_BYTES = 1 << 30, DEFLATED = 8 };

struct io_zip_entry {
    unzFile zip;
    char path[BL_PATH_MAX], title[BL_PATH_MAX];
    int is_open; /* the entry, for reading */
    int64_t bytes, read, place;
};

static int fail_damaged(const struct io_zip_entry *entry, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s is damaged or truncated; fetch it again", entry->title);
}

static int ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Adds a name without its suffix to a list, or "..." where there is no room. */
static void add_name(char list[LIST_BYTES], const char *name, const char *suffix)
{
    const size_t used = strlen(list), n = strlen(name) - strlen(suffix);
    if (used + n + 10 < LIST_BYTES)
        snprintf(list + used, LIST_BYTES - used, "%s%.*s", used ? ", " : "", (int)n, name);
    else if (!ends_with(list, "..."))
        snprintf(list + used, LIST_BYTES - used, ", ...");
}

static int is_wanted(const char *found, const char *name, const char *suffix)
{
    const size_t n = name ? strlen(name) : 0;
    if (!ends_with(found, suffix))
        return 0;
    return !name || strcmp(found, name) == 0 ||
           (strncmp(found, name, n) == 0 && strcmp(found + n, suffix) == 0);
}

/* Goes to the entry; the last of several of the same name counts, as in Python. */
static int find(struct io_zip_entry *entry, const char *name, const char *suffix, struct bl_error *err)
{
    char found[NAME_BYTES], list[LIST_BYTES] = "";
    unz64_file_pos place = {0};
    int64_t matches = 0, all = 0;
    int status = unzGoToFirstFile(entry->zip);
    for (; status == UNZ_OK; status = unzGoToNextFile(entry->zip)) {
        if (unzGetCurrentFileInfo64(entry->zip, NULL, found, sizeof found - 1, NULL, 0, NULL, 0) != UNZ_OK)
            return fail_damaged(entry, err);
        found[sizeof found - 1] = '\0';
        if (!ends_with(found, suffix))
            continue;
        all++;
        add_name(list, found, suffix);
        matches += is_wanted(found, name, suffix);
        if (is_wanted(found, name, suffix) && unzGetFilePos64(entry->zip, &place) != UNZ_OK)
            return fail_damaged(entry, err);
    }
    if (status != UNZ_END_OF_LIST_OF_FILE)
        return fail_damaged(entry, err);
    if (all == 0)
        return bl_fail(err, BL_INPUT, "%s has no array (*%s) in it; check --format", entry->path, suffix);
    if (matches == 0)
        return bl_fail(err, BL_USAGE, "%s has no array '%s'; it has %s", entry->path, name, list);
    if (!name && matches > 1)
        return bl_fail(err, BL_USAGE, "%s: say which array, as in %s:NAME; it has %s", entry->path,
                       entry->path, list);
    return unzGoToFilePos64(entry->zip, &place) == UNZ_OK ? BL_OK : fail_damaged(entry, err);
}

static int begin(struct io_zip_entry *entry, struct bl_error *err)
{
    if (unzOpenCurrentFile(entry->zip) != UNZ_OK)
        return fail_damaged(entry, err);
    entry->is_open = 1;
    entry->read = 0;
    return BL_OK;
}

static int look(struct io_zip_entry *entry, struct bl_error *err)
{
    unz_file_info64 info;
    char name[NAME_BYTES];
    if (unzGetCurrentFileInfo64(entry->zip, &info, name, sizeof name - 1, NULL, 0, NULL, 0) != UNZ_OK ||
        info.uncompressed_size > INT64_MAX)
        return fail_damaged(entry, err);
    name[sizeof name - 1] = '\0';
    snprintf(entry->title, sizeof entry->title, "%.*s:%s", BL_PATH_MAX - NAME_BYTES - 1, entry->path, name);
    if (info.flag & 1)
        return bl_fail(err, BL_INPUT, "%s is encrypted; save it without a password", entry->title);
    if (info.compression_method != 0 && info.compression_method != DEFLATED)
        return bl_fail(err, BL_INPUT, "%s is compressed in another way than deflate; save it by numpy.savez",
                       entry->title);
    entry->bytes = (int64_t)info.uncompressed_size;
    const int code = begin(entry, err);
    if (code == BL_OK && info.compression_method == 0)
        entry->place = (int64_t)unzGetCurrentFileZStreamPos64(entry->zip);
    return code;
}

/* By POSIX first, which gives a reason; a FIFO would block. */
static int open_archive(struct io_zip_entry *entry, struct bl_error *err)
{
    struct stat status;
    const int fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return bl_fail_path(err, "open", entry->path, errno);
    const int regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    close(fd);
    if (!regular)
        return bl_fail(err, BL_PATH, "%s is not a regular file; give the path of one", entry->path);
    entry->zip = unzOpen64(entry->path);
    return entry->zip ? BL_OK
                      : bl_fail(err, BL_INPUT, "%s is not a zip archive, or is truncated; check --format",
                                entry->path);
}

int io_zip_entry_open(struct io_zip_entry **out, const char *path, const char *name, const char *suffix,
                      struct bl_error *err)
{
    struct io_zip_entry *entry;
    *out = NULL;
    int code = bl_alloc_zero(&entry, 1, sizeof *entry, "reading a zip archive", err);
    if (code != BL_OK)
        return code;
    entry->place = -1;
    snprintf(entry->path, sizeof entry->path, "%s", path);
    snprintf(entry->title, sizeof entry->title, "%s", path);
    code = open_archive(entry, err);
    if (code == BL_OK)
        code = find(entry, name, suffix, err);
    if (code == BL_OK)
        code = look(entry, err);
    if (code != BL_OK)
        io_zip_entry_close(entry);
    else
        *out = entry;
    return code;
}

void io_zip_entry_close(struct io_zip_entry *entry)
{
    if (!entry)
        return;
    if (entry->is_open)
        unzCloseCurrentFile(entry->zip);
    if (entry->zip)
        unzClose(entry->zip);
    bl_free(&entry);
}

const char *io_zip_entry_title(const struct io_zip_entry *entry)
{
    return entry->title;
}

const char *io_zip_entry_archive(const struct io_zip_entry *entry)
{
    return entry->path;
}

int64_t io_zip_entry_bytes(const struct io_zip_entry *entry)
{
    return entry->bytes;
}

int64_t io_zip_entry_place(const struct io_zip_entry *entry)
{
    return entry->place;
}

int io_zip_entry_read(struct io_zip_entry *entry, void *to, int64_t n, int64_t *n_read, struct bl_error *err)
{
    *n_read = 0;
    while (*n_read < n && entry->is_open) {
        const int64_t left = n - *n_read;
        const int got = unzReadCurrentFile(entry->zip, (char *)to + *n_read,
                                           left < PIECE_BYTES ? (unsigned)left : (unsigned)PIECE_BYTES);
        if (got < 0)
            return fail_damaged(entry, err);
        *n_read += got;
        entry->read += got;
        if (got > 0 && entry->read < entry->bytes)
            continue;
        entry->is_open = 0; /* at its end: closing compares the checksum */
        if (unzCloseCurrentFile(entry->zip) != UNZ_OK)
            return fail_damaged(entry, err);
    }
    return BL_OK;
}

int io_zip_entry_rewind(struct io_zip_entry *entry, struct bl_error *err)
{
    if (entry->is_open)
        unzCloseCurrentFile(entry->zip);
    entry->is_open = 0;
    return begin(entry, err);
}

/* Reads the next n bytes and drops them. */
static int drop(struct io_zip_entry *entry, int64_t n, struct bl_error *err)
{
    char piece[1 << 14];
    int64_t got = 1;
    int code = BL_OK;
    for (int64_t left = n; code == BL_OK && left > 0 && got > 0; left -= got)
        code = io_zip_entry_read(entry, piece, left < (int64_t)sizeof piece ? left : (int64_t)sizeof piece,
                                 &got, err);
    return code;
}

int io_zip_entry_check(struct io_zip_entry *entry, struct bl_error *err)
{
    const int64_t at = entry->read;
    int code = drop(entry, entry->bytes - at, err);
    if (code == BL_OK)
        code = io_zip_entry_rewind(entry, err);
    return code == BL_OK ? drop(entry, at, err) : code;
}
