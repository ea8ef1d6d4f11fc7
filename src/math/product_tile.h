/* The register tile of bl_product, once for each vector type: included by product_*.c, which define
 *   TARGET       attribute that allows the instructions
 *   VEC, LANES   the vector and its number of floats
 *   LOAD STORE   unaligned; SPREAD one float to all lanes; FMA a b + c, rounded once; ADD
 *   ROWS, VECS   the full tile: ROWS rows of VECS vectors; VECS LANES columns
 * All accumulators stay in registers: loops over rows and vectors are unrolled since their bounds are
 * constants. */
/* rows <= ROWS rows of the tile: chains over kc values of k, from `from` (NULL: from 0), then the pending
 * partial sums, nearest first, are added on the left and the result stored. */
TARGET BL_INLINE void tile_rows(const int rows, int64_t kc, const float *a, const float *b,
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
        b += VECS * LANES;
    }
    for (int p = 0; p < ends->n_pending; p++)
        BL_UNROLL
    for (int i = 0; i < rows; i++)
        BL_UNROLL
    for (int v = 0; v < VECS; v++)
        acc[i][v] = ADD(LOAD(ends->pending[p] + i * ends->pending_stride[p] + v * LANES), acc[i][v]);
    BL_UNROLL
    for (int i = 0; i < rows; i++)
        BL_UNROLL
    for (int v = 0; v < VECS; v++)
        STORE(ends->to + i * ends->to_stride + v * LANES, acc[i][v]);
}

/* A constant number of rows in each call: only then do the accumulators become registers. */
TARGET static void tile(int n, int64_t kc, const float *a, const float *b, const struct bl_tile_ends *ends)
{
    switch (n) {
    case 1:
        tile_rows(1, kc, a, b, ends);
        break;
    case 2:
        tile_rows(2, kc, a, b, ends);
        break;
    case 3:
        tile_rows(3, kc, a, b, ends);
        break;
    case 4:
        tile_rows(4, kc, a, b, ends);
        break;
#if ROWS > 4
    case 5:
        tile_rows(5, kc, a, b, ends);
        break;
    case 6:
        tile_rows(6, kc, a, b, ends);
        break;
#endif
#if ROWS > 6
    case 7:
        tile_rows(7, kc, a, b, ends);
        break;
    case 8:
        tile_rows(8, kc, a, b, ends);
        break;
    case 9:
        tile_rows(9, kc, a, b, ends);
        break;
    case 10:
        tile_rows(10, kc, a, b, ends);
        break;
    case 11:
        tile_rows(11, kc, a, b, ends);
        break;
    case 12:
        tile_rows(12, kc, a, b, ends);
        break;
#endif
    default:
        break;
    }
}
