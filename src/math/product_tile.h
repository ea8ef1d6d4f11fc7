/* The register tile of bl_product, written once for all vector types. Included by product_*.c, which define
 *   TARGET       the attribute that allows the instructions
 *   VEC, INTS    a vector of LANES floats, and one of LANES 32-bit integers
 *   ROWS, VECS   a full tile is ROWS rows of VECS vectors, that is VECS * LANES columns
 *   LOAD, STORE  unaligned
 *   SPREAD       one float in all lanes
 *   FMA, MUL     a b + c rounded once; a b
 *   LOAD_INTS, STORE_INTS, ADD_INTS   integers, added modulo 2^32
 *   ROUND        to the nearest integer, ties to even; any integer if out of range or NaN
 *   MAGNITUDE    the bits of |x|, as unsigned integers
 *   HIGHER       the larger of two unsigned integers
 * Loops over rows and vectors have constant bounds and are unrolled, so that all accumulators stay in
 * registers. */

/* sums += round(acc * scale), or = if ends->set; largest = max(largest, |acc|). */
TARGET BL_INLINE void add_to_sums(const int rows, VEC acc[ROWS][VECS], const struct bl_tile_ends *ends)
{
    const VEC scale = SPREAD(ends->scale);
    INTS largest[VECS];
    BL_UNROLL
    for (int v = 0; v < VECS; v++)
        largest[v] = LOAD_INTS(ends->largest + v * LANES);
    BL_UNROLL
    for (int i = 0; i < rows; i++)
        BL_UNROLL
    for (int v = 0; v < VECS; v++) {
        int32_t *at = ends->sums + i * ends->sums_stride + v * LANES;
        INTS sum = ROUND(MUL(acc[i][v], scale));
        largest[v] = HIGHER(largest[v], MAGNITUDE(acc[i][v]));
        if (!ends->set)
            sum = ADD_INTS(sum, LOAD_INTS(at));
        STORE_INTS(at, sum);
    }
    BL_UNROLL
    for (int v = 0; v < VECS; v++)
        STORE_INTS(ends->largest + v * LANES, largest[v]);
}

/* acc_ij = fma(a_ki, b_kj, acc_ij) for k = 0 .. kc-1, in rows <= ROWS rows of the tile. */
TARGET BL_INLINE void tile_rows(const int rows, int64_t kc, const float *a, const float *b, int64_t b_stride,
                                const struct bl_tile_ends *ends)
{
    VEC acc[ROWS][VECS];
    BL_UNROLL
    for (int i = 0; i < rows; i++)
        BL_UNROLL
    for (int v = 0; v < VECS; v++)
        acc[i][v] = ends->from ? LOAD(ends->from + i * ends->from_stride + v * LANES) : SPREAD(0.0f);
    for (int64_t k = 0; k < kc; k++) {
        VEC bv[VECS];
        BL_UNROLL
        for (int v = 0; v < VECS; v++)
            bv[v] = LOAD(b + v * LANES);
        BL_UNROLL
        for (int i = 0; i < rows; i++) {
            VEC av = SPREAD(a[i]);
            BL_UNROLL
            for (int v = 0; v < VECS; v++)
                acc[i][v] = FMA(av, bv[v], acc[i][v]);
        }
        a += ROWS;
        b += b_stride;
    }
    if (!ends->to) {
        add_to_sums(rows, acc, ends);
        return;
    }
    BL_UNROLL
    for (int i = 0; i < rows; i++)
        BL_UNROLL
    for (int v = 0; v < VECS; v++)
        STORE(ends->to + i * ends->to_stride + v * LANES, acc[i][v]);
}

/* One call for each number of rows, as a constant: only then are the accumulators kept in registers. */
TARGET static void tile(int n, int64_t kc, const float *a, const float *b, int64_t b_stride,
                        const struct bl_tile_ends *ends)
{
    switch (n) {
    case 1:
        tile_rows(1, kc, a, b, b_stride, ends);
        break;
    case 2:
        tile_rows(2, kc, a, b, b_stride, ends);
        break;
    case 3:
        tile_rows(3, kc, a, b, b_stride, ends);
        break;
    case 4:
        tile_rows(4, kc, a, b, b_stride, ends);
        break;
#if ROWS > 4
    case 5:
        tile_rows(5, kc, a, b, b_stride, ends);
        break;
    case 6:
        tile_rows(6, kc, a, b, b_stride, ends);
        break;
#endif
#if ROWS > 6
    case 7:
        tile_rows(7, kc, a, b, b_stride, ends);
        break;
    case 8:
        tile_rows(8, kc, a, b, b_stride, ends);
        break;
    case 9:
        tile_rows(9, kc, a, b, b_stride, ends);
        break;
    case 10:
        tile_rows(10, kc, a, b, b_stride, ends);
        break;
    case 11:
        tile_rows(11, kc, a, b, b_stride, ends);
        break;
    case 12:
        tile_rows(12, kc, a, b, b_stride, ends);
        break;
#endif
    default:
        break;
    }
}
