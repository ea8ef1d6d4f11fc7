/* Keeps the k nearest of many rows: a heap of keys and row numbers, the farthest at its root. */
#ifndef BL_NEIGHBOURS_HEAP_H
#define BL_NEIGHBOURS_HEAP_H

#include <stdint.h>

/* Adds a row to a heap of *n rows in key [k] and row [k], unless k nearer ones are there. */
void bl_heap_add(double *key, int64_t *row, int64_t *n, int64_t k, double new_key, int64_t new_row);

/* Sorts a heap of n rows, the nearest first; it is no heap afterwards. */
void bl_heap_sort(double *key, int64_t *row, int64_t n);

#endif
