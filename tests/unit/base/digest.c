#include "base/digest.h"

#include <criterion/criterion.h>

enum { N = 100000 };

static uint64_t in_pieces(const char *bytes, int64_t n, int64_t piece, uint64_t seed)
{
    struct bl_digester *digester = bl_digester_create();
    cr_assert(digester);
    bl_digester_begin(digester, 77); /* what was begun before leaves nothing */
    bl_digester_add(digester, bytes, n);
    bl_digester_begin(digester, seed);
    for (int64_t at = 0; at < n; at += piece)
        bl_digester_add(digester, bytes + at, n - at < piece ? n - at : piece);
    const uint64_t digest = bl_digester_end(digester);
    bl_digester_destroy(digester);
    bl_digester_destroy(NULL);
    return digest;
}

Test(digest, of_pieces_is_that_of_the_whole_for_any_seed)
{
    static char bytes[N];
    for (int i = 0; i < N; i++)
        bytes[i] = (char)((int64_t)i * i % 251);
    for (uint64_t seed = 0; seed < 3; seed++)
        for (int64_t n = 0; n <= N; n += N / 4)
            for (int64_t piece = 1; piece <= N; piece = 19 * piece + 1)
                cr_assert_eq(in_pieces(bytes, n, piece, seed), bl_digest(bytes, n, seed), "%d bytes by %d",
                             (int)n, (int)piece);
}

Test(digest, depends_on_every_byte_and_on_the_seed)
{
    char bytes[64] = {0};
    const uint64_t zeros = bl_digest(bytes, 64, 0);
    cr_assert_neq(bl_digest(bytes, 64, 1), zeros);
    cr_assert_neq(bl_digest(bytes, 63, 0), zeros);
    for (int i = 0; i < 64; i++) {
        bytes[i] = 1;
        cr_assert_neq(bl_digest(bytes, 64, 0), zeros, "byte %d", i);
        bytes[i] = 0;
    }
}
