// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/word_align.h"

#include <string.h>

// Beyond this many words on both sides of a difference no best match is sought (the table would be too large).
enum { TABLE_MAX = 4000 * 1000 };

struct word {
    str text;
    double start, end, confidence;
    size_t segment;
};

struct words {
    struct word *items;
    size_t count;
};

static struct words split(struct arena *arena, str text)
{
    struct words words = { ARENA_ARRAY(arena, struct word, text.size / 2 + 1), 0 };
    for (size_t i = 0; i < text.size;) {
        size_t from = i;
        while (i < text.size && (unsigned char)text.data[i] > ' ')
            i++;
        if (i > from)
            words.items[words.count++] = (struct word) { .text = str_sub(text, from, i - from), .confidence = 1 };
        else
            i++;
    }
    return words;
}

// Spreads the time from `start` to `end` over new words [from, to).
static void spread(struct words *fresh, size_t from, size_t to, double start, double end, size_t segment)
{
    size_t letters = 0;
    for (size_t i = from; i < to; i++)
        letters += str_length_utf8(fresh->items[i].text) + 1;
    double at = start;
    for (size_t i = from; i < to; i++) {
        double share = (end - start) * (double)(str_length_utf8(fresh->items[i].text) + 1) / (double)letters;
        fresh->items[i].start = at;
        fresh->items[i].end = at + share;
        fresh->items[i].segment = segment;
        at += share;
    }
}

static void take_words(struct words *words, const json_t *list, size_t segment)
{
    size_t k;
    const json_t *word;
    json_array_foreach ((json_t *)list, k, word)
        words->items[words->count++] = (struct word) { json_get_str(word, "text"), json_get_number(word, "start", 0),
            json_get_number(word, "end", 0), json_get_number(word, "confidence", 0), segment };
}

// Of a segment that has only a text, its words with the time spread over them.
static void take_text(struct arena *arena, struct words *words, const struct segment *row, size_t segment)
{
    struct words said = split(arena, row->text);
    memcpy(words->items + words->count, said.items, said.count * sizeof *said.items);
    words->count += said.count;
    spread(words, words->count - said.count, words->count, row->start_time, row->end_time, segment);
}

static error old_words(struct arena *arena, const struct list *segments, struct words *ret_words)
{
    struct words words = { 0 };
    const struct segment *rows = segments->items;
    json_t **lists = ARENA_ARRAY(arena, json_t *, segments->count);
    size_t total = 0;
    for (size_t i = 0; i < segments->count; i++) {
        TRY(json_read(arena, rows[i].words.text, &lists[i]));
        total += json_array_size(lists[i]) ? json_array_size(lists[i]) : rows[i].text.size / 2 + 1;
    }
    words.items = ARENA_ARRAY(arena, struct word, total);
    for (size_t i = 0; i < segments->count; i++)
        if (json_array_size(lists[i]))
            take_words(&words, lists[i], i);
        else
            take_text(arena, &words, &rows[i], i);
    *ret_words = words;
    return OK;
}

// Old words [a0, a1) were replaced by new words [b0, b1).
static void replace(const struct words *old, size_t a0, size_t a1, struct words *fresh, size_t b0, size_t b1)
{
    if (b0 == b1)
        return;
    if (a0 < a1) {
        spread(fresh, b0, b1, old->items[a0].start, old->items[a1 - 1].end, old->items[a0].segment);
    } else if (a0 > 0) {
        double start = old->items[a0 - 1].end;
        double end = a0 < old->count ? old->items[a0].start : start;
        spread(fresh, b0, b1, start, end > start ? end : start, old->items[a0 - 1].segment);
    } else {
        spread(fresh, b0, b1, 0, old->items[0].start, 0);
    }
}

// Longest common subsequence by the classic table (Wagner and Fischer 1974) of what lies between common ends.
static void match(
    struct arena *arena, const struct words *old, size_t a0, size_t a1, struct words *fresh, size_t b0, size_t b1)
{
    size_t rows = a1 - a0, columns = b1 - b0;
    if (rows == 0 || columns == 0 || rows * columns > TABLE_MAX) {
        replace(old, a0, a1, fresh, b0, b1);
        return;
    }
    uint16_t *table = ARENA_ARRAY(arena, uint16_t, (rows + 1) * (columns + 1));
#define AT(r, c) table[(r) * (columns + 1) + (c)]
    for (size_t r = rows; r-- > 0;)
        for (size_t c = columns; c-- > 0;) {
            uint16_t down = AT(r + 1, c), right = AT(r, c + 1);
            AT(r, c) = str_equal(old->items[a0 + r].text, fresh->items[b0 + c].text) ? (uint16_t)(AT(r + 1, c + 1) + 1)
                       : down > right                                                ? down
                                                                                     : right;
        }
    size_t r = 0, c = 0, r_from = 0, c_from = 0;
    while (r < rows && c < columns) {
        if (str_equal(old->items[a0 + r].text, fresh->items[b0 + c].text)) {
            replace(old, a0 + r_from, a0 + r, fresh, b0 + c_from, b0 + c);
            fresh->items[b0 + c] = old->items[a0 + r];
            r_from = ++r;
            c_from = ++c;
        } else if (AT(r + 1, c) >= AT(r, c + 1)) {
            r++;
        } else {
            c++;
        }
    }
#undef AT
    replace(old, a0 + r_from, a1, fresh, b0 + c_from, b1);
}

static void put_word(struct json_out *out, const struct word *word)
{
    json_object_begin(out);
    json_key(out, "confidence");
    json_put_number(out, word->confidence);
    json_key(out, "end");
    json_put_number(out, word->end);
    json_key(out, "start");
    json_put_number(out, word->start);
    json_key(out, "text");
    json_put_str(out, word->text);
    json_object_end(out);
}

static void rewrite(struct arena *arena, const struct words *fresh, struct list *segments)
{
    size_t at = 0;
    for (size_t i = 0; i < segments->count; i++) {
        struct segment *segment = &((struct segment *)segments->items)[i];
        BUFFER_AUTO struct buffer text = { 0 }, json = { 0 };
        struct json_out out = { .buffer = &json };
        json_array_begin(&out);
        for (; at < fresh->count && fresh->items[at].segment <= i; at++) {
            if (text.size)
                buffer_append_byte(&text, ' ');
            buffer_append_str(&text, fresh->items[at].text);
            put_word(&out, &fresh->items[at]);
        }
        json_array_end(&out);
        segment->text = str_copy(arena, buffer_str(&text));
        segment->words.text = str_copy(arena, buffer_str(&json));
    }
}

error word_align(struct arena *arena, str text, struct list *segments)
{
    struct words old, fresh = split(arena, text);
    TRY(old_words(arena, segments, &old));
    if (old.count == 0)
        return OK;
    size_t head = 0, tail = 0;
    while (head < old.count && head < fresh.count && str_equal(old.items[head].text, fresh.items[head].text)) {
        fresh.items[head] = old.items[head];
        head++;
    }
    while (tail < old.count - head && tail < fresh.count - head
           && str_equal(old.items[old.count - 1 - tail].text, fresh.items[fresh.count - 1 - tail].text)) {
        fresh.items[fresh.count - 1 - tail] = old.items[old.count - 1 - tail];
        tail++;
    }
    match(arena, &old, head, old.count - tail, &fresh, head, fresh.count - tail);
    rewrite(arena, &fresh, segments);
    return OK;
}
