// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/film_file.h"

#include "base/clock.h"
#include "domain/video.h"

static const struct field fields[] = {
    FIELD(struct film_file, job_id),
    FIELD(struct film_file, video_id),
    FIELD(struct film_file, user_id),
    FIELD(struct film_file, blob_id),
    FIELD(struct film_file, mime_type),
    FIELD(struct film_file, duration),
    FIELD(struct film_file, width),
    FIELD(struct film_file, height),
    FIELD(struct film_file, size_bytes),
    FIELD(struct film_file, created_at),
};
static const struct shape row_shape = SHAPE("FilmFileRow", struct film_file, fields);

#define SELECT                                                                                                         \
    "SELECT f.job_id, f.video_id, v.user_id, f.blob_id, f.mime_type, f.duration, f.width, f.height,"                   \
    " f.size_bytes, f.created_at FROM film_file f JOIN video v ON v.id = f.video_id "

DB_STATEMENT(by_job, SELECT "WHERE f.job_id = $1");

error film_file_get(struct scope *scope, str job_id, struct film_file *ret_film)
{
    struct film_file film;
    struct video video;
    bool found;
    TRY(db_one(scope->db, scope->arena, &by_job, DB_ARGS(db_text(str_lower(scope->arena, job_id))), &row_shape, &film,
        &found));
    if (!found)
        return error_of(ERROR_VIDEO_NOT_FOUND);
    TRY(video_get(scope, film.video_id, VIDEO_READ, &video));
    *ret_film = film;
    return OK;
}

DB_STATEMENT(newest, SELECT "WHERE f.video_id = $1 ORDER BY f.created_at DESC LIMIT 1");

error film_file_newest(struct scope *scope, str video_id, struct film_file *ret_film, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &newest, DB_ARGS(db_text(video_id)), &row_shape, ret_film, ret_found);
}

DB_STATEMENT(forget, "DELETE FROM film_file WHERE job_id = $1");
DB_STATEMENT(insert,
    "INSERT INTO film_file (job_id, video_id, blob_id, mime_type, duration, width, height, size_bytes, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");

error film_file_add(struct scope *scope, const struct film_file *film)
{
    TRY(db_run(scope->db, &forget, DB_ARGS(db_text(film->job_id)), NULL));
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(film->job_id), db_text(film->video_id), db_text(film->blob_id), db_text(film->mime_type),
            db_number(film->duration), db_int(film->width), db_int(film->height), db_int(film->size_bytes),
            db_int(clock_now_us())),
        NULL);
}

// Extras

bool film_extra_is(str name)
{
    return str_equal_c(name, "poster.jpg") || str_equal_c(name, "subtitles.srt") || str_equal_c(name, "subtitles.vtt");
}

static const struct field extra_fields[] = {
    FIELD(struct film_extra, job_id),
    FIELD(struct film_extra, name),
    FIELD(struct film_extra, blob_id),
    FIELD(struct film_extra, mime_type),
};
static const struct shape extra_shape = SHAPE("FilmExtraRow", struct film_extra, extra_fields);

DB_STATEMENT(extra, "SELECT job_id, name, blob_id, mime_type FROM film_extra WHERE job_id = $1 AND name = $2");

error film_extra_get(struct scope *scope, str job_id, str name, struct film_extra *ret_extra)
{
    struct film_file film;
    bool found;
    TRY(film_file_get(scope, job_id, &film));
    TRY(db_one(scope->db, scope->arena, &extra, DB_ARGS(db_text(film.job_id), db_text(name)), &extra_shape, ret_extra,
        &found));
    return found ? OK : error_make(ERROR_NOT_FOUND, NULL, "The film has no such file");
}

DB_STATEMENT(forget_extra, "DELETE FROM film_extra WHERE job_id = $1 AND name = $2");
DB_STATEMENT(insert_extra, "INSERT INTO film_extra (job_id, name, blob_id, mime_type) VALUES ($1, $2, $3, $4)");

error film_extra_add(struct scope *scope, const struct film_extra *extra_row)
{
    TRY(db_run(scope->db, &forget_extra, DB_ARGS(db_text(extra_row->job_id), db_text(extra_row->name)), NULL));
    return db_run(scope->db, &insert_extra,
        DB_ARGS(db_text(extra_row->job_id), db_text(extra_row->name), db_text(extra_row->blob_id),
            db_text(extra_row->mime_type)),
        NULL);
}
