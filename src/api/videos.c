// SPDX-License-Identifier: GPL-3.0-or-later
// Videos: Kinora's additions to document 001, in its face.
#include "api/scene_shapes.h"
#include "domain/job.h"
#include "domain/media.h"
#include "domain/recording.h"
#include "domain/story.h"
#include "domain/transcription.h"
#include "domain/video.h"

struct path {
    str videoId;
};
static const struct field path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape path_shape = SHAPE("VideoPath", struct path, path_fields);

struct video_in {
    str title, aspect_ratio, background;
    struct opt_number fps;
    json_t *captions, *music, *watermark, *brand;
    struct opt_int base_revision;
    bool strict;
};
#define OPTION_FIELDS                                                                                                  \
    FIELD(struct video_in, aspect_ratio, .max = 16, .doc = "16:9, 9:16, 1:1 or 4:5 [16:9]"),                           \
        FIELD(struct video_in, fps, .doc = "24, 25, 30, 50 or 60 [30]"),                                               \
        FIELD(struct video_in, background, .max = 16, .doc = "Colour behind everything [#101014]"),                    \
        FIELD(struct video_in, captions, .doc = "See the property reference"),                                         \
        FIELD(struct video_in, music, .doc = "See the property reference"),                                            \
        FIELD(struct video_in, watermark, .doc = "See the property reference"),                                        \
        FIELD(struct video_in, brand, .doc = "See the property reference")
static const struct field create_fields[] = {
    FIELD(struct video_in, title, .required = true, .min = 1, .max = 255, .doc = "Title"),
    OPTION_FIELDS,
};
static const struct shape create_shape = SHAPE("VideoCreate", struct video_in, create_fields);
static const struct field update_fields[] = {
    FIELD(struct video_in, title, .min = 1, .max = 255, .doc = "Title"),
    OPTION_FIELDS,
    MERGING_FIELDS(struct video_in),
};
static const struct shape update_shape = SHAPE("VideoUpdate", struct video_in, update_fields);

static const char *const breakdowns[] = { "heading", "paragraph", "sentence", NULL };
struct script_in {
    str script, title, voice_id, avatar_id, aspect_ratio, scene_breakdown;
};
static const struct field script_fields[] = {
    FIELD(struct script_in, script, .required = true, .min = 1, .max = 200000, .doc = "Markdown or plain text"),
    FIELD(struct script_in, title, .min = 1, .max = 255, .doc = "Title; left out: the script's own"),
    FIELD(struct script_in, voice_id, .max = 64, .doc = "Voice that narrates"),
    FIELD(struct script_in, avatar_id, .max = 64, .doc = "Avatar that speaks"),
    FIELD(struct script_in, aspect_ratio, .max = 16, .doc = "16:9, 9:16, 1:1 or 4:5"),
    FIELD(struct script_in, scene_breakdown, .allowed = breakdowns, .doc = "What starts a scene"),
};
static const struct shape script_shape = SHAPE("VideoFromScript", struct script_in, script_fields);

struct recording_in {
    str transcription_id, job_id, title;
    json_t *segments;
};
static const struct field recording_fields[] = {
    FIELD(struct recording_in, transcription_id, .format = FORMAT_UUID, .doc = "Transcription; or its job"),
    FIELD(struct recording_in, job_id, .format = FORMAT_UUID, .doc = "Transcription job"),
    FIELD(struct recording_in, title, .min = 1, .max = 255, .doc = "Title; left out: the recording's name"),
    FIELD(struct recording_in, segments, .json_type = "array",
        .doc = "Indexes of the segments to take, in this order, or {segment, without: indexes of words to cut out}; "
               "left out: all"),
};
static const struct shape recording_shape = SHAPE("VideoFromTranscription", struct recording_in, recording_fields);

struct one {
    struct video_answer *video;
};
static const struct field one_fields[] = { FIELD(struct one, video, .required = true, .shape = &video_answer_shape) };
static const struct shape one_shape = SHAPE("VideoData", struct one, one_fields);

struct many {
    struct list videos;
    struct pagination *pagination;
};
static const struct field many_fields[] = {
    FIELD(struct many, videos, .shape = &video_answer_shape),
    FIELD(struct many, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape many_shape = SHAPE("VideoPage", struct many, many_fields);

static error give(struct api_call *call, const struct video *video)
{
    struct one *out = call->output;
    out->video = ARENA_NEW(call->scope.arena, struct video_answer);
    return video_answer(call, video, out->video);
}

static error create(struct api_call *call)
{
    const struct video_in *in = call->body;
    struct video video;
    TRY(video_create(&call->scope, in->title, call->json, &call->problems, &video));
    return give(call, &video);
}

static error from_script(struct api_call *call)
{
    const struct script_in *in = call->body;
    struct video video;
    json_t *document;
    struct story_options options = {
        .title = in->title, .voice = in->voice_id, .avatar = in->avatar_id, .aspect_ratio = in->aspect_ratio
    };
    if (in->scene_breakdown.data)
        ASSERT(story_breakdown_of(in->scene_breakdown, &options.breakdown));
    TRY(story_read(call->scope.arena, in->script, &options, &call->warnings, &document));
    TRY(video_import(&call->scope, document, &call->problems, &call->warnings, &video));
    return give(call, &video);
}

static error find_transcription(struct api_call *call, struct transcription *ret_row)
{
    const struct recording_in *in = call->body;
    struct job job;
    bool found;
    if (in->transcription_id.data)
        return transcription_get(&call->scope, in->transcription_id, ret_row);
    if (!in->job_id.data)
        return error_make(ERROR_VALIDATION_ERROR, "transcription_id", "Say which: transcription_id or job_id");
    TRY(job_get_readable(&call->scope, in->job_id, &job));
    TRY(transcription_of_job(&call->scope, job.id, ret_row, &found));
    return found ? OK : error_of(ERROR_TRANSCRIPTION_NOT_FOUND);
}

static error from_transcription(struct api_call *call)
{
    const struct recording_in *in = call->body;
    struct transcription row;
    struct transcript transcript;
    struct media media;
    struct video video;
    json_t *document;
    TRY(find_transcription(call, &row));
    TRY(media_get(&call->scope, row.media_id, &media));
    TRY(transcription_transcript(&call->scope, &row, &transcript));
    struct recording recording = { .media_id = media.id,
        .title = in->title.data ? in->title : media.file_name,
        .is_film = str_equal(media.media_type, STR("video")),
        .width = (double)media.width.value,
        .height = (double)media.height.value,
        .transcript = &transcript };
    TRY(recording_document(call->scope.arena, &recording, in->segments, &document));
    TRY(video_import(&call->scope, document, &call->problems, &call->warnings, &video));
    return give(call, &video);
}

static error list_videos(struct api_call *call)
{
    struct many *out = call->output;
    struct list rows;
    int64_t offset, limit, total;
    page_settle(call->query, &offset, &limit);
    TRY(video_list(&call->scope, offset, limit, &rows, &total));
    struct video_answer *items = ARENA_ARRAY(call->scope.arena, struct video_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        TRY(video_answer(call, &((struct video *)rows.items)[i], &items[i]));
    out->videos = (struct list) { items, rows.count };
    out->pagination = page_answer(call->scope.arena, call->query, total);
    return OK;
}

static error get(struct api_call *call)
{
    struct video video;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_READ, &video));
    return give(call, &video);
}

static error update(struct api_call *call)
{
    const struct video_in *in = call->body;
    struct video video;
    struct video_change change = { in->title, { in->base_revision, in->strict }, call->json };
    TRY(video_update(&call->scope, ((struct path *)call->path)->videoId, &change, &call->problems, &video));
    return give(call, &video);
}

static error delete_video(struct api_call *call)
{
    return video_delete(&call->scope, ((struct path *)call->path)->videoId);
}

#define NOT_FOUND ERRORS(ERROR_VIDEO_NOT_FOUND)

static const struct route routes[] = {
    { "POST", "/api/v1/videos", "Videos", "Create a video", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &create_shape, .output = &one_shape, .status = 201, .message = "Video created successfully",
        .errors = ERRORS(ERROR_MEDIA_NOT_FOUND, ERROR_PLAN_REQUIRED), .handle = create },
    { "POST", "/api/v1/videos/from-script", "Videos", "Create a video from a script", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .body_in = &script_shape, .output = &one_shape, .status = 201,
        .message = "Video created successfully", .errors = ERRORS(ERROR_PLAN_REQUIRED, ERROR_MEDIA_NOT_FOUND),
        .handle = from_script },
    { "POST", "/api/v1/videos/from-transcription", "Videos", "Create a video from a recording and its transcript",
        FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON, .body_in = &recording_shape, .output = &one_shape,
        .status = 201, .message = "Video created successfully",
        .errors = ERRORS(ERROR_TRANSCRIPTION_NOT_FOUND, ERROR_JOB_NOT_FOUND), .handle = from_transcription },
    { "GET", "/api/v1/videos", "Videos", "List your videos", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .query_in = &page_query_shape, .output = &many_shape, .handle = list_videos },
    { "GET", "/api/v1/videos/{videoId}", "Videos", "Show a video", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &one_shape, .errors = NOT_FOUND, .handle = get },
    { "PUT", "/api/v1/videos/{videoId}", "Videos", "Change a video", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &path_shape, .body_in = &update_shape, .output = &one_shape, .message = "Video updated successfully",
        .errors = ERRORS(
            ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_CONFLICT, ERROR_MEDIA_NOT_FOUND, ERROR_PLAN_REQUIRED),
        .handle = update },
    { "DELETE", "/api/v1/videos/{videoId}", "Videos", "Delete a video", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        .path_in = &path_shape, .message = "Video deleted successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_OWNER_REQUIRED), .audit = "video.delete", .audit_object = "video",
        .handle = delete_video },
};
const struct route_group route_group_videos = ROUTE_GROUP(routes);
