// SPDX-License-Identifier: GPL-3.0-or-later
// Pre-flight: every asset is found and looked at before anything is spoken or encoded.
#include "domain/avatar_look.h"
#include "work/film_parts.h"

static const char *kind_name(enum film_asset_kind kind)
{
    return kind == FILM_AUDIO ? "sound" : kind == FILM_AVATAR ? "avatar" : "picture";
}

bool film_stock_avatar(struct arena *arena, struct film_asset *asset)
{
    const struct avatar_stock *stock = avatar_stock_find(asset->reference);
    json_t *look;
    if (!stock || error_is(json_read(arena, str_of(stock->look), &look)))
        return false;
    asset->look = look;
    asset->is_engine_own = true;
    return true;
}

// Each reference is resolved once, however often it is used.
static error find(struct film *film, enum film_asset_kind kind, str reference, struct film_asset **ret_asset)
{
    struct film_plan *plan = film->plan;
    for (size_t i = 0; i < film->asset_count; i++)
        if (film->assets[i]->kind == kind && str_equal(film->assets[i]->reference, reference)) {
            *ret_asset = film->assets[i];
            return OK;
        }
    struct film_asset *asset = ARENA_NEW(plan->arena, struct film_asset);
    *asset = (struct film_asset) { .kind = kind, .reference = str_copy(plan->arena, reference) };
    TRY(plan->source->resolve(plan->source->context, asset));
    film->assets = arena_grow(plan->arena, film->assets, film->asset_count * sizeof(struct film_asset *),
        (film->asset_count + 1) * sizeof(struct film_asset *));
    film->assets[film->asset_count++] = asset;
    *ret_asset = asset;
    return OK;
}

static bool is_absence(error problem)
{
    switch (problem.code) {
    case ERROR_NOT_FOUND:
    case ERROR_MEDIA_NOT_FOUND:
    case ERROR_FILE_NOT_FOUND:
    case ERROR_NOT_MEDIA:
    case ERROR_NO_AUDIO:
    case ERROR_NO_VIDEO:
    case ERROR_UNSUPPORTED_MEDIA:
    case ERROR_DATA_CORRUPT:
    case ERROR_ASSET_MISSING:
        return true;
    default:
        return false;
    }
}

// With allow_missing *ret_asset stays NULL and a warning says so.
static error find_or_miss(
    struct film *film, enum film_asset_kind kind, str reference, str place, str user, struct film_asset **ret_asset)
{
    struct film_plan *plan = film->plan;
    error problem = find(film, kind, reference, ret_asset);
    if (!is_absence(problem))
        return problem;
    if (plan->options.allow_missing) {
        warning_add(plan->arena, plan->warnings, place, "%.*s uses the %s \"%.*s\", which cannot be used: %s",
            STR_ARGS(user), kind_name(kind), STR_ARGS(reference), problem.message);
        return OK;
    }
    // The message is copied first: error texts live in a ring.
    str reason = str_copy(plan->arena, str_of(problem.message));
    return error_make(ERROR_ASSET_MISSING, place.data, "%.*s uses the %s \"%.*s\", which cannot be used: %.*s",
        STR_ARGS(user), kind_name(kind), STR_ARGS(reference), STR_ARGS(reason));
}

// The id, or the URL in its place.
static str reference_of(const json_t *object, const char *id, const char *url)
{
    str reference = json_get_str(object, id);
    return reference.size ? reference : json_get_str(object, url);
}

static error find_layer(struct film *film, size_t scene, struct plan_layer *layer)
{
    enum film_asset_kind kind = FILM_PICTURE;
    str reference = STR_NONE;
    if (layer->owner == ON_MEDIA)
        reference = reference_of(layer->properties, "media_id", "media_url");
    else if (layer->owner == ON_AUDIO)
        kind = FILM_AUDIO, reference = reference_of(layer->properties, "audio_id", "audio_url");
    else if (layer->owner == ON_AVATAR)
        kind = FILM_AVATAR, reference = json_get_str(layer->properties, "avatar_id");
    if (!reference.data)
        return OK;
    str user = str_format(
        film->plan->arena, "Layer \"%.*s\" of scene %zu", STR_ARGS(film_layer_name(layer)), scene + 1);
    TRY(find_or_miss(film, kind, reference, film_place(film, scene, layer), user, &layer->asset));
    layer->is_missing = !layer->asset;
    layer->is_left_out = layer->is_missing && kind == FILM_AUDIO;
    return OK;
}

static error find_of_scene(struct film *film, size_t index)
{
    struct plan_scene *scene = &film->plan->scenes[index];
    const json_t *background = json_object_get(scene->options, "background");
    if (!background)
        background = json_object_get(film->plan->video, "background");
    str reference = json_get_str(background, "media_id");
    if (reference.data)
        TRY(find_or_miss(film, FILM_PICTURE, reference, film_place(film, index, NULL),
            str_format(film->plan->arena, "The background of scene %zu", index + 1), &scene->background));
    for (size_t i = 0; i < scene->layer_count; i++)
        TRY(find_layer(film, index, &scene->layers[i]));
    return OK;
}

error film_find_assets(struct film *film)
{
    struct film_plan *plan = film->plan;
    for (size_t i = 0; i < plan->scene_count; i++)
        TRY(find_of_scene(film, i));
    str music = reference_of(json_object_get(plan->video, "music"), "audio_id", "audio_url");
    if (music.data)
        TRY(find_or_miss(film, FILM_AUDIO, music, STR("video.music"), STR("The video's music"), &plan->music));
    str logo = json_get_str(json_object_get(plan->video, "brand"), "logo_media_id");
    if (logo.data)
        TRY(find_or_miss(film, FILM_PICTURE, logo, STR("video.brand"), STR("The brand's logo"), &plan->logo));
    str mark = json_get_str(json_object_get(plan->video, "watermark"), "media_id");
    if (mark.data && !plan->options.watermark.size)
        TRY(find_or_miss(
            film, FILM_PICTURE, mark, STR("video.watermark"), STR("The video's watermark"), &plan->watermark));
    return OK;
}
