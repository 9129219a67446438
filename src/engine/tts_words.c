// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tts_words.h"

#include <string.h>

#include "engine/tts.h"

unsigned tts_character(str text, size_t *ret_size)
{
    if (!text.size) {
        *ret_size = 0;
        return 0;
    }
    unsigned char first = (unsigned char)text.data[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    unsigned point = size == 1 ? first : first & (0x7fu >> size);
    for (size_t i = 1; i < size && i < text.size; i++)
        point = point << 6 | ((unsigned char)text.data[i] & 0x3f);
    *ret_size = size < text.size ? size : text.size;
    return point;
}

static bool is_punctuation(unsigned point)
{
    static const char ascii[] = "!\"'()*,-./:;<=>?[\\]^_`{|}~";
    if (point < 0x80)
        return point && strchr(ascii, (int)point);
    return point == 0xa1 || point == 0xab || point == 0xbb || point == 0xbf || (point >= 0x2010 && point <= 0x2027)
           || (point >= 0x2030 && point <= 0x205e) || (point >= 0x3001 && point <= 0x3011);
}

// The part between the first and the last character that is no punctuation; empty when there is none.
static str bare(str token)
{
    size_t first = token.size, last = 0;
    for (size_t at = 0, size; at < token.size; at += size)
        if (!is_punctuation(tts_character(str_sub(token, at, token.size), &size))) {
            first = first < at ? first : at;
            last = at + size;
        }
    return first < last ? str_sub(token, first, last - first) : str_sub(token, 0, 0);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t split(struct arena *arena, str text, struct tts_word **ret_words)
{
    struct tts_word *words = ARENA_ARRAY(arena, struct tts_word, text.size / 2 + 1);
    size_t count = 0;
    for (size_t at = 0, end; at < text.size; at = end + 1) {
        for (end = at; end < text.size && !is_space(text.data[end]);)
            end++;
        str word = bare(str_sub(text, at, end - at));
        if (word.size)
            words[count++] =
                (struct tts_word) { .text = word, .offset = (size_t)(word.data - text.data), .start_frame = -1 };
    }
    *ret_words = words;
    return count;
}

static void set_marked(struct tts_word *words, size_t count, const struct tts_mark *marks, size_t mark_count)
{
    for (size_t m = 0, w = 0; m < mark_count; m++) {
        while (w + 1 < count && words[w].offset + words[w].text.size <= marks[m].offset)
            w++;
        // A mark behind the word we have come to belongs to it; one before that is late news of an earlier word.
        if (words[w].start_frame < 0 && marks[m].offset + 1 >= words[w].offset)
            words[w].start_frame = marks[m].frame;
    }
}

static void share(struct tts_word *words, size_t count, int64_t start_frame, int64_t end_frame)
{
    size_t total = 0, done = 0;
    for (size_t i = 0; i < count; i++)
        total += words[i].text.size;
    for (size_t i = 0; i < count; i++) {
        words[i].start_frame = start_frame + (end_frame - start_frame) * (int64_t)done / (int64_t)total;
        done += words[i].text.size;
    }
}

static void set_unmarked(struct tts_word *words, size_t count, int64_t start_frame, int64_t end_frame)
{
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && words[next].start_frame < 0;)
            next++;
        int64_t from = words[i].start_frame < 0 ? start_frame : words[i].start_frame;
        share(words + i, next - i, from, next < count ? words[next].start_frame : end_frame);
    }
}

// End of the last sound between the frames, or `from` when all is silent.
static int64_t sound_end(const struct tts_phoneme *phonemes, size_t count, size_t *at, int64_t from, int64_t to)
{
    int64_t end = from;
    while (*at < count && phonemes[*at].frame < from)
        ++*at;
    for (size_t i = *at; i < count && phonemes[i].frame < to; i++)
        if (strcmp(phonemes[i].name, TTS_SILENCE) != 0)
            end = i + 1 < count && phonemes[i + 1].frame < to ? phonemes[i + 1].frame : to;
    return end;
}

size_t tts_words(struct arena *arena, str text, const struct tts_mark *marks, size_t mark_count,
    const struct tts_phoneme *phonemes, size_t phoneme_count, int64_t start_frame, int64_t end_frame,
    struct tts_word **ret_words)
{
    struct tts_word *words;
    size_t count = split(arena, text, &words), at = 0;
    set_marked(words, count, marks, count ? mark_count : 0);
    set_unmarked(words, count, start_frame, end_frame);
    for (size_t i = 0; i < count; i++) {
        int64_t limit = i + 1 < count ? words[i + 1].start_frame : end_frame;
        int64_t end = sound_end(phonemes, phoneme_count, &at, words[i].start_frame, limit);
        words[i].end_frame = end > words[i].start_frame ? end : limit;
    }
    *ret_words = words;
    return count;
}
