#include "neighbours/heap.h"

static int is_farther(double key, int64_t row, double than_key, int64_t than_row)
{
    return key > than_key || (key == than_key && row > than_row);
}

/* Puts an entry into the hole at `at` of a heap of n, below which all is in order. */
static void sink(double *key, int64_t *row, int64_t n, int64_t at, double new_key, int64_t new_row)
{
    for (int64_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && is_farther(key[child + 1], row[child + 1], key[child], row[child]))
            child++;
        if (!is_farther(key[child], row[child], new_key, new_row))
            break;
        key[at] = key[child];
        row[at] = row[child];
        at = child;
    }
    key[at] = new_key;
    row[at] = new_row;
}

void bl_heap_add(double *key, int64_t *row, int64_t *n, int64_t k, double new_key, int64_t new_row)
{
    if (*n == k) {
        if (is_farther(key[0], row[0], new_key, new_row))
            sink(key, row, k, 0, new_key, new_row);
        return;
    }
    int64_t at = (*n)++;
    for (int64_t parent = (at - 1) / 2; at > 0 && is_farther(new_key, new_row, key[parent], row[parent]);
         parent = (at - 1) / 2) {
        key[at] = key[parent];
        row[at] = row[parent];
        at = parent;
    }
    key[at] = new_key;
    row[at] = new_row;
}

void bl_heap_sort(double *key, int64_t *row, int64_t n)
{
    while (n > 1) {
        const double last_key = key[--n];
        const int64_t last_row = row[n];
        key[n] = key[0];
        row[n] = row[0];
        sink(key, row, n, 0, last_key, last_row);
    }
}
