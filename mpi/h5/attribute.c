#include "mpi/h5/attribute.h"

#include <string.h>

#include "base/buffer.h"

enum { TEXTS_MAX = 1 << 20 };

/* NULPAD: every byte may be used, so a text of `size` bytes has no terminating NUL in the file. */
static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size ? size : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    return type;
}

static int put(hid_t object, const char *name, hid_t file_type, hid_t memory_type, hid_t space,
               const void *value)
{
    /* An attribute's type and shape are fixed when it is made, so a new value is a new attribute. */
    if (H5Aexists(object, name) > 0)
        H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    int failed = attribute < 0 || H5Awrite(attribute, memory_type, value) < 0;
    if (attribute >= 0)
        H5Aclose(attribute);
    return failed ? -1 : 0;
}

static int put_scalar(hid_t object, const char *name, hid_t file_type, hid_t memory_type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    int result = put(object, name, file_type, memory_type, space, value);
    H5Sclose(space);
    return result;
}

int h5_put_text(hid_t object, const char *name, const char *text)
{
    hid_t type = text_type(strlen(text));
    int result = put_scalar(object, name, type, type, text);
    H5Tclose(type);
    return result;
}

int h5_put_integer(hid_t object, const char *name, int64_t value)
{
    return put_scalar(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

int h5_put_real(hid_t object, const char *name, double value)
{
    return put_scalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* Opens an attribute of at most one dimension, of the wanted class and of fixed length; n: its elements.
 * Invalid if it is absent or of another kind. */
static hid_t open_attribute(hid_t object, const char *name, H5T_class_t wanted, int64_t *n,
                            size_t *element_bytes)
{
    if (H5Aexists(object, name) <= 0)
        return H5I_INVALID_HID;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0)
        return attribute;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int fits = H5Tget_class(type) == wanted && (wanted != H5T_STRING || H5Tis_variable_str(type) == 0);
    fits &= H5Sget_simple_extent_ndims(space) <= 1;
    *n = H5Sget_simple_extent_npoints(space);
    *element_bytes = H5Tget_size(type);
    H5Tclose(type);
    H5Sclose(space);
    if (fits)
        return attribute;
    H5Aclose(attribute);
    return H5I_INVALID_HID;
}

static int get_number(hid_t object, const char *name, H5T_class_t class, hid_t memory_type, void *value)
{
    int64_t n;
    size_t bytes;
    hid_t attribute = open_attribute(object, name, class, &n, &bytes);
    if (attribute < 0)
        return 0;
    int64_t read; /* 8 bytes for an integer or a double: *value stays untouched on failure */
    int found = n == 1 && H5Aread(attribute, memory_type, &read) >= 0;
    if (found)
        memcpy(value, &read, sizeof read);
    H5Aclose(attribute);
    return found;
}

int h5_get_integer(hid_t object, const char *name, int64_t *value)
{
    return get_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, value);
}

int h5_get_real(hid_t object, const char *name, double *value)
{
    return get_number(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value);
}

int h5_put_words(hid_t object, const char *name, const uint64_t *words, int64_t n)
{
    const hsize_t dims = (hsize_t)n;
    hid_t space = H5Screate_simple(1, &dims, NULL);
    int result = put(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, space, words);
    H5Sclose(space);
    return result;
}

int h5_get_words(hid_t object, const char *name, uint64_t *words, int64_t most, int64_t *n)
{
    int64_t there;
    size_t bytes;
    hid_t attribute = open_attribute(object, name, H5T_INTEGER, &there, &bytes);
    if (attribute < 0)
        return 0;
    int found = there >= 1 && there <= most && H5Aread(attribute, H5T_NATIVE_UINT64, words) >= 0;
    if (found)
        *n = there;
    H5Aclose(attribute);
    return found;
}

int h5_get_text(hid_t object, const char *name, char *text, int64_t size)
{
    int64_t n;
    size_t bytes;
    char read[4096] = {0}; /* zeros: the text in the file may have no terminating NUL */
    hid_t attribute = open_attribute(object, name, H5T_STRING, &n, &bytes);
    if (attribute < 0)
        return 0;
    int found = 0;
    if (n == 1 && bytes < sizeof read) {
        hid_t type = text_type(bytes);
        found = H5Aread(attribute, type, read) >= 0;
        H5Tclose(type);
    }
    H5Aclose(attribute);
    if (found)
        snprintf(text, (size_t)size, "%s", read);
    return found;
}

int h5_put_texts(hid_t object, const char *name, const char *const *texts, int64_t n)
{
    /* One type for all, as long as the longest; shorter ones are padded with NUL. */
    size_t longest = 1;
    char *flat;
    for (int64_t i = 0; i < n; i++)
        longest = strlen(texts[i]) > longest ? strlen(texts[i]) : longest;
    if (bl_alloc_zero(&flat, n * (int64_t)longest, 1, name, NULL) != BL_OK)
        return -1;
    for (int64_t i = 0; i < n; i++)
        memcpy(flat + (size_t)i * longest, texts[i], strlen(texts[i]));
    hsize_t dims = (hsize_t)n;
    hid_t type = text_type(longest), space = H5Screate_simple(1, &dims, NULL);
    int result = put(object, name, type, type, space, flat);
    H5Sclose(space);
    H5Tclose(type);
    bl_free(&flat);
    return result;
}

int h5_get_texts(hid_t object, const char *name, char ***texts, int64_t *n, struct bl_error *err)
{
    size_t bytes;
    int64_t count;
    *texts = NULL;
    *n = 0;
    hid_t attribute = open_attribute(object, name, H5T_STRING, &count, &bytes);
    if (attribute < 0)
        return BL_OK;
    char *flat = NULL;
    /* These sizes come from the file, and a damaged one may claim anything; real ones are far smaller. */
    int code = count > TEXTS_MAX || bytes > TEXTS_MAX
                   ? bl_fail(err, BL_INPUT, "the attribute %s is impossibly large; the file is damaged", name)
                   : BL_OK;
    if (code == BL_OK)
        code = bl_alloc_zero(&flat, count * (int64_t)bytes, 1, name, err);
    /* One block: the pointers [count], then the texts, each with a terminating NUL. */
    if (code == BL_OK)
        code = bl_alloc_zero(texts, count * (int64_t)(sizeof(char *) + bytes + 1), 1, name, err);
    if (code == BL_OK) {
        hid_t type = text_type(bytes);
        if (H5Aread(attribute, type, flat) < 0)
            code = bl_fail(err, BL_INPUT, "the attribute %s can't be read", name);
        H5Tclose(type);
    }
    if (code == BL_OK) {
        char *copies = (char *)(*texts + count);
        for (int64_t i = 0; i < count; i++) {
            (*texts)[i] = copies + (size_t)i * (bytes + 1);
            memcpy((*texts)[i], flat + (size_t)i * bytes, bytes);
        }
        *n = count;
    } else {
        bl_free(texts);
    }
    bl_free(&flat);
    H5Aclose(attribute);
    return code;
}
