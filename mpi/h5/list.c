#include "mpi/h5/list.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void h5_list_type(hid_t type, char *name, int64_t size)
{
    const size_t bytes = H5Tget_size(type), n = (size_t)size;
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        snprintf(name, n, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", 8 * bytes);
        break;
    case H5T_FLOAT:
        snprintf(name, n, "float%zu", 8 * bytes);
        break;
    case H5T_STRING:
        if (H5Tis_variable_str(type) > 0)
            snprintf(name, n, "text");
        else
            snprintf(name, n, "text of %zu bytes", bytes);
        break;
    default:
        snprintf(name, n, "other");
        break;
    }
}

/* "/NAME [60000, 784] float32". Returns the number of dimensions and sets the number of values. */
static int describe(hid_t root, const char *name, char *text, size_t size, double *values)
{
    char type_name[40];
    hsize_t dims[H5S_MAX_RANK];
    hid_t set = H5Dopen2(root, name, H5P_DEFAULT);
    if (set < 0)
        return -1;
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    h5_list_type(type, type_name, sizeof type_name);
    *values = (double)H5Sget_simple_extent_npoints(space);
    size_t n = (size_t)snprintf(text, size, "/%s [", name);
    for (int d = 0; d < rank && n < size; d++)
        n += (size_t)snprintf(text + n, size - n, "%s%" PRIu64, d ? ", " : "", (uint64_t)dims[d]);
    if (n < size)
        snprintf(text + n, size - n, "] %s", type_name);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(set);
    return rank;
}

static herr_t add(hid_t root, const char *name, const H5O_info_t *info, void *context)
{
    struct h5_list *list = context;
    char text[H5_LIST_NAME_BYTES];
    if (info->type != H5O_TYPE_DATASET || strncmp(name, "checksums/", 10) == 0)
        return 0;
    double values = 0.0;
    const int rank = describe(root, name, text, sizeof text, &values);
    const size_t used = strlen(list->text), n = strlen(text);
    if (rank < 1)
        return 0;
    if (list->wanted && strcmp(name, list->wanted) == 0)
        values = HUGE_VAL;
    if (list->n == 0 || (rank >= 2 && values > list->values)) {
        snprintf(list->likely, sizeof list->likely, "/%s", name);
        list->values = rank >= 2 ? values : 0.0;
    }
    list->n++;
    if (used + n + 20 < sizeof list->text) /* else room is left for "..." alone */
        snprintf(list->text + used, sizeof list->text - used, "%s%s", used ? ", " : "", text);
    else if (used > 3 && strcmp(list->text + used - 3, "...") != 0)
        snprintf(list->text + used, sizeof list->text - used, ", ...");
    return 0;
}

void h5_list_sets(hid_t file, const char *wanted, struct h5_list *list)
{
    *list = (struct h5_list){.wanted = wanted};
    H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, add, list);
}
