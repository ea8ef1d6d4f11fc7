#include "mpi/command/report/report_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/keys.h"
#include "io/config_file.h"
#include "io/config_paths.h"
#include "mpi/run/run_folder.h"

enum { FIXED = 6, KEYS = 100, CELL = 2 * BL_PATH_MAX + 8 };

/* What a table is made of: one row of names, one for each run. */
struct table {
    int64_t columns, rows;
    char (*cell)[CELL]; /* [rows, columns]; owned */
};

static char *cell_of(const struct table *table, int64_t row, int64_t column)
{
    return table->cell[row * table->columns + column];
}

const char *report_state_name(const struct report_run *run)
{
    if (run_folder_is_in_use(run->name))
        return "running";
    switch (run->facts.state) {
    case REPORT_FINISHED:
        return "finished";
    case REPORT_STOPPED:
        return "stopped";
    case REPORT_FAILED:
        return "failed";
    case REPORT_GOING:
        return "interrupted";
    default:
        return "not begun";
    }
}

static void put_facts(const struct table *table, int64_t row, const struct report_run *run)
{
    const struct report_row *best = report_best(run);
    const struct report_facts *facts = &run->facts;
    snprintf(cell_of(table, row, 0), CELL, "%s", run->name);
    snprintf(cell_of(table, row, 1), CELL, "%s", report_state_name(run));
    if (best) {
        snprintf(cell_of(table, row, 2), CELL, "%.4f", best->map);
        snprintf(cell_of(table, row, 3), CELL, "%" PRId64, best->step);
    }
    if (facts->steps > 0)
        snprintf(cell_of(table, row, 4), CELL,
                 facts->step < facts->steps ? "%" PRId64 " of %" PRId64 : "%" PRId64, facts->step,
                 facts->steps);
    if (facts->train_seconds > 0.0)
        snprintf(cell_of(table, row, 5), CELL, "%.1f", facts->train_seconds);
}

/* Paths are compared where they lead to. */
static int read_config(const struct report_run *run, struct bl_config *config, int *is_known,
                       struct bl_error *err)
{
    struct par_run_folder folder;
    struct bl_config written;
    int code = run_folder_name(&folder, run->name, err);
    *is_known = code == BL_OK && access(folder.config, F_OK) == 0;
    if (!*is_known)
        return code;
    code = io_config_read(folder.config, NULL, 0, &written, err);
    return code == BL_OK ? io_config_absolute(&written, folder.config, config, err) : code;
}

static int differs(const struct bl_key *key, const struct bl_config *config, const int *is_known, int64_t n)
{
    char first[CELL] = "", other[CELL];
    int seen = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!is_known[i])
            continue;
        bl_key_text(key, &config[i], seen ? other : first, CELL);
        if (seen && strcmp(first, other) != 0)
            return 1;
        seen = 1;
    }
    return 0;
}

static int fill(struct table *table, const struct report_run *runs, int64_t n, const struct bl_config *config,
                const int *is_known, struct bl_error *err)
{
    static const char *const names[FIXED] = {"run", "state", "best mAP", "at step", "steps", "seconds"};
    const struct bl_key *keys[KEYS];
    int64_t n_keys = 0;
    for (const struct bl_key *key = bl_keys; key->name && n_keys < KEYS; key++)
        if (differs(key, config, is_known, n))
            keys[n_keys++] = key;
    table->columns = FIXED + n_keys;
    table->rows = 1 + n;
    int code = bl_alloc_zero(&table->cell, table->rows * table->columns, sizeof *table->cell, "a table", err);
    if (code != BL_OK)
        return code;
    for (int64_t c = 0; c < table->columns; c++)
        snprintf(cell_of(table, 0, c), CELL, "%s", c < FIXED ? names[c] : keys[c - FIXED]->name);
    for (int64_t i = 0; i < n; i++) {
        put_facts(table, 1 + i, &runs[i]);
        for (int64_t k = 0; k < n_keys; k++)
            if (is_known[i])
                bl_key_text(keys[k], &config[i], cell_of(table, 1 + i, FIXED + k), CELL);
            else
                snprintf(cell_of(table, 1 + i, FIXED + k), CELL, "?");
    }
    return BL_OK;
}

/* A character may have several bytes. */
static int64_t width_of(const char *text)
{
    int64_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Numbers to the right, texts to the left; nothing behind the last column. */
static void print_aligned(const struct table *table)
{
    for (int64_t r = 0; r < table->rows; r++)
        for (int64_t c = 0; c < table->columns; c++) {
            int64_t width = 0;
            const char *text = cell_of(table, r, c);
            for (int64_t i = 0; i < table->rows; i++)
                width = width > width_of(cell_of(table, i, c)) ? width : width_of(cell_of(table, i, c));
            const int blanks = (int)(width - width_of(text)), is_number = c >= 2 && c < FIXED;
            printf("%*s%s", is_number ? blanks : 0, "", text);
            if (c + 1 < table->columns)
                printf("%*s", (is_number ? 0 : blanks) + 2, "");
            else
                printf("\n");
        }
}

static void print_tsv(const struct table *table)
{
    for (int64_t r = 0; r < table->rows; r++)
        for (int64_t c = 0; c < table->columns; c++)
            printf("%s%s", cell_of(table, r, c), c + 1 < table->columns ? "\t" : "\n");
}

int report_table(const struct report_run *runs, int64_t n_runs, int as_tsv, struct bl_error *err)
{
    struct table table = {0};
    struct bl_config *config = NULL;
    int *is_known = NULL;
    int code = bl_alloc_zero(&config, n_runs, sizeof *config, "configurations", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&is_known, n_runs, sizeof *is_known, "configurations", err);
    for (int64_t i = 0; i < n_runs && code == BL_OK; i++)
        code = read_config(&runs[i], &config[i], &is_known[i], err);
    if (code == BL_OK)
        code = fill(&table, runs, n_runs, config, is_known, err);
    if (code == BL_OK && as_tsv)
        print_tsv(&table);
    else if (code == BL_OK)
        print_aligned(&table);
    if (code == BL_OK && fflush(stdout) != 0)
        code = bl_fail_path(err, "write to", "standard output", errno);
    bl_free(&table.cell);
    bl_free(&is_known);
    bl_free(&config);
    return code;
}
