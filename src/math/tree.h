/* Sums over groups in an order that doesn't know who holds which group.
 *
 * The groups 0 .. n-1 are the leaves of a binary tree whose nodes of level l are the aligned runs
 * [j 2^l, (j+1) 2^l); a node's value is its left half plus its right half, rounded once. What remains when n
 * is no power of two is added from right to left. Whoever holds a run of neighbouring groups forms the
 * largest nodes inside it; the nodes of all holders, in order, complete the same tree. (Pairwise summation:
 * Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, 1993, which also bounds the
 * error.) */
#ifndef BL_MATH_TREE_H
#define BL_MATH_TREE_H

#include <stdint.h>

/* A run of up to 2^31 groups is at most 2 x 31 nodes; one more while a leaf is being added. */
enum { BL_TREE_SLOTS_MAX = 64 };

/* The nodes that are complete but not yet part of a larger one: a stack, left to right. */
struct bl_tree {
    int64_t next; /* the group that comes next */
    int n_nodes;
    int64_t first[BL_TREE_SLOTS_MAX]; /* node i is groups [first, first + size) */
    int64_t size[BL_TREE_SLOTS_MAX];
};

/* An empty tree whose first group will be `first`. */
struct bl_tree bl_tree_begin(int64_t first);

/* Adds the next node, `size` groups (1: a leaf; larger: a node that another holder completed), and returns
 * how many of the topmost nodes it swallows: new value = node[top-1] + (node[top] + (... + value)) in this
 * nesting, nearest first, and it becomes the top of the stack. */
int bl_tree_add(struct bl_tree *tree, int64_t size);

/* The nodes of the run of groups [lo, hi). */
struct bl_tree bl_tree_of(int64_t lo, int64_t hi);

/* out [n] = the sum over all groups, from the n_nodes nodes that all holders have made, in order: node i is
 * node[i] [n] and stands for size[i] groups. The nodes are overwritten; out may be any of them, or none. */
void bl_tree_fold(int64_t n_nodes, const int64_t *size, float *const *node, int64_t n, float *out);

#endif
