/* The nearest known word to a mistyped one, for error messages. */
#ifndef BL_BASE_NEAREST_H
#define BL_BASE_NEAREST_H

/* Edit distance of two words: insertions, deletions, replacements and swaps of neighbours cost 1 each
 * (optimal string alignment). Only the first 63 characters count. */
int bl_nearest_distance(const char *a, const char *b);

/* 1 if candidate is close enough to word to be suggested (distance at most 1 + a third of candidate's length)
 * and closer than best, which may be NULL. */
int bl_nearest_better(const char *word, const char *candidate, const char *best);

#endif
