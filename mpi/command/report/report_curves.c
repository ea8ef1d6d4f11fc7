#include "mpi/command/report/report_curves.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "io/file.h"
#include "mpi/command/report/gnuplot.h"

static const int64_t file_max_bytes = INT64_C(1) << 30;

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "54k (seed 0) of cut.h5: 1000 queries, 54000 items, training rows searched: no". */
static void describe_protocol(const json_t *object, char *text, size_t size)
{
    const json_t *seed = json_object_get(object, "protocol_seed");
    const char *data = base_name(text_of(object, "data", ""));
    char drawn[40] = "";
    if (json_is_integer(seed))
        snprintf(drawn, sizeof drawn, " (seed %" JSON_INTEGER_FORMAT ")", json_integer_value(seed));
    snprintf(text, size,
             "%.60s%s%s%.80s: %" JSON_INTEGER_FORMAT " queries, %" JSON_INTEGER_FORMAT
             " items, training rows searched: %.20s",
             text_of(object, "protocol_name", "unknown protocol"), drawn, *data ? " of " : "", data,
             json_integer_value(json_object_get(object, "queries")),
             json_integer_value(json_object_get(object, "database")),
             text_of(object, "training_rows_in_database", "unknown"));
}

/* The file's name without folders and ending; with the line number if there are several lines. */
static void name_file(const char *path, int64_t line, char *text, size_t size)
{
    const char *name = base_name(path), *dot = strrchr(name, '.');
    const int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    if (line > 0)
        snprintf(text, size, "%.*s:%" PRId64, length, name, line);
    else
        snprintf(text, size, "%.*s", length, name);
}

/* The number of radii; 0 unless both arrays have a number for each. */
static int64_t count_radii(const json_t *recall, const json_t *precision)
{
    const size_t n = json_array_size(recall);
    if (n < 2 || json_array_size(precision) != n)
        return 0;
    for (size_t r = 0; r < n; r++)
        if (!json_is_number(json_array_get(recall, r)) || !json_is_number(json_array_get(precision, r)))
            return 0;
    return (int64_t)n;
}

/* Adds an evaluation; BL_INPUT, without a message, if the object is none. */
static int take_object(struct report_curves *curves, const json_t *object, const char *file,
                       struct bl_error *err)
{
    const json_t *recall = json_object_get(object, "recall_by_radius");
    const json_t *precision = json_object_get(object, "precision_by_radius");
    const json_t *map = json_object_get(object, "map");
    const int64_t n = count_radii(recall, precision);
    if (n == 0 || !json_is_number(map))
        return BL_INPUT;
    int code = bl_grow(&curves->curve, curves->n, &curves->room, sizeof *curves->curve, "curves", err);
    if (code != BL_OK)
        return code;
    struct report_curve *curve = &curves->curve[curves->n];
    *curve = (struct report_curve){.n = n, .map = json_number_value(map)};
    code = bl_alloc(&curve->recall, 2 * n, sizeof *curve->recall, "a curve", err);
    if (code != BL_OK)
        return code;
    curve->precision = curve->recall + n;
    for (int64_t r = 0; r < n; r++) {
        curve->recall[r] = json_number_value(json_array_get(recall, (size_t)r));
        curve->precision[r] = json_number_value(json_array_get(precision, (size_t)r));
    }
    describe_protocol(object, curve->protocol, sizeof curve->protocol);
    const char *method = text_of(object, "method", "");
    snprintf(curve->label, sizeof curve->label, "%s%s%.60s, %" PRId64 " bits", file, *method ? ": " : "",
             method, n - 1);
    curves->n++;
    return BL_OK;
}

static int64_t count_lines(const char *text)
{
    int64_t n = 0;
    for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n')
        n++;
    return n;
}

/* Line by line; a curve is named after the file, and its line if there are several. */
static int parse(struct report_curves *curves, const char *path, const char *text, struct bl_error *err)
{
    const int64_t lines = count_lines(text);
    int64_t line = 0;
    int code = BL_OK;
    for (size_t length; *text && code == BL_OK; text += length + (text[length] == '\n')) {
        char file[120];
        length = strcspn(text, "\n");
        name_file(path, lines > 1 ? ++line : 0, file, sizeof file);
        json_t *object = json_loadb(text, length, 0, NULL);
        code = take_object(curves, object, file, err);
        json_decref(object);
        if (code == BL_INPUT)
            code = bl_fail(err, BL_INPUT,
                           "%s:%" PRId64 ": not an evaluation with a curve; each line must be an output of "
                           "`bitloom evaluate --json`",
                           path, lines > 1 ? line : 1);
    }
    if (code == BL_OK && lines == 0)
        code =
            bl_fail(err, BL_INPUT, "%s is empty; it must have the output of `bitloom evaluate --json`", path);
    return code;
}

int report_curves_read(struct report_curves *curves, const char *path, struct bl_error *err)
{
    char *text = NULL;
    int64_t n_bytes;
    int code = io_file_read(path, file_max_bytes, &text, &n_bytes, err);
    if (code == BL_OK)
        code = parse(curves, path, text, err);
    bl_free(&text);
    return code;
}

void report_curves_free(struct report_curves *curves)
{
    for (int64_t i = 0; i < curves->n; i++)
        bl_free(&curves->curve[i].recall);
    bl_free(&curves->curve);
    curves->n = curves->room = 0;
}

int report_curves_agree(const struct report_curves *curves)
{
    int agree = 1;
    for (int64_t i = 1; i < curves->n; i++)
        agree &= strcmp(curves->curve[i].protocol, curves->curve[0].protocol) == 0;
    return agree;
}

enum { TITLE = 640 };

static const char *name_protocol(const struct report_curves *curves)
{
    return report_curves_agree(curves) ? curves->curve[0].protocol
                                       : "different protocols or data: not to be compared";
}

/* If protocols differ, each curve's title has its own. */
static void name_curve(const struct report_curves *curves, int64_t i, char title[TITLE])
{
    const struct report_curve *curve = &curves->curve[i];
    const int agree = report_curves_agree(curves);
    snprintf(title, TITLE, "%s, mAP %.4f%s%s", curve->label, curve->map, agree ? "" : "; ",
             agree ? "" : curve->protocol);
}

static void write_script(FILE *gnuplot, enum gnuplot_look look, const void *context)
{
    const struct report_curves *curves = context;
    for (int64_t i = 0; i < curves->n; i++) {
        const struct report_curve *curve = &curves->curve[i];
        fprintf(gnuplot, "$curve%" PRId64 " << END\n", i);
        for (int64_t r = 0; r < curve->n; r++)
            fprintf(gnuplot, "%.9g %.9g\n", curve->recall[r], curve->precision[r]);
        fputs("END\n", gnuplot);
    }
    if (look == GNUPLOT_PICTURE) {
        fputs("set title ", gnuplot);
        gnuplot_put_text(gnuplot, name_protocol(curves));
        fputs(
            " noenhanced textcolor rgb '#24292f'\nset key outside below left Left reverse maxcols 1 height 1\n"
            "set xlabel offset 0,0.4\n",
            gnuplot);
    }
    fputs("set xlabel 'recall within the radius'\nset ylabel 'precision within the radius'\n"
          "set xrange [0:1]\nset yrange [0:*<1]\nplot ",
          gnuplot);
    for (int64_t i = 0; i < curves->n; i++) {
        char title[TITLE];
        name_curve(curves, i, title);
        fprintf(gnuplot, "$curve%" PRId64 " with linespoints", i);
        gnuplot_put_style(gnuplot, look, i, 1.6);
        fputs("title ", gnuplot);
        gnuplot_put_text(gnuplot, title);
        fputs(i + 1 < curves->n ? ", " : "\n", gnuplot);
    }
}

static int print_curves(const struct report_curves *curves, struct bl_error *err)
{
    const struct gnuplot_page page = gnuplot_page(1, 1 + curves->n);
    int code = gnuplot_print(&page, write_script, curves, err);
    if (code != BL_OK)
        return code;
    for (int64_t i = 0; i < curves->n; i++) {
        char title[TITLE];
        name_curve(curves, i, title);
        gnuplot_print_symbol(&page, i);
        printf("%s\n", title);
    }
    printf("%s\n", name_protocol(curves));
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write to", "standard output", errno);
}

int report_curves_draw(const struct report_curves *curves, const char *path, enum io_replace replace,
                       struct bl_error *err)
{
    const int line = 20; /* pixels that each curve's line in the key needs */
    const int most = 1000, keys = curves->n < most ? (int)curves->n : most;
    if (!path)
        return print_curves(curves, err);
    return gnuplot_draw(path, replace, report_curves_agree(curves) ? 720 : 960, 440 + line * keys,
                        write_script, curves, err);
}

int report_curves_print(const struct report_curves *curves, struct bl_error *err)
{
    printf("curve\tprotocol\tmap\tradius\trecall\tprecision\n");
    for (int64_t i = 0; i < curves->n; i++) {
        const struct report_curve *curve = &curves->curve[i];
        for (int64_t r = 0; r < curve->n; r++)
            printf("%s\t%s\t%.9g\t%" PRId64 "\t%.9g\t%.9g\n", curve->label, curve->protocol, curve->map, r,
                   curve->recall[r], curve->precision[r]);
    }
    if (fflush(stdout) != 0 || ferror(stdout))
        return bl_fail_path(err, "write to", "standard output", errno);
    return BL_OK;
}
