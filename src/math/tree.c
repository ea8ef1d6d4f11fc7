#include "math/tree.h"

#include <string.h>

#include "base/isa.h"

struct bl_tree bl_tree_begin(int64_t first)
{
    return (struct bl_tree){.next = first};
}

int bl_tree_add(struct bl_tree *tree, int64_t size)
{
    int64_t first = tree->next;
    int swallowed = 0;
    tree->next += size;
    /* A right half swallows its left half if that is here. */
    while (tree->n_nodes > 0 && tree->size[tree->n_nodes - 1] == size && first / size % 2 == 1) {
        tree->n_nodes--;
        first -= size;
        size *= 2;
        swallowed++;
    }
    tree->first[tree->n_nodes] = first;
    tree->size[tree->n_nodes] = size;
    tree->n_nodes++;
    return swallowed;
}

struct bl_tree bl_tree_of(int64_t lo, int64_t hi)
{
    struct bl_tree tree = bl_tree_begin(lo);
    while (tree.next < hi)
        bl_tree_add(&tree, 1);
    return tree;
}

BL_KERNEL static void add(int64_t n, float *restrict left, const float *restrict right)
{
    for (int64_t i = 0; i < n; i++)
        left[i] += right[i];
}

/* Values [at, at + n) of all nodes, few enough to stay near; returns the node that has become the sum. */
static int64_t fold_piece(int64_t n_nodes, const int64_t *size, float *const *node, int64_t at, int64_t n)
{
    struct bl_tree tree = bl_tree_begin(0);
    int64_t place[BL_TREE_SLOTS_MAX]; /* of each node on the stack */
    for (int64_t i = 0; i < n_nodes; i++) {
        const int top = tree.n_nodes, swallowed = bl_tree_add(&tree, size[i]);
        int64_t last = i;
        for (int p = 1; p <= swallowed; p++) {
            add(n, node[place[top - p]] + at, node[last] + at);
            last = place[top - p];
        }
        place[tree.n_nodes - 1] = last;
    }
    for (int i = tree.n_nodes - 1; i > 0; i--)
        add(n, node[place[i - 1]] + at, node[place[i]] + at);
    return place[0];
}

void bl_tree_fold(int64_t n_nodes, const int64_t *size, float *const *node, int64_t n, float *out)
{
    enum { PIECE = 1024 };
    for (int64_t at = 0; at < n; at += PIECE) {
        const int64_t count = n - at < PIECE ? n - at : PIECE;
        const float *sum = node[fold_piece(n_nodes, size, node, at, count)];
        if (out != sum)
            memcpy(out + at, sum + at, (size_t)count * sizeof *out);
    }
}
