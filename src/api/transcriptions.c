// SPDX-License-Identifier: GPL-3.0-or-later
// Transcriptions as text (document 000) and with segments and speakers (document 004).
#include "api/download.h"
#include "domain/job.h"
#include "domain/media.h"
#include "domain/transcription.h"

struct path {
    str transcription_id, job_id;
};
static const struct field path_fields[] = {
    FIELD(struct path, transcription_id, .required = true, .doc = "Integer id or UUID"),
};
static const struct shape path_shape = SHAPE("TranscriptionPath", struct path, path_fields);
static const struct field job_path_fields[] = {
    FIELD(struct path, job_id, .required = true, .max = 64,
        .doc = "Transcription job; with .srt, .vtt, .txt, .json or .tsv behind it: the transcript as such a file"),
};
static const struct shape job_path_shape = SHAPE("TranscriptionJobPath", struct path, job_path_fields);

struct export_query {
    struct opt_int line_length, lines;
    struct opt_number reading_speed, min_duration, max_duration, gap;
};
static const struct field export_fields[] = {
    FIELD(struct export_query, line_length, .min = 10, .max = 200, .doc = "Subtitles: letters a line [42]"),
    FIELD(struct export_query, lines, .min = 1, .max = 5, .doc = "Subtitles: lines at a time [2]"),
    FIELD(struct export_query, reading_speed, .min = 1, .max = 100, .doc = "Subtitles: letters a second [17]"),
    FIELD(struct export_query, min_duration, .max = 10, .doc = "Subtitles: seconds each is shown at least [1]"),
    FIELD(struct export_query, max_duration, .min = 0.5, .max = 60, .doc = "Subtitles: and at the most [7]"),
    FIELD(struct export_query, gap, .max = 2, .doc = "Subtitles: seconds between them [0.04]"),
};
static const struct shape export_shape = SHAPE("TranscriptExport", struct export_query, export_fields);

struct text_in {
    struct opt_int media_id;
    str text;
};
static const struct field create_fields[] = {
    FIELD(struct text_in, media_id, .required = true, .min = 1, .max = 9e15, .doc = "Integer id of the media file"),
    FIELD(struct text_in, text, .required = true, .max = 1000000, .doc = "What is said"),
};
static const struct shape create_shape = SHAPE("TranscriptionCreate", struct text_in, create_fields);
static const struct field update_fields[] = {
    FIELD(struct text_in, text, .required = true, .max = 1000000,
        .doc = "Corrected text; unchanged words keep their times"),
};
static const struct shape update_shape = SHAPE("TranscriptionUpdate", struct text_in, update_fields);

struct page {
    struct opt_int skip, limit;
};
static const struct field page_fields[] = {
    FIELD(struct page, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct page, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
};
static const struct shape page_shape = SHAPE("TranscriptionPage", struct page, page_fields);

struct plain {
    int64_t transcription_id;
    str uuid;
    int64_t media_id;
    str text, language;
    time_us created_at, updated_at;
};
static const struct field plain_fields[] = {
    FIELD(struct plain, transcription_id, .doc = "Integer id"),
    FIELD(struct plain, uuid, .format = FORMAT_UUID),
    FIELD(struct plain, media_id, .doc = "Integer id of the media file"),
    FIELD(struct plain, text),
    FIELD(struct plain, language, .doc = "ISO 639-1"),
    FIELD(struct plain, created_at),
    FIELD(struct plain, updated_at),
};
static const struct shape plain_shape = SHAPE("Transcription", struct plain, plain_fields);

struct deleted {
    str message;
    int64_t transcription_id;
};
static const struct field deleted_fields[] = {
    FIELD(struct deleted, message),
    FIELD(struct deleted, transcription_id, .doc = "Integer id of the transcription that is gone"),
};
static const struct shape deleted_shape = SHAPE("TranscriptionDeleted", struct deleted, deleted_fields);

struct segment_answer {
    double start, end;
    str text;
    struct raw_json words;
};
static const struct field segment_fields[] = {
    FIELD(struct segment_answer, start, .doc = "Seconds"),
    FIELD(struct segment_answer, end, .doc = "Seconds"),
    FIELD(struct segment_answer, text),
};
static const struct shape segment_shape = SHAPE("TranscriptSegment", struct segment_answer, segment_fields);

struct speaker_answer {
    str id;
    json_t *segments;
};
static const struct field speaker_fields[] = {
    FIELD(struct speaker_answer, id),
    FIELD(struct speaker_answer, segments, .json_type = "array", .doc = "Indexes of the speaker's segments"),
};
static const struct shape speaker_shape = SHAPE("TranscriptSpeaker", struct speaker_answer, speaker_fields);

struct transcript_answer {
    str job_id, text;
    struct list segments, speakers;
    str language;
    struct opt_number duration;
    int64_t word_count;
    struct opt_number confidence;
};
static const struct field transcript_fields[] = {
    FIELD(struct transcript_answer, job_id, .format = FORMAT_UUID),
    FIELD(struct transcript_answer, text),
    FIELD(struct transcript_answer, segments, .shape = &segment_shape),
    FIELD(struct transcript_answer, speakers, .shape = &speaker_shape),
    FIELD(struct transcript_answer, language, .doc = "ISO 639-1"),
    FIELD(struct transcript_answer, duration, .doc = "Seconds"),
    FIELD(struct transcript_answer, word_count),
    FIELD(struct transcript_answer, confidence, .doc = "0 to 1"),
};
static const struct shape transcript_shape = SHAPE("Transcript", struct transcript_answer, transcript_fields);

static struct plain as_plain(const struct transcription *row)
{
    return (struct plain) { row->number, row->id, row->media_number, row->text, row->language, row->created_at,
        row->updated_at };
}

static error get_plain(struct api_call *call)
{
    struct transcription row;
    TRY(transcription_get(&call->scope, ((struct path *)call->path)->transcription_id, &row));
    *(struct plain *)call->output = as_plain(&row);
    return OK;
}

static error list_plain(struct api_call *call)
{
    const struct page *page = call->query;
    struct list rows, *out = call->output;
    TRY(transcription_list(&call->scope, page->skip.value, page->limit.set ? page->limit.value : 100, &rows));
    struct plain *items = ARENA_ARRAY(call->scope.arena, struct plain, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = as_plain(&((struct transcription *)rows.items)[i]);
    *out = (struct list) { items, rows.count };
    return OK;
}

static error create_plain(struct api_call *call)
{
    const struct text_in *in = call->body;
    struct transcription row;
    TRY(transcription_add_text(&call->scope, in->media_id.value, in->text, &row));
    *(struct plain *)call->output = as_plain(&row);
    return OK;
}

static error update_plain(struct api_call *call)
{
    const struct text_in *in = call->body;
    struct transcription row;
    TRY(transcription_set_text(&call->scope, ((struct path *)call->path)->transcription_id, in->text, &row));
    *(struct plain *)call->output = as_plain(&row);
    return OK;
}

static error delete_plain(struct api_call *call)
{
    struct transcription row;
    TRY(transcription_delete(&call->scope, ((struct path *)call->path)->transcription_id, &row));
    *(struct deleted *)call->output = (struct deleted) { STR("Transcription deleted"), row.number };
    return OK;
}

// The segments of each speaker, in order of first appearance.
static struct list speakers_of(struct arena *arena, const struct list *rows)
{
    struct speaker_answer *speakers = ARENA_ARRAY(arena, struct speaker_answer, rows->count);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        str name = ((struct segment *)rows->items)[i].speaker;
        size_t k = 0;
        while (k < count && !str_equal(speakers[k].id, name))
            k++;
        if (k == count)
            speakers[count++] = (struct speaker_answer) { name, json_keep(arena, json_array()) };
        json_array_append_new(speakers[k].segments, json_integer((json_int_t)i));
    }
    return (struct list) { speakers, count };
}

static error show_transcript(struct api_call *call, const struct job *job, const struct transcription *row)
{
    struct list rows;
    TRY(transcription_segments(&call->scope, row->id, &rows));
    struct arena *arena = call->scope.arena;
    struct segment_answer *segments = ARENA_ARRAY(arena, struct segment_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct segment *segment = &((struct segment *)rows.items)[i];
        segments[i] = (struct segment_answer) { segment->start_time, segment->end_time, segment->text, { STR_NONE } };
    }
    *(struct transcript_answer *)call->output = (struct transcript_answer) { job->id, row->text,
        { segments, rows.count }, speakers_of(arena, &rows), row->language, row->duration, row->word_count,
        row->confidence };
    return OK;
}

// The name of the recording with the ending of the format.
static str export_name(struct arena *arena, str file_name, str ending)
{
    size_t size = file_name.size;
    while (size && file_name.data[size - 1] != '.')
        size--;
    str base = size > 1 ? str_sub(file_name, 0, size - 1) : file_name;
    return str_format(arena, "%.*s.%.*s", STR_ARGS(base), STR_ARGS(ending));
}

static error rules_of(const struct export_query *in, struct transcript_rules *ret_rules)
{
    struct transcript_rules rules = transcript_rules_default;
    rules.line_letters = in->line_length.set ? in->line_length.value : rules.line_letters;
    rules.lines = in->lines.set ? in->lines.value : rules.lines;
    rules.letters_per_second = in->reading_speed.set ? in->reading_speed.value : rules.letters_per_second;
    rules.least_s = in->min_duration.set ? in->min_duration.value : rules.least_s;
    rules.most_s = in->max_duration.set ? in->max_duration.value : rules.most_s;
    rules.gap_s = in->gap.set ? in->gap.value : rules.gap_s;
    if (rules.least_s > rules.most_s)
        return error_make(ERROR_VALIDATION_ERROR, "min_duration",
            "A subtitle cannot be shown at least %g s and at the most %g s", rules.least_s, rules.most_s);
    *ret_rules = rules;
    return OK;
}

static error export_transcript(struct api_call *call, const struct transcription *row, str ending)
{
    static const char *const types[] = {
        [TRANSCRIPT_TXT] = "text/plain; charset=utf-8",
        [TRANSCRIPT_JSON] = "application/json",
        [TRANSCRIPT_SRT] = "application/x-subrip; charset=utf-8",
        [TRANSCRIPT_VTT] = "text/vtt; charset=utf-8",
        [TRANSCRIPT_TSV] = "text/tab-separated-values; charset=utf-8",
    };
    struct arena *arena = call->scope.arena;
    enum transcript_format format;
    struct transcript transcript;
    struct transcript_rules rules;
    struct media media;
    if (!transcript_format_of(ending, &format))
        return error_make(ERROR_VALIDATION_ERROR, "job_id", "A transcript is written as srt, vtt, txt, json or tsv");
    TRY(rules_of(call->query, &rules));
    TRY(media_get(&call->scope, row->media_id, &media));
    TRY(transcription_transcript(&call->scope, row, &transcript));
    transcript_write_by(arena, &transcript, format, &rules, &call->answer);
    call->answer_type = types[format];
    exchange_header(call->exchange, "Content-Disposition",
        download_disposition(arena, export_name(arena, media.file_name, ending), true));
    return OK;
}

static error get_transcript(struct api_call *call)
{
    struct job job;
    struct transcription row;
    str id = ((struct path *)call->path)->job_id;
    ptrdiff_t dot = str_index(id, '.');
    TRY(transcription_get_of_job(&call->scope, dot < 0 ? id : str_sub(id, 0, (size_t)dot), &job, &row));
    if (dot < 0)
        return show_transcript(call, &job, &row);
    return export_transcript(call, &row, str_sub(id, (size_t)dot + 1, id.size));
}

#define NOT_FOUND_ERRORS ERRORS(ERROR_TRANSCRIPTION_NOT_FOUND)
#define CHANGE_ERRORS ERRORS(ERROR_TRANSCRIPTION_NOT_FOUND, ERROR_READ_ONLY)

static const struct route routes[] = {
    { "POST", "/transcriptions", "Transcriptions", "Add a transcription as text", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .body_in = &create_shape, .output = &plain_shape, .status = 201, .errors = ERRORS(ERROR_READ_ONLY),
        .handle = create_plain },
    { "GET", "/transcriptions", "Transcriptions", "List your transcriptions", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .query_in = &page_shape, .output = &plain_shape, .output_list = true, .handle = list_plain },
    { "GET", "/transcriptions/{transcription_id}", "Transcriptions", "Show a transcription", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .output = &plain_shape, .errors = NOT_FOUND_ERRORS, .handle = get_plain },
    { "PUT", "/transcriptions/{transcription_id}", "Transcriptions", "Correct a transcription", FACE_PLAIN, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &path_shape, .body_in = &update_shape, .output = &plain_shape,
        .errors = CHANGE_ERRORS, .handle = update_plain },
    { "DELETE", "/transcriptions/{transcription_id}", "Transcriptions", "Delete a transcription", FACE_PLAIN,
        ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &deleted_shape, .errors = CHANGE_ERRORS,
        .audit = "transcription.delete", .audit_object = "transcription", .handle = delete_plain },
    { "GET", "/api/v1/transcriptions/{job_id}", "Transcriptions", "Show a job's transcript", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &job_path_shape, .query_in = &export_shape, .output = &transcript_shape,
        .errors = ERRORS(ERROR_JOB_NOT_FOUND, ERROR_JOB_STATE_CONFLICT, ERROR_TRANSCRIPTION_NOT_FOUND),
        .handle = get_transcript },
};
const struct route_group route_group_transcriptions = ROUTE_GROUP(routes);
