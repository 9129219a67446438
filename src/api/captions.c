// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles that somebody has already, as a transcription.
#include "api/route.h"
#include "base/language.h"
#include "domain/caption_file.h"
#include "domain/transcription.h"

struct import_in {
    str media_id, language;
};
static const struct field query_fields[] = {
    FIELD(struct import_in, media_id, .required = true, .min = 1, .max = 64,
        .doc = "Integer id or UUID of the media file that they are of"),
    FIELD(struct import_in, language, .min = 1, .max = 16, .doc = "ISO 639-1 code, when it is known"),
};
static const struct shape query_shape = SHAPE("CaptionImport", struct import_in, query_fields);

struct import_answer {
    str job_id, transcription_id, media_id, language;
    int64_t segment_count, word_count;
    struct opt_number duration;
};
static const struct field answer_fields[] = {
    FIELD(struct import_answer, job_id, .format = FORMAT_UUID,
        .doc = "Job, completed, that the transcript is shown under"),
    FIELD(struct import_answer, transcription_id, .format = FORMAT_UUID),
    FIELD(struct import_answer, media_id, .format = FORMAT_UUID),
    FIELD(struct import_answer, language, .doc = "ISO 639-1"),
    FIELD(struct import_answer, segment_count),
    FIELD(struct import_answer, word_count),
    FIELD(struct import_answer, duration, .doc = "Seconds"),
};
static const struct shape answer_shape = SHAPE("ImportedTranscript", struct import_answer, answer_fields);

static error read_file(struct api_call *call)
{
    const struct import_in *in = call->query;
    struct list *captions = ARENA_NEW(call->scope.arena, struct list);
    if (in->language.data && !language_is_known(in->language))
        return error_make(
            ERROR_UNSUPPORTED_LANGUAGE, "language", "'%.*s' is not a known ISO 639-1 code", STR_ARGS(in->language));
    call->prepared = captions;
    return caption_file_read(call->scope.arena, call->text, captions);
}

static error import(struct api_call *call)
{
    const struct import_in *in = call->query;
    const struct list *captions = call->prepared;
    struct media media;
    struct transcription row;
    TRY(media_get_own(&call->scope, in->media_id, &media));
    TRY(transcription_import(&call->scope, &media, captions, in->language, &row));
    *(struct import_answer *)call->output = (struct import_answer) { row.job_id, row.id, row.media_id, row.language,
        (int64_t)captions->count, row.word_count, row.duration };
    return OK;
}

static const struct route routes[] = {
    { "POST", "/api/v1/transcriptions/import", "Transcriptions", "Import subtitles (SRT, WebVTT)", FACE_PLAIN,
        ACCESS_USER, LANE_WRITE, BODY_TEXT, .query_in = &query_shape, .output = &answer_shape, .status = 201,
        .errors = ERRORS(ERROR_UNSUPPORTED_LANGUAGE, ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY, ERROR_UPLOAD_INCOMPLETE),
        .prepare = read_file, .handle = import },
};
const struct route_group route_group_captions = ROUTE_GROUP(routes);
