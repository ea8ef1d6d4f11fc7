#include "mpi/command/report/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mpi/files/output.h"

/* Colours that colour-blind readers can tell apart, too (Okabe and Ito 2008). */
static const char *const colours[] = {"0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "000000"};
enum { COLOURS = sizeof colours / sizeof *colours, SYMBOLS = 26 };

const char *gnuplot_colour(int64_t i)
{
    return colours[i % COLOURS];
}

/* Black is for paper: a terminal may be dark, and has a colour of its own. */
static int is_black(int64_t i)
{
    return strcmp(gnuplot_colour(i), "000000") == 0;
}

void gnuplot_put_style(FILE *gnuplot, enum gnuplot_look look, int64_t i, double line_width)
{
    if (look == GNUPLOT_PICTURE)
        fprintf(gnuplot, " pointtype 7 pointsize 0.5 linewidth %g linecolor rgb '#%s' ", line_width,
                gnuplot_colour(i));
    else
        fprintf(gnuplot, " linetype %d pointtype %d ", (int)(i % SYMBOLS) + 1, (int)(i % SYMBOLS) + 1);
    if (look == GNUPLOT_COLOURS && !is_black(i))
        fprintf(gnuplot, "linecolor rgb '#%s' ", gnuplot_colour(i));
}

/* gnuplot's points of type 1, 2, ... are A, B, ...; its colours are those of a cube of 6 x 6 x 6. */
void gnuplot_print_symbol(const struct gnuplot_page *page, int64_t i)
{
    const char symbol = (char)('A' + i % SYMBOLS);
    unsigned red, green, blue;
    if (page->look == GNUPLOT_COLOURS && !is_black(i) &&
        sscanf(gnuplot_colour(i), "%2x%2x%2x", &red, &green, &blue) == 3)
        printf("\033[38;5;%um%c\033[0m ", 16 + 36 * (red * 6 / 256) + 6 * (green * 6 / 256) + blue * 6 / 256,
               symbol);
    else
        printf("%c ", symbol);
}

static int clamp(int64_t value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)value;
}

struct gnuplot_page gnuplot_page(int64_t plots, int64_t lines)
{
    struct winsize size = {0};
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO))
        return (struct gnuplot_page){79, 22, GNUPLOT_TEXT};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_col = 80, .ws_row = 24};
    const int blank = 3; /* lines of a plot that print_text leaves out */
    const int is_plain = (no_colour && no_colour[0]) || (terminal && strcmp(terminal, "dumb") == 0);
    return (struct gnuplot_page){.width = clamp(size.ws_col - 1, 30, 250),
                                 .height = clamp((size.ws_row - 1 - lines) / plots + blank, 10, 64),
                                 .look = is_plain ? GNUPLOT_TEXT : GNUPLOT_COLOURS};
}

/* Formats by the path's ending. scale: from pixels to the terminal's unit, for pdf cm = pixels * 2.54 /
 * 96. */
static const struct {
    const char *ending, *terminal;
    double scale;
    enum file_kind kind;
} formats[] = {
    {".png", "pngcairo size %g,%g font 'sans,10' background '#ffffff'", 1.0, FILE_PNG},
    {".svg", "svg size %g,%g font 'sans,12' background '#ffffff'", 1.0, FILE_SVG},
    {".pdf", "pdfcairo size %gcm,%gcm font 'sans,10' background '#ffffff'", 2.54 / 96.0, FILE_PDF},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static int format_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (int i = 0; ending && i < FORMATS; i++)
        if (strcmp(ending, formats[i].ending) == 0)
            return i;
    return -1;
}

/* A line end would start a new command, so it becomes a space. */
void gnuplot_put_text(FILE *gnuplot, const char *text)
{
    fputc('\'', gnuplot);
    for (; *text; text++) {
        if (*text == '\'')
            fputc('\'', gnuplot);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, gnuplot);
    }
    fputc('\'', gnuplot);
}

struct picture {
    int format, width, height; /* format: of pictures */
    enum gnuplot_look look;
    gnuplot_script *script;
    const void *context;
};

static void write_script(FILE *gnuplot, const struct picture *picture)
{
    if (picture->look != GNUPLOT_PICTURE) {
        fprintf(gnuplot, "set terminal dumb noenhanced size %d,%d %s\nunset key\nset tics nomirror\n",
                picture->width, picture->height, picture->look == GNUPLOT_COLOURS ? "ansi256" : "mono");
    } else {
        const double scale = formats[picture->format].scale;
        fputs("set terminal ", gnuplot);
        fprintf(gnuplot, formats[picture->format].terminal, scale * picture->width, scale * picture->height);
        fputs(" noenhanced\nset border 3 linecolor rgb '#8c959f'\nset tics nomirror textcolor rgb '#24292f'\n"
              "set grid linecolor rgb '#d8dee4' linetype 1 linewidth 0.7\nset key noenhanced right top\n",
              gnuplot);
    }
    picture->script(gnuplot, picture->look, picture->context);
    fputs("unset output\n", gnuplot); /* ends the picture */
}

/* The script in a file without a name, read from its start. */
static FILE *make_script(const struct picture *picture, struct bl_error *err)
{
    FILE *file = tmpfile();
    if (!file) {
        bl_fail_path(err, "make", "a temporary file for gnuplot", errno);
        return NULL;
    }
    write_script(file, picture);
    if (fflush(file) == 0 && !ferror(file) && lseek(fileno(file), 0, SEEK_SET) == 0)
        return file;
    bl_fail_path(err, "write", "a temporary file for gnuplot", errno);
    fclose(file); /* it failed already */
    return NULL;
}

/* Everything from a descriptor. 0, or an errno. */
static int read_all(int fd, char **bytes, size_t *n_bytes)
{
    FILE *memory = open_memstream(bytes, n_bytes);
    char block[1 << 14];
    ssize_t n = 0;
    while (memory && ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            fwrite(block, 1, (size_t)n, memory);
    const int reason = n < 0 ? errno : 0;
    const int failed = !memory || ferror(memory);
    return (memory && fclose(memory) != 0) || failed ? ENOMEM : reason;
}

/* Starts gnuplot between the script and a pipe; the child's number, or -1. Its own messages are hidden: they
 * name lines of a script that the user can't see. */
static pid_t start_gnuplot(int script, const int ends[2])
{
    char *const arguments[] = {
        (char[]){"sh"}, (char[]){"-c"},
        (char[]){"command -v gnuplot >/dev/null || exit 127; exec gnuplot 2>/dev/null"}, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    if (posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environ) != 0)
        child = -1;
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

/* status: of the shell around gnuplot, -1 if nothing came. */
static int judge(int status, struct bl_error *err)
{
    enum { NOT_THERE = 127 };
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return BL_OK;
    if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
        return bl_fail(err, BL_USAGE,
                       "there is no gnuplot in PATH to draw with; install it (Debian: gnuplot-nox), or print "
                       "the numbers with --data");
    return bl_fail(err, BL_USAGE,
                   "gnuplot could not draw this; it may lack the picture's format (try .svg), or print the "
                   "numbers with --data");
}

/* *bytes: the picture in memory, to be freed with free. */
static int run_gnuplot(const struct picture *picture, char **bytes, size_t *n_bytes, struct bl_error *err)
{
    int ends[2], status = -1, reason = 0;
    FILE *script = make_script(picture, err);
    if (!script)
        return err->code;
    if (pipe(ends) != 0) {
        reason = errno;
        fclose(script); /* only read from now on */
        return bl_fail_path(err, "start", "gnuplot", reason);
    }
    const pid_t child = start_gnuplot(fileno(script), ends);
    close(ends[1]);
    if (child >= 0)
        reason = read_all(ends[0], bytes, n_bytes);
    close(ends[0]);
    fclose(script);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return bl_fail(err, BL_USAGE, "can't start gnuplot; print the numbers with --data");
    return reason ? bl_fail_path(err, "read from", "gnuplot", reason)
                  : judge(*n_bytes == 0 && status == 0 ? -1 : status, err);
}

int gnuplot_draw(const char *path, enum io_replace replace, int width, int height, gnuplot_script *script,
                 const void *context, struct bl_error *err)
{
    const struct picture picture = {
        .format = format_of(path), .width = width, .height = height, .script = script, .context = context};
    char *bytes = NULL;
    size_t n_bytes = 0;
    if (picture.format < 0)
        return bl_fail(err, BL_USAGE, "the picture %s must end in .png, .svg or .pdf", path);
    const enum file_kind kind = formats[picture.format].kind;
    int code = output_check(path, kind, replace, err);
    if (code == BL_OK)
        code = run_gnuplot(&picture, &bytes, &n_bytes, err);
    if (code == BL_OK)
        code = output_write(path, kind, replace, bytes, (int64_t)n_bytes, err);
    free(bytes);
    return code;
}

/* Whether a line shows nothing: blanks, and colours of blanks. */
static int is_blank(const char *line)
{
    for (; *line; line++) {
        if (*line == '\033')
            line += strcspn(line, "m");
        else if (!strchr(" \f\n", *line))
            return 0;
        if (!*line)
            return 1;
    }
    return 1;
}

/* gnuplot begins each page with a form feed and fills it with blanks. */
static int print_text(FILE *file, const struct gnuplot_page *page, struct bl_error *err)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0) {
        size_t n = strcspn(line, "\n");
        while (n > 0 && line[n - 1] == ' ')
            n--;
        if (is_blank(line))
            continue;
        const size_t first = strspn(line, "\f");
        if (n > first)
            printf("%.*s%s\n", (int)(n - first), line + first,
                   page->look == GNUPLOT_COLOURS ? "\033[0m" : "");
    }
    free(line);
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write to", "standard output", errno);
}

int gnuplot_print(const struct gnuplot_page *page, gnuplot_script *script, const void *context,
                  struct bl_error *err)
{
    const struct picture picture = {.width = page->width,
                                    .height = page->height,
                                    .look = page->look,
                                    .script = script,
                                    .context = context};
    char *bytes = NULL;
    size_t n_bytes = 0;
    int code = run_gnuplot(&picture, &bytes, &n_bytes, err);
    FILE *file = code == BL_OK ? fmemopen(bytes, n_bytes, "r") : NULL;
    if (code == BL_OK && !file)
        code = bl_fail(err, BL_MEMORY, "out of memory: the drawn characters");
    if (file) {
        code = print_text(file, page, err);
        fclose(file); /* only read from */
    }
    free(bytes);
    return code;
}
