#include "mpi/process/memory.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/folder.h"

static char folder[160];

static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
}

static void leave(void)
{
    folder_remove(folder);
}

TestSuite(memory, .init = enter, .fini = leave);

static void write_limit(const char *group, const char *limit)
{
    char path[400];
    snprintf(path, sizeof path, "%s%s", folder, group);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s%s/memory.max", folder, group);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(limit, file) >= 0 && fclose(file) == 0);
}

Test(memory, the_smallest_limit_of_the_groups_around_a_process_counts)
{
    write_limit("/a", "5000\n");
    write_limit("/a/b", "max\n");
    cr_expect_eq(memory_within_groups(folder, "0::/a/b\n", 9000), 5000);
    cr_expect_eq(memory_within_groups(folder, "0::/a/b\n", 4000), 4000);
    write_limit("/a/b", "3000\n");
    cr_expect_eq(memory_within_groups(folder, "0::/a/b\n", 9000), 3000);
    cr_expect_eq(memory_within_groups(folder, "0::/a\n", 9000), 5000);
}

Test(memory, without_limits_it_is_what_the_host_has)
{
    cr_expect_eq(memory_within_groups(folder, "0::/\n", 9000), 9000);
    cr_expect_eq(memory_within_groups(folder, "0::/gone\n", 9000), 9000);
    cr_expect_eq(memory_within_groups(folder, "1:cpu:/\n", 9000), 9000);
    cr_expect_eq(memory_within_groups(folder, "", 9000), 9000);
    cr_expect_gt(memory_of_host(), 1 << 20);
}
