// SPDX-License-Identifier: GPL-3.0-or-later
// kinora-stock: makes the stock pack, or checks one.
#include <stdio.h>
#include <string.h>

#include "av/source.h"
#include "motion.h"
#include "music.h"
#include "pack.h"
#include "sheet.h"

static const char usage[] =
    "kinora-stock make DIR [--sample N] [--jobs N] [--quiet]\n"
    "  makes the stock pack in DIR, or N things of each kind; keeps what is there and still right\n"
    "kinora-stock verify DIR\n"
    "  checks all of a pack\n"
    "kinora-stock sheet DIR KIND PAGE FILE\n"
    "  draws 30 things small into a JPEG file; KIND is 0 music, 1 effects, 2 images, 3 videos, 4 GIFs\n"
    "kinora-stock recipes\n"
    "  writes the recipes of the music as JSON\n"
    "kinora-stock check\n"
    "  checks the recipes: no two pieces of music alike, no wrong notes, no film that jumps\n";

enum { JOBS_DEFAULT = 2, JOBS_MAX = 64, MEMORY = 64 << 20 };

// A number behind a flag, 1 to `most`; 0 when it is none.
static int number_of(const char *text, int most)
{
    int64_t number;
    return text && str_to_int(str_of(text), &number) && number >= 1 && number <= most ? (int)number : 0;
}

static error check_names(struct arena *arena)
{
    json_t *seen = json_keep(arena, json_object());
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        for (size_t i = 0; i < item_sources[kind].count(); i++) {
            struct item item = item_sources[kind].item(i);
            if (json_object_get(seen, item.slug))
                return error_make(ERROR_VALIDATION_ERROR, NULL, "Two things are called %s", item.slug);
            json_object_set_new(seen, item.slug, json_true());
        }
    }
    return OK;
}

static error check_recipes(void)
{
    ARENA_AUTO struct arena *arena = arena_new(MEMORY);
    TRY(check_names(arena));
    return music_check(arena);
}

static error check_all(void)
{
    TRY(check_recipes());
    return motion_check();
}

static error make(char **words)
{
    struct pack_order order = { .folder = words[0], .processes = JOBS_DEFAULT };
    for (char **word = words + 1; *word; word++) {
        bool sample = strcmp(*word, "--sample") == 0, jobs = strcmp(*word, "--jobs") == 0;
        if (strcmp(*word, "--quiet") == 0) {
            order.quiet = true;
            continue;
        }
        int number = sample || jobs ? number_of(word[1], sample ? 1000 : JOBS_MAX) : 0;
        if (!number)
            return error_make(ERROR_VALIDATION_ERROR, NULL, "%s is not understood, or its number is not", *word);
        *(sample ? &order.sample : &order.processes) = number;
        word++;
    }
    TRY(check_recipes());
    return pack_make(&order);
}

static error print_recipes(void)
{
    ARENA_AUTO struct arena *arena = arena_new(MEMORY);
    json_t *list = json_keep(arena, json_array());
    for (size_t i = 0; i < music_count(); i++)
        json_array_append_new(list, music_describe(arena, i));
    puts(json_text(arena, list).data);
    return OK;
}

static error make_sheet(char **words)
{
    int64_t kind, page;
    if (!str_to_int(str_of(words[1]), &kind) || kind < 0 || kind >= ITEM_KIND_COUNT
        || !str_to_int(str_of(words[2]), &page) || page < 0 || page > 1000)
        return error_make(ERROR_VALIDATION_ERROR, NULL, "%s, page %s: there is no such sheet", words[1], words[2]);
    return sheet_make((enum item_kind)kind, (size_t)page, words[0], words[3]);
}

int main(int count, char **words)
{
    error failed;
    source_quiet();
    if (count >= 3 && strcmp(words[1], "make") == 0)
        failed = make(words + 2);
    else if (count == 3 && strcmp(words[1], "verify") == 0)
        failed = pack_verify(words[2]);
    else if (count == 2 && strcmp(words[1], "recipes") == 0)
        failed = print_recipes();
    else if (count == 2 && strcmp(words[1], "check") == 0)
        failed = check_all();
    else if (count == 6 && strcmp(words[1], "sheet") == 0)
        failed = make_sheet(words + 2);
    else {
        fputs(usage, stderr);
        return 2;
    }
    if (error_is(failed))
        fprintf(stderr, "kinora-stock: %s\n", failed.message);
    return error_is(failed) ? 1 : 0;
}
