// SPDX-License-Identifier: GPL-3.0-or-later
// What a file is: kind, size, length, codecs, tags.
#include <string.h>

#include "engine/content_type.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

// MIME types by FFmpeg's name of the container; the first match in order.
static const struct {
    const char *format, *video, *audio;
} mime_types[] = {
    { "heic", "image/heic", NULL },
    { "avif", "image/avif", NULL },
    { "mov,mp4,m4a,3gp,3g2,mj2", "video/mp4", "audio/mp4" },
    { "matroska,webm", "video/x-matroska", "audio/x-matroska" },
    { "avi", "video/x-msvideo", "audio/x-msvideo" },
    { "flv", "video/x-flv", "audio/x-flv" },
    { "mpegts", "video/mp2t", "audio/mp2t" },
    { "mpeg", "video/mpeg", "audio/mpeg" },
    { "ogg", "video/ogg", "audio/ogg" },
    { "asf", "video/x-ms-wmv", "audio/x-ms-wma" },
    { "mp3", NULL, "audio/mpeg" },
    { "aac", NULL, "audio/aac" },
    { "flac", NULL, "audio/flac" },
    { "wav", NULL, "audio/wav" },
    { "w64", NULL, "audio/x-w64" },
    { "aiff", NULL, "audio/aiff" },
    { "au", NULL, "audio/basic" },
    { "caf", NULL, "audio/x-caf" },
    { "amr", NULL, "audio/amr" },
    { "wv", NULL, "audio/x-wavpack" },
    { "gif", "image/gif", NULL },
    { "apng", "image/apng", NULL },
    { "jpeg_pipe", "image/jpeg", NULL },
    { "png_pipe", "image/png", NULL },
    { "webp_pipe", "image/webp", NULL },
    { "bmp_pipe", "image/bmp", NULL },
    { "tiff_pipe", "image/tiff", NULL },
    { "svg_pipe", "image/svg+xml", NULL },
    { "jpegxl_pipe", "image/jxl", NULL },
};
static const char *const kinds[] = {
    [SOURCE_AUDIO] = "audio", [SOURCE_VIDEO] = "video", [SOURCE_IMAGE] = "image", [SOURCE_GIF] = "gif"
};

static bool codec_is_webm(const char *codec)
{
    static const char *const codecs[] = { "vp8", "vp9", "av1", "opus", "vorbis" };
    for (size_t i = 0; codec && i < sizeof codecs / sizeof *codecs; i++)
        if (strcmp(codec, codecs[i]) == 0)
            return true;
    return !codec;
}

static const char *mime(const struct source_info *info)
{
    bool audio = info->kind == SOURCE_AUDIO;
    if (strcmp(info->format, "matroska,webm") == 0 && codec_is_webm(info->video_codec)
        && codec_is_webm(info->audio_codec))
        return audio ? "audio/webm" : "video/webm";
    if (info->is_quicktime && !audio)
        return "video/quicktime";
    for (size_t i = 0; i < sizeof mime_types / sizeof *mime_types; i++)
        if (strcmp(info->format, mime_types[i].format) == 0) {
            const char *type = audio ? mime_types[i].audio : mime_types[i].video;
            if (type)
                return type;
        }
    return audio                        ? "application/octet-stream"
           : info->kind == SOURCE_VIDEO ? "application/octet-stream"
                                        : "image/x-unknown";
}

static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *describe_audio(const struct source_info *info)
{
    if (!info->audio_codec)
        return json_null();
    return json_pack(
        "{s:s, s:i, s:i}", "codec", info->audio_codec, "sample_rate", info->sample_rate, "channels", info->channels);
}

static json_t *describe_video(const struct source_info *info)
{
    if (!info->video_codec)
        return json_null();
    return json_pack("{s:s, s:o}", "codec", info->video_codec, "pixel_format", text(info->pixel_format));
}

static json_t *describe(const struct source_info *info)
{
    bool picture = info->width > 0;
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:b, s:o, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "kind",
        kinds[info->kind], "mime", mime(info), "format", info->format, "duration",
        info->duration_us >= 0 ? json_real((double)info->duration_us / 1e6) : json_null(), "width",
        picture ? json_integer(info->width) : json_null(), "height", picture ? json_integer(info->height) : json_null(),
        "rotation", info->rotation, "mirrored", info->mirrored, "fps",
        info->fps > 0 ? json_real(info->fps) : json_null(), "has_audio", info->audio_codec != NULL, "has_video",
        picture, "has_alpha", info->has_alpha, "audio", describe_audio(info), "video", describe_video(info), "title",
        text(info->title), "artist", text(info->artist), "created", text(info->created));
}

static error run(struct engine_call *call, json_t **ret_result)
{
    str guess;
    if (engine_input_count(call) < 1)
        return error_make(ERROR_ASSET_MISSING, NULL, "A probe needs a file");
    TRY(content_type_guess(call, 0, &guess));
    if (!content_type_is_media(guess))
        return error_make(ERROR_NOT_MEDIA, NULL, "This is %.*s, not a picture, film or sound", STR_ARGS(guess));
    SOURCE_AUTO struct source *source = NULL;
    TRY(engine_source_open(call, 0, &source));
    // A header alone proves nothing, and the orientation of a photograph stands beside its pixels. A film's first
    // picture takes longer: only where it is asked for.
    const struct source_info *info = source_info(source);
    bool look = json_get_bool(engine_params(call), "look", false) && info->kind == SOURCE_VIDEO;
    if (look || info->kind == SOURCE_IMAGE || info->kind == SOURCE_GIF)
        TRY(source_look(source));
    *ret_result = describe(source_info(source));
    return OK;
}

const struct engine_op probe_op = { "probe", run };
