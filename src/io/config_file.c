#include "io/config_file.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/buffer.h"
#include "config/build.h"
#include "io/file.h"

enum { SETTINGS_MAX = 400, TEXT_MAX = 4096, PLACE_MAX = 1100, NODES_MAX = 10000, FILE_BYTES_MAX = 1 << 20 };

/* Settings in the order in which they were found, with memory for their texts. */
struct settings {
    struct bl_setting *list;  /* [SETTINGS_MAX] */
    char (*text)[TEXT_MAX];   /* [SETTINGS_MAX] */
    char (*place)[PLACE_MAX]; /* [SETTINGS_MAX] */
    int64_t n;
};

/* One document on its way into settings. */
struct reader {
    struct settings *settings;
    yaml_document_t *document;
    const char *name;
    int has_lines; /* a file, not a --set */
    struct bl_error *err;
};

static int fail_at(const struct reader *reader, const yaml_node_t *node, const char *what)
{
    if (reader->has_lines)
        return bl_fail(reader->err, BL_USAGE, "%s:%zu: %s", reader->name, node->start_mark.line + 1, what);
    return bl_fail(reader->err, BL_USAGE, "%s: %s", reader->name, what);
}

static int unknown_key(const struct reader *reader, const yaml_node_t *node, const char *name)
{
    char what[400];
    const char *near = bl_key_nearest(name);
    if (near)
        snprintf(what, sizeof what, "unknown key %.100s; did you mean %s?", name, near);
    else
        snprintf(what, sizeof what, "unknown key %.100s; docs/configuration.md lists all keys", name);
    return fail_at(reader, node, what);
}

/* A scalar's text, or a sequence's as "a, b, c". */
static int value_text(const struct reader *reader, const struct bl_key *key, yaml_node_t *node, char *text)
{
    char what[200];
    if (node->type == YAML_SCALAR_NODE && key->type != BL_KEY_LIST) {
        if (node->data.scalar.length >= TEXT_MAX ||
            strlen((char *)node->data.scalar.value) != node->data.scalar.length)
            return fail_at(reader, node, "a value is too long or holds a zero byte");
        snprintf(text, TEXT_MAX, "%s", (char *)node->data.scalar.value);
        if (text[0] == '\0' && key->type != BL_KEY_TEXT) {
            snprintf(what, sizeof what, "%s has no value", key->name);
            return fail_at(reader, node, what);
        }
        return BL_OK;
    }
    if (node->type != YAML_SEQUENCE_NODE || key->type != BL_KEY_LIST) {
        snprintf(what, sizeof what, "%s takes %s", key->name,
                 key->type == BL_KEY_LIST ? "a list such as [1024, 512]"
                                          : "one value, not a list or section");
        return fail_at(reader, node, what);
    }
    size_t n = 0;
    text[0] = '\0';
    for (yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
         item++) {
        const yaml_node_t *element = yaml_document_get_node(reader->document, *item);
        if (element->type != YAML_SCALAR_NODE || element->data.scalar.length == 0 ||
            strchr((char *)element->data.scalar.value, ',') || n + element->data.scalar.length + 3 > TEXT_MAX)
            return fail_at(reader, element, "a list of plain numbers is needed here");
        n += (size_t)snprintf(text + n, TEXT_MAX - n, "%s%s", n ? ", " : "",
                              (char *)element->data.scalar.value);
    }
    return BL_OK;
}

/* Also by another spelling: `data.file:` beside `data: {file: }`. */
static int key_is_known(const struct reader *reader, const struct bl_key *key, const yaml_node_t *node)
{
    char what[PLACE_MAX + 200];
    for (int64_t i = 0; i < reader->settings->n && reader->has_lines; i++)
        if (reader->settings->list[i].key == key) {
            snprintf(what, sizeof what, "%s is set a second time, first at %s; remove one", key->name,
                     reader->settings->place[i]);
            return fail_at(reader, node, what);
        }
    return BL_OK;
}

static int add_setting(struct reader *reader, const struct bl_key *key, yaml_node_t *node)
{
    struct settings *settings = reader->settings;
    if (settings->n == SETTINGS_MAX)
        return fail_at(reader, node, "too many settings");
    if (key_is_known(reader, key, node) != BL_OK)
        return BL_USAGE;
    const int64_t i = settings->n;
    if (reader->has_lines)
        snprintf(settings->place[i], PLACE_MAX, "%s:%zu", reader->name, node->start_mark.line + 1);
    else
        snprintf(settings->place[i], PLACE_MAX, "%s", reader->name);
    int code = value_text(reader, key, node, settings->text[i]);
    settings->list[i] =
        (struct bl_setting){key, settings->text[i], settings->place[i], .is_override = !reader->has_lines};
    settings->n += code == BL_OK;
    return code;
}

static int key_is_repeated(const struct reader *reader, const yaml_node_t *mapping,
                           const yaml_node_pair_t *pair, const char *name)
{
    for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair; other++) {
        const yaml_node_t *key = yaml_document_get_node(reader->document, other->key);
        char what[300];
        if (strcmp((char *)key->data.scalar.value, name) != 0)
            continue;
        snprintf(what, sizeof what, "%.100s stands here a second time, first in line %zu; remove one", name,
                 key->start_mark.line + 1);
        return fail_at(reader, yaml_document_get_node(reader->document, pair->key), what);
    }
    return BL_OK;
}

/* The keys of a section; depth is bounded by the names in the table. */
static int read_mapping(struct reader *reader, const char *section, yaml_node_t *mapping)
{
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
         pair++) {
        yaml_node_t *key_node = yaml_document_get_node(reader->document, pair->key);
        yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);
        char name[256], what[400];
        if (key_node->type != YAML_SCALAR_NODE || key_node->data.scalar.length > 100)
            return fail_at(reader, key_node, "a key must be a plain word");
        int code = key_is_repeated(reader, mapping, pair, (char *)key_node->data.scalar.value);
        if (code != BL_OK)
            return code;
        snprintf(name, sizeof name, "%.140s%s%.100s", section, section[0] ? "." : "",
                 (char *)key_node->data.scalar.value);
        const struct bl_key *key = bl_key_find(name);
        if (key) {
            code = add_setting(reader, key, value);
        } else if (!bl_key_is_section(name)) {
            code = unknown_key(reader, key_node, name);
        } else if (value->type == YAML_MAPPING_NODE) {
            code = read_mapping(reader, name, value);
        } else if (value->type != YAML_SCALAR_NODE || value->data.scalar.length > 0) {
            snprintf(what, sizeof what, "%s is a section and holds keys, not a value", name);
            code = fail_at(reader, value, what);
        }
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

/* An alias makes a node the child of two: none may be used twice. */
static int refuse_aliases(struct reader *reader)
{
    static const char *const what = "anchors and aliases are not supported; write the value out";
    int used[NODES_MAX] = {0, 1}; /* node 1, the root, is nobody's child */
    for (int i = 1;; i++) {
        const yaml_node_t *node = yaml_document_get_node(reader->document, i);
        if (!node)
            return BL_OK;
        if (i >= NODES_MAX)
            return fail_at(reader, node, "the configuration is too large");
        if (node->type == YAML_MAPPING_NODE)
            for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
                 pair++)
                if (pair->value >= NODES_MAX || pair->key >= NODES_MAX || used[pair->value]++ ||
                    used[pair->key]++)
                    return fail_at(reader, node, what);
        if (node->type == YAML_SEQUENCE_NODE)
            for (yaml_node_item_t *item = node->data.sequence.items.start;
                 item < node->data.sequence.items.top; item++)
                if (*item >= NODES_MAX || used[*item]++)
                    return fail_at(reader, node, what);
    }
}

static int read_root(struct reader *reader, const struct bl_key *key)
{
    yaml_node_t *root = yaml_document_get_root_node(reader->document);
    if (!root)
        return key ? bl_fail(reader->err, BL_USAGE, "%s: no value", reader->name) : BL_OK;
    int code = refuse_aliases(reader);
    if (code != BL_OK)
        return code;
    if (key)
        return add_setting(reader, key, root);
    if (root->type != YAML_MAPPING_NODE)
        return fail_at(reader, root, "a configuration is made of sections such as `data:`");
    return read_mapping(reader, "", root);
}

static int syntax_error(const struct reader *reader, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "unreadable";
    if (!reader->has_lines)
        return bl_fail(reader->err, BL_USAGE, "%s: not valid YAML: %s", reader->name, problem);
    return bl_fail(reader->err, BL_USAGE, "%s:%zu: not valid YAML: %s", reader->name,
                   (parser->problem_mark.line ? parser->problem_mark.line : parser->context_mark.line) + 1,
                   problem);
}

/* Reads one document of text; with `key`, its root is that key's value. */
static int read_text(struct settings *settings, const char *text, size_t n_bytes, const char *name,
                     const struct bl_key *key, struct bl_error *err)
{
    yaml_parser_t parser;
    yaml_document_t document, next;
    struct reader reader = {settings, &document, name, key == NULL, err};
    if (!yaml_parser_initialize(&parser))
        return bl_fail(err, BL_MEMORY, "out of memory: reading %s", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n_bytes);
    if (!yaml_parser_load(&parser, &document)) {
        int code = syntax_error(&reader, &parser);
        yaml_parser_delete(&parser);
        return code;
    }
    int code = read_root(&reader, key);
    if (code == BL_OK && yaml_document_get_root_node(&document)) {
        if (!yaml_parser_load(&parser, &next)) {
            code = syntax_error(&reader, &parser);
        } else {
            yaml_node_t *more = yaml_document_get_root_node(&next);
            if (more)
                code = fail_at(&reader, more, "a second document begins here; a configuration is one");
            yaml_document_delete(&next);
        }
    }
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return code;
}

static int read_set(struct settings *settings, const char *set, struct bl_error *err)
{
    char name[256], place[PLACE_MAX];
    const char *equals = strchr(set, '=');
    snprintf(place, sizeof place, "--set %.200s", set);
    if (!equals || equals == set || equals - set >= (int)sizeof name)
        return bl_fail(err, BL_USAGE, "%s: write --set key=value, e.g. --set train.epochs=5", place);
    snprintf(name, sizeof name, "%.*s", (int)(equals - set), set);
    const struct bl_key *key = bl_key_find(name);
    if (!key) {
        const char *near = bl_key_nearest(name);
        return bl_fail(err, BL_USAGE, "%s: unknown key %s%s%s", place, name, near ? "; did you mean " : "",
                       near ? near : "; docs/configuration.md lists all keys");
    }
    return read_text(settings, equals + 1, strlen(equals + 1), place, key, err);
}

static int settings_init(struct settings *settings, struct bl_error *err)
{
    *settings = (struct settings){0};
    int code = bl_alloc_zero(&settings->list, SETTINGS_MAX, sizeof *settings->list, "settings", err);
    if (code == BL_OK)
        code = bl_alloc(&settings->text, SETTINGS_MAX, TEXT_MAX, "settings", err);
    if (code == BL_OK)
        code = bl_alloc(&settings->place, SETTINGS_MAX, PLACE_MAX, "settings", err);
    return code;
}

static int read_all(const char *text, int64_t n_bytes, const char *name, const char *const *sets, int n_sets,
                    struct bl_config *config, struct bl_error *err)
{
    struct settings settings;
    int code = settings_init(&settings, err);
    if (code == BL_OK)
        code = read_text(&settings, text, (size_t)n_bytes, name, NULL, err);
    for (int i = 0; i < n_sets && code == BL_OK; i++)
        code = read_set(&settings, sets[i], err);
    if (code == BL_OK)
        code = bl_config_build(settings.list, settings.n, name, config, err);
    bl_free(&settings.list);
    bl_free(&settings.text);
    bl_free(&settings.place);
    return code;
}

int io_config_read(const char *path, const char *const *sets, int n_sets, struct bl_config *config,
                   struct bl_error *err)
{
    char *text;
    int64_t n_bytes;
    int code = io_file_read(path, FILE_BYTES_MAX, &text, &n_bytes, err);
    if (code == BL_OK)
        code = read_all(text, n_bytes, path, sets, n_sets, config, err);
    else if (code == BL_INPUT)
        code = bl_fail(err, BL_USAGE, "%s is too large for a configuration", path);
    bl_free(&text);
    return code;
}

int io_config_parse(const char *text, const char *name, struct bl_config *config, struct bl_error *err)
{
    return read_all(text, (int64_t)strlen(text), name, NULL, 0, config, err);
}

int io_config_data_path(const char *config_path, const struct bl_config *config, char *path, int64_t size,
                        struct bl_error *err)
{
    const char *slash = strrchr(config_path, '/');
    const char *file = config->data.file;
    int folder = slash && file[0] != '/' ? (int)(slash - config_path) + 1 : 0;
    if (snprintf(path, (size_t)size, "%.*s%s", folder, config_path, file) >= size)
        return bl_fail(err, BL_USAGE, "%s: the path of data.file is too long", config_path);
    return BL_OK;
}
