#include <criterion/criterion.h>

#include "io/source.h"

Test(source_format, the_ending_tells_the_format)
{
    cr_assert_str_eq(io_source_format_of("a/rows.npy"), "npy");
    cr_assert_str_eq(io_source_format_of("rows.csv"), "csv");
    cr_assert_str_eq(io_source_format_of("rows.tsv"), "csv");
    cr_assert_str_eq(io_source_format_of("rows.svm"), "svmlight");
    cr_assert_str_eq(io_source_format_of("rows.libsvm.gz"), "svmlight");
    cr_assert_str_eq(io_source_format_of("rows.fvecs"), "fvecs");
    cr_assert_str_eq(io_source_format_of("rows.bvecs"), "bvecs");
    cr_assert_str_eq(io_source_format_of("rows.idx"), "idx");
    cr_assert_str_eq(io_source_format_of("train-images-idx3-ubyte"), "idx");
}

Test(source_format, gzipped_files_are_told_by_what_stands_before_gz)
{
    cr_assert_str_eq(io_source_format_of("rows.npy.gz"), "npy");
    cr_assert_str_eq(io_source_format_of("a.b/rows.csv.gz"), "csv");
    cr_assert_str_eq(io_source_format_of("train-images-idx3-ubyte.gz"), "idx");
}

Test(source_format, other_endings_mean_none)
{
    static const char *const paths[] = {"data.h5", "data.h5.gz", "npy",        ".gz",
                                        "",        "a.npy/data", "rows.NPY.h5"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        cr_assert_null(io_source_format_of(paths[i]), "%s", paths[i]);
}
