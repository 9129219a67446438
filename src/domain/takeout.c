// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/takeout.h"

#include "domain/film_file.h"
#include "domain/transcription.h"
#include "domain/user.h"
#include "domain/video.h"

enum phase { ACCOUNT, LINKS, MEDIA, TRANSCRIPTS, VIDEOS, END };
enum { NAME_BYTES_MAX = 200 };

// The end of a long name says what kind of file it is.
static str named(struct arena *arena, const char *folder, int64_t number, str name, const char *ending)
{
    str clean = media_clean_name(arena, name);
    size_t from = clean.size > NAME_BYTES_MAX ? clean.size - NAME_BYTES_MAX : 0;
    while (from < clean.size && (clean.data[from] & 0xC0) == 0x80)
        from++;
    return str_format(
        arena, "%s/%06lld-%.*s%s", folder, (long long)number, STR_ARGS(str_sub(clean, from, clean.size)), ending);
}

struct about {
    int64_t id;
    str uuid, username, email, plan;
    time_us created_at;
};
static const struct field about_fields[] = {
    FIELD(struct about, id),
    FIELD(struct about, uuid),
    FIELD(struct about, username),
    FIELD(struct about, email),
    FIELD(struct about, plan),
    FIELD(struct about, created_at),
};
static const struct shape about_shape = SHAPE("TakeoutAccount", struct about, about_fields);

static error account(struct scope *scope, struct takeout_item *ret_item)
{
    struct user user;
    TRY(user_get(scope, scope->actor.user_id, &user));
    struct about about = { user.number, user.id, user.username, user.email, user.plan, user.created_at };
    *ret_item = (struct takeout_item) { .name = STR("account.json"),
        .text = json_text(scope->arena, shape_json(scope->arena, &about_shape, &about)) };
    return OK;
}

struct link_row {
    int64_t number;
    str url, name, type;
    struct raw_json tags;
    time_us created_at;
};
static const struct field link_fields[] = {
    FIELD(struct link_row, number),
    FIELD(struct link_row, url),
    FIELD(struct link_row, name),
    FIELD(struct link_row, type),
    FIELD(struct link_row, tags, .json_type = "array"),
    FIELD(struct link_row, created_at),
};
static const struct shape link_shape = SHAPE("TakeoutLink", struct link_row, link_fields);
DB_STATEMENT(links, "SELECT number, url, name, type, tags, created_at FROM link WHERE user_id = $1 ORDER BY number");

static error all_links(struct scope *scope, struct takeout_item *ret_item)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &links, DB_ARGS(db_text(scope->actor.user_id)), &link_shape, 0, &rows));
    json_t *list = json_keep(scope->arena, json_array());
    for (size_t i = 0; i < rows.count; i++)
        json_array_append(list, shape_json(scope->arena, &link_shape, &((const struct link_row *)rows.items)[i]));
    *ret_item = (struct takeout_item) { .name = STR("links.json"), .text = json_text(scope->arena, list) };
    return OK;
}

struct row {
    int64_t number;
    str id, name, blob_id;
};
static const struct field row_fields[] = {
    FIELD(struct row, number),
    FIELD(struct row, id),
    FIELD(struct row, name),
    FIELD(struct row, blob_id),
};
static const struct shape row_shape = SHAPE("TakeoutRow", struct row, row_fields);
#define NEXT(columns, table)                                                                                           \
    "SELECT number, id, " columns " FROM " table " WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT 1"
DB_STATEMENT(next_media, NEXT("file_name AS name, blob_id", "media"));
DB_STATEMENT(next_transcript,
    "SELECT t.number, t.id, m.file_name AS name FROM transcription t JOIN media m ON m.id = t.media_id"
    " WHERE t.user_id = $1 AND t.number > $2 ORDER BY t.number LIMIT 1");
DB_STATEMENT(next_video, NEXT("title AS name", "video"));

static error next_row(
    struct scope *scope, const struct db_statement *statement, int64_t after, struct row *ret_row, bool *ret_found)
{
    return db_one(scope->db, scope->arena, statement, DB_ARGS(db_text(scope->actor.user_id), db_int(after)), &row_shape,
        ret_row, ret_found);
}

static error blob_item(struct scope *scope, str blob_id, str name, struct takeout_item *ret_item)
{
    struct media_blob *blob = ARENA_NEW(scope->arena, struct media_blob);
    TRY(media_blob_get(scope, blob_id, blob));
    *ret_item = (struct takeout_item) { .name = name, .blob = blob };
    return OK;
}

static error media_item(struct scope *scope, const struct row *row, struct takeout_item *ret_item)
{
    return blob_item(scope, row->blob_id, named(scope->arena, "media", row->number, row->name, ""), ret_item);
}

static error transcript_item(struct scope *scope, const struct row *row, struct takeout_item *ret_item)
{
    struct transcription transcription;
    struct transcript transcript;
    struct buffer text = { 0 };
    TRY(transcription_get(scope, row->id, &transcription));
    TRY(transcription_transcript(scope, &transcription, &transcript));
    transcript_write(scope->arena, &transcript, TRANSCRIPT_JSON, &text);
    str copy = text.failed ? STR_NONE : str_copy(scope->arena, buffer_str(&text));
    bool failed = text.failed;
    buffer_done(&text);
    if (failed)
        return error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
    *ret_item = (struct takeout_item) { .name = named(scope->arena, "transcripts", row->number, row->name, ".json"),
        .text = copy };
    return OK;
}

static error video_item(struct scope *scope, const struct row *row, struct takeout_item *ret_item)
{
    struct video video;
    json_t *document;
    TRY(video_get(scope, row->id, VIDEO_READ, &video));
    TRY(video_document(scope, &video, &document));
    *ret_item = (struct takeout_item) { .name = named(scope->arena, "videos", row->number, row->name, ".json"),
        .text = json_text(scope->arena, document) };
    return OK;
}

DB_STATEMENT(video_at, "SELECT number, id, title AS name FROM video WHERE user_id = $1 AND number = $2");

// The newest film of the video that was given just before.
static error film_item(struct scope *scope, int64_t number, struct takeout_item *ret_item, bool *ret_found)
{
    struct row row;
    struct film_file film;
    *ret_found = false;
    bool found;
    TRY(next_row(scope, &video_at, number, &row, &found));
    if (found)
        TRY(film_file_newest(scope, row.id, &film, &found));
    if (!found)
        return OK;
    const char *ending = str_equal_c(film.mime_type, "video/webm")  ? ".webm"
                         : str_equal_c(film.mime_type, "image/gif") ? ".gif"
                                                                    : ".mp4";
    TRY(blob_item(scope, film.blob_id, named(scope->arena, "videos", row.number, row.name, ending), ret_item));
    *ret_found = true;
    return OK;
}

// The next row of the phase, if it has one more.
static error next_of_phase(struct scope *scope, struct takeout *takeout, struct takeout_item *ret_item, bool *ret_found)
{
    static const struct {
        const struct db_statement *statement;
        error (*item)(struct scope *scope, const struct row *row, struct takeout_item *ret_item);
    } phases[END] = {
        [MEDIA] = { &next_media, media_item },
        [TRANSCRIPTS] = { &next_transcript, transcript_item },
        [VIDEOS] = { &next_video, video_item },
    };
    struct row row;
    if (takeout->film) {
        takeout->film = false;
        TRY(film_item(scope, takeout->at, ret_item, ret_found));
        if (*ret_found)
            return OK;
    }
    for (;;) {
        TRY(next_row(scope, phases[takeout->phase].statement, takeout->at, &row, ret_found));
        if (!*ret_found)
            return OK;
        takeout->at = row.number;
        takeout->film = takeout->phase == VIDEOS;
        error result = phases[takeout->phase].item(scope, &row, ret_item);
        // Deleted just now, or of a file that is no longer shared with them.
        if (!error_is(result) || error_info(result.code)->status != 404)
            return result;
    }
}

error takeout_next(struct scope *scope, struct takeout *takeout, struct takeout_item *ret_item, bool *ret_found)
{
    *ret_found = takeout->phase != END;
    while (takeout->phase != END) {
        if (takeout->phase == ACCOUNT || takeout->phase == LINKS)
            return takeout->phase++ == ACCOUNT ? account(scope, ret_item) : all_links(scope, ret_item);
        TRY(next_of_phase(scope, takeout, ret_item, ret_found));
        if (*ret_found)
            return OK;
        *takeout = (struct takeout) { .phase = takeout->phase + 1 };
    }
    return OK;
}
