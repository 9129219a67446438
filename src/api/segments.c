// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of a transcript: its segments, their speakers, and what was changed.
#include "api/route.h"
#include "domain/segment.h"

struct path {
    str job_id, segment_id, speaker_id;
};
#define JOB_FIELD FIELD(struct path, job_id, .required = true, .format = FORMAT_UUID, .doc = "Transcription job")
static const struct field job_fields[] = { JOB_FIELD };
static const struct shape job_path = SHAPE("SegmentsPath", struct path, job_fields);
static const struct field segment_path_fields[] = {
    JOB_FIELD,
    FIELD(struct path, segment_id, .required = true, .format = FORMAT_UUID, .doc = "Segment"),
};
static const struct shape segment_path = SHAPE("SegmentPath", struct path, segment_path_fields);
static const struct field speaker_path_fields[] = {
    JOB_FIELD,
    FIELD(struct path, speaker_id, .required = true, .min = 1, .max = SPEAKER_NAME_MAX, .doc = "Speaker"),
};
static const struct shape speaker_path = SHAPE("SpeakerPath", struct path, speaker_path_fields);

static const struct field segment_fields[] = {
    FIELD(struct segment, id, .format = FORMAT_UUID),
    FIELD(struct segment, position, .doc = "Place in the transcript, rising"),
    FIELD_AS(struct segment, start_time, "start", .doc = "Seconds"),
    FIELD_AS(struct segment, end_time, "end", .doc = "Seconds"),
    FIELD(struct segment, text, .doc = "Its words, joined by spaces"),
    FIELD(struct segment, speaker, .doc = "Id of the one who speaks"),
    FIELD(struct segment, words, .json_type = "array", .doc = "text, start, end (seconds) and confidence of each"),
};
static const struct shape segment_shape = SHAPE("Segment", struct segment, segment_fields);

struct segments_answer {
    str job_id, transcription_id, language;
    int64_t revision;
    struct list segments, speakers;
};
static const struct field segments_fields[] = {
    FIELD(struct segments_answer, job_id, .format = FORMAT_UUID),
    FIELD(struct segments_answer, transcription_id, .format = FORMAT_UUID),
    FIELD(struct segments_answer, language, .doc = "ISO 639-1"),
    FIELD(struct segments_answer, revision, .doc = "Number of the newest revision; 0: nothing was corrected"),
    FIELD(struct segments_answer, segments, .shape = &segment_shape),
    FIELD(struct segments_answer, speakers, .shape = &speaker_shape),
};
static const struct shape segments_shape = SHAPE("Segments", struct segments_answer, segments_fields);

struct change_in {
    str text, speaker, name;
    struct opt_int at_word;
    struct opt_number at;
};
static const struct field update_fields[] = {
    FIELD(struct change_in, text, .min = 1, .max = 20000, .doc = "What is said; unchanged words keep their times"),
    FIELD(struct change_in, speaker, .min = 1, .max = SPEAKER_NAME_MAX, .doc = "Id of the one who speaks"),
};
static const struct shape update_shape = SHAPE("SegmentUpdate", struct change_in, update_fields);
static const struct field split_fields[] = {
    FIELD(
        struct change_in, at_word, .min = 1, .max = 100000, .doc = "Word that the second half begins with, from 1 on"),
    FIELD(struct change_in, at, .max = 1e7, .doc = "Or the second: it begins with the next word from there"),
};
static const struct shape split_shape = SHAPE("SegmentSplit", struct change_in, split_fields);
static const struct field name_fields[] = {
    FIELD(struct change_in, name, .required = true, .min = 1, .max = SPEAKER_NAME_MAX, .doc = "Name to show"),
};
static const struct shape name_shape = SHAPE("SpeakerName", struct change_in, name_fields);

struct page {
    struct opt_int skip, limit;
};
static const struct field page_fields[] = {
    FIELD(struct page, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct page, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
};
static const struct shape page_shape = SHAPE("RevisionPage", struct page, page_fields);
struct revisions_answer {
    struct list revisions;
    int64_t total;
};
static const struct field revisions_fields[] = {
    FIELD(struct revisions_answer, revisions, .shape = &segment_revision_shape),
    FIELD(struct revisions_answer, total, .doc = "Of all pages"),
};
static const struct shape revisions_shape = SHAPE("TranscriptRevisions", struct revisions_answer, revisions_fields);

static error transcript_of(struct api_call *call, struct transcription *ret_transcription)
{
    struct job job;
    return transcription_get_of_job(&call->scope, ((struct path *)call->path)->job_id, &job, ret_transcription);
}

static error own_transcript_of(struct api_call *call, struct transcription *ret_transcription)
{
    return transcription_change_of_job(&call->scope, ((struct path *)call->path)->job_id, ret_transcription);
}

static str segment_id(const struct api_call *call)
{
    return ((struct path *)call->path)->segment_id;
}

static error list_segments(struct api_call *call)
{
    struct transcription row;
    struct segments_answer *out = call->output;
    TRY(transcript_of(call, &row));
    *out = (struct segments_answer) { .job_id = row.job_id, .transcription_id = row.id, .language = row.language };
    TRY(segment_newest_revision(&call->scope, row.id, &out->revision));
    TRY(transcription_segments(&call->scope, row.id, &out->segments));
    return segment_speakers(&call->scope, row.id, &out->speakers);
}

static error get_segment(struct api_call *call)
{
    struct transcription row;
    TRY(transcript_of(call, &row));
    return segment_get(&call->scope, &row, segment_id(call), call->output);
}

static error update_segment(struct api_call *call)
{
    const struct change_in *in = call->body;
    struct transcription row;
    TRY(own_transcript_of(call, &row));
    if (!in->text.data && !in->speaker.data)
        return error_make(
            ERROR_VALIDATION_ERROR, "body", "The body changes nothing: it names neither text nor speaker");
    struct segment_change change = { in->text, in->speaker };
    return segment_update(&call->scope, &row, segment_id(call), &change, call->output);
}

static error split_segment(struct api_call *call)
{
    const struct change_in *in = call->body;
    struct transcription row;
    struct segment *two = ARENA_ARRAY(call->scope.arena, struct segment, 2);
    TRY(own_transcript_of(call, &row));
    if (in->at_word.set == in->at.set)
        return error_make(ERROR_VALIDATION_ERROR, "at_word", "Say where to split: either at_word or at");
    TRY(segment_split(&call->scope, &row, segment_id(call), in->at_word, in->at.value, two));
    *(struct list *)call->output = (struct list) { two, 2 };
    return OK;
}

static error merge_segment(struct api_call *call)
{
    struct transcription row;
    TRY(own_transcript_of(call, &row));
    return segment_merge(&call->scope, &row, segment_id(call), call->output);
}

static error name_speaker(struct api_call *call)
{
    const struct change_in *in = call->body;
    struct transcription row;
    TRY(own_transcript_of(call, &row));
    return segment_name_speaker(&call->scope, &row, ((struct path *)call->path)->speaker_id, in->name, call->output);
}

static error list_revisions(struct api_call *call)
{
    const struct page *page = call->query;
    struct revisions_answer *out = call->output;
    struct transcription row;
    TRY(transcript_of(call, &row));
    return segment_revisions(&call->scope, row.id, page->skip.value, page->limit.set ? page->limit.value : 100,
        &out->revisions, &out->total);
}

#define JOB_PATH "/api/v1/transcriptions/{job_id}"
#define SEGMENT_PATH JOB_PATH "/segments/{segment_id}"
#define CHANGE_ERRORS TRANSCRIPT_ERRORS, ERROR_READ_ONLY
#define TRANSCRIPT_ERRORS ERROR_JOB_NOT_FOUND, ERROR_JOB_STATE_CONFLICT, ERROR_TRANSCRIPTION_NOT_FOUND

static const struct route routes[] = {
    { "GET", JOB_PATH "/segments", "Corrections", "Show the segments of a transcript", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &job_path, .output = &segments_shape, .errors = ERRORS(TRANSCRIPT_ERRORS),
        .handle = list_segments },
    { "GET", SEGMENT_PATH, "Corrections", "Show a segment", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .path_in = &segment_path, .output = &segment_shape,
        .errors = ERRORS(TRANSCRIPT_ERRORS, ERROR_SEGMENT_NOT_FOUND), .handle = get_segment },
    { "PUT", SEGMENT_PATH, "Corrections", "Correct a segment", FACE_PLAIN, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &segment_path, .body_in = &update_shape, .output = &segment_shape,
        .errors = ERRORS(CHANGE_ERRORS, ERROR_SEGMENT_NOT_FOUND), .handle = update_segment },
    { "POST", SEGMENT_PATH "/split", "Corrections", "Cut a segment in two", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &segment_path, .body_in = &split_shape, .output = &segment_shape, .output_list = true,
        .resource = SEGMENT_PATH, .errors = ERRORS(CHANGE_ERRORS, ERROR_SEGMENT_NOT_FOUND), .handle = split_segment },
    { "POST", SEGMENT_PATH "/merge", "Corrections", "Join a segment with the next", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .path_in = &segment_path, .output = &segment_shape, .resource = SEGMENT_PATH,
        .errors = ERRORS(CHANGE_ERRORS, ERROR_SEGMENT_NOT_FOUND, ERROR_CONFLICT), .handle = merge_segment },
    { "PUT", JOB_PATH "/speakers/{speaker_id}", "Corrections", "Name a speaker", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &speaker_path, .body_in = &name_shape, .output = &speaker_shape,
        .resource = JOB_PATH "/segments", .errors = ERRORS(CHANGE_ERRORS, ERROR_SPEAKER_NOT_FOUND),
        .handle = name_speaker },
    { "GET", JOB_PATH "/revisions", "Corrections", "List what was corrected, newest first", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &job_path, .query_in = &page_shape, .output = &revisions_shape,
        .errors = ERRORS(TRANSCRIPT_ERRORS), .handle = list_revisions },
};
const struct route_group route_group_segments = ROUTE_GROUP(routes);
