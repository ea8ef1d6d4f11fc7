/* Files of neighbours (docs/file-formats.md): what `bitloom search` found, in HDF5. */
#ifndef PAR_FILES_NEIGHBOURS_H
#define PAR_FILES_NEIGHBOURS_H

/* The root attributes format and format_version. */
#define PAR_NEIGHBOURS_FORMAT "bitloom neighbours"
enum { PAR_NEIGHBOURS_VERSION = 1 };

#endif
