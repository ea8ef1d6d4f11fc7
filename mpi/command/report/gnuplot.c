#include "mpi/command/report/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "io/file.h"

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
} formats[] = {
    {".png", "pngcairo size %g,%g font 'sans,10' background '#ffffff'", 1.0},
    {".svg", "svg size %g,%g font 'sans,12' background '#ffffff'", 1.0},
    {".pdf", "pdfcairo size %gcm,%gcm font 'sans,10' background '#ffffff'", 2.54 / 96.0},
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
    const char *output;
    int format, width, height; /* format: of pictures */
    enum gnuplot_look look;
    gnuplot_script *script;
    const void *context;
};

static void write_script(FILE *gnuplot, const struct picture *picture)
{
    if (picture->look != GNUPLOT_PICTURE) {
        fprintf(gnuplot,
                "set terminal dumb noenhanced size %d,%d %s\nunset key\nset tics nomirror\nset output ",
                picture->width, picture->height, picture->look == GNUPLOT_COLOURS ? "ansi256" : "mono");
    } else {
        const double scale = formats[picture->format].scale;
        fputs("set terminal ", gnuplot);
        fprintf(gnuplot, formats[picture->format].terminal, scale * picture->width, scale * picture->height);
        fputs(" noenhanced\nset border 3 linecolor rgb '#8c959f'\nset tics nomirror textcolor rgb '#24292f'\n"
              "set grid linecolor rgb '#d8dee4' linetype 1 linewidth 0.7\nset key noenhanced right top\n"
              "set output ",
              gnuplot);
    }
    gnuplot_put_text(gnuplot, picture->output);
    fputc('\n', gnuplot);
    picture->script(gnuplot, picture->look, picture->context);
    fputs("unset output\n", gnuplot);
}

/* Pipes the script into gnuplot. Its own messages are hidden: they name lines of a script that the user
 * can't see. */
static int run_gnuplot(const struct picture *picture, struct bl_error *err)
{
    enum { NOT_THERE = 127 };
    fflush(stdout);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* if gnuplot ends early, its exit status says why */
    FILE *gnuplot = popen("command -v gnuplot >/dev/null || exit 127; exec gnuplot 2>/dev/null", "w");
    if (!gnuplot) {
        signal(SIGPIPE, before);
        return bl_fail_path(err, "start", "gnuplot", errno);
    }
    write_script(gnuplot, picture);
    const int status = pclose(gnuplot);
    signal(SIGPIPE, before);
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

int gnuplot_draw(const char *path, int width, int height, gnuplot_script *script, const void *context,
                 struct bl_error *err)
{
    char temporary[BL_PATH_MAX + 8];
    struct picture picture = {.output = temporary,
                              .format = format_of(path),
                              .width = width,
                              .height = height,
                              .script = script,
                              .context = context};
    if (picture.format < 0)
        return bl_fail(err, BL_USAGE, "the picture %s must end in .png, .svg or .pdf", path);
    int code = io_file_temporary(path, temporary, sizeof temporary, err);
    if (code != BL_OK)
        return code;
    /* Opened here first, since gnuplot doesn't report why it can't write a file. */
    FILE *file = fopen(temporary, "w");
    if (!file)
        return bl_fail_path(err, "write", path, errno);
    fclose(file);
    code = run_gnuplot(&picture, err);
    if (code == BL_OK)
        return io_file_install(temporary, path, err);
    unlink(temporary);
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
    char temporary[BL_PATH_MAX];
    const char *folder = getenv("TMPDIR");
    snprintf(temporary, sizeof temporary, "%.900s/bitloom-report-XXXXXX",
             folder && folder[0] ? folder : "/tmp");
    const int fd = mkstemp(temporary);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file)
        return bl_fail_path(err, "write", temporary, errno);
    const struct picture picture = {.output = temporary,
                                    .width = page->width,
                                    .height = page->height,
                                    .look = page->look,
                                    .script = script,
                                    .context = context};
    int code = run_gnuplot(&picture, err);
    if (code == BL_OK)
        code = print_text(file, page, err);
    fclose(file);
    unlink(temporary);
    return code;
}
