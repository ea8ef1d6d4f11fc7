/* Counting items per distance. W: words of a code, L: words of a label, T: rows of a tile.
 *
 * A tile of the database is transposed once, so that word w of its rows is contiguous, and compared with
 * every query. For each query the tile's keys (distance and relevance) are computed in vectors, then counted.
 * Neighbouring items often have the same key, and incrementing a counter twice in a row waits for the first
 * store; so they are counted in four histograms in turn. */
#include <string.h>

#include "base/isa.h"
#include "base/minmax.h"
#include "hash/code.h"
#include "hash/retrieval.h"

enum {
    TILE_ROWS = 2048,
    TILE_WORDS = 16384,       /* T * W at most */
    TILE_LABEL_WORDS = 32768, /* T * L at most */
    LABEL_WORDS_MAX = 32,     /* wider labels are compared row by row */
    LANES = 4,
    KEY_RELEVANT = 2048, /* key = distance, plus this if relevant; a power of two above the longest code */
};

struct tile {
    int64_t rows, n_words;
    struct bl_label_layout layout;
    const uint32_t *row_labels;        /* [T, L] */
    uint64_t words[TILE_WORDS];        /* [W, T] */
    uint32_t labels[TILE_LABEL_WORDS]; /* [L, T] */
    uint32_t keys[TILE_ROWS];          /* [T] of one query */
    uint32_t counts[LANES][2 * KEY_RELEVANT];
};

int64_t bl_retrieval_scratch_bytes(void)
{
    return sizeof(struct tile);
}

int64_t bl_retrieval_tile(int64_t bits, struct bl_label_layout layout)
{
    const int64_t n_words = bl_code_words(bits), label_words = layout.words;
    int64_t rows = TILE_ROWS;
    if (rows > TILE_WORDS / n_words)
        rows = TILE_WORDS / n_words;
    if (label_words > 0 && label_words <= LABEL_WORDS_MAX && rows > TILE_LABEL_WORDS / label_words)
        rows = TILE_LABEL_WORDS / label_words;
    return rows;
}

static void fill_tile(struct tile *tile, const struct bl_code_set *set, int64_t row_lo, int64_t rows)
{
    const int64_t n_words = bl_code_words(set->bits), label_words = set->label_layout.words;
    tile->rows = rows;
    tile->n_words = n_words;
    tile->layout = set->label_layout;
    tile->row_labels = label_words > 0 ? set->labels + row_lo * label_words : NULL;
    for (int64_t w = 0; w < n_words; w++)
        for (int64_t i = 0; i < rows; i++)
            tile->words[w * rows + i] = set->words[(row_lo + i) * n_words + w];
    if (label_words <= LABEL_WORDS_MAX)
        for (int64_t w = 0; w < label_words; w++)
            for (int64_t i = 0; i < rows; i++)
                tile->labels[w * rows + i] = tile->row_labels[i * label_words + w];
}

BL_INLINE void tile_distances_body(const struct tile *tile, const uint64_t *query, uint32_t *restrict keys)
{
    const uint64_t first = query[0];
    for (int64_t i = 0; i < tile->rows; i++)
        keys[i] = (uint32_t)__builtin_popcountll(first ^ tile->words[i]);
    for (int64_t w = 1; w < tile->n_words; w++) {
        const uint64_t word = query[w];
        const uint64_t *column = tile->words + w * tile->rows;
        for (int64_t i = 0; i < tile->rows; i++)
            keys[i] += (uint32_t)__builtin_popcountll(word ^ column[i]);
    }
}

BL_INTEGER_VERSIONS(static, tile_distances,
                    (const struct tile *tile, const uint64_t *query, uint32_t *restrict keys),
                    (tile, query, keys))

BL_INLINE void mark_relevant_body(const struct tile *tile, const uint32_t *label, uint32_t *restrict keys)
{
    if (bl_label_is_one(tile->layout)) {
        const uint32_t class = label[0];
        if ((int32_t) class == BL_UNLABELLED)
            return;
        for (int64_t i = 0; i < tile->rows; i++)
            keys[i] |= tile->labels[i] == class ? KEY_RELEVANT : 0u;
    } else if (tile->layout.kind == BL_LABELS_GROUPS && tile->layout.words <= LABEL_WORDS_MAX) {
        for (int64_t own = 0; own < tile->layout.words && (int32_t)label[own] != BL_UNLABELLED; own++)
            for (int64_t w = 0; w < tile->layout.words; w++) {
                const uint32_t group = label[own];
                const uint32_t *column = tile->labels + w * tile->rows;
                for (int64_t i = 0; i < tile->rows; i++)
                    keys[i] |= column[i] == group ? KEY_RELEVANT : 0u;
            }
    } else if (tile->layout.kind == BL_LABELS_MULTI && tile->layout.words <= LABEL_WORDS_MAX) {
        for (int64_t w = 0; w < tile->layout.words; w++) {
            const uint32_t word = label[w];
            const uint32_t *column = tile->labels + w * tile->rows;
            for (int64_t i = 0; word != 0 && i < tile->rows; i++)
                keys[i] |= (column[i] & word) != 0 ? KEY_RELEVANT : 0u;
        }
    } else {
        for (int64_t i = 0; i < tile->rows; i++)
            if (bl_label_relevant(tile->layout, label, tile->row_labels + i * tile->layout.words))
                keys[i] |= KEY_RELEVANT;
    }
}

BL_INTEGER_VERSIONS(static, mark_relevant,
                    (const struct tile *tile, const uint32_t *label, uint32_t *restrict keys),
                    (tile, label, keys))

static void count_keys(const uint32_t *restrict keys, int64_t n, int64_t bits,
                       uint32_t (*restrict counts)[2 * KEY_RELEVANT], bl_bucket *buckets)
{
    for (int lane = 0; lane < LANES; lane++) {
        memset(counts[lane], 0, (size_t)(bits + 1) * sizeof counts[lane][0]);
        memset(counts[lane] + KEY_RELEVANT, 0, (size_t)(bits + 1) * sizeof counts[lane][0]);
    }
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            counts[lane][keys[i + lane]]++;
    for (; i < n; i++)
        counts[0][keys[i]]++;
    for (int64_t d = 0; d <= bits; d++) {
        uint64_t other = 0, relevant = 0;
        for (int lane = 0; lane < LANES; lane++) {
            other += counts[lane][d];
            relevant += counts[lane][KEY_RELEVANT + d];
        }
        buckets[d] += bl_bucket_of(other + relevant, relevant);
    }
}

/* Takes back one item that was counted. */
static void uncount_key(uint32_t key, bl_bucket *buckets)
{
    buckets[key % KEY_RELEVANT] -= bl_bucket_of(1, key / KEY_RELEVANT);
}

void bl_retrieval_count(const struct bl_code_set *queries, int64_t query_lo, int64_t n_queries,
                        const struct bl_code_set *database, int exclude_self, bl_bucket *buckets,
                        void *scratch)
{
    _Static_assert((int)KEY_RELEVANT > (int)BL_CODE_BITS_MAX, "a distance must not reach the relevance bit");
    const int64_t bits = queries->bits, n_words = bl_code_words(bits);
    const int64_t label_words = queries->label_layout.words;
    const int64_t step = bl_retrieval_tile(bits, queries->label_layout);
    struct tile *const tile = scratch;
    for (int64_t lo = 0; lo < database->rows; lo += step) {
        fill_tile(tile, database, lo, bl_min(database->rows - lo, step));
        for (int64_t q = 0; q < n_queries; q++) {
            const int64_t row = query_lo + q;
            bl_bucket *of_query = buckets + q * (bits + 1);
            tile_distances(tile, queries->words + row * n_words, tile->keys);
            if (label_words > 0)
                mark_relevant(tile, queries->labels + row * label_words, tile->keys);
            count_keys(tile->keys, tile->rows, bits, tile->counts, of_query);
            const int64_t self = queries->first + row - database->first - lo;
            if (exclude_self && self >= 0 && self < tile->rows)
                uncount_key(tile->keys[self], of_query);
        }
    }
}

void bl_retrieval_count_naive(const struct bl_code_set *queries, int64_t query_lo, int64_t n_queries,
                              const struct bl_code_set *database, int exclude_self, bl_bucket *buckets)
{
    const int64_t bits = queries->bits, n_words = bl_code_words(bits);
    const struct bl_label_layout layout = queries->label_layout;
    for (int64_t q = query_lo; q < query_lo + n_queries; q++)
        for (int64_t i = 0; i < database->rows; i++) {
            if (exclude_self && queries->first + q == database->first + i)
                continue;
            int distance =
                bl_code_hamming(queries->words + q * n_words, database->words + i * n_words, n_words);
            int relevant = layout.words > 0 && bl_label_relevant(layout, queries->labels + q * layout.words,
                                                                 database->labels + i * layout.words);
            buckets[(q - query_lo) * (bits + 1) + distance] += bl_bucket_of(1, (uint64_t)relevant);
        }
}
