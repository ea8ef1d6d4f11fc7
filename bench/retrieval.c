/* Code comparisons per second in the counting of distances that `evaluate` is based on, on one core. */
#include "hash/retrieval.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/rng.h"
#include "bench.h"
#include "hash/code.h"

enum { ROWS = 60000, QUERIES = 500, CLASSES = 10 };

static void bench(int64_t bits, struct bl_label_layout layout)
{
    const int64_t n_words = bl_code_words(bits);
    uint64_t *words = NULL;
    uint32_t *labels = NULL;
    bl_bucket *buckets = NULL;
    char *scratch = NULL;
    bench_must(bl_alloc_zero(&words, ROWS * n_words, sizeof *words, "codes", &bench_error));
    bench_must(bl_alloc_zero(&labels, ROWS * layout.words, sizeof *labels, "labels", &bench_error));
    bench_must(bl_alloc_zero(&buckets, QUERIES * (bits + 1), sizeof *buckets, "buckets", &bench_error));
    bench_must(bl_alloc(&scratch, bl_retrieval_scratch_bytes(), 1, "scratch", &bench_error));
    for (int64_t i = 0; i < ROWS * n_words; i++) {
        uint64_t random[4];
        bl_rng_words(1, BL_STREAM_LSH, (uint64_t)i, 0, 0, random);
        words[i] = bits < 64 ? random[0] & ((UINT64_C(1) << bits) - 1) : random[0]; /* no padding bits */
    }
    for (int64_t i = 0; i < ROWS; i++) {
        uint32_t class = (uint32_t)(i % CLASSES);
        labels[i * layout.words] = layout.kind == BL_LABELS_SINGLE ? class : 1u << class;
    }
    struct bl_code_set set = {ROWS, bits, words, layout, labels, 0};
    double start = bl_clock_seconds();
    bl_retrieval_count(&set, 0, QUERIES, &set, 0, buckets, scratch);
    double seconds = bl_clock_seconds() - start;
    printf("%5lld bits, labels of %lld words%s: %6.3f s, %.2e comparisons/s\n", (long long)bits,
           (long long)layout.words, layout.kind == BL_LABELS_SINGLE ? " (single)" : " (multi)", seconds,
           (double)ROWS * QUERIES / seconds);
    if (bits == 64 && layout.kind == BL_LABELS_SINGLE)
        bench_record("evaluation: code comparisons/s, 64 bits", (double)ROWS * QUERIES / seconds, "at least",
                     1e9);
    bl_free(&scratch);
    bl_free(&words);
    bl_free(&labels);
    bl_free(&buckets);
}

int main(void)
{
    const int64_t widths[] = {16, 64, 128, 256, 1024};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        bench(widths[i], bl_label_layout(BL_LABELS_SINGLE, CLASSES));
    bench(64, bl_label_layout(BL_LABELS_MULTI, 20));
    bench(64, bl_label_layout(BL_LABELS_MULTI, 81));
    return 0;
}
