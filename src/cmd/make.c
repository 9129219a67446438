// SPDX-License-Identifier: GPL-3.0-or-later
// kinora make and kinora render: the same road from a story and from a project document.
#include <stdio.h>
#include <string.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/progress.h"
#include "work/film_local.h"
#include "work/local_file.h"

struct values {
    const char *output, *voice, *title, *aspect, *quality, *preset, *project, *subtitles;
    double fps;
    bool allow_missing;
};

#define AT(member) offsetof(struct values, member)
#define COMMON_OPTIONS                                                                                                 \
    { "output", 'o', "FILE", OPTION_TEXT, AT(output),                                                                  \
        .doc = "Film to write: .mp4, .mov, .webm, .gif, .mp3 or .wav (default: beside the input)" },                   \
        { "quality", 'q', "LINES", OPTION_TEXT, AT(quality), .choices = "480|720|1080|1440|2160",                      \
            .doc = "Short side: 480, 720, 1080 (default), 1440, 2160" },                                               \
        { "aspect", 0, "RATIO", OPTION_TEXT, AT(aspect), .choices = "16:9|9:16|1:1|4:5",                               \
            .doc = "16:9, 9:16, 1:1 or 4:5" },                                                                         \
        { "fps", 0, "RATE", OPTION_NUMBER, AT(fps), .least = 1, .most = 120, .doc = "Frames a second" },               \
        { "preset", 0, "NAME", OPTION_TEXT, AT(preset), .choices = "draft|standard|high",                              \
            .doc = "Work put into the picture: draft, standard (default) or high" },                                   \
        { "subtitles", 's', "FILE", OPTION_TEXT, AT(subtitles), .doc = "Write subtitles too, .srt or .vtt" },          \
    {                                                                                                                  \
        "allow-missing", 0, NULL, OPTION_FLAG, AT(allow_missing), .doc = "Mark missing assets instead of stopping"     \
    }

static const struct option render_options[] = { COMMON_OPTIONS, { 0 } };
static const struct option make_options[] = {
    COMMON_OPTIONS,
    { "voice", 'v', "VOICE", OPTION_TEXT, AT(voice), .doc = "Narrator, such as flite:slt (list: kinora say --voices)" },
    { "title", 0, "TEXT", OPTION_TEXT, AT(title), .doc = "Title of the film" },
    { "project", 'p', "FILE", OPTION_TEXT, AT(project), .doc = "Write the project document too (.json)" },
    { 0 },
};

static error write_text(const char *path, str text)
{
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    TRY(local_file_new_for(path, &file));
    TRY(local_file_write(file, text.data, text.size));
    return local_file_keep(TAKE(file), path);
}

static error write_subtitles(struct arena *arena, const char *path, const struct film *film)
{
    BUFFER_AUTO struct buffer text = { 0 };
    film_subtitles(arena, film, str_equal_c(file_ending(arena, path), "vtt"), &text);
    return write_text(path, text.size ? buffer_str(&text) : STR(""));
}

// story.md -> story.mp4
static const char *default_output(struct arena *arena, const char *input)
{
    const char *slash = strrchr(input, '/'), *dot = strrchr(input, '.');
    size_t size = dot && dot > (slash ? slash + 1 : input) ? (size_t)(dot - input) : strlen(input);
    return str_format(arena, "%.*s.mp4", (int)size, input).data;
}

static error format_of(struct arena *arena, const char *output, const struct film_format **ret_format)
{
    str ending = file_ending(arena, output);
    const struct film_format *format = film_format_find(ending.data ? ending : STR(""));
    if (!format)
        return error_make(
            ERROR_USAGE, "output", "The film \"%s\" must end in .mp4, .mov, .webm, .gif, .mp3 or .wav", output);
    *ret_format = format;
    return OK;
}

static error make_film(const struct call *call, const struct values *values, const struct loaded_project *project,
    struct warnings *warnings)
{
    struct arena *arena = call->arena;
    const char *output = values->output ? values->output : default_output(arena, call->operands[0]);
    const struct film_format *format = NULL;
    const char *engine = NULL;
    TRY(format_of(arena, output, &format));
    TRY(engine_path(arena, &engine));
    struct film_options options = {
        .aspect_ratio = str_of(values->aspect),
        .fps = (int)values->fps,
        .format = format,
        .effort = film_effort_find(str_of(values->preset)),
        .renderer = STR(KINORA_VERSION),
        .allow_missing = values->allow_missing,
    };
    int64_t quality = 0;
    if (values->quality && str_to_int(str_of(values->quality), &quality))
        options.quality = (int)quality;
    LOCAL_POOL_AUTO struct local_pool *pool = NULL;
    TRY(local_pool_open(engine, ZYGOTE_PLAIN, (int)settings.workers, interrupt_flag(), &pool));
    struct progress progress;
    struct film_local local = { arena, pool, project->folder, project->package, scratch_folder(), warnings,
        progress_tell, &progress, engine };
    progress_begin(&progress, "Rendering");
    const struct film *film;
    error result = film_local_make(&local, project->document, &options, output, &film);
    progress_end(&progress);
    TRY(result);
    print_warnings(warnings);
    if (values->subtitles)
        TRY(write_subtitles(arena, values->subtitles, film));
    fprintf(stderr, "Wrote %s (%.2f s)\n", output, film->duration);
    return OK;
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    struct story_options story = { .voice = str_of(values->voice), .title = str_of(values->title) };
    if (values->aspect)
        story.aspect_ratio = str_of(values->aspect);
    struct warnings warnings = { 0 };
    struct loaded_project project;
    TRY(project_load(call->arena, call->operands[0], &story, &warnings, &project));
    if (values->project) {
        str text = json_text(call->arena, project.document);
        TRY(write_text(values->project, text));
    }
    return make_film(call, values, &project, &warnings);
}

const struct command make_command = {
    .name = "make",
    .operands = "STORY.md",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Make a narrated film from a story in Markdown",
    .help = "A heading starts a scene and is shown as its title, text is narration, ![description](picture.jpg)\n"
            "shows a picture or film, a list is shown and spoken, [pause 1s] is a pause. Front matter between ---\n"
            "lines may say title, voice, aspect, captions, music, fps, background and transition.\n\n"
            "Example: kinora make examples/tour.md -o tour.mp4",
    .options = make_options,
    .values_size = sizeof(struct values),
    .run = run,
};

const struct command render_command = {
    .name = "render",
    .operands = "PROJECT.json|.otio|.zip",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Render a project document to a film",
    .help = "The document is {\"video\": {...}, \"scenes\": [{..., \"layers\": [...]}]}, as the API has it; names of\n"
            "assets are files, starting from the document's folder. A zip file that the server exported has its\n"
            "assets within; a timeline of OpenTimelineIO becomes a scene for each clip of its first track.\n\n"
            "Example: kinora make story.md --project story.json, change it, kinora render story.json -o story.mp4",
    .options = render_options,
    .values_size = sizeof(struct values),
    .run = run,
};
