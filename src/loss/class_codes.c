#include "loss/class_codes.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "hash/code.h"

/* What a random number is for: the first word of the generator's counter. */
enum { DRAW_ROW, DRAW_SIGN, DRAW_CANDIDATE, DRAW_MIDDLE, DRAW_TIE };

enum {
    CANDIDATES_MAX = 64,
    COMPARISONS =
        1 << 15, /* of a class's candidates with earlier classes: bounds the time for many classes */
};

int64_t bl_class_codes_floats(int64_t classes, int64_t bits)
{
    return (classes + 1) * bits;
}

static float draw_sign(uint64_t seed, uint64_t what, int64_t a, int64_t b)
{
    return bl_rng_below(seed, BL_STREAM_CODES, what, (uint64_t)a, (uint64_t)b, 2) ? 1.0f : -1.0f;
}

/* Sylvester's matrix: +1 where row and column have an even number of common binary digits. */
static float hadamard(int64_t row, int64_t column)
{
    return __builtin_popcountll((uint64_t)(row & column)) % 2 ? -1.0f : 1.0f;
}

static void make_hadamard(uint64_t seed, int64_t classes, int64_t bits, float *codes)
{
    int64_t order[BL_CODE_BITS_MAX];
    for (int64_t i = 0; i < bits; i++)
        order[i] = i;
    for (int64_t c = 0; c < classes && c < bits; c++) {
        const int64_t at =
            c + (int64_t)bl_rng_below(seed, BL_STREAM_CODES, DRAW_ROW, (uint64_t)c, 0, (uint64_t)(bits - c));
        const int64_t row = order[at];
        const float sign = draw_sign(seed, DRAW_SIGN, c, 0);
        order[at] = order[c];
        for (int64_t k = 0; k < bits; k++)
            codes[c * bits + k] = sign * hadamard(row, k);
    }
    for (int64_t i = bits * bits; i < classes * bits; i++)
        codes[i] = -codes[i - bits * bits];
}

/* Half +1, half -1, shuffled; with an odd number of bits the one left over has a random sign. */
static void draw_balanced(uint64_t seed, int64_t candidate, int64_t bits, float *code)
{
    for (int64_t k = 0; k < bits; k++)
        code[k] = k < bits / 2 ? 1.0f : -1.0f;
    if (bits % 2)
        code[bits - 1] = draw_sign(seed, DRAW_MIDDLE, candidate, 0);
    for (int64_t k = bits - 1; k > 0; k--) {
        const int64_t other = (int64_t)bl_rng_below(seed, BL_STREAM_CODES, DRAW_CANDIDATE,
                                                    (uint64_t)candidate, (uint64_t)k, (uint64_t)k + 1);
        const float kept = code[k];
        code[k] = code[other];
        code[other] = kept;
    }
}

/* The Hamming distance to the nearest of the n codes. */
static int nearest(const uint64_t *words, int64_t n, const uint64_t *word, int64_t n_words)
{
    int least = BL_CODE_BITS_MAX;
    for (int64_t i = 0; i < n; i++) {
        const int distance = bl_code_hamming(words + i * n_words, word, n_words);
        least = distance < least ? distance : least;
    }
    return least;
}

static void pack(const float *code, int64_t bits, uint64_t *words)
{
    uint8_t bytes[BL_CODE_BITS_MAX / 8];
    bl_code_pack(code, 1, bits, bytes);
    bl_code_to_words(bytes, 1, bits, words);
}

static int make_random(uint64_t seed, int64_t classes, int64_t bits, float *codes, struct bl_error *err)
{
    const int64_t n_words = bl_code_words(bits);
    uint64_t *words;
    int code = bl_alloc(&words, (classes + 1) * n_words, sizeof *words, "codes of classes", err);
    for (int64_t c = 0; c < classes && code == BL_OK; c++) {
        const int64_t many = COMPARISONS / (c + 1);
        const int64_t candidates = many > CANDIDATES_MAX ? CANDIDATES_MAX : many > 1 ? many : 1;
        int64_t best = 0;
        int farthest = -1;
        for (int64_t i = 0; i < candidates; i++) {
            draw_balanced(seed, c * CANDIDATES_MAX + i, bits, codes + c * bits);
            pack(codes + c * bits, bits, words + c * n_words);
            const int distance =
                candidates > 1 ? nearest(words, c, words + c * n_words, n_words) : BL_CODE_BITS_MAX;
            if (distance > farthest) {
                farthest = distance;
                best = i;
            }
        }
        draw_balanced(seed, c * CANDIDATES_MAX + best, bits, codes + c * bits);
        pack(codes + c * bits, bits, words + c * n_words);
    }
    bl_free(&words);
    return code;
}

static int is_power_of_two(int64_t n)
{
    return (n & (n - 1)) == 0;
}

static int check(int how, int64_t bits, struct bl_label_layout labels, struct bl_error *err)
{
    if (how == BL_CLASS_CODES_HADAMARD && !is_power_of_two(bits))
        return bl_fail(err, BL_USAGE,
                       "objective.class_codes: hadamard needs a power of two bits and the code has %" PRId64
                       "; use auto or random, or change model.bits",
                       bits);
    if (how == BL_CLASS_CODES_HADAMARD && labels.classes > 2 * bits)
        return bl_fail(err, BL_USAGE,
                       "objective.class_codes: hadamard has codes for at most twice as many classes as bits; "
                       "with %" PRId64 " classes and %" PRId64 " bits use auto or random",
                       labels.classes, bits);
    if (labels.kind == BL_LABELS_SINGLE && bits < 62 && labels.classes > INT64_C(1) << bits)
        return bl_fail(err, BL_USAGE,
                       "%" PRId64 " classes can't have different codes of %" PRId64
                       " bits; raise model.bits or model.heads",
                       labels.classes, bits);
    return BL_OK;
}

int bl_class_codes_make(const struct bl_config_objective *config, int64_t bits, struct bl_label_layout labels,
                        float *codes, struct bl_error *err)
{
    const int64_t classes = labels.classes;
    const uint64_t seed = (uint64_t)config->seed;
    const int how = config->class_codes;
    const int has_hadamard = is_power_of_two(bits) && classes <= 2 * bits;
    int code = check(how, bits, labels, err);
    if (code != BL_OK)
        return code;
    for (int64_t k = 0; k < bits; k++)
        codes[classes * bits + k] = draw_sign(seed, DRAW_TIE, 0, k);
    if (how == BL_CLASS_CODES_RANDOM || !has_hadamard)
        return make_random(seed, classes, bits, codes, err);
    make_hadamard(seed, classes, bits, codes);
    return BL_OK;
}

const float *bl_class_codes_row(struct bl_label_layout layout, const uint32_t *labels, const float *codes,
                                int64_t bits, float *room)
{
    if (!bl_label_any(layout, labels))
        return NULL;
    if (layout.kind == BL_LABELS_SINGLE)
        return codes + (int32_t)labels[0] * bits;
    memset(room, 0, (size_t)bits * sizeof *room);
    for (int64_t c = 0; c < layout.classes; c++)
        if (labels[c / 32] >> (c % 32) & 1u)
            for (int64_t k = 0; k < bits; k++)
                room[k] += codes[c * bits + k];
    for (int64_t k = 0; k < bits; k++)
        room[k] = room[k] > 0.0f ? 1.0f : room[k] < 0.0f ? -1.0f : codes[layout.classes * bits + k];
    return room;
}
