// SPDX-License-Identifier: GPL-3.0-or-later
// render_at ENGINE PROJECT FILM CRF PRESET LINES: `kinora render` with any loss; CRF 0 keeps every pixel, which shows
// what the compositor made.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/film_local.h"
#include "work/local_file.h"

static error render(struct arena *arena, char **words)
{
    static atomic_bool cancelled;
    const struct film_effort effort = { .name = "asked for", .crf = atoi(words[4]), .preset = words[5] };
    struct film_options options = { .effort = &effort, .quality = atoi(words[6]), .renderer = STR("test") };
    struct warnings warnings = { 0 };
    const char *slash = strrchr(words[2], '/');
    json_error_t problem;
    json_t *project = json_load_file(words[2], 0, &problem);
    if (!project)
        return error_make(ERROR_VALIDATION_ERROR, NULL, "%s is no project: %s", words[2], problem.text);
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(words[1], ZYGOTE_PLAIN, 0, &cancelled, &pool));
    struct film_local local = { .arena = arena,
        .pool = pool,
        .folder = slash ? str_format(arena, "%.*s", (int)(slash - words[2]), words[2]).data : ".",
        .scratch = slash ? str_format(arena, "%.*s", (int)(slash - words[2]), words[2]).data : ".",
        .warnings = &warnings };
    const struct film *film;
    return film_local_make(&local, json_keep(arena, project), &options, words[3], &film);
}

int main(int count, char **words)
{
    if (count != 7) {
        fprintf(stderr, "usage: render_at ENGINE PROJECT FILM CRF PRESET LINES\n");
        return 2;
    }
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 30);
    error failed = render(arena, words);
    if (error_is(failed))
        fprintf(stderr, "render_at: %s\n", failed.message);
    return error_is(failed);
}
