// SPDX-License-Identifier: GPL-3.0-or-later
// POST /audio/upload and /media/upload of document 001: the same intake as every other upload, then a title and a
// category.
#include "api/library_shapes.h"
#include "api/upload.h"

enum { TITLE_MAX = 255, CATEGORY_MAX = 100 }; // characters, of the columns

struct form {
    enum library_kind kind;
    str title, category;
};

struct audio_one {
    struct audio_answer *audio;
};
static const struct field audio_fields[] = {
    FIELD(struct audio_one, audio, .required = true, .shape = &audio_answer_shape),
};
static const struct shape audio_shape = SHAPE("AudioData", struct audio_one, audio_fields);

struct media_one {
    struct media_item_answer *media;
};
static const struct field media_fields[] = {
    FIELD(struct media_one, media, .required = true, .shape = &media_item_answer_shape),
};
static const struct shape media_shape = SHAPE("LibraryMediaData", struct media_one, media_fields);

static error form_field(struct api_call *call, void *state, str name, str value)
{
    struct form *form = state;
    if (!str_is_utf8(value) || str_index(value, 0) >= 0)
        return error_make(ERROR_VALIDATION_ERROR, name.data, "The text is not valid UTF-8");
    str text = str_copy(call->scope.arena, str_trim(value));
    if (str_equal_c(name, "title"))
        form->title = text;
    else if (str_equal_c(name, "category"))
        form->category = text;
    return OK;
}

static error form_complete(struct api_call *call, void *state)
{
    (void)call;
    const struct form *form = state;
    if (str_length_utf8(form->title) > TITLE_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "title", "A title has at most %d characters", TITLE_MAX);
    if (str_length_utf8(form->category) > CATEGORY_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "category", "A category has at most %d characters", CATEGORY_MAX);
    bool known = !form->category.size || form->kind == LIBRARY_MEDIA || str_equal_c(form->category, "music")
                 || str_equal_c(form->category, "sound_effects");
    return known ? OK : error_make(ERROR_VALIDATION_ERROR, "category", "category must be music or sound_effects");
}

// In the change that made the media record.
static error uploaded(struct api_call *call, const struct media *media, str job_id)
{
    (void)job_id;
    const struct form *form = call->body;
    struct library_item item;
    bool is_audio = str_equal_c(media->media_type, "audio");
    if (is_audio != (form->kind == LIBRARY_AUDIO))
        return error_make(ERROR_UNSUPPORTED_MEDIA, "file",
            is_audio ? "This is a sound; it belongs into the library of sounds: POST /api/v1/audio/upload"
                     : "This is no sound; pictures and films belong into the media library: POST /api/v1/media/upload");
    struct library_details details = { .kind = form->kind, .title = form->title, .category = form->category };
    TRY(library_describe(&call->scope, media->id, &details));
    TRY(library_get(&call->scope, form->kind, media->id, &item));
    if (is_audio) {
        struct audio_one *out = call->output;
        out->audio = ARENA_NEW(call->scope.arena, struct audio_answer);
        audio_answer(call, &item, out->audio);
    } else {
        struct media_one *out = call->output;
        out->media = ARENA_NEW(call->scope.arena, struct media_item_answer);
        media_item_answer(call, &item, out->media);
    }
    return OK;
}

static error upload(struct api_call *call, enum library_kind kind)
{
    struct form *form = ARENA_NEW(call->scope.arena, struct form);
    form->kind = kind;
    call->body = form;
    return upload_start(call,
        &(struct upload_options) { .field = form_field, .complete = form_complete, .state = form, .answer = uploaded });
}

static error upload_audio(struct api_call *call)
{
    return upload(call, LIBRARY_AUDIO);
}

static error upload_media(struct api_call *call)
{
    return upload(call, LIBRARY_MEDIA);
}

static const struct route routes[] = {
    { "POST", "/api/v1/audio/upload", "Libraries", "Add a sound", FACE_ENVELOPE, ACCESS_USER, LANE_STREAM, BODY_UPLOAD,
        .output = &audio_shape, .status = 201, .message = "Audio uploaded successfully",
        .errors = ERRORS(ERROR_UNSUPPORTED_MEDIA), .handle = upload_audio },
    { "POST", "/api/v1/media/upload", "Libraries", "Add a picture or film", FACE_ENVELOPE, ACCESS_USER, LANE_STREAM,
        BODY_UPLOAD, .output = &media_shape, .status = 201, .message = "Media uploaded successfully",
        .errors = ERRORS(ERROR_UNSUPPORTED_MEDIA), .handle = upload_media },
};
const struct route_group route_group_library_upload = ROUTE_GROUP(routes);
