/* Numbers in text files. */
#ifndef BL_IO_TEXT_NUMBER_H
#define BL_IO_TEXT_NUMBER_H

/* 1 if the text is a decimal number with a point, nan or inf; spaces around it are allowed. wide: as float64, else as
 * float32; a value beyond that type is no number. */
int io_text_number(const char *text, int wide, double *value);

/* 1 if there is nothing but spaces. */
int io_text_is_blank(const char *text);

#endif
