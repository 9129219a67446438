// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/media_shapes.h"

#include "api/content_url.h"

#define DERIVATIVE_FIELDS(type)                                                                                        \
    FIELD(type, thumbnail_url, .doc = "Small picture; null until it is made, and for sounds"),                         \
        FIELD(type, poster_url, .doc = "Larger picture of a film"),                                                    \
        FIELD(type, waveform_url, .doc = "JSON of audiowaveform's version 2, at most 20,000 points"),                  \
        FIELD(type, proxy_url, .doc = "What browsers can show, where they cannot show the content itself")

static const struct field media_fields[] = {
    FIELD(struct media_answer, media_id, .doc = "Integer id"),
    FIELD(struct media_answer, uuid, .format = FORMAT_UUID, .doc = "The same file's id in the other documents"),
    FIELD(struct media_answer, file_name),
    FIELD(struct media_answer, file_path, .doc = "Folder and name inside the user's library"),
    FIELD(struct media_answer, media_type, .doc = "audio, video, image or gif, decided from the content"),
    FIELD(struct media_answer, mime_type),
    FIELD(struct media_answer, size_bytes),
    FIELD(struct media_answer, duration, .doc = "Seconds"),
    FIELD(struct media_answer, width, .doc = "Pixels, as displayed"),
    FIELD(struct media_answer, height, .doc = "Pixels, as displayed"),
    FIELD(struct media_answer, status),
    FIELD(struct media_answer, content_url, .doc = "Signed path of the content; Range is supported"),
    FIELD(struct media_answer, owner_id, .format = FORMAT_UUID, .doc = "Whose file it is"),
    FIELD(struct media_answer, shared, .doc = "It is somebody else's: to be read, not changed"),
    DERIVATIVE_FIELDS(struct media_answer),
    FIELD(struct media_answer, created_at),
    FIELD(struct media_answer, updated_at),
};
const struct shape media_answer_shape = SHAPE("MediaFile", struct media_answer, media_fields);

static const struct field file_fields[] = {
    FIELD(struct file_answer, id, .format = FORMAT_UUID),
    FIELD(struct file_answer, name),
    FIELD(struct file_answer, status, .doc = "pending, processing, completed, failed or cancelled"),
    FIELD(struct file_answer, created_at),
    FIELD(struct file_answer, completed_at),
    FIELD(struct file_answer, upload_progress, .doc = "0 to 1"),
    FIELD(struct file_answer, media_type, .doc = "audio, video, image or gif, decided from the content"),
    FIELD(struct file_answer, mime_type),
    FIELD(struct file_answer, size_bytes),
    FIELD(struct file_answer, duration, .doc = "Seconds"),
    FIELD(struct file_answer, content_url, .doc = "Signed path of the content; Range is supported"),
    FIELD(struct file_answer, owner_id, .format = FORMAT_UUID, .doc = "Whose file it is"),
    FIELD(struct file_answer, shared, .doc = "It is somebody else's: to be read, not changed"),
    DERIVATIVE_FIELDS(struct file_answer),
    FIELD(struct file_answer, job_id, .omit_null = true, .doc = "Newest transcription job; not in lists"),
};
const struct shape file_answer_shape = SHAPE("File", struct file_answer, file_fields);

str derivative_url(const struct api_call *call, str media_id, enum derivative_kind kind, str mime_type)
{
    static const char *const endings[][2] = { { "image/jpeg", "jpg" }, { "image/png", "png" },
        { "application/json", "json" }, { "video/mp4", "mp4" }, { "audio/mp4", "m4a" } };
    for (size_t i = 0; mime_type.data && i < sizeof endings / sizeof *endings; i++)
        if (str_equal_c(mime_type, endings[i][0]))
            return content_url(call, CONTENT_DERIVATIVE, media_id,
                str_format(call->scope.arena, "%s.%s", derivative_names[kind], endings[i][1]));
    return STR_NONE;
}

struct media_answer media_answer(const struct api_call *call, const struct media *media)
{
    return (struct media_answer) { .media_id = media->number,
        .uuid = media->id,
        .file_name = media->file_name,
        .file_path = media->file_path,
        .media_type = media->media_type,
        .mime_type = media->mime_type,
        .size_bytes = media->size_bytes,
        .duration = media->duration,
        .width = media->width,
        .height = media->height,
        .status = media->status,
        .content_url = content_url(call, CONTENT_MEDIA, media->id, media->file_name),
        .owner_id = media->user_id,
        .shared = !str_equal(media->user_id, call->scope.actor.user_id),
        .thumbnail_url = derivative_url(call, media->id, DERIVATIVE_THUMBNAIL, media->thumbnail_type),
        .poster_url = derivative_url(call, media->id, DERIVATIVE_POSTER, media->poster_type),
        .waveform_url = derivative_url(call, media->id, DERIVATIVE_WAVEFORM, media->waveform_type),
        .proxy_url = derivative_url(call, media->id, DERIVATIVE_PROXY, media->proxy_type),
        .created_at = media->created_at,
        .updated_at = media->updated_at };
}

struct file_answer file_answer(const struct api_call *call, const struct media *media)
{
    return (struct file_answer) { .id = media->id,
        .name = media->file_name,
        .status = media->status,
        .created_at = media->created_at,
        .completed_at = media->completed_at,
        .upload_progress = 1,
        .media_type = media->media_type,
        .mime_type = media->mime_type,
        .size_bytes = media->size_bytes,
        .duration = media->duration,
        .content_url = content_url(call, CONTENT_MEDIA, media->id, media->file_name),
        .owner_id = media->user_id,
        .shared = !str_equal(media->user_id, call->scope.actor.user_id),
        .thumbnail_url = derivative_url(call, media->id, DERIVATIVE_THUMBNAIL, media->thumbnail_type),
        .poster_url = derivative_url(call, media->id, DERIVATIVE_POSTER, media->poster_type),
        .waveform_url = derivative_url(call, media->id, DERIVATIVE_WAVEFORM, media->waveform_type),
        .proxy_url = derivative_url(call, media->id, DERIVATIVE_PROXY, media->proxy_type) };
}
