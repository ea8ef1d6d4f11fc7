/* The true neighbours of a split, searched and stored by all ranks, are those of all keys sorted. */
#include "mpi/files/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "mpi/files/truth_check.h"
#include "mpi/neighbours/nearest_rows.h"
#include "mpi/ranks/collective.h"
#include "neighbours/nearest.h"
#include "support/folder.h"
#include "support/ranks.h"

enum { QUERIES = 23, ROWS = 300, DIM = 11, K = 6 };

static char folder[200], path[260];
static float queries[QUERIES * DIM], rows[ROWS * DIM];

static void put_split(struct split_writer **writer, const char *split, const float *values, int64_t n)
{
    struct bl_error err = {0};
    const struct split_writer_options options = {.rows = n, .dim = DIM, .type = BL_FLOAT32};
    CHECK((*writer ? split_next(*writer, split, &options, &err)
                   : split_create(writer, path, split, &options, &err)) == BL_OK);
    CHECK(split_append(*writer, n, values, NULL, NULL, &err) == BL_OK);
}

/* A file that all ranks see, with every fifth row a copy of the one before. */
static void make_data(struct par par)
{
    for (int64_t i = 0; i < ROWS * DIM; i++) {
        double normal[4];
        bl_rng_normal(5, BL_STREAM_LSH, (uint64_t)i, 0, 0, normal);
        rows[i] = (float)normal[0];
        queries[i % (QUERIES * DIM)] = (float)normal[1];
    }
    for (int64_t r = 5; r < ROWS; r += 5)
        memcpy(rows + r * DIM, rows + (r - 1) * DIM, DIM * sizeof *rows);
    if (par.rank == 0) {
        struct split_writer *writer = NULL;
        struct bl_error err = {0};
        CHECK(folder_make(folder, sizeof folder));
        snprintf(path, sizeof path, "%s/data.h5", folder);
        put_split(&writer, "test", queries, QUERIES);
        put_split(&writer, "train", rows, ROWS);
        CHECK(split_commit(writer, &err) == BL_OK);
        split_destroy(writer);
    }
    par_broadcast(par, path, sizeof path);
}

/* Searches `split` in train and stores what is found. */
static void search(struct par par, const char *split, int64_t n, int64_t memory, enum bl_metric metric)
{
    struct par_dataset *asked = NULL, *searched = NULL;
    struct par_nearest found = {0};
    struct bl_error err = {0};
    struct par_truth_note note = {.database = "train", .k = K};
    const struct par_nearest_request request = {.metric = metric,
                                                .k = K,
                                                .is_same = strcmp(split, "train") == 0,
                                                .threads = 2,
                                                .memory_bytes = memory,
                                                .queries = split,
                                                .database = "train"};
    snprintf(note.metric, sizeof note.metric, "%s", bl_metric_name(metric));
    CHECK(par_dataset_open(&asked, par, path, split, &err) == BL_OK);
    CHECK(par_dataset_open(&searched, par, path, "train", &err) == BL_OK);
    CHECK(par_rows_digest(par, asked, note.queries_digest, &err) == BL_OK);
    CHECK(par_rows_digest(par, searched, note.database_digest, &err) == BL_OK);
    CHECK(par_nearest_rows(par, asked, searched, &request, &found, &err) == BL_OK);
    par_dataset_close(searched);
    par_dataset_close(asked);
    const struct par_truth_lists lists = {found.lo, found.hi, n, ROWS, found.rows, found.distances};
    CHECK(par_truth_store(par, path, split, &note, &lists, 1, &err) == BL_OK);
    CHECK(par_truth_store(par, path, split, &note, &lists, 0, &err) == BL_USAGE);
    par_nearest_free(&found);
}

static void expect(struct par par, const char *split, const float *asked, int64_t n, enum bl_metric metric)
{
    static int64_t lists[ROWS * K], list[K];
    static float distances[ROWS * K], far[K];
    struct par_truth *truth = NULL;
    struct bl_error err = {0};
    int64_t database_rows = 0;
    CHECK(par_truth_open(&truth, par, path, split, &err) == BL_OK);
    CHECK(par_truth_check(par, truth, path, split, "train", &database_rows, &err) == BL_OK &&
          database_rows == ROWS);
    CHECK(par_truth_check(par, truth, path, split, "test", &database_rows, &err) == BL_INPUT);
    CHECK(truth_rows(truth) == n && truth_note(truth)->k == K && truth_has_distances(truth));
    CHECK(par_truth_read_local(truth, 0, n, ROWS, lists, distances, &err) == BL_OK);
    CHECK(truth_check_lists(truth, ROWS, &err) == BL_OK);
    CHECK(truth_check_lists(truth, K, &err) == BL_INPUT);
    for (int64_t i = 0; i < n; i++) {
        CHECK(bl_nearest_naive(metric, DIM, BL_FLOAT32, asked + i * DIM, BL_FLOAT32, rows, ROWS,
                               asked == rows ? i : -1, K, list, far, &err) == BL_OK);
        CHECK(memcmp(list, lists + i * K, sizeof list) == 0 &&
              memcmp(far, distances + i * K, sizeof far) == 0);
    }
    par_truth_close(truth);
}

/* 6,000 bytes hold a few queries and some tens of rows at a time. */
static void lists_are_those_of_all_keys_sorted_however_little_memory_there_is(struct par par)
{
    make_data(par);
    for (int m = 0; m < BL_METRICS; m++) {
        const int64_t memory = m == 0 ? 6000 : 1 << 22;
        search(par, "test", QUERIES, memory, (enum bl_metric)m);
        expect(par, "test", queries, QUERIES, (enum bl_metric)m);
        search(par, "train", ROWS, memory, (enum bl_metric)m);
        expect(par, "train", rows, ROWS, (enum bl_metric)m);
    }
    if (par.rank == 0)
        folder_remove(folder);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"lists_are_those_of_all_keys_sorted_however_little_memory_there_is",
         lists_are_those_of_all_keys_sorted_however_little_memory_there_is},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
