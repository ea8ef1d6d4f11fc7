#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "mpi/command/help/page.h"

static void put_name(const struct command_option *option)
{
    for (const char *at = option->name; *at; at += at[strcspn(at, "|")] == '|')
        for (printf(" "); *at && *at != '|'; at++)
            putchar(*at);
}

static void put_names(const struct command_option *options)
{
    for (; options->name; options++)
        put_name(options);
}

static void put_words(const struct command *command)
{
    const char *name;
    char text[COMMAND_TEXT];
    for (int i = 0; (name = command->word(i, text)); i++)
        printf("%s%s", i ? " " : "", name);
}

static void put_keys(void)
{
    printf("_bitloom_keys='");
    for (const struct bl_key *key = bl_keys; key->name; key++)
        printf("%s%s", key == bl_keys ? "" : " ", key->name);
    printf("'\n\n");
}

/* What may stand behind "KEY=": the choices, true and false, or the word that a number may be. */
static void put_values(void)
{
    printf("_bitloom_value_of() {\n    case $1 in\n");
    for (const struct bl_key *key = bl_keys; key->name; key++) {
        if (key->choices) {
            printf("    %s) echo '", key->name);
            for (const char *const *choice = key->choices; *choice; choice++)
                printf("%s%s", choice == key->choices ? "" : " ", *choice);
            printf("' ;;\n");
        } else if (key->type == BL_KEY_BOOLEAN) {
            printf("    %s) echo 'true false' ;;\n", key->name);
        } else if (key->word) {
            printf("    %s) echo '%s' ;;\n", key->name, key->word);
        }
    }
    printf("    esac\n}\n\n");
}

static void put_option_values(const struct command *command)
{
    struct command_option option;
    printf("        case $2 in\n");
    for (int i = 0; command_option_of(command, i, &option); i++) {
        if (!option.argument)
            continue;
        printf("        %s) echo '", option.name);
        if (option.values && strcmp(option.values, COMMAND_WORDS) == 0)
            put_words(command);
        else
            printf("%s", option.values ? option.values : "<none>");
        printf("' ;;\n");
    }
    printf("        esac ;;\n");
}

/* "COMMAND OPTION" to what its value is; nothing for an option without one. */
static void put_options(void)
{
    printf("_bitloom_option() {\n    case $1 in\n");
    for (const struct command *const *c = command_table; *c; c++) {
        printf("    %s)\n", (*c)->name);
        put_option_values(*c);
    }
    printf("    esac\n}\n\n");
}

static void put_commands(void)
{
    struct command_option option;
    printf("_bitloom_options() {\n    case $1 in\n    '') echo '");
    for (const struct command *const *c = command_table; *c; c++)
        printf("%s ", (*c)->name);
    put_names(command_common_options);
    put_names(command_own_options);
    printf("' ;;\n");
    for (const struct command *const *c = command_table; *c; c++) {
        printf("    %s) echo '", (*c)->name);
        for (int i = 0; command_option_of(*c, i, &option); i++)
            put_name(&option);
        put_names(command_common_options);
        printf("' ;;\n");
    }
    printf("    esac\n}\n\n");
}

/* What the first argument of a command is, and what the others are. */
static void put_operands(void)
{
    printf("_bitloom_operand() {\n    case $1 in\n");
    for (const struct command *const *c = command_table; *c; c++) {
        if ((*c)->word_first) {
            printf("    '%s first') echo '", (*c)->name);
            put_words(*c);
            printf("' ;;\n");
        }
        printf("    '%s '*) echo '%s' ;;\n", (*c)->name, (*c)->operands ? (*c)->operands : "<none>");
    }
    printf("    esac\n}\n\n");
}

/* Readline cuts words at "=", so "--set KEY=V" arrives as "--set", "KEY", "=", "V". */
static const char driver[] =
    "_bitloom_complete() {\n"
    "    case $1 in\n"
    "    '<none>') ;;\n"
    "    '<file>') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$2\") ;;\n"
    "    '<folder>') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$2\") ;;\n"
    "    '<config>')\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$2\"; compgen -f -X '!*.yaml' -- \"$2\"; "
    "compgen -f -X '!*.yml' -- \"$2\")\n"
    "        ;;\n"
    "    '<key>')\n"
    "        compopt -o nospace 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -S = -W \"$_bitloom_keys\" -- \"$2\")\n"
    "        ;;\n"
    "    *) mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$2\") ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_bitloom() {\n"
    "    local at=$COMP_CWORD word= before= command= what= i\n"
    "    local current=${COMP_WORDS[at]}\n"
    "    COMPREPLY=()\n"
    "    if [[ $current == '=' ]]; then\n"
    "        current=\n"
    "        at=$((at + 1))\n"
    "    fi\n"
    "    word=${COMP_WORDS[at - 1]}\n"
    "    if [[ $word == '=' ]] && ((at > 2)); then\n"
    "        word=${COMP_WORDS[at - 2]}\n"
    "        before=${COMP_WORDS[at - 3]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        if [[ ${COMP_WORDS[i]} != -* ]]; then\n"
    "            command=${COMP_WORDS[i]}\n"
    "            break\n"
    "        fi\n"
    "    done\n"
    "    if [[ $before == --set || $before == -s ]]; then\n"
    "        what=$(_bitloom_value_of \"$word\")\n"
    "        _bitloom_complete \"${what:-<none>}\" \"$current\"\n"
    "        return\n"
    "    fi\n"
    "    [[ $word != -* ]] || what=$(_bitloom_option \"$command\" \"$word\")\n"
    "    if [[ -n $what ]]; then\n"
    "        _bitloom_complete \"$what\" \"$current\"\n"
    "    elif [[ $current == -* || -z $command ]]; then\n"
    "        _bitloom_complete \"$(_bitloom_options \"$command\")\" \"$current\"\n"
    "    elif [[ $word == \"$command\" ]]; then\n"
    "        _bitloom_complete \"$(_bitloom_operand \"$command first\")\" \"$current\"\n"
    "    else\n"
    "        _bitloom_complete \"$(_bitloom_operand \"$command later\")\" \"$current\"\n"
    "    fi\n"
    "}\n"
    "complete -F _bitloom bitloom\n";

void command_print_completion(void)
{
    printf("# Completion of bitloom " BITLOOM_VERSION " in bash, as `bitloom help --bash` prints it.\n"
           "# SPDX-License-Identifier: BSD-3-Clause\n\n");
    put_keys();
    put_values();
    put_options();
    put_commands();
    put_operands();
    fputs(driver, stdout);
}
