// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/transcription.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/event.h"
#include "domain/file_key.h"
#include "domain/search.h"
#include "domain/segment.h"
#include "domain/word_align.h"

static const struct field fields[] = {
    FIELD(struct transcription, number),
    FIELD(struct transcription, id),
    FIELD(struct transcription, user_id),
    FIELD(struct transcription, media_id),
    FIELD(struct transcription, media_number),
    FIELD(struct transcription, job_id),
    FIELD(struct transcription, text),
    FIELD(struct transcription, language),
    FIELD(struct transcription, duration),
    FIELD(struct transcription, word_count),
    FIELD(struct transcription, confidence),
    FIELD(struct transcription, created_at),
    FIELD(struct transcription, updated_at),
};
const struct shape transcription_row_shape = SHAPE("TranscriptionRow", struct transcription, fields);

static const struct field segment_fields[] = {
    FIELD(struct segment, id),
    FIELD(struct segment, position),
    FIELD(struct segment, start_time),
    FIELD(struct segment, end_time),
    FIELD(struct segment, text),
    FIELD(struct segment, speaker),
    FIELD(struct segment, words),
};
const struct shape segment_row_shape = SHAPE("SegmentRow", struct segment, segment_fields);

#define SELECT                                                                                                         \
    "SELECT t.number, t.id, t.user_id, t.media_id, m.number AS media_number, t.job_id, t.text, t.language, "           \
    "t.duration, t.word_count, t.confidence, t.created_at, t.updated_at FROM transcription t"                          \
    " JOIN media m ON m.id = t.media_id "

DB_STATEMENT(by_number, SELECT "WHERE t.number = $1");
DB_STATEMENT(by_id, SELECT "WHERE t.id = $1");

error transcription_get(struct scope *scope, str key, struct transcription *ret_transcription)
{
    int64_t number;
    struct transcription row;
    bool found, is_number = str_to_int(key, &number);
    if (!is_number && !id_is_valid(key))
        return error_make(ERROR_INVALID_ID, "transcription_id", "A transcription id is an integer or a UUID");
    TRY(db_one(scope->db, scope->arena, is_number ? &by_number : &by_id,
        is_number ? DB_ARGS(db_int(number)) : DB_ARGS(db_text(str_lower(scope->arena, key))), &transcription_row_shape,
        &row, &found));
    if (found)
        TRY(file_key_may_read(scope, row.media_id, row.user_id, &found));
    if (!found)
        return error_of(ERROR_TRANSCRIPTION_NOT_FOUND);
    *ret_transcription = row;
    return OK;
}

static error check_own(const struct scope *scope, const struct transcription *row)
{
    return scope_may(scope, row->user_id)
               ? OK
               : error_make(ERROR_READ_ONLY, "transcription_id",
                   "This recording is shared with you to read; only its owner may change it");
}

static error get_own(struct scope *scope, str key, struct transcription *ret_transcription)
{
    struct transcription row;
    TRY(transcription_get(scope, key, &row));
    TRY(check_own(scope, &row));
    *ret_transcription = row;
    return OK;
}

DB_STATEMENT(by_job, SELECT "WHERE t.job_id = $1");

error transcription_of_job(struct scope *scope, str job_id, struct transcription *ret_transcription, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &by_job, DB_ARGS(db_text(job_id)), &transcription_row_shape,
        ret_transcription, ret_found);
}

error transcription_get_of_job(
    struct scope *scope, str job_id, struct job *ret_job, struct transcription *ret_transcription)
{
    bool found;
    TRY(job_get_readable(scope, job_id, ret_job));
    TRY(transcription_of_job(scope, ret_job->id, ret_transcription, &found));
    if (!found && str_equal(ret_job->state, STR("completed")))
        return error_of(ERROR_TRANSCRIPTION_NOT_FOUND);
    if (!found)
        return error_make(ERROR_JOB_STATE_CONFLICT, "status", "%.*s", STR_ARGS(job_status(ret_job)));
    return OK;
}

error transcription_change_of_job(struct scope *scope, str job_id, struct transcription *ret_transcription)
{
    struct job job;
    struct transcription row;
    TRY(transcription_get_of_job(scope, job_id, &job, &row));
    TRY(check_own(scope, &row));
    *ret_transcription = row;
    return OK;
}

// In two parts, so that each stops at the page's end ($4) on its own index.
DB_STATEMENT(list_readable,
    "SELECT * FROM (SELECT * FROM (" SELECT "WHERE t.user_id = $1 ORDER BY t.number LIMIT $4) AS own"
    " UNION ALL SELECT * FROM (" SELECT "WHERE t.user_id <> $1 AND t.media_id" FILE_KEY_SHARED_WITH(
        "$1") " ORDER BY t.number LIMIT $4) AS shared) AS readable ORDER BY number LIMIT $2 OFFSET $3");

error transcription_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_transcriptions)
{
    return db_all(scope->db, scope->arena, &list_readable,
        DB_ARGS(db_text(scope->actor.user_id), db_int(limit), db_int(skip), db_int(skip + limit)),
        &transcription_row_shape, 0, ret_transcriptions);
}

DB_STATEMENT(segments_of,
    "SELECT id, position, start_time, end_time, text, speaker, words FROM segment WHERE transcription_id = $1"
    " ORDER BY position");

error transcription_segments(struct scope *scope, str transcription_id, struct list *ret_segments)
{
    return db_all(
        scope->db, scope->arena, &segments_of, DB_ARGS(db_text(transcription_id)), &segment_row_shape, 0, ret_segments);
}

static error words_of(struct arena *arena, const struct segment *row, struct transcript_segment *segment)
{
    json_t *words;
    double sum = 0;
    TRY(json_read(arena, row->words.text, &words));
    segment->word_count = json_array_size(words);
    segment->words = ARENA_ARRAY(arena, struct transcript_word, segment->word_count);
    for (size_t i = 0; i < segment->word_count; i++) {
        const json_t *word = json_array_get(words, i);
        struct transcript_word *out = &segment->words[i];
        *out = (struct transcript_word) { json_get_str(word, "text"), json_get_number(word, "start", row->start_time),
            json_get_number(word, "end", row->end_time), json_get_number(word, "confidence", 0) };
        sum += out->confidence;
    }
    segment->confidence = segment->word_count ? sum / (double)segment->word_count : 0;
    return OK;
}

static str name_of(const struct list *speakers, str id)
{
    const struct speaker *all = speakers->items;
    for (size_t i = 0; i < speakers->count; i++)
        if (str_equal(all[i].id, id))
            return all[i].name;
    return STR_NONE;
}

error transcription_transcript(
    struct scope *scope, const struct transcription *transcription, struct transcript *ret_transcript)
{
    struct list rows, speakers;
    TRY(transcription_segments(scope, transcription->id, &rows));
    TRY(segment_speakers(scope, transcription->id, &speakers));
    struct transcript_segment *segments = ARENA_ARRAY(scope->arena, struct transcript_segment, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct segment *row = &((struct segment *)rows.items)[i];
        segments[i] = (struct transcript_segment) { .start = row->start_time,
            .end = row->end_time,
            .text = row->text,
            .speaker = row->speaker,
            .speaker_name = name_of(&speakers, row->speaker) };
        TRY(words_of(scope->arena, row, &segments[i]));
    }
    *ret_transcript = (struct transcript) { transcription->language, transcription->duration.value, segments,
        rows.count };
    return OK;
}

static int64_t count_words(str text)
{
    int64_t count = 0;
    bool inside = false;
    for (size_t i = 0; i < text.size; i++) {
        bool blank = (unsigned char)text.data[i] <= ' ';
        count += !blank && !inside;
        inside = !blank;
    }
    return count;
}

static error changed(struct scope *scope, const char *kind, const struct transcription *row)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "transcription_id", json_str(row->id));
    json_object_set_new(payload, "media_id", json_str(row->media_id));
    return event_add(scope,
        &(struct event_new) { .kind = kind, .user_id = row->user_id, .media_id = row->media_id, .payload = payload });
}

DB_STATEMENT(insert,
    "INSERT INTO transcription (id, user_id, media_id, job_id, text, language, duration, word_count, confidence,"
    " created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)");

static error add(struct scope *scope, str user_id, str media_id, str job_id, str text, const json_t *facts,
    struct transcription *ret_transcription)
{
    str id = id_new(scope->arena);
    const json_t *duration = json_object_get(facts, "duration"), *confidence = json_object_get(facts, "confidence");
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(user_id), db_text(media_id), db_text(job_id), db_text(text),
            db_text(json_get_str(facts, "language")),
            json_is_number(duration) ? db_number(json_number_value(duration)) : db_null(), db_int(count_words(text)),
            json_is_number(confidence) ? db_number(json_number_value(confidence)) : db_null(), db_int(clock_now_us())),
        NULL));
    bool found;
    TRY(db_one(
        scope->db, scope->arena, &by_id, DB_ARGS(db_text(id)), &transcription_row_shape, ret_transcription, &found));
    return OK;
}

// Once its segments are there, too.
static error note(struct scope *scope, const char *kind, const struct transcription *row)
{
    TRY(search_update(scope, SEARCH_TRANSCRIPTION, row->id));
    return changed(scope, kind, row);
}

error transcription_add_text(
    struct scope *scope, int64_t media_number, str text, struct transcription *ret_transcription)
{
    struct media media;
    error missing = media_get_own(scope, str_format(scope->arena, "%lld", (long long)media_number), &media);
    if (missing.code == ERROR_MEDIA_NOT_FOUND)
        return error_make(ERROR_VALIDATION_ERROR, "media_id", "There is no media file %lld", (long long)media_number);
    TRY(missing);
    TRY(add(scope, media.user_id, media.id, STR_NONE, text, NULL, ret_transcription));
    return note(scope, "transcription:added", ret_transcription);
}

DB_STATEMENT(delete_of_job, "DELETE FROM transcription WHERE job_id = $1");
DB_STATEMENT(insert_segment,
    "INSERT INTO segment (id, transcription_id, position, start_time, end_time, text, speaker, words)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

error transcription_add_result(struct scope *scope, str user_id, str media_id, str job_id, const json_t *result,
    struct transcription *ret_transcription)
{
    const json_t *segments = json_object_get(result, "segments"), *segment;
    size_t i;
    BUFFER_AUTO struct buffer text = { 0 };
    json_array_foreach ((json_t *)segments, i, segment) {
        if (i)
            buffer_append_byte(&text, ' ');
        buffer_append_str(&text, json_get_str(segment, "text"));
    }
    TRY(db_run(scope->db, &delete_of_job, DB_ARGS(db_text(job_id)), NULL));
    TRY(add(scope, user_id, media_id, job_id, buffer_str(&text), result, ret_transcription));
    json_array_foreach ((json_t *)segments, i, segment) {
        str speaker = json_get_str(segment, "speaker");
        TRY(db_run(scope->db, &insert_segment,
            DB_ARGS(db_text(id_new(scope->arena)), db_text(ret_transcription->id), db_int((int64_t)i),
                db_number(json_get_number(segment, "start", 0)), db_number(json_get_number(segment, "end", 0)),
                db_text(json_get_str(segment, "text")), db_text(speaker.data ? speaker : STR("speaker_1")),
                db_text(json_text(scope->arena, json_object_get(segment, "words")))),
            NULL));
    }
    return note(scope, "transcription:added", ret_transcription);
}

DB_STATEMENT(set_text, "UPDATE transcription SET text = $2, word_count = $3, updated_at = $4 WHERE number = $1");
DB_STATEMENT(set_segment, "UPDATE segment SET text = $2, words = $3 WHERE id = $1");
DB_STATEMENT(drop_segment, "DELETE FROM segment WHERE id = $1");

static error store_text(struct scope *scope, const struct transcription *row, str text)
{
    TRY(db_run(scope->db, &set_text,
        DB_ARGS(db_int(row->number), db_text(text), db_int(count_words(text)), db_int(clock_now_us())), NULL));
    return note(scope, "transcription:updated", row);
}

error transcription_settle(struct scope *scope, const struct transcription *transcription)
{
    struct list segments;
    BUFFER_AUTO struct buffer text = { 0 };
    TRY(transcription_segments(scope, transcription->id, &segments));
    for (size_t i = 0; i < segments.count; i++) {
        buffer_append_c(&text, i ? " " : "");
        buffer_append_str(&text, ((struct segment *)segments.items)[i].text);
    }
    return store_text(scope, transcription, text.size ? buffer_str(&text) : STR(""));
}

// Those with another text than before.
static error store_segments(
    struct scope *scope, const struct list *before, const struct list *segments, struct list *ret_left)
{
    struct segment *left = ARENA_ARRAY(scope->arena, struct segment, segments->count);
    size_t count = 0;
    for (size_t i = 0; i < segments->count; i++) {
        const struct segment *segment = &((struct segment *)segments->items)[i];
        bool same = str_equal(segment->text, ((struct segment *)before->items)[i].text);
        if (segment->text.size == 0)
            TRY(db_run(scope->db, &drop_segment, DB_ARGS(db_text(segment->id)), NULL));
        else if (!same)
            TRY(db_run(scope->db, &set_segment,
                DB_ARGS(db_text(segment->id), db_text(segment->text), db_text(segment->words.text)), NULL));
        if (segment->text.size)
            left[count++] = *segment;
    }
    *ret_left = (struct list) { left, count };
    return OK;
}

error transcription_set_text(struct scope *scope, str key, str text, struct transcription *ret_transcription)
{
    struct transcription row;
    struct list segments, before, after;
    TRY(get_own(scope, key, &row));
    TRY(transcription_segments(scope, row.id, &segments));
    before = (struct list) { ARENA_ARRAY(scope->arena, struct segment, segments.count), segments.count };
    for (size_t i = 0; i < segments.count; i++)
        ((struct segment *)before.items)[i] = ((struct segment *)segments.items)[i];
    TRY(word_align(scope->arena, text, &segments));
    TRY(store_segments(scope, &before, &segments, &after));
    TRY(segment_record(scope, &row, "text", &before, &after));
    TRY(store_text(scope, &row, text));
    return transcription_get(scope, key, ret_transcription);
}

DB_STATEMENT(delete_one, "DELETE FROM transcription WHERE number = $1");

error transcription_delete(struct scope *scope, str key, struct transcription *ret_transcription)
{
    TRY(get_own(scope, key, ret_transcription));
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_int(ret_transcription->number)), NULL));
    return changed(scope, "transcription:deleted", ret_transcription);
}
