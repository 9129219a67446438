// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/playable.h"

// A container with the codecs that it may hold, separated by blanks.
struct combination {
    const char *mime, *video, *audio;
};
static const struct combination combinations[] = {
    { "video/mp4", "h264 vp9 av1", "aac mp3 opus flac" },
    { "video/webm", "vp8 vp9 av1", "vorbis opus" },
    { "audio/mp4", "", "aac mp3 opus flac" },
    { "audio/webm", "", "vorbis opus" },
    { "audio/ogg", "", "vorbis opus flac" },
    { "audio/mpeg", "", "mp3" },
    { "audio/aac", "", "aac" },
    { "audio/flac", "", "flac" },
    { "audio/wav", "", "pcm_u8 pcm_s16le pcm_s24le pcm_f32le" },
};
static const char pictures[] = "image/jpeg image/png image/apng image/gif image/webp image/bmp image/svg+xml";
// H.264 beyond these is decoded by hardly any browser.
static const char h264_formats[] = "yuv420p yuvj420p";

static bool is_among(str word, const char *words)
{
    str rest = str_of(words), one;
    while (str_split(&rest, ' ', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool fits(const struct combination *combination, const json_t *video, const json_t *audio)
{
    str codec = json_get_str(video, "codec"), sound = json_get_str(audio, "codec");
    if (codec.data && !is_among(codec, combination->video))
        return false;
    if (str_equal(codec, STR("h264")) && !is_among(json_get_str(video, "pixel_format"), h264_formats))
        return false;
    return !sound.data || is_among(sound, combination->audio);
}

bool playable_in_browsers(const json_t *probe)
{
    str mime = json_get_str(probe, "mime"), kind = json_get_str(probe, "kind");
    if (str_equal(kind, STR("image")) || str_equal(kind, STR("gif")))
        return is_among(mime, pictures);
    for (size_t i = 0; i < sizeof combinations / sizeof *combinations; i++)
        if (str_equal_c(mime, combinations[i].mime))
            return fits(&combinations[i], json_object_get(probe, "video"), json_object_get(probe, "audio"));
    return false;
}
