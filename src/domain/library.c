// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/library.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/file_key.h"

static const struct field fields[] = {
    FIELD(struct library_item, id),
    FIELD(struct library_item, title),
    FIELD(struct library_item, artist),
    FIELD(struct library_item, category),
    FIELD(struct library_item, type),
    FIELD(struct library_item, source),
    FIELD(struct library_item, tags),
    FIELD(struct library_item, dimensions),
    FIELD(struct library_item, duration),
    FIELD(struct library_item, is_premium),
    FIELD(struct library_item, is_favorite),
    FIELD(struct library_item, user_id),
    FIELD(struct library_item, ai_prompt),
    FIELD(struct library_item, media_id),
    FIELD(struct library_item, file_name),
    FIELD(struct library_item, thumbnail_type),
    FIELD(struct library_item, waveform_type),
    FIELD(struct library_item, stock_id),
    FIELD(struct library_item, stock_file),
    FIELD(struct library_item, stock_thumbnail),
    FIELD(struct library_item, stock_waveform),
};
static const struct shape row_shape = SHAPE("LibraryRow", struct library_item, fields);

// Texts

str library_fold(struct arena *arena, str text)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_option_t options = UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE;
    utf8proc_ssize_t size = text.size ? utf8proc_map(
                                (const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.size, &folded, options)
                                      : 0;
    str result = size > 0 ? str_copy(arena, (str) { (const char *)folded, (size_t)size }) : str_lower(arena, text);
    free(folded);
    return result;
}

str library_pattern(struct arena *arena, str text)
{
    BUFFER_AUTO struct buffer pattern = { 0 };
    buffer_append_byte(&pattern, '%');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '!')
            buffer_append_byte(&pattern, '!');
        buffer_append_byte(&pattern, text.data[i]);
    }
    buffer_append_byte(&pattern, '%');
    return str_copy(arena, buffer_str(&pattern));
}

static str search_key(struct arena *arena, str title, str artist, const json_t *tags)
{
    BUFFER_AUTO struct buffer key = { 0 };
    buffer_append_str(&key, title);
    buffer_append_byte(&key, '\n');
    buffer_append_str(&key, artist);
    for (size_t i = 0; i < json_array_size(tags); i++) {
        buffer_append_byte(&key, '\n');
        buffer_append_c(&key, json_string_value(json_array_get(tags, i)));
    }
    return library_fold(arena, buffer_str(&key));
}

static str without_ending(str name)
{
    size_t end = name.size;
    while (end > 1 && name.data[end - 1] != '.')
        end--;
    return end > 1 ? str_sub(name, 0, end - 1) : name;
}

// Lists

#define FROM(table)                                                                                                    \
    " FROM " table " l LEFT JOIN media m ON m.id = l.media_id LEFT JOIN stock_item s ON s.id = l.stock_id "
#define SHARED_COLUMNS                                                                                                 \
    "l.id, l.title, l.category, l.source, l.duration, l.is_premium, l.user_id, l.media_id, l.stock_id, m.file_name,"   \
    " (SELECT d.mime_type FROM derivative d WHERE d.media_id = l.media_id AND d.kind = 'thumbnail')"                   \
    " AS thumbnail_type,"                                                                                              \
    " s.file AS stock_file, s.thumbnail AS stock_thumbnail, "
#define AUDIO(tags)                                                                                                    \
    "SELECT " SHARED_COLUMNS tags " AS tags, l.artist, s.waveform AS stock_waveform,"                                  \
    " (SELECT d.mime_type FROM derivative d WHERE d.media_id = l.media_id AND d.kind = 'waveform')"                    \
    " AS waveform_type,"                                                                                               \
    " EXISTS (SELECT 1 FROM audio_favorites f WHERE f.audio_id = l.id AND f.user_id = $1) AS is_favorite" FROM(        \
        "audio_library")
#define MEDIA(tags) "SELECT " SHARED_COLUMNS tags " AS tags, l.type, l.dimensions, l.ai_prompt" FROM("media_library")
// $1: the actor
#define READABLE                                                                                                       \
    "WHERE (l.user_id = $1 OR l.user_id IS NULL"                                                                       \
    " OR l.media_id IN (SELECT k.media_id FROM file_key k WHERE k.user_id = $1)) "
#define FILTERED                                                                                                       \
    READABLE "AND ($2 = '' OR ($2 = 'stock' AND l.source = 'stock') OR ($2 = 'my' AND l.user_id = $1)"                 \
             " OR ($2 = 'favorites' AND l.id IN (SELECT f.audio_id FROM audio_favorites f WHERE f.user_id = $1)))"     \
             " AND ($3 = '' OR l.source = $3) AND ($4 = '' OR lower(l.category) = $4)"                                 \
             " AND l.search_key LIKE $5 ESCAPE '!' "
#define OF_TYPE "AND ($6 = '' OR l.type = $6) "
#define ORDER "ORDER BY l.sort_at DESC, l.id "
#define LIST_AUDIO(tags) AUDIO(tags) FILTERED ORDER "LIMIT $6 OFFSET $7"
#define LIST_MEDIA(tags) MEDIA(tags) FILTERED OF_TYPE ORDER "LIMIT $7 OFFSET $8"
#define GET_AUDIO(tags) AUDIO(tags) READABLE "AND l.id = $2"
#define GET_MEDIA(tags) MEDIA(tags) READABLE "AND l.id = $2"
#define TAGS_SQLITE "l.tags"
#define TAGS_POSTGRES "CAST(to_json(l.tags) AS TEXT)"

DB_STATEMENT2(list_audio, LIST_AUDIO(TAGS_SQLITE), LIST_AUDIO(TAGS_POSTGRES));
DB_STATEMENT2(list_media, LIST_MEDIA(TAGS_SQLITE), LIST_MEDIA(TAGS_POSTGRES));
DB_STATEMENT2(get_audio, GET_AUDIO(TAGS_SQLITE), GET_AUDIO(TAGS_POSTGRES));
DB_STATEMENT2(get_media, GET_MEDIA(TAGS_SQLITE), GET_MEDIA(TAGS_POSTGRES));
DB_STATEMENT(count_audio, "SELECT count(*) FROM audio_library l " FILTERED);
DB_STATEMENT(count_media, "SELECT count(*) FROM media_library l " FILTERED OF_TYPE);

static struct db_value text_or_all(str text)
{
    return db_text(text.size ? text : STR(""));
}

error library_list(struct scope *scope, const struct library_filter *filter, int64_t offset, int64_t limit,
    struct list *ret_items, int64_t *ret_total)
{
    struct arena *arena = scope->arena;
    bool is_audio = filter->kind == LIBRARY_AUDIO;
    struct db_value user = db_text(scope->actor.user_id), set = text_or_all(filter->set);
    struct db_value source = text_or_all(filter->source), type = text_or_all(filter->type);
    struct db_value category = text_or_all(filter->category.size ? str_lower(arena, filter->category) : STR(""));
    str folded = filter->search.size ? library_fold(arena, filter->search) : STR("");
    struct db_value search = db_text(library_pattern(arena, folded)), from = db_int(offset), most = db_int(limit);
    if (is_audio) {
        TRY(db_integer(scope->db, &count_audio, DB_ARGS(user, set, source, category, search), ret_total, NULL));
        return db_all(scope->db, arena, &list_audio, DB_ARGS(user, set, source, category, search, most, from),
            &row_shape, 0, ret_items);
    }
    TRY(db_integer(scope->db, &count_media, DB_ARGS(user, set, source, category, search, type), ret_total, NULL));
    return db_all(scope->db, arena, &list_media, DB_ARGS(user, set, source, category, search, type, most, from),
        &row_shape, 0, ret_items);
}

error library_get(struct scope *scope, enum library_kind kind, str id, struct library_item *ret_item)
{
    bool found;
    bool is_audio = kind == LIBRARY_AUDIO;
    TRY(db_one(scope->db, scope->arena, is_audio ? &get_audio : &get_media,
        DB_ARGS(db_text(scope->actor.user_id), db_text(str_lower(scope->arena, id))), &row_shape, ret_item, &found));
    if (found)
        return OK;
    return is_audio ? error_make(ERROR_AUDIO_NOT_FOUND, "audio_id", "Audio with ID '%.*s' not found", STR_ARGS(id))
                    : error_make(ERROR_MEDIA_NOT_FOUND, "media_id", "Media with ID '%.*s' not found", STR_ARGS(id));
}

// Favourites

DB_STATEMENT(favor, "INSERT INTO audio_favorites (user_id, audio_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
DB_STATEMENT(unfavor, "DELETE FROM audio_favorites WHERE user_id = $1 AND audio_id = $2");

error library_set_favorite(struct scope *scope, str audio_id, bool is_favorite)
{
    struct library_item item;
    TRY(library_get(scope, LIBRARY_AUDIO, audio_id, &item));
    return db_run(
        scope->db, is_favorite ? &favor : &unfavor, DB_ARGS(db_text(scope->actor.user_id), db_text(item.id)), NULL);
}

// Rows of media files

DB_STATEMENT(add_audio,
    "INSERT INTO audio_library (id, title, duration, category, url, waveform_url, source, user_id,"
    " media_id, search_key, sort_at) VALUES ($1, $2, $3, 'music', $4, $5, 'uploaded', $6, $1, $7, $8)");
DB_STATEMENT(add_media,
    "INSERT INTO media_library (id, type, title, url, thumbnail_url, source, category, dimensions, duration, user_id,"
    " media_id, search_key, sort_at)"
    " VALUES ($1, $2, $3, $4, $5, 'uploaded', 'uncategorized', $6, $7, $8, $1, $9, $10)");

static struct db_value dimensions_of(struct arena *arena, const struct media *media)
{
    if (!media->width.set || !media->height.set)
        return db_null();
    return db_text(str_format(
        arena, "{\"height\":%lld,\"width\":%lld}", (long long)media->height.value, (long long)media->width.value));
}

error library_add_media(struct scope *scope, const struct media *media)
{
    struct arena *arena = scope->arena;
    str title = without_ending(media->file_name), key = search_key(arena, title, STR(""), NULL);
    str url = str_format(arena, "/content/media/%.*s", STR_ARGS(media->id));
    str beside = str_format(arena, "/content/derivative/%.*s/", STR_ARGS(media->id));
    struct db_value id = db_text(media->id), user = db_text(media->user_id), sort_at = db_int(media->created_at.us);
    if (str_equal(media->media_type, STR("audio")))
        return db_run(scope->db, &add_audio,
            DB_ARGS(id, db_text(title), db_number(media->duration.value), db_text(url),
                db_text(str_format(arena, "%.*swaveform.json", STR_ARGS(beside))), user, db_text(key), sort_at),
            NULL);
    return db_run(scope->db, &add_media,
        DB_ARGS(id, db_text(media->media_type), db_text(title), db_text(url),
            db_text(str_format(arena, "%.*sthumbnail.jpg", STR_ARGS(beside))), dimensions_of(arena, media),
            media->duration.set ? db_number(media->duration.value) : db_null(), user, db_text(key), sort_at),
        NULL);
}

#define DESCRIBE                                                                                                       \
    "title = coalesce($2, title), category = coalesce($3, category), source = coalesce($4, source),"                   \
    " search_key = coalesce($5, search_key), updated_at = CURRENT_TIMESTAMP"
DB_STATEMENT(describe_audio, "UPDATE audio_library SET " DESCRIBE " WHERE id = $1");
DB_STATEMENT(describe_media, "UPDATE media_library SET " DESCRIBE ", ai_prompt = $6 WHERE id = $1");

error library_describe(struct scope *scope, str media_id, const struct library_details *details)
{
    str key = details->title.size ? search_key(scope->arena, details->title, STR(""), NULL) : STR_NONE;
    struct db_value id = db_text(media_id), title = details->title.size ? db_text(details->title) : db_null();
    struct db_value category = details->category.size ? db_text(details->category) : db_null();
    struct db_value source = db_text(details->source);
    if (details->kind == LIBRARY_AUDIO)
        return db_run(scope->db, &describe_audio, DB_ARGS(id, title, category, source, db_text(key)), NULL);
    return db_run(scope->db, &describe_media,
        DB_ARGS(id, title, category, source, db_text(key), db_text(details->ai_prompt)), NULL);
}

// Stock

#define PUT_AUDIO(tags)                                                                                                \
    "INSERT INTO audio_library (id, title, artist, duration, category, tags, url, waveform_url, thumbnail_url, "       \
    "source,"                                                                                                          \
    " is_premium, stock_id, search_key, sort_at)"                                                                      \
    " VALUES ($1, $2, $3, $4, $5, " tags ", $7, $8, $9, 'stock', $10, $1, $11, $12)"                                   \
    " ON CONFLICT (id) DO UPDATE SET title = excluded.title, artist = excluded.artist, duration = excluded.duration,"  \
    " category = excluded.category, tags = excluded.tags, waveform_url = excluded.waveform_url,"                       \
    " thumbnail_url = excluded.thumbnail_url, is_premium = excluded.is_premium, search_key = excluded.search_key,"     \
    " sort_at = excluded.sort_at, updated_at = CURRENT_TIMESTAMP"
#define PUT_MEDIA(tags)                                                                                                \
    "INSERT INTO media_library (id, type, title, duration, category, tags, url, dimensions, thumbnail_url, source,"    \
    " is_premium, stock_id, search_key, sort_at)"                                                                      \
    " VALUES ($1, $2, $3, $4, $5, " tags ", $7, $8, $9, 'stock', $10, $1, $11, $12)"                                   \
    " ON CONFLICT (id) DO UPDATE SET type = excluded.type, title = excluded.title, duration = excluded.duration,"      \
    " category = excluded.category, tags = excluded.tags, dimensions = excluded.dimensions,"                           \
    " thumbnail_url = excluded.thumbnail_url, is_premium = excluded.is_premium, search_key = excluded.search_key,"     \
    " sort_at = excluded.sort_at, updated_at = CURRENT_TIMESTAMP"
#define NEW_TAGS_SQLITE "$6"
#define NEW_TAGS_POSTGRES "ARRAY(SELECT jsonb_array_elements_text(CAST($6 AS JSONB)))"

DB_STATEMENT2(put_audio, PUT_AUDIO(NEW_TAGS_SQLITE), PUT_AUDIO(NEW_TAGS_POSTGRES));
DB_STATEMENT2(put_media, PUT_MEDIA(NEW_TAGS_SQLITE), PUT_MEDIA(NEW_TAGS_POSTGRES));

error library_put_stock(
    struct scope *scope, enum library_kind kind, const struct library_item *item, const json_t *tags, int64_t place)
{
    struct arena *arena = scope->arena;
    str base = str_format(arena, "/content/stock/%.*s/", STR_ARGS(item->id));
    struct db_value id = db_text(item->id), title = db_text(item->title), category = db_text(item->category);
    struct db_value list = db_text(json_text(arena, tags)), premium = db_bool(item->is_premium), front = db_int(-place);
    struct db_value url = db_text(str_format(arena, "%.*scontent", STR_ARGS(base)));
    str thumbnail = str_format(arena, "%.*sthumbnail", STR_ARGS(base));
    struct db_value key = db_text(search_key(arena, item->title, item->artist.size ? item->artist : STR(""), tags));
    struct db_value duration = item->duration.set ? db_number(item->duration.value) : db_null();
    if (kind == LIBRARY_MEDIA)
        return db_run(scope->db, &put_media,
            DB_ARGS(id, db_text(item->type), title, duration, category, list, url, db_text(item->dimensions.text),
                db_text(thumbnail), premium, key, front),
            NULL);
    str waveform = item->stock_waveform.size ? str_format(arena, "%.*swaveform", STR_ARGS(base)) : STR_NONE;
    return db_run(scope->db, &put_audio,
        DB_ARGS(id, title, db_text(item->artist), db_number(item->duration.value), category, list, url,
            db_text(waveform), item->stock_thumbnail.size ? db_text(thumbnail) : db_null(), premium, key, front),
        NULL);
}
