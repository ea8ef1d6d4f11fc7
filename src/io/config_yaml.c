#include "io/config_yaml.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/buffer.h"
#include "config/keys.h"

enum { SETTINGS_MAX = 400, SECTIONS_MAX = 64, KEY_MAX = 100, NAME_MAX_BYTES = 256 };

/* Reads a text into settings event by event. libyaml's documents would take less code, but they hide anchors
 * and give every node a tag, and both are to be refused. */
struct reader {
    struct io_settings *settings;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; of no type before the first */
    const char *text;
    const char *name;
    int has_lines; /* a file, not a --set */
    struct {
        char name[NAME_MAX_BYTES];
        size_t line;
    } section[SECTIONS_MAX]; /* seen so far */
    int n_sections;
    struct bl_error *err;
};

int io_settings_init(struct io_settings *settings, struct bl_error *err)
{
    *settings = (struct io_settings){0};
    int code = bl_alloc_zero(&settings->list, SETTINGS_MAX, sizeof *settings->list, "settings", err);
    if (code == BL_OK)
        code = bl_alloc(&settings->text, SETTINGS_MAX, sizeof *settings->text, "settings", err);
    if (code == BL_OK)
        code = bl_alloc(&settings->place, SETTINGS_MAX, sizeof *settings->place, "settings", err);
    return code;
}

void io_settings_free(struct io_settings *settings)
{
    bl_free(&settings->list);
    bl_free(&settings->text);
    bl_free(&settings->place);
}

static int fail_line(const struct reader *reader, size_t line, const char *what)
{
    if (reader->has_lines)
        return bl_fail(reader->err, BL_USAGE, "%s:%zu: %s", reader->name, line, what);
    return bl_fail(reader->err, BL_USAGE, "%s: %s", reader->name, what);
}

static size_t line_of(const struct reader *reader)
{
    return reader->event.start_mark.line + 1;
}

static int fail_here(const struct reader *reader, const char *what)
{
    return fail_line(reader, line_of(reader), what);
}

static int syntax_error(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "unreadable";
    char what[300];
    size_t line = (parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line) + 1;
    if (parser->error == YAML_MEMORY_ERROR)
        return bl_fail(reader->err, BL_MEMORY, "out of memory: reading %s", reader->name);
    if (parser->error == YAML_READER_ERROR) { /* libyaml knows the byte only */
        line = 1;
        for (size_t i = 0; i < parser->problem_offset; i++)
            line += reader->text[i] == '\n';
    }
    snprintf(what, sizeof what, "not valid YAML: %.200s", problem);
    return fail_line(reader, line, what);
}

static const char *refused_property(const yaml_event_t *event)
{
    static const char *const anchor = "anchors and aliases are not supported; write the value out";
    static const char *const tag = "tags are not supported; remove it and write the plain value";
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return anchor;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor ? anchor : event->data.scalar.tag ? tag : NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor ? anchor : event->data.sequence_start.tag ? tag : NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor ? anchor : event->data.mapping_start.tag ? tag : NULL;
    default:
        return NULL;
    }
}

/* Reads the next event. */
static int next(struct reader *reader)
{
    yaml_event_delete(&reader->event);
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return syntax_error(reader);
    const char *what = refused_property(&reader->event);
    return what ? fail_here(reader, what) : BL_OK;
}

static int is_scalar(const struct reader *reader)
{
    return reader->event.type == YAML_SCALAR_EVENT;
}

static const char *scalar(const struct reader *reader)
{
    return (const char *)reader->event.data.scalar.value;
}

static int is_plain(const struct reader *reader)
{
    return reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* Nothing behind the colon; an empty text in quotes is something. */
static int is_nothing(const struct reader *reader)
{
    return is_scalar(reader) && is_plain(reader) && reader->event.data.scalar.length == 0;
}

static int section_has_value(const struct reader *reader, const char *name)
{
    char what[NAME_MAX_BYTES + 100];
    snprintf(what, sizeof what, "%s is a section and holds keys, not a value", name);
    return fail_here(reader, what);
}

static int unknown_key(const struct reader *reader, const char *name)
{
    char what[400], near[BL_NAME_MAX];
    if (bl_key_nearest(name, near, sizeof near))
        snprintf(what, sizeof what, "unknown key %.100s; did you mean %s?", name, near);
    else
        snprintf(what, sizeof what, "unknown key %.100s; docs/configuration.md lists all keys", name);
    return fail_here(reader, what);
}

/* Numbers and booleans may not be quoted; texts and words that stand for a number may. */
static int check_quotes(const struct reader *reader, const struct bl_key *key)
{
    char range[200], what[400];
    const int is_word = key->word && strcmp(scalar(reader), key->word) == 0;
    const int is_text =
        key->type == BL_KEY_TEXT || key->type == BL_KEY_CHOICE || key->type == BL_KEY_MAP || is_word;
    if (is_plain(reader) || is_text)
        return BL_OK;
    bl_key_range(key, range, sizeof range);
    snprintf(what, sizeof what, "%s must be %s, not text in quotes; remove the quotes", key->name, range);
    return fail_here(reader, what);
}

static int read_scalar(const struct reader *reader, const struct bl_key *key, char *text, size_t size)
{
    char what[200];
    const size_t length = reader->event.data.scalar.length;
    if (length >= size || strlen(scalar(reader)) != length)
        return fail_here(reader, "a value is too long or holds a zero byte");
    int code = check_quotes(reader, key);
    if (code != BL_OK)
        return code;
    memcpy(text, scalar(reader), length + 1);
    if (length > 0 || key->type == BL_KEY_TEXT || (key->type == BL_KEY_MAP && !is_plain(reader)))
        return BL_OK;
    snprintf(what, sizeof what, "%s has no value", key->name);
    return fail_here(reader, what);
}

/* A list of numbers as "a, b, c". */
static int read_list(struct reader *reader, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    int code = next(reader);
    for (; code == BL_OK && reader->event.type != YAML_SEQUENCE_END_EVENT; code = next(reader)) {
        if (!is_scalar(reader) || !is_plain(reader) || is_nothing(reader) || strchr(scalar(reader), ',') ||
            n + reader->event.data.scalar.length + 3 > size)
            return fail_here(reader, "a list of plain numbers is needed here");
        n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", scalar(reader));
    }
    return code;
}

/* One name or value of a map. */
static int read_part(struct reader *reader, char *text, size_t size, size_t *n, const char *before)
{
    static const char *const what = "a map of names to single values is needed here";
    if (!is_scalar(reader) || reader->event.data.scalar.length == 0 || strpbrk(scalar(reader), ",=") ||
        strlen(scalar(reader)) != reader->event.data.scalar.length)
        return fail_here(reader, what);
    *n += (size_t)snprintf(text + *n, size - *n, "%s%s", before, scalar(reader));
    return *n < size ? BL_OK : fail_here(reader, "a value is too long");
}

/* A map as "name=value, name=value". */
static int read_map(struct reader *reader, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    int code = next(reader);
    while (code == BL_OK && reader->event.type != YAML_MAPPING_END_EVENT) {
        code = read_part(reader, text, size, &n, n ? ", " : "");
        if (code == BL_OK)
            code = next(reader);
        if (code == BL_OK)
            code = read_part(reader, text, size, &n, "=");
        if (code == BL_OK)
            code = next(reader);
    }
    return code;
}

static const char *what_it_takes(enum bl_key_type type)
{
    return type == BL_KEY_LIST  ? "a list such as [1024, 512]"
           : type == BL_KEY_MAP ? "a map such as {striping_factor: 8}"
                                : "one value, not a list or section";
}

static int read_value(struct reader *reader, const struct bl_key *key, char *text, size_t size)
{
    char what[200];
    if (is_scalar(reader) && key->type != BL_KEY_LIST)
        return read_scalar(reader, key, text, size);
    if (reader->event.type == YAML_SEQUENCE_START_EVENT && key->type == BL_KEY_LIST)
        return read_list(reader, text, size);
    if (reader->event.type == YAML_MAPPING_START_EVENT && key->type == BL_KEY_MAP)
        return read_map(reader, text, size);
    snprintf(what, sizeof what, "%s takes %s", key->name, what_it_takes(key->type));
    return fail_here(reader, what);
}

/* Adds the current value. */
static int add_setting(struct reader *reader, const struct bl_key *key)
{
    struct io_settings *settings = reader->settings;
    const int64_t i = settings->n;
    if (i == SETTINGS_MAX)
        return fail_here(reader, "too many settings");
    if (reader->has_lines)
        snprintf(settings->place[i], IO_PLACE_MAX, "%s:%zu", reader->name, line_of(reader));
    else
        snprintf(settings->place[i], IO_PLACE_MAX, "%s", reader->name);
    int code = read_value(reader, key, settings->text[i], sizeof settings->text[i]);
    settings->list[i] =
        (struct bl_setting){key, settings->text[i], settings->place[i], .is_override = !reader->has_lines};
    settings->n += code == BL_OK;
    return code;
}

static int fail_twice(const struct reader *reader, const char *name, const char *place)
{
    char what[IO_PLACE_MAX + 400];
    snprintf(what, sizeof what, "%s is set here a second time, first at %s; remove one", name, place);
    return fail_here(reader, what);
}

/* In any spelling: `data.file:` beside `data: {file: }` is a second time, too. */
static int check_key_once(const struct reader *reader, const struct bl_key *key)
{
    for (int64_t i = 0; i < reader->settings->n; i++)
        if (reader->settings->list[i].key == key)
            return fail_twice(reader, key->name, reader->settings->place[i]);
    return BL_OK;
}

static int check_section_once(struct reader *reader, const char *name)
{
    for (int i = 0; i < reader->n_sections; i++)
        if (strcmp(reader->section[i].name, name) == 0) {
            char place[IO_PLACE_MAX];
            snprintf(place, sizeof place, "%s:%zu", reader->name, reader->section[i].line);
            return fail_twice(reader, name, place);
        }
    if (reader->n_sections == SECTIONS_MAX)
        return fail_here(reader, "too many sections");
    snprintf(reader->section[reader->n_sections].name, NAME_MAX_BYTES, "%s", name);
    reader->section[reader->n_sections++].line = line_of(reader);
    return BL_OK;
}

static int read_section(struct reader *reader, const char *section);

/* The current key and its value. */
static int read_pair(struct reader *reader, const char *section)
{
    char name[NAME_MAX_BYTES];
    if (!is_scalar(reader) || reader->event.data.scalar.length > KEY_MAX)
        return fail_here(reader, "a key must be a plain word");
    snprintf(name, sizeof name, "%.140s%s%.100s", section, section[0] ? "." : "", scalar(reader));
    const struct bl_key *key = bl_key_find(name);
    if (!key && !bl_key_is_section(name))
        return unknown_key(reader, name);
    int code = key ? check_key_once(reader, key) : check_section_once(reader, name);
    if (code == BL_OK)
        code = next(reader);
    if (code != BL_OK)
        return code;
    if (key)
        return add_setting(reader, key);
    if (reader->event.type == YAML_MAPPING_START_EVENT)
        return read_section(reader, name);
    return is_nothing(reader) ? BL_OK : section_has_value(reader, name);
}

/* The mapping that begins here; its depth is bounded by the names in the table. */
static int read_section(struct reader *reader, const char *section)
{
    int code = next(reader);
    while (code == BL_OK && reader->event.type != YAML_MAPPING_END_EVENT) {
        code = read_pair(reader, section);
        if (code == BL_OK)
            code = next(reader);
    }
    return code;
}

/* The one document of a text: the sections of a file, or the value of an override. */
static int read_root(struct reader *reader, const struct bl_key *key)
{
    if (key)
        return add_setting(reader, key);
    if (reader->event.type == YAML_MAPPING_START_EVENT)
        return read_section(reader, "");
    if (is_nothing(reader))
        return BL_OK;
    return fail_here(reader, "a configuration is made of sections such as `data:`");
}

static int read_stream(struct reader *reader, const struct bl_key *key)
{
    int n_documents = 0;
    int code = next(reader); /* the start of the stream */
    while (code == BL_OK && reader->event.type != YAML_STREAM_END_EVENT) {
        code = next(reader);
        if (code != BL_OK || reader->event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        if (n_documents++ > 0)
            return fail_here(reader, "a second document begins here; a configuration is one");
        code = next(reader);
        if (code == BL_OK)
            code = read_root(reader, key);
    }
    if (code == BL_OK && n_documents == 0 && key)
        code = fail_here(reader, "no value");
    return code;
}

static int read_text(struct reader *reader, size_t n_bytes, const struct bl_key *key)
{
    if (!yaml_parser_initialize(&reader->parser))
        return bl_fail(reader->err, BL_MEMORY, "out of memory: reading %s", reader->name);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text, n_bytes);
    int code = read_stream(reader, key);
    yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
    return code;
}

int io_settings_read_file(struct io_settings *settings, const char *text, int64_t n_bytes, const char *name,
                          struct bl_error *err)
{
    struct reader reader = {.settings = settings, .text = text, .name = name, .has_lines = 1, .err = err};
    return read_text(&reader, (size_t)n_bytes, NULL);
}

int io_settings_read_value(struct io_settings *settings, const char *key_name, const char *text,
                           const char *place, struct bl_error *err)
{
    struct reader reader = {.settings = settings, .text = text, .name = place, .err = err};
    const struct bl_key *key = bl_key_find(key_name);
    if (!key)
        return bl_key_is_section(key_name) ? section_has_value(&reader, key_name)
                                           : unknown_key(&reader, key_name);
    return read_text(&reader, strlen(text), key);
}
