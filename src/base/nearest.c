#include "base/nearest.h"

#include <string.h>

enum { LENGTH_MAX = 63 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

int bl_nearest_distance(const char *a, const char *b)
{
    int na = (int)strnlen(a, LENGTH_MAX), nb = (int)strnlen(b, LENGTH_MAX);
    int cost[LENGTH_MAX + 1][LENGTH_MAX + 1]; /* [i][j]: from the first i letters of a to the first j of b */
    for (int i = 0; i <= na; i++)
        cost[i][0] = i;
    for (int j = 0; j <= nb; j++)
        cost[0][j] = j;
    for (int i = 1; i <= na; i++)
        for (int j = 1; j <= nb; j++) {
            int replace = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            cost[i][j] = least(replace, 1 + least(cost[i - 1][j], cost[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = least(cost[i][j], 1 + cost[i - 2][j - 2]);
        }
    return cost[na][nb];
}

int bl_nearest_better(const char *word, const char *candidate, const char *best)
{
    int distance = bl_nearest_distance(word, candidate);
    int limit = 1 + (int)strlen(candidate) / 3;
    return distance <= limit && (!best || distance < bl_nearest_distance(word, best));
}
