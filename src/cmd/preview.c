// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "work/film_local.h"

struct values {
    const char *output, *aspect;
    double at, width;
};

#define AT(member) offsetof(struct values, member)
static const struct option options[] = {
    { "at", 0, "SECONDS", OPTION_NUMBER, AT(at), .least = 0, .most = 86400, .doc = "Time of the frame (default 0)" },
    { "output", 'o', "FILE", OPTION_TEXT, AT(output), .doc = "Picture to write, .png or .jpg (default preview.png)" },
    { "width", 'w', "PIXELS", OPTION_NUMBER, AT(width), .least = 16, .most = 7680, .doc = "Default: the film's" },
    { "aspect", 0, "RATIO", OPTION_TEXT, AT(aspect), .choices = "16:9|9:16|1:1|4:5", .doc = "16:9, 9:16, 1:1 or 4:5" },
    { 0 },
};

static error picture_format(struct arena *arena, const char *output, const char **ret_format)
{
    str ending = file_ending(arena, output);
    bool jpeg = str_equal_c(ending, "jpg") || str_equal_c(ending, "jpeg");
    if (!jpeg && !str_equal_c(ending, "png"))
        return error_make(ERROR_USAGE, "output", "The picture \"%s\" must end in .png or .jpg", output);
    *ret_format = jpeg ? "jpeg" : "png";
    return OK;
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    struct arena *arena = call->arena;
    const char *output = values->output ? values->output : "preview.png", *format = NULL, *engine;
    TRY(picture_format(arena, output, &format));
    TRY(engine_path(arena, &engine));
    struct warnings warnings = { 0 };
    struct story_options story = { 0 };
    struct loaded_project project;
    TRY(project_load(arena, call->operands[0], &story, &warnings, &project));
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, ZYGOTE_PLAIN, (int)settings.workers, interrupt_flag(), &pool));
    struct film_local local = {
        .arena = arena, .pool = pool, .folder = project.folder, .package = project.package, .scratch = scratch_folder()
    };
    local.warnings = &warnings;
    struct film_options film = { .aspect_ratio = str_of(values->aspect), .renderer = STR(KINORA_VERSION) };
    TRY(film_local_preview(&local, project.document, &film, values->at, (int)values->width, output, format));
    print_warnings(&warnings);
    fprintf(stderr, "Wrote %s (the frame at %.2f s)\n", output, values->at);
    return OK;
}

const struct command preview_command = {
    .name = "preview",
    .operands = "PROJECT.json|.otio|.zip|STORY.md",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Draw one frame of a project, as its film will show it",
    .help = "Nothing is spoken for it: scenes that follow their voice have the durations of the document.\n\n"
            "Example: kinora preview story.json --at 12.5 -o frame.png",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
