// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/film_library.h"

#include "domain/avatar.h"
#include "domain/derivative.h"
#include "domain/media.h"
#include "work/stock_input.h"

static error take_blob(const struct film_library *library, str blob_id, void **ret_handle, str *ret_hash)
{
    struct media_blob blob;
    TRY(media_blob_get(library->scope, blob_id, &blob));
    *ret_hash = str_hex(library->scope->arena, blob.sha256.data, blob.sha256.size);
    *ret_handle = (void *)str_copy(library->scope->arena, blob.id).data;
    return OK;
}

static error take_proxy(const struct film_library *library, const struct media *media, struct film_asset *asset)
{
    struct derivative proxy;
    bool found = false;
    if (library->draft && asset->kind == FILM_PICTURE && asset->is_moving)
        TRY(derivative_get(library->scope, media->id, DERIVATIVE_EDIT, &proxy, &found));
    return found ? take_blob(library, proxy.blob_id, &asset->proxy_handle, &asset->proxy_hash) : OK;
}

static error take_look(struct arena *arena, const struct avatar *avatar, struct film_asset *asset)
{
    json_t *look;
    TRY(json_read(arena, avatar->look.text, &look));
    asset->look = look;
    asset->is_engine_own = true;
    return OK;
}

// *ret_found false for what is no item of the stock.
static error find_stock(const struct film_library *library, str key, struct film_asset *asset, bool *ret_found)
{
    struct stock_item item;
    TRY(stock_find(library->scope, key, &item, ret_found));
    if (!*ret_found)
        return OK;
    bool is_audio = str_equal_c(item.media_type, "audio");
    if (asset->kind == FILM_AUDIO && !is_audio)
        return error_make(ERROR_NO_AUDIO, NULL, "It has no sound");
    if (asset->kind == FILM_PICTURE && is_audio)
        return error_make(ERROR_NO_VIDEO, NULL, "It has no picture");
    struct child_input there; // missing files are told before the film is begun
    char *handle = stock_input_handle(library->scope->arena, &item);
    error missing = stock_input(library->scope, str_of(handle), &there);
    if (error_is(missing))
        return error_make(ERROR_NOT_FOUND, NULL, "Its file is not in the stock any more");
    asset->is_moving = str_equal_c(item.media_type, "video") || str_equal_c(item.media_type, "gif");
    asset->has_audio = is_audio;
    asset->duration = item.duration.set ? item.duration.value : 0;
    asset->hash = item.sha256;
    asset->handle = handle;
    return OK;
}

static error find(const struct film_library *library, struct film_asset *asset)
{
    struct arena *arena = library->scope->arena;
    struct media media;
    struct avatar avatar = { 0 };
    if (asset->kind == FILM_AVATAR) {
        if (film_stock_avatar(arena, asset))
            return OK;
        error unknown = avatar_get_for_video(library->scope, asset->reference, library->video_id, &avatar);
        if (unknown.code == ERROR_AVATAR_NOT_FOUND || unknown.code == ERROR_INVALID_ID)
            return error_make(ERROR_NOT_FOUND, NULL, "The library of avatars has none of this id");
        TRY(unknown);
        if (!avatar.media_id.data)
            return take_look(arena, &avatar, asset);
    }
    str key = avatar.media_id.data ? avatar.media_id : media_key(asset->reference);
    bool is_stock = false;
    if (asset->kind != FILM_AVATAR)
        TRY(find_stock(library, key, asset, &is_stock));
    if (is_stock)
        return OK;
    error missing = media_get_for_video(library->scope, key, library->video_id, &media);
    if (missing.code == ERROR_INVALID_ID)
        return error_make(ERROR_NOT_FOUND, NULL, "It is no file of the library; save it there first");
    TRY(missing);
    if (asset->kind == FILM_AUDIO && !media.has_audio)
        return error_make(ERROR_NO_AUDIO, NULL, "It has no sound");
    if (asset->kind == FILM_PICTURE && str_equal(media.media_type, STR("audio")))
        return error_make(ERROR_NO_VIDEO, NULL, "It has no picture");
    asset->is_moving = str_equal(media.media_type, STR("video")) || str_equal(media.media_type, STR("gif"));
    asset->has_audio = media.has_audio;
    asset->duration = media.duration.set ? media.duration.value : 0;
    TRY(take_blob(library, media.blob_id, &asset->handle, &asset->hash));
    return take_proxy(library, &media, asset);
}

error film_library_find(void *context, struct film_asset *asset)
{
    const struct film_library *library = context;
    TRY(find(library, asset));
    return library->look && asset->handle ? library->look(library->look_context, asset) : OK;
}

void film_library_mark(
    const struct scope *scope, const json_t *document, const json_t *wanted, struct film_options *options)
{
    str plan = scope->actor.plan;
    bool is_business = str_equal_c(plan, "business");
    bool has_own = is_business && json_object_get(json_object_get(document, "video"), "watermark");
    if (str_equal_c(plan, "free") || (json_is_true(wanted) && !has_own))
        options->watermark = STR("Made with Kinora");
    options->is_unbranded = !is_business;
    options->is_unmarked = json_is_false(wanted);
}
