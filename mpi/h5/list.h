/* What is in an HDF5 file of any software, for messages. Everything here is local. */
#ifndef PAR_H5_LIST_H
#define PAR_H5_LIST_H

#include <hdf5.h>
#include <stdint.h>

enum { H5_LIST_BYTES = 400, H5_LIST_NAME_BYTES = 256 };

/* The text reads "/train [60000, 784] float32, /test [10000, 784] float32"; empty: none. */
struct h5_list {
    char text[H5_LIST_BYTES];
    char likely[H5_LIST_NAME_BYTES]; /* the path of `wanted`, or of the largest of two dimensions or more */
    const char *wanted;              /* a name without its slash; NULL: none */
    int64_t n;                       /* all there are, but for scalars and checksums */
    double values;                   /* of `likely` */
};

void h5_list_sets(hid_t file, const char *wanted, struct h5_list *list);

/* "float32", "uint8", "text of 12 bytes", "text", "other". */
void h5_list_type(hid_t type, char *name, int64_t size);

#endif
