// SPDX-License-Identifier: GPL-3.0-or-later
// A media file opened for reading: its bytes come from a callback, never from a path or an address, and a file
// that names other files or addresses (playlists, references) gets nothing. What it is stands in source_info.
#pragma once

#include "base/error.h"

struct source;

struct source_io {
    void *context;
    uint64_t size; // bytes
    // Up to `size` bytes at `offset`; fewer only at the end.
    error (*read)(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
};

enum source_kind { SOURCE_AUDIO, SOURCE_VIDEO, SOURCE_IMAGE, SOURCE_GIF }; // GIF: any animated picture without sound

enum { SOURCE_PIXELS_MAX = 1 << 27 }; // a picture of more is refused: 134 megapixels, 512 MB as RGBA

// Texts live as long as the source; NULL where there is none.
struct source_info {
    enum source_kind kind;
    const char *format;  // FFmpeg's name of the container, "mov,mp4,m4a,3gp,3g2,mj2"
    bool is_quicktime;   // a MOV rather than an MP4
    int64_t duration_us; // -1: unknown, and for still pictures
    int width, height;   // as displayed, after rotation; 0 without a picture
    int rotation;        // 0, 90, 180, 270 degrees clockwise for display, after mirroring left to right
    bool mirrored;       // a still picture's two are known after source_look
    double fps;          // 0: unknown
    bool has_alpha;
    const char *video_codec, *pixel_format; // NULL without a picture; cover art does not count
    const char *audio_codec;                // NULL without sound
    int sample_rate, channels;
    const char *title, *artist, *created; // valid UTF-8; as the file says
};

// Opens and finds the streams. NOT_MEDIA when it is none that we read; errors of `read` are passed on.
// `io` is copied; its context must outlive the source.
MUST_USE error source_open(const struct source_io *io, struct source **ret_source);
void source_close(struct source *source); // NULL is allowed
void source_cleanup(struct source **source);
#define SOURCE_AUTO __attribute__((cleanup(source_cleanup)))

const struct source_info *source_info(const struct source *source);
// Decodes the first picture: NOT_MEDIA when that is not possible. Learns the orientation of a still picture.
// Reading starts at the beginning afterwards. NO_VIDEO without a picture.
MUST_USE error source_look(struct source *source);
// Keeps FFmpeg from writing to standard error in this process: its own way of doing so asks the terminal, which
// the sandbox forbids.
void source_quiet(void);
