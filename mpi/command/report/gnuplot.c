#include "mpi/command/report/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "io/file.h"

/* Colours that colour-blind readers can tell apart, too (Okabe and Ito 2008). */
static const char *const colours[] = {"0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "000000"};
enum { COLOURS = sizeof colours / sizeof *colours };

const char *gnuplot_colour(int64_t i)
{
    return colours[i % COLOURS];
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
    const char *output; /* NULL: characters */
    int format, width, height;
    gnuplot_script *script;
    const void *context;
};

static void write_script(FILE *gnuplot, const struct picture *picture)
{
    if (!picture->output) {
        fputs("set terminal dumb noenhanced size 79,22\nset key noenhanced below\nset tics nomirror\n",
              gnuplot);
    } else {
        const double scale = formats[picture->format].scale;
        fputs("set terminal ", gnuplot);
        fprintf(gnuplot, formats[picture->format].terminal, scale * picture->width, scale * picture->height);
        fputs(" noenhanced\nset border 3 linecolor rgb '#8c959f'\nset tics nomirror textcolor rgb '#24292f'\n"
              "set grid linecolor rgb '#d8dee4' linetype 1 linewidth 0.7\nset key noenhanced right top\n"
              "set output ",
              gnuplot);
        gnuplot_put_text(gnuplot, picture->output);
        fputc('\n', gnuplot);
    }
    picture->script(gnuplot, !picture->output, picture->context);
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
    struct picture picture = {.width = width, .height = height, .script = script, .context = context};
    if (!path)
        return run_gnuplot(&picture, err);
    picture.output = temporary;
    picture.format = format_of(path);
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
