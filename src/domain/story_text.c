// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "domain/story_parts.h"

bool story_pause(str *rest, double *ret_seconds)
{
    if (!str_starts(*rest, STR("[pause")))
        return false;
    ptrdiff_t close = str_index(*rest, ']');
    if (close < 0)
        return false;
    str value = str_trim(str_sub(*rest, 6, (size_t)close - 6));
    double scale = 1, seconds = 0.5;
    if (str_ends(value, STR("ms"))) {
        scale = 0.001;
        value.size -= 2;
    } else if (str_ends(value, STR("s"))) {
        value.size -= 1;
    }
    if (value.size && (!str_to_number(str_trim(value), &seconds) || seconds < 0 || seconds * scale > 60))
        return false;
    *ret_seconds = value.size ? seconds * scale : 0.5;
    *rest = str_sub(*rest, (size_t)close + 1, rest->size);
    return true;
}

// "[label](target)" at the start: gives the label.
static bool link_at(str text, str *ret_label, size_t *ret_size)
{
    ptrdiff_t close = text.size && text.data[0] == '[' ? str_find(text, STR("](")) : -1;
    if (close < 0)
        return false;
    ptrdiff_t end = str_index(str_sub(text, (size_t)close, text.size), ')');
    if (end < 0)
        return false;
    *ret_label = str_sub(text, 1, (size_t)close - 1);
    *ret_size = (size_t)(close + end) + 1;
    return true;
}

static bool is_word_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u >= '0' && u <= '9') || ((u | 32) >= 'a' && (u | 32) <= 'z');
}

// An underscore inside a word is a letter of it.
static bool is_mark(str text, size_t i)
{
    char c = text.data[i];
    if (c == '*' || c == '`')
        return true;
    bool inside = i && i + 1 < text.size && is_word_byte(text.data[i - 1]) && is_word_byte(text.data[i + 1]);
    return c == '_' && !inside;
}

str story_plain(struct arena *arena, str text)
{
    char *out = arena_alloc_raw(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        str label;
        size_t link_size;
        if (text.data[i] == '\\' && i + 1 < text.size && strchr("\\`*_{}[]()#+-.!<>", text.data[i + 1])) {
            out[size++] = text.data[++i];
        } else if (link_at(str_sub(text, i, text.size), &label, &link_size)) {
            label = story_plain(arena, label);
            memcpy(out + size, label.data, label.size);
            size += label.size;
            i += link_size - 1;
        } else if (!is_mark(text, i)) {
            out[size++] = text.data[i];
        }
    }
    out[size] = '\0';
    return (str) { out, size };
}

int64_t story_word_count(str text)
{
    int64_t count = 0;
    bool inside = false;
    while (text.size) {
        double seconds;
        if (text.data[0] == '[' && story_pause(&text, &seconds)) {
            inside = false;
            continue;
        }
        bool space = strchr(" \t\r\n", text.data[0]) != NULL;
        count += !space && !inside && is_word_byte(text.data[0]);
        inside = !space && (inside || is_word_byte(text.data[0]));
        text = str_sub(text, 1, text.size);
    }
    return count;
}

// A full stop behind these ends no sentence.
static bool is_abbreviation(str before)
{
    static const char *const list[] = { "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "vs", "etc", "e.g", "i.e", "No", "Fig",
        "z.B", "bzw", "ca" };
    size_t start = before.size;
    while (start && !strchr(" \t\n(", before.data[start - 1]))
        start--;
    str word = str_sub(before, start, before.size);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (str_equal_c(word, list[i]))
            return true;
    return word.size == 1 && word.data[0] >= 'A' && word.data[0] <= 'Z' && word.data[0] != 'I';
}

bool story_sentence(str *rest, str *ret_sentence)
{
    str text = str_trim(*rest);
    if (!text.size)
        return false;
    size_t end = text.size;
    for (size_t i = 0; i < text.size; i++) {
        if (!strchr(".!?", text.data[i]) || (text.data[i] == '.' && is_abbreviation(str_sub(text, 0, i))))
            continue;
        size_t after = i + 1;
        while (after < text.size && strchr(".!?\"')", text.data[after]))
            after++;
        if (after == text.size || strchr(" \t\r\n", text.data[after])) {
            end = after;
            break;
        }
    }
    *ret_sentence = str_sub(text, 0, end);
    *rest = str_sub(text, end, text.size);
    return true;
}
