// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/search_tokens.h"

#include <string.h>
#include <utf8proc.h>

// Code points of a word that are looked at, and what compatibility forms may make of one of them (U+FDFA: 18).
enum { LETTERS_MAX = 64, EXPANSION_MAX = 18 };

enum kind { OTHER, LETTER, DIGIT, DENSE, MARK };

struct cutting {
    struct arena *arena;
    const utf8proc_uint8_t *data;
    size_t size, room;
    struct search_tokens out;
    size_t compound; // first word of the compound that is under way
};

struct letter {
    utf8proc_int32_t code;
    enum kind kind;
    size_t size; // bytes; 0 at the end
};

static bool is_within(utf8proc_int32_t code, const utf8proc_int32_t (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

// Scripts written without spaces, and Hangul, whose words carry endings.
static bool is_dense(utf8proc_int32_t code)
{
    static const utf8proc_int32_t ranges[][2] = { { 0x0E00, 0x0EFF }, { 0x1000, 0x11FF }, { 0x1780, 0x17FF },
        { 0x2E80, 0x2FDF }, { 0x3005, 0x3007 }, { 0x3040, 0x318F }, { 0x31F0, 0x31FF }, { 0x3400, 0x4DBF },
        { 0x4E00, 0x9FFF }, { 0xA960, 0xA97F }, { 0xAC00, 0xD7FF }, { 0xF900, 0xFAFF }, { 0xFF66, 0xFFDC },
        { 0x20000, 0x3FFFF } };
    return code >= 0x0E00 && is_within(code, ranges, sizeof ranges / sizeof *ranges);
}

// Accents of Latin, Greek and Cyrillic, and the vowel points of Hebrew and Arabic. Marks of other scripts are letters.
static bool is_accent(utf8proc_int32_t code)
{
    static const utf8proc_int32_t ranges[][2] = { { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05C7 },
        { 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x0670, 0x0670 }, { 0x06D6, 0x06ED }, { 0x1AB0, 0x1AFF },
        { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F } };
    return code >= 0x0300 && is_within(code, ranges, sizeof ranges / sizeof *ranges);
}

static enum kind kind_of(utf8proc_int32_t code)
{
    if (code < 0x80)
        return (code | 0x20) >= 'a' && (code | 0x20) <= 'z' ? LETTER : code >= '0' && code <= '9' ? DIGIT : OTHER;
    // Soft hyphens, joiners; the halfwidth voicing marks.
    if (code == 0xAD || code == 0x200C || code == 0x200D || code == 0x2060 || code == 0xFF9E || code == 0xFF9F)
        return MARK;
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return is_dense(code) ? DENSE : LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return is_dense(code) ? DENSE : DIGIT;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return MARK;
    default:
        return OTHER;
    }
}

static struct letter letter_at(const struct cutting *cutting, size_t at)
{
    if (at >= cutting->size)
        return (struct letter) { 0, OTHER, 0 };
    if (cutting->data[at] < 0x80)
        return (struct letter) { cutting->data[at], kind_of(cutting->data[at]), 1 };
    utf8proc_int32_t code;
    utf8proc_ssize_t size = utf8proc_iterate(cutting->data + at, (utf8proc_ssize_t)(cutting->size - at), &code);
    if (size <= 0 || code < 0)
        return (struct letter) { 0, OTHER, 1 };
    return (struct letter) { code, kind_of(code), (size_t)size };
}

// Letters whose strokes Unicode does not take for accents; case has been folded.
static const char *plain_form(utf8proc_int32_t code)
{
    static const struct {
        utf8proc_int32_t code;
        const char *plain;
    } forms[] = { { 0xE6, "ae" }, { 0xF0, "d" }, { 0xF8, "o" }, { 0xFE, "th" }, { 0x111, "d" }, { 0x127, "h" },
        { 0x131, "i" }, { 0x142, "l" }, { 0x153, "oe" }, { 0x167, "t" } };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].code == code)
            return forms[i].plain;
    return NULL;
}

static str fold_ascii(struct arena *arena, const utf8proc_uint8_t *data, size_t size)
{
    char *text = arena_alloc_raw(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(data[i] >= 'A' && data[i] <= 'Z' ? data[i] + 32 : data[i]);
    text[size] = 0;
    return (str) { text, size };
}

// Cut to SEARCH_TOKEN_BYTES; what is no letter or digit after all (the slash of one half) is left out.
static str encode(struct arena *arena, const utf8proc_int32_t *codes, utf8proc_ssize_t count)
{
    char text[SEARCH_TOKEN_BYTES + 8];
    size_t size = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];
        const char *plain = plain_form(codes[i]);
        if (!plain && (codes[i] < 0x80 || codes[i] == 0xAD) && kind_of(codes[i]) != LETTER
            && kind_of(codes[i]) != DIGIT)
            continue;
        if (!plain && kind_of(codes[i]) == OTHER)
            continue;
        size_t more = plain ? strlen(plain) : (size_t)utf8proc_encode_char(codes[i], bytes);
        if (size + more > SEARCH_TOKEN_BYTES)
            break;
        memcpy(text + size, plain ? plain : (const char *)bytes, more);
        size += more;
    }
    return str_copy(arena, (str) { text, size });
}

// Of the bytes [start, end), which are whole code points.
static str fold(struct arena *arena, const utf8proc_uint8_t *data, size_t start, size_t end)
{
    bool is_ascii = true;
    size_t letters = 0, stop = start;
    for (; stop < end && letters < LETTERS_MAX; letters++) {
        is_ascii = is_ascii && data[stop] < 0x80;
        stop++;
        while (stop < end && (data[stop] & 0xC0) == 0x80)
            stop++;
    }
    if (is_ascii)
        return fold_ascii(arena, data + start, stop - start);
    utf8proc_int32_t codes[LETTERS_MAX * EXPANSION_MAX];
    utf8proc_ssize_t room = LETTERS_MAX * EXPANSION_MAX, kept = 0;
    utf8proc_ssize_t count = utf8proc_decompose(data + start, (utf8proc_ssize_t)(stop - start), codes, room,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (count < 0 || count > room)
        return STR("");
    for (utf8proc_ssize_t i = 0; i < count; i++)
        if (!is_accent(codes[i]))
            codes[kept++] = codes[i];
    kept = utf8proc_normalize_utf32(codes, kept, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return kept < 0 ? STR("") : encode(arena, codes, kept);
}

// A word, unless nothing of it is left after folding.
static bool add_word(struct cutting *cutting, struct search_token token, size_t fold_end)
{
    struct search_tokens *out = &cutting->out;
    token.text = fold(cutting->arena, cutting->data, token.start, fold_end);
    if (!token.text.size)
        return false;
    if (out->word_count == cutting->room) {
        size_t room = cutting->room ? cutting->room * 2 : 32;
        out->words = arena_grow(cutting->arena, out->words ? out->words : arena_alloc(cutting->arena, 0),
            cutting->room * sizeof token, room * sizeof token);
        cutting->room = room;
    }
    out->words[out->word_count++] = token;
    return true;
}

// Ends the compound: of two words and more there is a joined form.
static void end_compound(struct cutting *cutting)
{
    struct search_tokens *out = &cutting->out;
    size_t first = cutting->compound;
    cutting->compound = out->word_count;
    if (out->word_count - first < 2)
        return;
    char text[SEARCH_TOKEN_BYTES];
    size_t size = 0;
    for (size_t i = first; i < out->word_count; i++) {
        str word = str_cut_utf8(out->words[i].text, SEARCH_TOKEN_BYTES - size);
        memcpy(text + size, word.data, word.size);
        size += word.size;
        if (word.size < out->words[i].text.size)
            break;
    }
    size_t count = out->joined_count;
    if ((count & (count - 1)) == 0) // grows at each power of two
        out->joined = arena_grow(cutting->arena, count ? out->joined : arena_alloc(cutting->arena, 0),
            count * sizeof *out->joined, (count ? count * 2 : 1) * sizeof *out->joined);
    out->joined[out->joined_count++] = (struct search_joined) { str_copy(cutting->arena, (str) { text, size }), first,
        out->word_count };
}

// Whether the character at `at` holds together what stands before and behind it; *ret_size: its bytes.
static bool holds(const struct cutting *cutting, enum kind before, size_t at, size_t *ret_size)
{
    struct letter sign = letter_at(cutting, at), next = letter_at(cutting, at + sign.size);
    *ret_size = sign.size;
    if ((before != LETTER && before != DIGIT) || (next.kind != LETTER && next.kind != DIGIT))
        return false;
    switch (sign.code) {
    case '-':
    case '_':
    case 0x2010:
    case 0x2011:
        return true;
    case '\'':
    case 0x2019:
        return before == LETTER || next.kind == LETTER;
    case '.':
        return before == LETTER && next.kind == LETTER;
    case ',':
        return before == DIGIT && next.kind == DIGIT;
    default:
        return false;
    }
}

// Letters and digits that stand together.
static size_t cut_word(struct cutting *cutting, size_t start)
{
    size_t at = start, sign;
    enum kind last = OTHER;
    for (struct letter one; (one = letter_at(cutting, at)).kind == LETTER || one.kind == DIGIT || one.kind == MARK;
         at += one.size)
        last = one.kind == MARK ? last : one.kind;
    (void)add_word(cutting, (struct search_token) { .start = start, .end = at }, at);
    if (holds(cutting, last, at, &sign))
        return at + sign;
    end_compound(cutting);
    return at;
}

// Behind a letter and its marks.
static size_t cluster_end(const struct cutting *cutting, size_t at)
{
    at += letter_at(cutting, at).size;
    for (struct letter one; (one = letter_at(cutting, at)).kind == MARK; at += one.size)
        ;
    return at;
}

// A run of a script without spaces, as overlapping pairs.
static size_t cut_dense(struct cutting *cutting, size_t start)
{
    size_t at = start;
    bool had_pair = false;
    end_compound(cutting);
    while (letter_at(cutting, at).kind == DENSE) {
        size_t second = cluster_end(cutting, at);
        bool is_pair = letter_at(cutting, second).kind == DENSE;
        size_t end = is_pair ? cluster_end(cutting, second) : second;
        (void)add_word(cutting,
            (struct search_token) { .start = at, .end = end, .is_single = !is_pair, .is_tail = !is_pair && had_pair },
            end);
        had_pair |= is_pair;
        at = second;
    }
    cutting->compound = cutting->out.word_count;
    return at;
}

void search_tokens(struct arena *arena, str text, struct search_tokens *ret_tokens)
{
    struct cutting cutting = { .arena = arena, .data = (const utf8proc_uint8_t *)text.data, .size = text.size };
    for (size_t at = 0; at < text.size;) {
        struct letter one = letter_at(&cutting, at);
        if (one.kind == DENSE)
            at = cut_dense(&cutting, at);
        else if (one.kind == LETTER || one.kind == DIGIT)
            at = cut_word(&cutting, at);
        else
            at += one.size;
    }
    end_compound(&cutting);
    *ret_tokens = cutting.out;
}
