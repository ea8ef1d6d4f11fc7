#include "mpi/h5/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mpi/h5/storage.h"

/* HDF5's default cache, and the most we ask for: a row of chunks above that is decompressed again at each
 * read. HDF5 advises a prime number of slots. */
enum { CACHE_MAX_BYTES = 256 << 20, CACHE_DEFAULT_BYTES = 1 << 20, CACHE_SLOTS = 10007, PARENT_BYTES = 1024 };

int h5_column_exists(hid_t group, const char *name)
{
    return H5Lexists(group, name, H5P_DEFAULT) > 0;
}

/* Refuses links into other files: they may be missing elsewhere, and checksums wouldn't cover them. */
static int check_link(hid_t group, const char *name, const char *where, struct bl_error *err)
{
    if (!h5_column_exists(group, name))
        return bl_fail(err, BL_INPUT, "%s has no data set '%s'", where, name);
    H5L_info_t link;
    if (H5Lget_info(group, name, &link, H5P_DEFAULT) < 0 ||
        (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT))
        return bl_fail(err, BL_INPUT, "%s: '%s' is a link to another file; copy the data into this one",
                       where, name);
    H5O_info_t object;
    if (H5Oget_info_by_name(group, name, &object, H5P_DEFAULT) < 0)
        return bl_fail(err, BL_INPUT, "%s: '%s' can't be opened; the file is damaged", where, name);
    if (object.type != H5O_TYPE_DATASET)
        return bl_fail(err, BL_INPUT, "%s: '%s' is not a data set", where, name);
    return BL_OK;
}

/* An enumeration counts as the integers it is stored as. */
static int read_type(struct h5_column *column, int may_vary, const char *name, const char *where,
                     struct bl_error *err)
{
    hid_t type = H5Dget_type(column->set);
    if (type < 0)
        return bl_fail(err, BL_INPUT, "%s: the type of '%s' can't be read; the file is damaged", where, name);
    column->class = H5Tget_class(type);
    column->value_bytes = (int64_t)H5Tget_size(type);
    hid_t base = column->class == H5T_ENUM ? H5Tget_super(type) : H5Tcopy(type);
    column->is_signed = H5Tget_class(base) == H5T_INTEGER && H5Tget_sign(base) == H5T_SGN_2;
    column->varies = H5Tis_variable_str(type) > 0;
    const int refused =
        column->varies ? !may_vary : H5Tis_variable_str(type) != 0 || H5Tdetect_class(type, H5T_VLEN) != 0;
    H5Tclose(base);
    H5Tclose(type);
    if (refused || column->value_bytes < 1)
        return bl_fail(err, BL_INPUT,
                       "%s: '%s' holds values of variable length; store numbers or strings of fixed length "
                       "(h5py: dtype 'S20')",
                       where, name);
    return BL_OK;
}

/* Dimensions behind the first count as columns: [rows, 28, 28] has 784. */
static int read_extent(struct h5_column *column, int most_dims, const char *name, const char *where,
                       struct bl_error *err)
{
    hsize_t extent[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(column->set);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    int fits = rank >= 1 && rank <= most_dims;
    if (fits)
        H5Sget_simple_extent_dims(space, extent, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (!fits)
        return bl_fail(err, BL_INPUT, "%s: '%s' has %d dimensions; it must be [rows] or [rows, columns]",
                       where, name, rank);
    /* rows * cols * value_bytes must fit into int64_t, whatever a damaged file claims. */
    uint64_t cols = 1, row_bytes = (uint64_t)column->value_bytes;
    int overflows = 0;
    for (int d = 1; d < rank; d++)
        overflows |= __builtin_mul_overflow(cols, extent[d], &cols);
    if (extent[0] == 0 || cols == 0)
        return bl_fail(err, BL_INPUT, "%s: '%s' is empty (%s)", where, name,
                       extent[0] == 0 ? "0 rows" : "0 columns");
    if (overflows || __builtin_mul_overflow(row_bytes, cols, &row_bytes) || row_bytes > INT64_MAX / extent[0])
        return bl_fail(err, BL_INPUT, "%s: '%s' claims an impossible size; the file is damaged", where, name);
    column->rows = (int64_t)extent[0];
    column->cols = rank > 1 ? (int64_t)cols : 0;
    column->rank = rank;
    return BL_OK;
}

/* MATLAB and Octave keep the columns of a matrix one after another, and HDF5 shows them with rows and columns
 * exchanged. Octave marks the group around a data set. */
static int is_turned(hid_t group, const char *name, hid_t set)
{
    char parent[PARENT_BYTES];
    const char *slash = strrchr(name, '/');
    if (H5Aexists(set, "MATLAB_class") > 0)
        return 1;
    if (!slash || slash == name ||
        snprintf(parent, sizeof parent, "%.*s", (int)(slash - name), name) >= (int)sizeof parent)
        return 0;
    return H5Aexists_by_name(group, parent, "OCTAVE_NEW_FORMAT", H5P_DEFAULT) > 0;
}

static int check_order(const struct h5_column *column, const char *name, const char *where,
                       struct bl_error *err)
{
    char shape[64];
    if (!column->turned)
        return BL_OK;
    return bl_fail(err, BL_INPUT,
                   "%s: '%s' was written by MATLAB, so its %s is transposed; take it in by bitloom import "
                   "--format hdf5, which turns it",
                   where, name, h5_column_shape(column, shape));
}

/* Rows lie along the last dimension. What read_extent found fits, so this does. */
static void turn(struct h5_column *column)
{
    hsize_t extent[H5S_MAX_RANK];
    hid_t space = H5Dget_space(column->set);
    H5Sget_simple_extent_dims(space, extent, NULL);
    H5Sclose(space);
    if (column->rank < 2)
        return;
    const int64_t values = column->rows * column->cols;
    column->rows = (int64_t)extent[column->rank - 1];
    column->cols = values / column->rows;
}

/* Reopens the column with a cache for two rows of chunks, if HDF5's default can't hold them: rows read in
 * order then decompress each chunk once. */
static void widen_cache(struct h5_column *column, hid_t plist, hid_t group, const char *name)
{
    hsize_t chunk[H5S_MAX_RANK];
    const int rank = H5Pget_layout(plist) == H5D_CHUNKED ? H5Pget_chunk(plist, H5S_MAX_RANK, chunk) : 0;
    if (rank < 1)
        return;
    const int along = column->turned ? rank - 1 : 0; /* the dimension of the rows */
    double bytes = (double)chunk[along] * (column->cols > 0 ? (double)column->cols : 1.0);
    for (int d = 0; d < rank; d++) /* a chunk may reach beyond the last column, in each dimension */
        bytes += d == along ? 0.0 : (double)chunk[along] * (double)chunk[d];
    bytes *= (double)column->value_bytes * 2.0;
    if (bytes <= (double)CACHE_DEFAULT_BYTES)
        return;
    size_t wanted = bytes < (double)CACHE_MAX_BYTES ? (size_t)bytes : (size_t)CACHE_MAX_BYTES;
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, CACHE_SLOTS, wanted, 1.0);
    H5Dclose(column->set); /* the size of a cache is fixed when a data set is opened */
    column->set = H5Dopen2(group, name, access);
    H5Pclose(access);
}

static int open_column(struct h5_column *column, hid_t group, const char *name, int most_dims, int is_any,
                       const char *where, struct bl_error *err)
{
    *column = (struct h5_column){.set = H5I_INVALID_HID};
    /* In this order: each check relies on the one before, and none reads a value. */
    int code = check_link(group, name, where, err);
    if (code != BL_OK)
        return code;
    hid_t plist = H5I_INVALID_HID;
    column->set = H5Dopen2(group, name, H5P_DEFAULT);
    if (column->set < 0 || (plist = H5Dget_create_plist(column->set)) < 0)
        code = bl_fail(err, BL_INPUT, "%s: '%s' can't be opened; the file is damaged", where, name);
    if (code == BL_OK)
        code = read_type(column, is_any, name, where, err);
    if (code == BL_OK)
        code = read_extent(column, most_dims, name, where, err);
    if (code == BL_OK)
        column->turned = is_turned(group, name, column->set);
    if (code == BL_OK && !is_any)
        code = check_order(column, name, where, err);
    else if (code == BL_OK && column->turned)
        turn(column);
    if (code == BL_OK)
        code = h5_storage_check(column->set, name, where, err);
    if (code == BL_OK)
        widen_cache(column, plist, group, name);
    if (plist >= 0)
        H5Pclose(plist);
    if (code != BL_OK)
        h5_column_close(column);
    return code;
}

int h5_column_open(struct h5_column *column, hid_t group, const char *name, const char *where,
                   struct bl_error *err)
{
    return open_column(column, group, name, 2, 0, where, err);
}

int h5_column_open_flat(struct h5_column *column, hid_t group, const char *name, const char *where,
                        struct bl_error *err)
{
    return open_column(column, group, name, H5S_MAX_RANK, 0, where, err);
}

int h5_column_open_any(struct h5_column *column, hid_t group, const char *name, const char *where,
                       struct bl_error *err)
{
    return open_column(column, group, name, H5S_MAX_RANK, 1, where, err);
}

void h5_column_close(struct h5_column *column)
{
    if (column->set >= 0)
        H5Dclose(column->set);
    column->set = H5I_INVALID_HID;
}

/* Compares where sign, exponent and mantissa lie, since a file may describe an IEEE float in its own way. */
static int is_ieee(hid_t type, enum bl_type *out)
{
    static const struct {
        enum bl_type type;
        size_t sign, exponent, exponent_bits, mantissa_bits, bias;
    } known[] = {{BL_FLOAT16, 15, 10, 5, 10, 15},
                 {BL_FLOAT32, 31, 23, 8, 23, 127},
                 {BL_FLOAT64, 63, 52, 11, 52, 1023}};
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    H5T_order_t order = H5Tget_order(type);
    if ((order != H5T_ORDER_LE && order != H5T_ORDER_BE) || H5Tget_offset(type) != 0 ||
        H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) < 0)
        return 0;
    for (int i = 0; i < 3; i++)
        if (H5Tget_size(type) == bl_type_bytes(known[i].type) && sign == known[i].sign && mantissa == 0 &&
            exponent == known[i].exponent && exponent_bits == known[i].exponent_bits &&
            mantissa_bits == known[i].mantissa_bits && H5Tget_ebias(type) == known[i].bias) {
            *out = known[i].type;
            return 1;
        }
    return 0;
}

int h5_column_feature_type(const struct h5_column *column, enum bl_type *type)
{
    if (column->class == H5T_INTEGER && column->value_bytes == 1 && !column->is_signed) { /* no byte order */
        *type = BL_UINT8;
        return 1;
    }
    if (column->class != H5T_FLOAT)
        return 0;
    hid_t stored = H5Dget_type(column->set);
    int known = is_ieee(stored, type);
    H5Tclose(stored);
    return known;
}

int h5_column_is_plain(const struct h5_column *column)
{
    hid_t plist = H5Dget_create_plist(column->set);
    const int plain = H5Pget_layout(plist) == H5D_CONTIGUOUS && H5Dget_offset(column->set) != HADDR_UNDEF;
    H5Pclose(plist);
    return plain;
}

/* Half precision with the byte order of the given 32-bit float: 1 bit of sign, 5 of exponent, 10 of
 * mantissa. */
static hid_t half_like(hid_t single)
{
    hid_t half = H5Tcopy(single);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

hid_t h5_type_in_memory(enum bl_type type)
{
    switch (type) {
    case BL_UINT8:
        return H5Tcopy(H5T_NATIVE_UINT8);
    case BL_FLOAT16:
        return half_like(H5T_NATIVE_FLOAT);
    case BL_FLOAT32:
        return H5Tcopy(H5T_NATIVE_FLOAT);
    case BL_FLOAT64:
        break;
    }
    return H5Tcopy(H5T_NATIVE_DOUBLE);
}

hid_t h5_type_in_file(enum bl_type type)
{
    switch (type) {
    case BL_UINT8:
        return H5Tcopy(H5T_STD_U8LE);
    case BL_FLOAT16:
        return half_like(H5T_IEEE_F32LE);
    case BL_FLOAT32:
        return H5Tcopy(H5T_IEEE_F32LE);
    case BL_FLOAT64:
        break;
    }
    return H5Tcopy(H5T_IEEE_F64LE);
}

hid_t h5_type_text(int64_t n_bytes)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, (size_t)n_bytes);
    H5Tset_strpad(text, H5T_STR_NULLPAD);
    return text;
}

const char *h5_column_shape(const struct h5_column *column, char text[64])
{
    if (column->cols > 0)
        snprintf(text, 64, "[%" PRId64 ", %" PRId64 "]", column->rows, column->cols);
    else
        snprintf(text, 64, "[%" PRId64 "]", column->rows);
    return text;
}
