#include "loss/term.h"
#include "loss/tile.h"

/* Decorrelated bits: (1/2K) |H'H/N - I|^2; gradient (2/NK) H (H'H/N - I). 0 where bits are +-1 and no two
 * have a common moment; two constant bits cost as much as two equal ones. As a constraint: Weiss, Torralba
 * and Fergus, "Spectral hashing", NIPS 2008, eq. 3; as a penalty: Wang, Kumar and Chang, "Semi-supervised
 * hashing for scalable image retrieval", CVPR 2010. */

static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)config;
    (void)network;
    (void)labels;
    return (struct bl_term_size){.sums = bits * bits, .floats = bits * bits};
}

static int64_t tile_rows(int64_t first, int64_t n)
{
    return first + BL_TILE_ROWS < n ? BL_TILE_ROWS : n - first;
}

static void sums(const struct bl_term_in *in, double *sum)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_product *product = in->scratch->product;
    const int64_t bits = batch->bits;
    float *moments = in->scratch->work;
#pragma omp parallel for schedule(static) num_threads(product->threads)
    for (int64_t k = 0; k < bits; k += BL_TILE_ROWS)
        bl_product_run(product, bl_tile_thread(), BL_TRANSPOSED, BL_PLAIN, tile_rows(k, bits), bits,
                       batch->n_local, batch->h + k, bits, batch->h, bits, 0, moments + k * bits, bits);
    for (int64_t i = 0; i < bits * bits; i++)
        sum[i] += (double)moments[i];
}

static double bound(const struct bl_batch *batch)
{
    return (double)batch->n_global;
}

/* Element i of the K^2 of H'H/N - I. */
static double excess(const struct bl_term_in *in, int64_t i)
{
    return in->sums[i] / (double)in->batch->n_global - (i % (in->batch->bits + 1) == 0 ? 1.0 : 0.0);
}

static double whole(const struct bl_term_in *in)
{
    const int64_t bits = in->batch->bits;
    double square = 0.0;
    for (int64_t i = 0; i < bits * bits; i++)
        square += excess(in, i) * excess(in, i);
    return 0.5 * square / (double)bits;
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_product *product = in->scratch->product;
    const int64_t bits = batch->bits;
    const double scale = 2.0 * in->weight / ((double)batch->n_global * (double)bits);
    float *factor = in->scratch->work;
    for (int64_t i = 0; i < bits * bits; i++)
        factor[i] = (float)(scale * excess(in, i));
#pragma omp parallel for schedule(static) num_threads(product->threads)
    for (int64_t row = 0; row < batch->n_local; row += BL_TILE_ROWS)
        bl_product_run(product, bl_tile_thread(), BL_PLAIN, BL_PLAIN, tile_rows(row, batch->n_local), bits,
                       bits, batch->h + row * bits, bits, factor, bits, 1, out->dh + row * bits, bits);
}

/* A single bit has nothing to differ from. */
static int is_blind(const struct bl_config_objective *config, int64_t bits)
{
    (void)config;
    return bits == 1;
}

const struct bl_term bl_term_decorrelation = {
    .is_blind = is_blind, .size = size, .sums = sums, .bound = bound, .whole = whole, .rows = rows};
