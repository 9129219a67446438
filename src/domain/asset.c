// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/asset.h"

#include "base/id.h"
#include "domain/file_key.h"
#include "domain/media.h"
#include "domain/stock.h"

static str name_in(const json_t *object, const char *id_key, const char *url_key)
{
    str id = json_get_str(object, id_key);
    return id.size || !url_key ? id : json_get_str(object, url_key);
}

DB_STATEMENT(asset_owner, "SELECT user_id FROM media WHERE id = $1");

error asset_check(struct scope *scope, const json_t *before, const json_t *now, const char *id_key, const char *url_key,
    struct warnings *warnings)
{
    str named = name_in(now, id_key, url_key), id = str_lower(scope->arena, media_key(named)), owner = STR_NONE;
    bool is_id = json_get_str(now, id_key).size > 0, may = true, is_stock = false,
         stands = str_equal(name_in(before, id_key, url_key), named);
    const char *field = is_id ? id_key : url_key;
    struct stock_item stock;
    if (!named.size)
        return OK;
    if (id_is_valid(id))
        TRY(db_string(scope->db, scope->arena, &asset_owner, DB_ARGS(db_text(id)), &owner));
    if (!owner.data)
        TRY(stock_find(scope, id, &stock, &is_stock));
    if (is_stock)
        return stands ? OK : stock_may_use(scope, &stock, field);
    if (owner.data && !stands)
        TRY(file_key_may_read(scope, id, owner, &may));
    if (!may)
        return error_make(ERROR_MEDIA_NOT_FOUND, field, "Media with ID '%.*s' not found", STR_ARGS(named));
    if (!owner.data && is_id && warnings)
        warning_add(scope->arena, warnings, str_format(scope->arena, "properties.%s", id_key),
            "there is no media with the id '%.*s'; a render would stop", STR_ARGS(named));
    return OK;
}

error asset_check_options(struct scope *scope, const json_t *before, const json_t *now)
{
    static const struct {
        const char *object, *id_key, *url_key;
    } places[] = {
        { "background", "media_id", NULL },
        { "music", "audio_id", "audio_url" },
        { "watermark", "media_id", NULL },
        { "brand", "logo_media_id", NULL },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        TRY(asset_check(scope, json_object_get(before, places[i].object), json_object_get(now, places[i].object),
            places[i].id_key, places[i].url_key, NULL));
    return OK;
}
