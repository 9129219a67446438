// SPDX-License-Identifier: GPL-3.0-or-later
// From a video's document to the pieces that a film is made of.
#include "crypt/crypt.h"
#include "domain/cache.h"
#include "domain/pronunciation.h"
#include "domain/video.h"
#include "work/film_library.h"
#include "work/render.h"
#include "work/voice_run.h"

// Voices

static error touch(struct scope *scope, const struct run *run, void *context)
{
    (void)run;
    return cache_touch(scope, *(str *)context);
}

static error speak(struct run *run, struct film_voice *voice)
{
    struct render_made made = { .key = str_of(voice->key) };
    struct voice_wish wish = voice_wish_of(voice->params);
    struct scratch *wav;
    json_t *facts;
    TRY(voice_run_speak(run, &wish, &wav, &facts));
    TRY(run_keep(run, wav, &made.blob));
    made.facts = voice->result = facts;
    return run_write(run, render_put, &made);
}

static error find_voice(struct run *run, struct film_voice *voice)
{
    struct cache_entry entry;
    bool found;
    str key = str_of(voice->key);
    TRY(cache_get(&run->scope, key, &entry, &found));
    if (!found)
        return speak(run, voice);
    json_t *facts;
    TRY(json_read(run->scope.arena, entry.facts.text, &facts));
    voice->result = facts;
    return run_write(run, touch, &key);
}

static error find_voices(struct run *run, struct film *film)
{
    for (size_t i = 0; i < film->voice_count; i++) {
        double count = (double)film->voice_count;
        run_share(run, (double)i / count, (double)(i + 1) / count);
        TRY(find_voice(run, &film->voices[i])); // of two that are the same the second is found
    }
    return OK;
}

// Pieces

static json_t *inputs_json(const struct film_input *inputs, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, inputs[i].voice ? json_pack("{s:s}", "cache", inputs[i].voice->key)
                                                    : json_pack("{s:s}", "blob", film_input_handle(&inputs[i])));
    return list;
}

json_t *render_piece_json(
    struct run *run, const char *op, json_t *params, const struct film_input *inputs, size_t count)
{
    json_t *piece = json_keep(run->scope.arena, json_object());
    json_object_set_new(piece, "op", json_string(op));
    json_object_set(piece, "params", params);
    json_object_set_new(piece, "inputs", inputs_json(inputs, count));
    return piece;
}

static json_t *piece_json(struct run *run, const struct film *film, const char *op, str key, json_t *params,
    const struct film_input *inputs, size_t count, size_t scene)
{
    json_t *piece = render_piece_json(run, op, params, inputs, count);
    json_object_set_new(piece, "key", json_str(key));
    json_object_set_new(piece, "scene", json_integer((json_int_t)scene + 1));
    json_object_set_new(piece, "scenes", json_integer((json_int_t)film->scene_count));
    return piece;
}

static str mix_key(struct arena *arena, const struct film *film)
{
    BUFFER_AUTO struct buffer decides = { 0 };
    unsigned char hash[32];
    buffer_format(&decides, "mix\n%s\n", RENDERER);
    buffer_append_str(&decides, json_text(arena, film->mix));
    for (size_t i = 0; i < film->mix_input_count; i++) {
        buffer_append_byte(&decides, '\n');
        buffer_append_str(&decides, film_input_hash(&film->mix_inputs[i]));
    }
    crypt_sha256(decides.data, decides.size, hash);
    return str_hex(arena, hash, sizeof hash);
}

// Whether a scene is to be made anew though the cache has it; SIZE_MAX: the sound.
static bool is_to_be_fresh(const struct run *run, const struct film *film, size_t scene)
{
    const json_t *scenes = json_object_get(run->params, "scenes");
    if (!json_array_size(scenes))
        return json_get_bool(run->params, "full_regeneration", false);
    for (size_t i = 0; i < json_array_size(scenes) && scene < film->scene_count; i++)
        if (str_equal_c(film->scenes[scene].id, json_string_value(json_array_get(scenes, i))))
            return true;
    return false;
}

// Looked up once for each key: a scene that comes twice is made once.
static error look_up(struct run *run, struct render_plan *plan, struct render_piece *piece, bool is_fresh)
{
    struct cache_entry entry;
    for (struct render_piece *other = plan->pieces; other < piece && !piece->is_cached; other++)
        piece->is_cached = str_equal(other->key, piece->key);
    if (piece->is_cached || is_fresh)
        return OK;
    TRY(cache_get(&run->scope, piece->key, &entry, &piece->is_cached));
    return piece->is_cached ? run_write(run, touch, &piece->key) : OK;
}

static error list_pieces(struct run *run, struct render_plan *plan)
{
    struct film *film = plan->film;
    plan->piece_count = film->segment_count + (film->mix != NULL);
    plan->pieces = ARENA_ARRAY(run->scope.arena, struct render_piece, plan->piece_count);
    for (size_t i = 0; i < film->segment_count; i++) {
        const struct film_segment *segment = &film->segments[i];
        struct render_piece *piece = &plan->pieces[i];
        piece->key = str_of(segment->key);
        piece->weight = segment->weight;
        piece->part = piece_json(run, film, "render.segment", piece->key, segment->question.params,
            segment->question.inputs, segment->question.input_count, segment->scene);
        TRY(look_up(run, plan, piece, is_to_be_fresh(run, film, segment->scene)));
    }
    if (!film->mix)
        return OK;
    struct render_piece *sound = &plan->pieces[film->segment_count];
    sound->key = mix_key(run->scope.arena, film);
    sound->weight = film_mix_weight(film);
    sound->part = piece_json(
        run, film, "render.mix", sound->key, film->mix, film->mix_inputs, film->mix_input_count, film->scene_count - 1);
    return look_up(run, plan, sound, is_to_be_fresh(run, film, SIZE_MAX));
}

// The film

static int quality_of(const struct run *run)
{
    str quality = json_get_str(run->params, "quality");
    int64_t height = 0;
    if (quality.size && quality.data[quality.size - 1] == 'p')
        quality.size--;
    return str_to_int(quality, &height) && height > 0 && height <= 2160 ? (int)height : 1080;
}

static error take_fonts(struct run *run, struct render_plan *plan)
{
    struct child_call call = { .op = "text.fonts", .params = film_fonts_params(plan->film) };
    json_t *result;
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &result));
    film_take_fonts(plan->film, result, &plan->warnings);
    return OK;
}

error render_pieces(struct run *run, struct render_plan *plan)
{
    TRY(take_fonts(run, plan));
    TRY(find_voices(run, plan->film));
    TRY(film_resolve(plan->film, &plan->warnings));
    return list_pieces(run, plan);
}

// Pre-flight: the file is there, can be read and has what it says.
static error look(void *context, const struct film_asset *asset)
{
    struct run *run = context;
    struct child_input input;
    json_t *result, *params = json_keep(run->scope.arena, json_pack("{s:b}", "look", 1));
    TRY(run_input(run, str_of(asset->handle), &input));
    struct child_call call = { .op = "probe", .params = params, .inputs = &input, .input_count = 1 };
    return run_ask(run, ZYGOTE_PLAIN, &call, &result);
}

error render_plan(struct run *run, struct render_plan *ret_plan)
{
    struct arena *arena = run->scope.arena;
    struct render_plan plan = { 0 };
    struct video video;
    json_t *document;
    TRY(video_get(&run->scope, run->job.video_id, VIDEO_READ, &video));
    TRY(video_document(&run->scope, &video, &document));
    str ratio = json_get_str(run->params, "aspect_ratio");
    struct film_options options = {
        .aspect_ratio = ratio,
        .quality = quality_of(run),
        .fps = (int)json_get_int(run->params, "fps", 0),
        .format = film_format_find(json_get_str(run->params, "format")),
        .effort = film_effort_find(json_get_str(run->params, "preset")),
        .allow_missing = json_get_bool(run->params, "allow_missing", false),
        .renderer = STR(RENDERER),
    };
    TRY(pronunciation_words(&run->scope, &options.pronunciations));
    film_library_mark(&run->scope, document, json_object_get(run->params, "include_watermark"), &options);
    struct film_library library = { &run->scope, run->job.video_id, false, look, run };
    struct film_source source = { &library, film_library_find };
    TRY(film_plan(arena, document, &options, &source, &plan.warnings, &plan.film));
    TRY(render_pieces(run, &plan));
    *ret_plan = plan;
    return OK;
}
