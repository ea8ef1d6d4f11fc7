#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mpi/command/help/page.h"

/* The characters that roff reads as something else, in text that must come out as it is typed. */
static void put_typed(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        switch (text[i]) {
        case '\\':
            fputs("\\e", stdout);
            break;
        case '-':
            fputs("\\-", stdout);
            break;
        case '\'':
            fputs("\\(aq", stdout);
            break;
        case '^':
            fputs("\\(ha", stdout);
            break;
        case '~':
            fputs("\\(ti", stdout);
            break;
        default:
            putchar(text[i]);
        }
}

/* One paragraph of prose: what stands between backquotes is typed, and so are words that begin with a dash.
 */
static const char *put_prose(const char *text)
{
    int typed = 0, bold = 0;
    char before = ' ';
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text && *text != '\n'; before = *text++) {
        typed = *text == '-' && (typed || !isalnum((unsigned char)before));
        if (*text == '`')
            fputs((bold = !bold) ? "\\fB" : "\\fP", stdout);
        else if (bold || typed || *text == '\\')
            put_typed(text, 1);
        else
            putchar(*text);
    }
    printf("\n");
    return text + (*text == '\n');
}

/* Options bold, words in capitals italic, all else as it is. */
static void put_synopsis(const char *text, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        const int apart = i == 0 || !isalnum((unsigned char)text[i - 1]);
        end = i + 1;
        if (apart && isupper((unsigned char)text[i])) {
            while (end < n && isupper((unsigned char)text[end]))
                end++;
            fputs("\\fI", stdout);
        } else if (apart && text[i] == '-') {
            while (end < n && (isalnum((unsigned char)text[end]) || text[end] == '-'))
                end++;
            fputs("\\fB", stdout);
        } else {
            put_typed(text + i, 1);
            continue;
        }
        put_typed(text + i, end - i);
        fputs("\\fP", stdout);
    }
}

static void put_option(const struct command_option *option)
{
    char text[100];
    command_option_text(option, text, sizeof text);
    printf(".TP\n");
    put_synopsis(text, strlen(text));
    printf("\n");
    put_prose(option->text);
}

static void put_options(const struct command_option *options)
{
    for (; options->name; options++)
        put_option(options);
}

static void put_paragraphs(const char *text)
{
    for (int first = 1; *text; first = 0) {
        if (!first)
            printf(".PP\n");
        text = put_prose(text);
    }
}

static void put_upper(const char *text)
{
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

static void put_head(const char *name, const char *summary)
{
    printf(".\\\" SPDX-License-Identifier: BSD-3-Clause\n.TH ");
    put_upper(name);
    printf(" 1 \"\" \"bitloom " BITLOOM_VERSION "\" \"bitloom manual\"\n.SH NAME\n");
    put_typed(name, strlen(name));
    printf(" \\- ");
    put_prose(summary);
}

static void put_forms(const struct command *command)
{
    printf(".SH SYNOPSIS\n");
    for (const char *at = command->usage; *at; at += strcspn(at, "\n") + 1) {
        printf("%s.B bitloom %s\n", at == command->usage ? "" : ".br\n", command->name);
        put_synopsis(at, strcspn(at, "\n"));
        printf("\n");
    }
}

static void put_words(const struct command *command)
{
    const char *name;
    char text[COMMAND_TEXT];
    printf(".SH ");
    put_upper(command->words);
    printf("\n");
    for (int i = 0; (name = command->word(i, text)); i++) {
        printf(".TP\n\\fB");
        put_typed(name, strlen(name));
        printf("\\fP\n");
        put_prose(text);
    }
}

static void put_examples(const char *text)
{
    printf(".SH EXAMPLES\n.EX\n");
    put_typed(text, strlen(text));
    printf(".EE\n");
}

static void print_one(const struct command *command)
{
    char name[64];
    struct command_option option;
    snprintf(name, sizeof name, "bitloom-%s", command->name);
    put_head(name, command->summary);
    put_forms(command);
    printf(".SH DESCRIPTION\n");
    put_paragraphs(command->text ? command->text : command->summary);
    if (command->word)
        put_words(command);
    printf(".SH OPTIONS\n");
    for (int i = 0; command_option_of(command, i, &option); i++)
        put_option(&option);
    put_options(command_common_options);
    printf(".SH EXIT STATUS\n");
    if (command->status)
        put_paragraphs(command->status);
    else
        printf("0 finished;\n.BR bitloom (1)\nlists the others.\n");
    put_examples(command->examples);
    printf(".SH SEE ALSO\n.BR bitloom (1)\n");
}

static void put_statuses(void)
{
    int status;
    const char *text;
    printf(".SH EXIT STATUS\n");
    for (int i = 0; (text = command_status(i, &status)); i++) {
        printf(".TP 4\n%d\n", status);
        put_prose(text);
    }
}

static void print_program(void)
{
    put_head("bitloom", "learns compact binary codes, data-parallel over MPI");
    printf(".SH SYNOPSIS\n.B bitloom\n\\fICOMMAND\\fP [\\fIARGUMENT\\fP]... [\\fB\\-q\\fP]\n.br\n"
           ".B mpirun \\-n\n\\fIRANKS\\fP \\fBbitloom\\fP \\fICOMMAND\\fP ...\n"
           ".SH DESCRIPTION\n");
    put_paragraphs(
        "Given feature vectors and labels, bitloom trains a small network whose signs are a hash code: "
        "similar items get codes a few bits apart. "
        "Each command has a page of its own; those that work on several ranks say so.\n");
    printf(".SH COMMANDS\n");
    for (const struct command *const *c = command_table; *c; c++) {
        printf(".TP\n.BR bitloom\\-%s (1)\n", (*c)->name);
        put_prose((*c)->summary);
        if ((*c)->parallel)
            printf("(on one rank or several)\n");
    }
    printf(".SH OPTIONS\n");
    put_options(command_common_options);
    put_options(command_own_options);
    put_statuses();
    put_examples("bitloom init --data my.h5 -o my.yaml\nmpirun -n 2 bitloom train my.yaml\n");
    printf(
        ".SH SEE ALSO\nThe pages that README.md names are in share/bitloom/docs, below the folder into which "
        "bitloom was installed.\n"
        ".SH AUTHORS\nThe bitloom authors. The licence is BSD\\-3\\-Clause.\n");
}

void command_print_manual(const struct command *command)
{
    if (command)
        print_one(command);
    else
        print_program();
}
