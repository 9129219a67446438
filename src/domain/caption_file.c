// SPDX-License-Identifier: GPL-3.0-or-later
// WebVTT: https://www.w3.org/TR/webvtt1/. SubRip has no specification; what players take is taken.
#include "domain/caption_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { NAME_BYTES = 100 }; // of a voice: names are short

struct reading {
    struct arena *arena;
    str rest;
    size_t line_number;
    str line; // without its end; data NULL behind the last
    struct caption *captions;
    size_t count, room;
};

static void next_line(struct reading *reading)
{
    str rest = reading->rest;
    reading->line_number++;
    reading->line = STR_NONE;
    if (!rest.size)
        return;
    size_t end = 0;
    while (end < rest.size && rest.data[end] != '\n' && rest.data[end] != '\r')
        end++;
    reading->line = str_sub(rest, 0, end);
    if (end + 1 < rest.size && rest.data[end] == '\r' && rest.data[end + 1] == '\n')
        end++;
    reading->rest = str_sub(rest, end < rest.size ? end + 1 : end, rest.size);
}

static bool is_blank(str line)
{
    return str_trim(line).size == 0;
}

static error bad_line(const struct reading *reading, const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "file", "Line %zu: %s", reading->line_number, what);
}

static bool take_number(str *rest, size_t digits_max, int64_t *ret_value)
{
    size_t size = 0;
    while (size < rest->size && isdigit((unsigned char)rest->data[size]))
        size++;
    bool good = size && size <= digits_max && str_to_int(str_sub(*rest, 0, size), ret_value);
    *rest = str_sub(*rest, size, rest->size);
    return good;
}

static bool take_sign(str *rest, const char *signs)
{
    bool found = rest->size && strchr(signs, rest->data[0]) && rest->data[0];
    if (found)
        *rest = str_sub(*rest, 1, rest->size);
    return found;
}

// [h:]mm:ss[.mmm]
static bool take_clock(str *rest, double *ret_seconds)
{
    int64_t parts[3] = { 0 }, fraction = 0;
    size_t count = 0;
    *rest = str_trim(*rest);
    do {
        if (!take_number(rest, 5, &parts[count++]))
            return false;
    } while (count < 3 && take_sign(rest, ":"));
    if (count < 2)
        return false;
    int64_t hours = count == 3 ? parts[0] : 0, minutes = parts[count - 2], seconds = parts[count - 1];
    double scale = 1;
    if (take_sign(rest, ".,")) {
        size_t before = rest->size;
        if (!take_number(rest, 9, &fraction))
            return false;
        for (size_t digits = before - rest->size; digits; digits--)
            scale *= 10;
    }
    if (seconds > 59 || (count == 3 && minutes > 59))
        return false;
    *ret_seconds = (double)(hours * 3600 + minutes * 60 + seconds) + (double)fraction / scale;
    return true;
}

static bool is_timing(str line)
{
    return line.data && str_find(line, STR("-->")) >= 0;
}

static error take_timing(const struct reading *reading, struct caption *caption)
{
    str rest = reading->line;
    bool good = take_clock(&rest, &caption->start);
    rest = str_trim(rest);
    good = good && str_starts(rest, STR("-->"));
    rest = str_sub(rest, 3, rest.size);
    good = good && take_clock(&rest, &caption->end);
    if (!good || (rest.size && rest.data[0] != ' ' && rest.data[0] != '\t'))
        return bad_line(reading, "this is no time such as 00:01:02.500 --> 00:01:04.000");
    return caption->end < caption->start ? bad_line(reading, "the subtitle ends before it begins") : OK;
}

// Code point of the reference that `text` begins with, or 0; *ret_size: its bytes.
static unsigned reference(str text, size_t *ret_size)
{
    static const struct {
        const char *name;
        unsigned code;
    } names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&nbsp;", ' ' }, { "&quot;", '"' },
        { "&apos;", '\'' }, { "&#39;", '\'' }, { "&lrm;", ' ' }, { "&rlm;", ' ' } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_starts(text, str_of(names[i].name))) {
            *ret_size = strlen(names[i].name);
            return names[i].code;
        }
    return 0;
}

// Bytes of the tag that `text` begins with (<i>, </v>, <00:00:01.000>, {\an8}), or 0. A < before a blank is just one.
static size_t tag_size(str text)
{
    char close = text.data[0] == '<' ? '>' : '}';
    bool likely = text.data[0] == '<'   ? text.size > 1 && (isalnum((unsigned char)text.data[1]) || text.data[1] == '/')
                  : text.data[0] == '{' ? text.size > 1 && text.data[1] == '\\'
                                        : false;
    ptrdiff_t end = likely ? str_index(text, close) : -1;
    return end < 0 ? 0 : (size_t)end + 1;
}

// Runs of blanks become one; control characters count as blanks.
static str tidy(struct arena *arena, str text)
{
    char *clean = arena_alloc_raw(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        bool blank = (unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7F;
        if (!blank)
            clean[size++] = text.data[i];
        else if (size && clean[size - 1] != ' ')
            clean[size++] = ' ';
    }
    while (size && clean[size - 1] == ' ')
        size--;
    clean[size] = 0;
    return (str) { clean, size };
}

// <v Name> or <v.loud Name>
static void take_speaker(struct arena *arena, str tag, struct caption *caption)
{
    ptrdiff_t blank = str_index(tag, ' ');
    if (caption->speaker.data || blank < 0 || !str_starts(tag, STR("<v")) || (tag.data[2] != ' ' && tag.data[2] != '.'))
        return;
    str name = str_sub(tag, (size_t)blank, tag.size - (size_t)blank - 1);
    name = str_is_utf8(name) ? str_trim(str_cut_utf8(str_trim(tidy(arena, name)), NAME_BYTES)) : STR_NONE;
    if (name.size)
        caption->speaker = str_copy(arena, name);
}

static void add_text(struct arena *arena, str line, struct caption *caption, struct buffer *text)
{
    if (text->size)
        buffer_append_byte(text, ' ');
    while (line.size) {
        size_t size = tag_size(line);
        unsigned code = size ? 0 : reference(line, &size);
        if (size && !code)
            take_speaker(arena, str_sub(line, 0, size), caption);
        else
            buffer_append_byte(text, code ? (char)code : line.data[0]);
        line = str_sub(line, size ? size : 1, line.size);
    }
}

static error keep(struct reading *reading, struct caption caption)
{
    if (reading->count == CAPTIONS_MAX)
        return bad_line(reading, "there are too many subtitles; the most is 50,000");
    if (reading->count == reading->room) {
        size_t room = reading->room ? reading->room * 2 : 64;
        reading->captions = arena_grow(reading->arena,
            reading->captions ? reading->captions : arena_alloc(reading->arena, 0), reading->room * sizeof caption,
            room * sizeof caption);
        reading->room = room;
    }
    reading->captions[reading->count++] = caption;
    return OK;
}

static bool is_number(str line)
{
    int64_t value;
    return str_to_int(str_trim(line), &value);
}

// From the line with the times to behind its text. Where the blank line is missing, the next times end the text, and a
// number before them is not said.
static error take_caption(struct reading *reading)
{
    struct caption caption = { .speaker = STR_NONE };
    BUFFER_AUTO struct buffer text = { .limit = CAPTION_BYTES };
    str held = STR_NONE;
    TRY(take_timing(reading, &caption));
    next_line(reading);
    for (; reading->line.data && !is_blank(reading->line) && !is_timing(reading->line); next_line(reading)) {
        if (held.data)
            add_text(reading->arena, held, &caption, &text);
        held = reading->line;
    }
    if (held.data && !(is_timing(reading->line) && is_number(held)))
        add_text(reading->arena, held, &caption, &text);
    if (text.failed)
        return bad_line(reading, "the text before it is too long for a subtitle");
    if (!str_is_utf8(buffer_str(&text)))
        return bad_line(reading, "the text before it is not UTF-8; save the file as UTF-8");
    caption.text = tidy(reading->arena, buffer_str(&text));
    return caption.text.size ? keep(reading, caption) : OK;
}

static void skip_block(struct reading *reading)
{
    while (reading->line.data && !is_blank(reading->line))
        next_line(reading);
}

// NOTE, STYLE and REGION of WebVTT.
static bool is_remark(str line)
{
    static const char *const words[] = { "NOTE", "STYLE", "REGION" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t size = strlen(words[i]);
        if (str_starts(line, str_of(words[i]))
            && (line.size == size || line.data[size] == ' ' || line.data[size] == '\t'))
            return true;
    }
    return false;
}

static error take_block(struct reading *reading)
{
    bool is_note = is_remark(reading->line);
    if (!is_timing(reading->line)) {
        str first = reading->line;
        next_line(reading);
        if (!is_timing(reading->line)) {
            if (is_note) {
                skip_block(reading);
                return OK;
            }
            if (!reading->line.data && is_number(first)) // a number that nothing follows: the file was cut
                return OK;
            return bad_line(reading, "here should be the times of a subtitle, such as 00:01:02.500 --> 00:01:04.000");
        }
    }
    return take_caption(reading);
}

struct ordered {
    struct caption caption;
    size_t place;
};

static int by_start(const void *a, const void *b)
{
    const struct ordered *left = a, *right = b;
    if (left->caption.start != right->caption.start)
        return left->caption.start < right->caption.start ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

static struct list sorted(struct reading *reading)
{
    struct ordered *all = ARENA_ARRAY(reading->arena, struct ordered, reading->count);
    for (size_t i = 0; i < reading->count; i++)
        all[i] = (struct ordered) { reading->captions[i], i };
    qsort(all, reading->count, sizeof *all, by_start);
    for (size_t i = 0; i < reading->count; i++)
        reading->captions[i] = all[i].caption;
    return (struct list) { reading->captions, reading->count };
}

error caption_file_read(struct arena *arena, str bytes, struct list *ret_captions)
{
    if (str_starts(bytes, STR("\xFE\xFF")) || str_starts(bytes, STR("\xFF\xFE")))
        return error_make(ERROR_VALIDATION_ERROR, "file", "The file is UTF-16; save it as UTF-8");
    if (bytes.size > CAPTION_FILE_BYTES)
        return error_make(ERROR_VALIDATION_ERROR, "file", "A file of subtitles may have at most 4 MB");
    bool has_mark = str_starts(bytes, STR("\xEF\xBB\xBF"));
    struct reading reading = { .arena = arena, .rest = str_sub(bytes, has_mark ? 3 : 0, bytes.size) };
    next_line(&reading);
    if (str_starts(reading.line, STR("WEBVTT")))
        while (reading.line.data && !is_blank(reading.line) && !is_timing(reading.line))
            next_line(&reading);
    while (reading.line.data) {
        if (is_blank(reading.line))
            next_line(&reading);
        else
            TRY(take_block(&reading));
    }
    if (!reading.count)
        return error_make(
            ERROR_VALIDATION_ERROR, "file", "There is no subtitle in the file: it should be SRT or WebVTT");
    *ret_captions = sorted(&reading);
    return OK;
}
