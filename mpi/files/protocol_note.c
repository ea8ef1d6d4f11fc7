#include "mpi/files/protocol_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* One table of numbers and one of texts, so that reading and writing use the same names. */
struct number {
    const char *name;
    int64_t *value;
    int64_t absent; /* a value that isn't written: it means "none" */
};

enum { NUMBERS = 4, TEXTS = 6 };

static void list_numbers(struct par_protocol_note *note, struct number numbers[NUMBERS])
{
    numbers[0] = (struct number){"protocol_seed", &note->seed, -1};
    numbers[1] = (struct number){"protocol_queries_per_class", &note->queries_per_class, 0};
    numbers[2] = (struct number){"protocol_train_per_class", &note->train_per_class, 0};
    numbers[3] = (struct number){"protocol_unseen_classes", &note->unseen_classes, 0};
}

struct text {
    const char *name;
    char *value;
    int64_t size;
};

static void list_texts(struct par_protocol_note *note, struct text texts[TEXTS])
{
    texts[0] = (struct text){"protocol", note->name, sizeof note->name};
    texts[1] = (struct text){"protocol_train_split", note->train, sizeof note->train};
    texts[2] = (struct text){"protocol_query_split", note->query, sizeof note->query};
    texts[3] = (struct text){"protocol_database_split", note->database, sizeof note->database};
    texts[4] = (struct text){"protocol_source", note->source, sizeof note->source};
    texts[5] = (struct text){"protocol_source_digest", note->source_digest, sizeof note->source_digest};
}

int protocol_note_put(hid_t file, const char *path, const struct par_protocol_note *note,
                      struct bl_error *err)
{
    struct par_protocol_note copy = *note; /* the tables point to values that may be written */
    struct number numbers[NUMBERS];
    struct text texts[TEXTS];
    int failed = 0;
    list_numbers(&copy, numbers);
    list_texts(&copy, texts);
    for (int i = 0; i < TEXTS; i++)
        failed |= h5_put_text(file, texts[i].name, texts[i].value) != 0;
    for (int i = 0; i < NUMBERS; i++)
        if (*numbers[i].value != numbers[i].absent)
            failed |= h5_put_integer(file, numbers[i].name, *numbers[i].value) != 0;
    return failed ? bl_fail(err, BL_PATH, "can't write the attributes of %s; the disk may be full", path)
                  : BL_OK;
}

int protocol_note_get(hid_t file, struct par_protocol_note *note)
{
    struct number numbers[NUMBERS];
    struct text texts[TEXTS];
    int found = 1;
    *note = (struct par_protocol_note){.seed = -1};
    list_numbers(note, numbers);
    list_texts(note, texts);
    for (int i = 0; i < TEXTS; i++)
        found &= h5_get_text(file, texts[i].name, texts[i].value, texts[i].size);
    for (int i = 0; i < NUMBERS; i++)
        h5_get_integer(file, numbers[i].name, numbers[i].value);
    if (!found) /* a note that lacks any of its texts counts as none */
        *note = (struct par_protocol_note){.seed = -1};
    return found;
}

int par_protocol_note_read(struct par par, const char *path, struct par_protocol_note *note,
                           struct bl_error *err)
{
    hid_t file = H5I_INVALID_HID;
    struct bl_error ignored = {0};
    int code = BL_OK;
    *note = (struct par_protocol_note){.seed = -1};
    /* Rank 0 alone opens the file; then all agree, and it broadcasts the note. */
    if (par.rank == 0) {
        code = par_h5_open(&file, par_alone(), path, err);
        if (code == BL_OK)
            protocol_note_get(file, note);
        par_h5_close(&file, par_alone(), path, &ignored);
    }
    code = par_agree(par, code, err);
    if (code == BL_OK)
        par_broadcast(par, note, sizeof *note);
    return code;
}

void protocol_note_describe(const struct par_protocol_note *note, char *text, int64_t size)
{
    const struct bl_protocol *protocol = bl_protocol_find(note->name, NULL);
    char seed[40] = "", numbers[160] = "";
    size_t at = 0;
    if (note->seed >= 0)
        snprintf(seed, sizeof seed, " (seed %" PRId64 ")", note->seed);
    /* Only numbers that differ from those in the protocol's own summary. */
    const struct {
        const char *what;
        int64_t used, usual;
    } list[] = {{"queries a class", note->queries_per_class, protocol ? protocol->queries_per_class : 0},
                {"training rows a class", note->train_per_class, protocol ? protocol->train_per_class : 0},
                {"unseen classes", note->unseen_classes, 0}};
    for (int i = 0; i < 3; i++)
        if (list[i].used != list[i].usual)
            at += (size_t)snprintf(numbers + at, sizeof numbers - at, "%s%" PRId64 " %s",
                                   at ? ", " : ", here with ", list[i].used, list[i].what);
    snprintf(text, (size_t)size, "%s%s: %s%s", note->name, seed,
             protocol ? protocol->summary : "a protocol that this version doesn't know", numbers);
}
