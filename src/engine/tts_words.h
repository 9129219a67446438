// SPDX-License-Identifier: GPL-3.0-or-later
// When each word of a text is spoken, from what a synthesizer says about some of them.
#pragma once

#include "base/str.h"

struct tts_mark {
    size_t offset; // byte of the text
    int64_t frame;
};
struct tts_phoneme {
    char name[12];
    int64_t frame; // of its start; it ends with the next one
};
struct tts_word {
    str text;      // without punctuation around it
    size_t offset; // first byte in the text
    int64_t start_frame, end_frame;
};

// Words are what stands between white space. Those without a mark share the time up to the next mark by their
// length; a word ends before the silence behind it. `marks` and `phonemes` are in order of time.
size_t tts_words(struct arena *arena, str text, const struct tts_mark *marks, size_t mark_count,
    const struct tts_phoneme *phonemes, size_t phoneme_count, int64_t start_frame, int64_t end_frame,
    struct tts_word **ret_words);
// Decodes the character at the front: its code point and size in bytes (0 at the end). For valid UTF-8.
unsigned tts_character(str text, size_t *ret_size);
