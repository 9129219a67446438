// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_text.h"

#include <ctype.h>
#include <string.h>

#include "base/buffer.h"
#include "domain/search_tokens.h"
#include "work/voice_english.h"

static const double PAUSE_S_MOST = 60;

// A text while it is rewritten: its bytes, and where each comes from.
struct traced {
    struct arena *arena;
    char *bytes;
    size_t *origin;
    size_t size, room;
};

static void put(struct traced *to, const char *bytes, size_t size, size_t origin, bool stays)
{
    if (to->size + size > to->room) {
        size_t room = (to->size + size) * 2 + 64;
        to->bytes = arena_grow(to->arena, to->bytes, to->room, room);
        to->origin = arena_grow(to->arena, to->origin, to->room * sizeof *to->origin, room * sizeof *to->origin);
        to->room = room;
    }
    for (size_t i = 0; i < size; i++) {
        to->bytes[to->size] = bytes[i];
        to->origin[to->size++] = stays ? origin : origin + i;
    }
}

static str traced_str(const struct traced *traced)
{
    return (str) { traced->bytes ? traced->bytes : "", traced->size };
}

// Marks

// "[pause 0.5s]" or "[pause 500ms]" at the front; its size in bytes, or 0.
static size_t pause_mark(str text, double *ret_seconds)
{
    str start = STR("[pause ");
    ptrdiff_t end = str_index(text, ']');
    if (end < 0 || !str_equal_fold(str_sub(text, 0, start.size), start))
        return 0;
    str length = str_trim(str_sub(text, start.size, (size_t)end - start.size));
    double scale = 1, value;
    if (str_ends(length, STR("ms"))) {
        length.size -= 2;
        scale = 0.001;
    } else if (str_ends(length, STR("s"))) {
        length.size--;
    }
    if (!str_to_number(str_trim(length), &value) || value < 0 || value * scale > PAUSE_S_MOST)
        return 0;
    *ret_seconds = value * scale;
    return (size_t)end + 1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// A star that opens or closes emphasis: it touches a word on one side.
static bool is_star(str text, size_t at, bool open)
{
    if (text.data[at] != '*')
        return false;
    bool before = at > 0 && !is_space(text.data[at - 1]) && text.data[at - 1] != '*';
    bool after = at + 1 < text.size && !is_space(text.data[at + 1]) && text.data[at + 1] != '*';
    if (open)
        return before;
    if (!after)
        return false;
    for (size_t end = at + 1; end < text.size && text.data[end] != '\n'; end++)
        if (text.data[end] == '*' && is_star(text, end, true))
            return true;
    return false;
}

str voice_text_plain(struct arena *arena, str text)
{
    BUFFER_AUTO struct buffer out = { 0 };
    bool loud = false;
    double pause;
    for (size_t at = 0; at < text.size;) {
        size_t mark = text.data[at] == '[' ? pause_mark(str_sub(text, at, text.size), &pause) : 0;
        if (!mark && is_star(text, at, loud)) {
            loud = !loud;
            mark = 1;
        }
        if (!mark)
            buffer_append_byte(&out, text.data[at]);
        at += mark ? mark : 1;
    }
    return str_copy(arena, out.size ? buffer_str(&out) : STR(""));
}

// Sentences

static bool is_english(str language)
{
    return str_starts(language, STR("en"));
}

// The size of what ends a sentence at this byte, with the marks that close behind it; 0: nothing does.
static size_t end_mark(str text, size_t at, bool english)
{
    static const char *const wide[] = { "\xE2\x80\xA6", "\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F",
        "\xE0\xA5\xA4" };
    size_t size = strchr(".!?", text.data[at]) && text.data[at] ? 1 : 0;
    bool is_wide = false;
    for (size_t i = 0; !size && i < sizeof wide / sizeof *wide; i++)
        if (str_starts(str_sub(text, at, 3), str_of(wide[i]))) {
            size = 3;
            is_wide = i > 0;
        }
    if (!size)
        return 0;
    while (at + size < text.size && strchr(".!?\"')]", text.data[at + size]))
        size++;
    size_t next = at + size;
    if (!is_wide && next < text.size && !is_space(text.data[next]))
        return 0;
    if (text.data[at] != '.')
        return size;
    size_t word = at;
    while (word > 0 && !is_space(text.data[word - 1]) && !strchr("(\"'[", text.data[word - 1]))
        word--;
    while (next < text.size && is_space(text.data[next]))
        next++;
    bool number = next < text.size && isdigit((unsigned char)text.data[next]);
    if (english && size == 1 && english_is_abbreviation(str_sub(text, word, at - word), number))
        return 0;
    return next < text.size && islower((unsigned char)text.data[next]) ? 0 : size;
}

// Where the sentence that begins at `from` ends: after its mark, at a line's end, or where it would be too long.
static size_t sentence_end(str text, size_t from, bool english)
{
    size_t comma = 0, blank = 0;
    for (size_t at = from; at < text.size; at++) {
        size_t mark = end_mark(text, at, english);
        if (mark)
            return at + mark;
        if (text.data[at] == '\n' && at > from)
            return at;
        if (is_space(text.data[at]))
            blank = at;
        if (strchr(",;:", text.data[at]) && text.data[at])
            comma = at + 1;
        if (at - from >= VOICE_SENTENCE_BYTES) {
            size_t cut = comma > from + VOICE_SENTENCE_BYTES / 2 ? comma : blank > from ? blank : at;
            while (cut > from + 1 && (text.data[cut] & 0xC0) == 0x80)
                cut--;
            return cut;
        }
    }
    return text.size;
}

// Words

struct reader {
    struct arena *arena;
    const json_t *pronunciations;
    str language, text; // without marks
    const size_t *origin;
};

static str next_word(str text, size_t at, size_t end, size_t *ret_begin)
{
    while (at < end && is_space(text.data[at]))
        at++;
    size_t begin = at;
    while (at < end && !is_space(text.data[at]))
        at++;
    *ret_begin = begin;
    return at > begin ? str_sub(text, begin, at - begin) : STR_NONE;
}

static bool is_mark(char c, bool front)
{
    return strchr(front ? "\"'([{<" : "\"')]}>,;:!?.", c) && c;
}

// The word between the marks around it.
static str bare(str word, size_t *ret_front)
{
    size_t front = 0, end = word.size;
    while (front < end && is_mark(word.data[front], true))
        front++;
    while (end > front && is_mark(word.data[end - 1], false))
        end--;
    *ret_front = front;
    return str_sub(word, front, end - front);
}

// Case, accents and marks are no matter: the tokens of search, joined.
static str folded(struct arena *arena, str word)
{
    struct search_tokens tokens;
    search_tokens(arena, word, &tokens);
    return tokens.joined_count == 1 ? tokens.joined[0].text : tokens.word_count == 1 ? tokens.words[0].text : STR("");
}

static str pronounced(const struct reader *reader, str word)
{
    if (!json_array_size(reader->pronunciations) || !word.size)
        return STR_NONE;
    str key = folded(reader->arena, word);
    for (size_t i = 0; key.size && i < json_array_size(reader->pronunciations); i++) {
        const json_t *one = json_array_get(reader->pronunciations, i);
        if (str_equal(json_get_str(one, "word"), key))
            return json_get_str(one, "spoken");
    }
    return STR_NONE;
}

// Says one word and gives where the next one is to be looked for.
static size_t say_word(const struct reader *reader, size_t begin, str word, str before, size_t end, struct traced *out)
{
    size_t front, next, after_front;
    str text = reader->text, core = bare(word, &front);
    str behind = str_sub(word, front + core.size, word.size);
    size_t done = begin + word.size;
    str after = next_word(text, done, end, &next), after_core = after.data ? bare(after, &after_front) : STR_NONE;
    struct english_said said = { .words = pronounced(reader, core) };
    if (!said.words.data && is_english(reader->language) && core.size) {
        struct english_word asked = { .word = core,
            .before = before,
            .after = behind.size && !str_equal_c(behind, ".") ? STR_NONE : after_core,
            .ends_with_dot = behind.size && behind.data[0] == '.',
            .is_british = str_starts(reader->language, STR("en-gb")) };
        said = english_say(reader->arena, &asked);
    }
    if (!said.words.data) {
        for (size_t i = 0; i < word.size; i++)
            put(out, word.data + i, 1, reader->origin[begin + i], true);
        return done;
    }
    for (size_t i = 0; i < front; i++)
        put(out, word.data + i, 1, reader->origin[begin + i], true);
    put(out, said.words.data, said.words.size, reader->origin[begin + front], true);
    size_t rest = front + core.size + (said.eats_dot && behind.size > 0);
    if (said.eats_after) {
        done = next + after.size;
        rest = word.size;
        str marks = str_sub(after, after_front + after_core.size, after.size);
        for (size_t i = 0; i < marks.size; i++)
            put(out, marks.data + i, 1, reader->origin[next + after_front + after_core.size + i], true);
    }
    for (size_t i = rest; i < word.size; i++)
        put(out, word.data + i, 1, reader->origin[begin + i], true);
    return done;
}

static bool has_sound(str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (isalnum((unsigned char)text.data[i]) || (unsigned char)text.data[i] >= 0xC0)
            return true;
    return false;
}

static void add_sentence(const struct reader *reader, size_t from, size_t to, double *pause_s, struct voice_text *text)
{
    struct traced out = { .arena = reader->arena };
    str before = STR_NONE;
    for (size_t at = from, begin; at < to;) {
        str word = next_word(reader->text, at, to, &begin);
        if (!word.data)
            break;
        if (out.size)
            put(&out, " ", 1, reader->origin[begin], true);
        at = say_word(reader, begin, word, before, to, &out);
        before = word;
    }
    if (!has_sound(traced_str(&out)))
        return;
    put(&out, "", 1, reader->origin[to - 1] + 1, true); // ends the text for C, and for marks at its end
    text->sentences = arena_grow(reader->arena, text->sentences, text->count * sizeof *text->sentences,
        (text->count + 1) * sizeof *text->sentences);
    text->sentences[text->count++] = (struct voice_sentence) { .pause_s = *pause_s,
        .said = { out.bytes, out.size - 1 },
        .origin = out.origin,
        .from = reader->origin[from],
        .to = reader->origin[to - 1] + 1 };
    *pause_s = 0;
}

// A stretch between pauses.
static void add_sentences(struct reader *reader, const struct traced *run, double *pause_s, struct voice_text *text)
{
    reader->text = traced_str(run);
    reader->origin = run->origin;
    for (size_t from = 0, to; from < run->size; from = to) {
        to = sentence_end(reader->text, from, is_english(reader->language));
        add_sentence(reader, from, to, pause_s, text);
    }
}

void voice_text_read(
    struct arena *arena, str text, str language, const json_t *pronunciations, struct voice_text *ret_text)
{
    struct reader reader = { .arena = arena, .pronunciations = pronunciations, .language = str_lower(arena, language) };
    struct traced run = { .arena = arena };
    double pause_s = 0, seconds;
    bool loud = false;
    *ret_text = (struct voice_text) { .is_loud = ARENA_ARRAY(arena, bool, text.size + 1) };
    for (size_t at = 0; at < text.size;) {
        size_t mark = text.data[at] == '[' ? pause_mark(str_sub(text, at, text.size), &seconds) : 0;
        if (mark) {
            add_sentences(&reader, &run, &pause_s, ret_text);
            run = (struct traced) { .arena = arena };
            pause_s += seconds;
            at += mark;
            continue;
        }
        if (is_star(text, at, loud)) {
            loud = !loud;
            at++;
            continue;
        }
        ret_text->is_loud[at] = loud;
        put(&run, text.data + at, 1, at, true);
        at++;
    }
    add_sentences(&reader, &run, &pause_s, ret_text);
    ret_text->pause_s = pause_s;
}
