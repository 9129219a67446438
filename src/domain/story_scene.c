// SPDX-License-Identifier: GPL-3.0-or-later
// From a scene as written to a scene with layers: where things stand and how they look.
#include <math.h>

#include "domain/story_parts.h"

// Seconds; measured on flite's voices: 2.6 words a second.
#define WORDS_A_SECOND 2.6
#define LEAD_IN 0.25
#define TITLE_SECONDS 5.0 // a title over a picture leaves after these
#define SILENT_SECONDS 4.0
#define CARD_SECONDS 3.0 // a title alone

#define ACCENT "#5EC8C0"
#define PANEL "#0B1324D9" // behind text on pictures

// A scene under construction.
struct scene {
    const struct story_style *style;
    const struct story_draft *draft;
    json_t *layers;
    double duration;
    int64_t order;
};

static double estimate(const struct story_draft *draft)
{
    str spoken = buffer_str(&draft->spoken);
    double pauses = 0, seconds;
    for (str rest = spoken; rest.size;) {
        if (rest.data[0] == '[' && story_pause(&rest, &seconds))
            pauses += seconds;
        else
            rest = str_sub(rest, 1, rest.size);
    }
    double words = (double)story_word_count(spoken);
    if (words == 0)
        return draft->picture_count ? fmax(SILENT_SECONDS, SILENT_SECONDS * (double)draft->picture_count)
                                    : CARD_SECONDS + pauses;
    return ceil((words / WORDS_A_SECOND + pauses + 1) * 10) / 10;
}

// Adds a layer behind those before it; `properties` is taken over.
static json_t *add_layer(
    struct scene *scene, const char *type, const char *name, double start, double end, json_t *properties)
{
    ASSERT_MEMORY(properties);
    json_t *layer = json_pack("{s:s,s:s,s:b,s:f,s:f,s:f,s:I,s:o}", "type", type, "name", name, "enabled", 1,
        "start_time", start, "end_time", end, "duration", end - start, "order_index", (json_int_t)++scene->order,
        "properties", properties);
    json_array_append_new(scene->layers, layer);
    return properties;
}

static const char *layer_name(struct arena *arena, const char *what, str text)
{
    bool cut = text.size > 40;
    return str_format(arena, "%s: %.*s%s", what, STR_ARGS(str_cut_utf8(text, 40)), cut ? "…" : "").data;
}

static bool captions_on(const struct story_style *style)
{
    return style->captions.size && !str_equal_c(style->captions, "off");
}

// A short title alone is large; a long one must fit.
static double title_size(str title, bool alone)
{
    size_t length = str_length_utf8(title);
    double size = length <= 18 ? 104 : length <= 40 ? 84 : length <= 90 ? 64 : 48;
    return alone ? size : size * 0.7;
}

static void add_title(struct arena *arena, struct scene *scene)
{
    const struct story_draft *draft = scene->draft;
    if (!draft->title.size)
        return;
    bool over_picture = draft->picture_count > 0, with_list = draft->list_count > 0;
    double y = over_picture ? (with_list || captions_on(scene->style) ? 11 : 84) : with_list ? 20 : 46;
    double size = title_size(draft->title, !over_picture && !with_list);
    double end = over_picture && !with_list && scene->duration > TITLE_SECONDS + 2 ? TITLE_SECONDS : scene->duration;
    json_t *properties = json_pack("{s:o,s:s,s:f,s:s,s:s,s:s,s:{s:f,s:f},s:f,s:s,s:s,s:f}", "text",
        json_str(draft->title), "font_family", "Inter", "font_size", size, "font_weight", "bold", "color", "#FFFFFF",
        "text_align", "center", "position", "x", 50.0, "y", y, "max_width", 84.0, "animation", "slideUp",
        "animation_out", "fadeOut", "animation_duration", 0.7);
    if (over_picture) {
        json_object_set_new(properties, "background_color", json_string(PANEL));
        json_object_set_new(properties, "padding", json_real(26));
        json_object_set_new(properties, "radius", json_real(18));
    } else {
        json_object_set_new(properties, "shadow",
            json_pack("{s:s,s:f,s:f,s:f}", "color", "#00000080", "x", 0.0, "y", 4.0, "blur", 14.0));
    }
    add_layer(scene, "text", layer_name(arena, "Title", draft->title), 0, end, properties);
    if (!over_picture)
        add_layer(scene, "shape", "Accent", 0, scene->duration,
            json_pack("{s:s,s:s,s:f,s:f,s:f,s:{s:f,s:f},s:s,s:f}", "shape", "rounded", "fill", ACCENT, "width", 9.0,
                "height", 0.9, "radius", 5.0, "position", "x", 50.0, "y",
                with_list                             ? 29.0
                : str_length_utf8(draft->title) <= 18 ? 57.0
                                                      : 61.0,
                "animation", "zoomIn", "animation_duration", 0.9));
}

static void add_list(struct scene *scene)
{
    const struct story_draft *draft = scene->draft;
    if (!draft->list_count)
        return;
    bool over_picture = draft->picture_count > 0;
    double size = draft->list_count <= 4 ? 52 : draft->list_count <= 7 ? 42 : 32;
    double y = draft->title.size ? 56 : 50;
    json_t *properties = json_pack("{s:o,s:s,s:f,s:s,s:s,s:s,s:f,s:{s:f,s:f},s:f,s:s,s:s,s:f}", "text",
        json_str(buffer_str(&draft->list)), "font_family", "Inter", "font_size", size, "font_weight", "medium", "color",
        "#F2F5FA", "text_align", "left", "line_height", 1.6, "position", "x", 50.0, "y", y, "max_width", 80.0,
        "animation", "fadeIn", "animation_out", "fadeOut", "animation_duration", 0.8);
    if (over_picture) {
        json_object_set_new(properties, "background_color", json_string(PANEL));
        json_object_set_new(properties, "padding", json_real(36));
        json_object_set_new(properties, "radius", json_real(20));
    }
    add_layer(scene, "text", "List", draft->title.size ? 0.4 : 0, scene->duration, properties);
}

static void add_avatar(struct scene *scene)
{
    if (!scene->style->avatar.size)
        return;
    add_layer(scene, "avatar", "Presenter", 0, scene->duration,
        json_pack("{s:o,s:{s:f,s:f},s:f,s:s,s:s}", "avatar_id", json_str(scene->style->avatar), "position", "x", 84.0,
            "y", 67.5, "scale", 0.65, "animation", "talking", "animation_in", "fadeIn"));
}

static const char *media_type(str path)
{
    static const char *const films[] = { ".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v" };
    char end[8] = { 0 };
    for (size_t i = path.size >= 5 ? path.size - 5 : 0, n = 0; i < path.size; i++)
        end[n++] = (char)(path.data[i] >= 'A' && path.data[i] <= 'Z' ? path.data[i] | 32 : path.data[i]);
    for (size_t i = 0; i < sizeof films / sizeof *films; i++)
        if (str_ends(str_of(end), str_of(films[i])))
            return "video";
    return str_ends(str_of(end), STR(".gif")) ? "gif" : "image";
}

// A later picture covers the earlier ones from its word on; in a silent scene they share the time.
static void add_pictures(struct arena *arena, struct scene *scene)
{
    const struct story_draft *draft = scene->draft;
    bool silent = !story_word_count(buffer_str(&draft->spoken));
    for (size_t i = draft->picture_count; i-- > 0;) {
        const struct story_picture *picture = &draft->pictures[i];
        const char *type = media_type(picture->path);
        bool is_still = str_equal_c(str_of(type), "image");
        bool is_url = str_find(picture->path, STR("://")) >= 0 || str_starts(picture->path, STR("/content/"));
        json_t *properties = json_pack("{s:o,s:s,s:s,s:{s:f,s:f},s:s}", is_url ? "media_url" : "media_id",
            json_str(picture->path), "media_type", type, "fit", "cover", "position", "x", 50.0, "y", 50.0, "animation",
            is_still ? "kenBurns" : "none");
        if (i && !silent && picture->words_before)
            json_object_set_new(
                properties, "start_at", json_pack("{s:I}", "word", (json_int_t)picture->words_before + 1));
        double start = silent ? scene->duration * (double)i / (double)draft->picture_count : 0;
        str alt = picture->alt.size ? picture->alt : picture->path;
        add_layer(scene, "media", layer_name(arena, "Picture", alt), start, scene->duration, properties);
    }
}

static void add_voice(struct scene *scene)
{
    str spoken = buffer_str(&scene->draft->spoken);
    if (!story_word_count(spoken))
        return;
    json_t *properties = json_pack("{s:o,s:o}", "voice_id", json_str(scene->style->voice), "text", json_str(spoken));
    if (scene->style->speed > 0)
        json_object_set_new(properties, "speed", json_real(scene->style->speed));
    add_layer(scene, "voiceover", "Narration", LEAD_IN, scene->duration, properties);
}

// What is spoken without the pause marks.
static str scene_text(struct arena *arena, str spoken)
{
    char *out = arena_alloc_raw(arena, spoken.size + 1);
    size_t size = 0;
    double seconds;
    while (spoken.size) {
        if (spoken.data[0] == '[' && story_pause(&spoken, &seconds)) {
            while (spoken.size && spoken.data[0] == ' ' && (!size || out[size - 1] == ' '))
                spoken = str_sub(spoken, 1, spoken.size);
            continue;
        }
        out[size++] = spoken.data[0];
        spoken = str_sub(spoken, 1, spoken.size);
    }
    out[size] = '\0';
    return str_trim((str) { out, size });
}

static json_t *scene_background(const struct story_style *style)
{
    if (style->background)
        return json_deep_copy(style->background);
    return json_pack("{s:[s,s,f]}", "gradient", "#1B3A5C", "#0B1324", 150.0);
}

json_t *story_scene(struct arena *arena, const struct story_style *style, const struct story_draft *draft)
{
    struct scene scene = { style, draft, json_array(), estimate(draft), 0 };
    add_title(arena, &scene);
    add_list(&scene);
    add_avatar(&scene);
    add_pictures(arena, &scene);
    add_voice(&scene);
    str spoken = buffer_str(&draft->spoken);
    json_t *result = json_object();
    if (draft->title.size)
        json_object_set_new(result, "title", json_str(draft->title));
    json_object_set_new(result, "text", json_str(scene_text(arena, spoken.data ? spoken : STR(""))));
    json_object_set_new(result, "duration", json_real(scene.duration));
    json_object_set_new(result, "duration_mode", json_string(story_word_count(spoken) ? "voice" : "fixed"));
    json_object_set_new(result, "background", scene_background(style));
    json_object_set_new(result, "transition",
        json_pack("{s:o,s:f}", "type", json_str(style->transition), "duration", style->transition_duration));
    json_object_set_new(result, "layers", scene.layers);
    return result;
}

json_t *story_video(const struct story_style *style)
{
    json_t *video = json_object();
    json_object_set_new(video, "title", json_str(style->title));
    json_object_set_new(video, "aspect_ratio", json_str(style->aspect_ratio.size ? style->aspect_ratio : STR("16:9")));
    json_object_set_new(video, "fps", json_integer(style->fps > 0 ? (json_int_t)style->fps : 30));
    if (style->captions.size)
        json_object_set_new(video, "captions", json_pack("{s:o}", "mode", json_str(style->captions)));
    if (style->music.size) {
        json_t *music = json_pack("{s:o}", "audio_id", json_str(style->music));
        if (style->music_volume > 0)
            json_object_set_new(music, "volume", json_real(style->music_volume));
        json_object_set_new(video, "music", music);
    }
    return video;
}
