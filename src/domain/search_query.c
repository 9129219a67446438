// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/search_query.h"

#include <string.h>

#include "base/buffer.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// A term of all the words of `text`, unless it has none.
static void add_term(struct arena *arena, str text, bool is_negative, bool is_prefix, struct search_query *query)
{
    struct search_tokens tokens;
    if (query->count == SEARCH_TERMS_MAX)
        return;
    search_tokens(arena, text, &tokens);
    // The lone last letter of a run is there for queries of one letter.
    if (tokens.word_count && tokens.words[tokens.word_count - 1].is_tail)
        tokens.word_count--;
    if (!tokens.word_count)
        return;
    struct search_term *term = &query->terms[query->count++];
    *term = (struct search_term) { .is_negative = is_negative };
    while (term->count < tokens.word_count && term->count < SEARCH_PHRASE_MAX) {
        term->words[term->count] = tokens.words[term->count].text;
        term->count++;
    }
    bool is_whole = term->count == tokens.word_count;
    term->is_prefix = is_whole && (is_prefix || tokens.words[term->count - 1].is_single);
    if (tokens.joined_count == 1 && tokens.joined[0].first == 0 && tokens.joined[0].end == term->count)
        term->joined = tokens.joined[0].text;
    query->positive_count += !is_negative;
}

void search_query_parse(struct arena *arena, str text, struct search_query *ret_query)
{
    struct search_query query = { .count = 0 };
    for (size_t at = 0; at < text.size;) {
        if (is_blank(text.data[at])) {
            at++;
            continue;
        }
        bool is_negative = text.data[at] == '-';
        at += is_negative;
        bool is_quoted = at < text.size && text.data[at] == '"';
        at += is_quoted;
        size_t start = at;
        while (at < text.size && (is_quoted ? text.data[at] != '"' : !is_blank(text.data[at]) && text.data[at] != '"'))
            at++;
        str part = str_sub(text, start, at - start);
        at += is_quoted && at < text.size;
        bool is_prefix = str_ends(part, STR("*"));
        if (is_quoted && at < text.size && text.data[at] == '*') {
            is_prefix = true;
            at++;
        }
        add_term(arena, part, is_negative, is_prefix, &query);
    }
    *ret_query = query;
}

static void put_fts5(struct buffer *out, const struct search_term *term)
{
    buffer_append_c(out, term->count > 1 ? "(words : \"" : "(\"");
    for (size_t i = 0; i < term->count; i++) {
        buffer_append_c(out, i ? " " : "");
        buffer_append_str(out, term->words[i]);
    }
    buffer_append_c(out, term->is_prefix ? "\" *" : "\"");
    if (term->joined.data)
        buffer_format(out, " OR \"%.*s\"%s", STR_ARGS(term->joined), term->is_prefix ? " *" : "");
    buffer_append_byte(out, ')');
}

static void put_tsquery(struct buffer *out, const struct search_term *term)
{
    buffer_append_byte(out, '(');
    for (size_t i = 0; i < term->count; i++)
        buffer_format(out, "%s'%.*s'", i ? " <-> " : "", STR_ARGS(term->words[i]));
    buffer_append_c(out, term->is_prefix ? ":*" : "");
    if (term->joined.data)
        buffer_format(out, " | '%.*s'%s", STR_ARGS(term->joined), term->is_prefix ? ":*" : "");
    buffer_append_byte(out, ')');
}

// First those that must be there, then those that must not, each behind its word.
static str write(struct arena *arena, const struct search_query *query,
    void (*put)(struct buffer *out, const struct search_term *term), const char *and_word, const char *not_word)
{
    BUFFER_AUTO struct buffer out = { 0 };
    buffer_append_byte(&out, '(');
    for (size_t i = 0; i < query->count; i++)
        if (!query->terms[i].is_negative) {
            buffer_append_c(&out, out.size > 1 ? and_word : "");
            put(&out, &query->terms[i]);
        }
    buffer_append_byte(&out, ')');
    for (size_t i = 0; i < query->count; i++)
        if (query->terms[i].is_negative) {
            buffer_append_c(&out, not_word);
            put(&out, &query->terms[i]);
        }
    return str_copy(arena, buffer_str(&out));
}

str search_query_fts5(struct arena *arena, const struct search_query *query)
{
    return write(arena, query, put_fts5, " AND ", " NOT ");
}

str search_query_tsquery(struct arena *arena, const struct search_query *query)
{
    return write(arena, query, put_tsquery, " & ", " & !");
}

str search_words_text(struct arena *arena, const struct search_tokens *tokens)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < tokens->word_count; i++) {
        buffer_append_c(&out, i ? " " : "");
        buffer_append_str(&out, tokens->words[i].text);
    }
    return out.size ? str_copy(arena, buffer_str(&out)) : STR("");
}

str search_joined_text(struct arena *arena, const struct search_tokens *tokens)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < tokens->joined_count; i++) {
        buffer_append_c(&out, i ? " " : "");
        buffer_append_str(&out, tokens->joined[i].text);
    }
    return out.size ? str_copy(arena, buffer_str(&out)) : STR("");
}

str search_tsvector(struct arena *arena, const struct search_tokens *tokens)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < tokens->word_count; i++)
        buffer_format(&out, "'%.*s':%zu ", STR_ARGS(tokens->words[i].text), i + 1);
    for (size_t i = 0; i < tokens->joined_count; i++)
        buffer_format(&out, "'%.*s':%zu ", STR_ARGS(tokens->joined[i].text), 10000 + 2 * i);
    return out.size ? str_copy(arena, buffer_str(&out)) : STR("");
}

static bool fits(str word, str wanted, bool is_prefix)
{
    return is_prefix ? str_starts(word, wanted) : str_equal(word, wanted);
}

static bool stands_at(const struct search_term *term, const struct search_tokens *tokens, size_t at)
{
    if (tokens->word_count - at < term->count)
        return false;
    for (size_t i = 0; i < term->count; i++)
        if (!fits(tokens->words[at + i].text, term->words[i], term->is_prefix && i + 1 == term->count))
            return false;
    return true;
}

// Words from `at` on that the term matches; 0: none. `joined` is the form that begins there, if any.
static size_t match_at(
    const struct search_term *term, const struct search_tokens *tokens, size_t at, const struct search_joined *joined)
{
    if (stands_at(term, tokens, at))
        return term->count;
    if (term->joined.data && fits(tokens->words[at].text, term->joined, term->is_prefix))
        return 1;
    str whole = term->joined.data ? term->joined : term->count == 1 ? term->words[0] : STR_NONE;
    return joined && whole.data && fits(joined->text, whole, term->is_prefix) ? joined->end - joined->first : 0;
}

size_t search_matches(struct arena *arena, const struct search_query *query, const struct search_tokens *tokens,
    struct search_match **ret_matches)
{
    struct search_match *matches = ARENA_ARRAY(arena, struct search_match, tokens->word_count * query->count);
    size_t count = 0, next = 0;
    for (size_t at = 0; at < tokens->word_count; at++) {
        while (next < tokens->joined_count && tokens->joined[next].first < at)
            next++;
        const struct search_joined *joined = next < tokens->joined_count && tokens->joined[next].first == at
                                                 ? &tokens->joined[next]
                                                 : NULL;
        for (size_t i = 0; i < query->count; i++) {
            size_t words = query->terms[i].is_negative ? 0 : match_at(&query->terms[i], tokens, at, joined);
            if (words)
                matches[count++] = (struct search_match) { at, at + words, i };
        }
    }
    *ret_matches = matches;
    return count;
}

// The shortest run of words that has every term that is there at all: its matches [*ret_from, *ret_to).
static size_t closest(const struct search_match *matches, size_t count, size_t *ret_from, size_t *ret_to)
{
    size_t times[SEARCH_TERMS_MAX] = { 0 }, terms = 0, present = 0, from = 0, best = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        terms += times[matches[i].term]++ == 0;
    memset(times, 0, sizeof times);
    for (size_t to = 0; to < count; to++) {
        present += times[matches[to].term]++ == 0;
        while (present == terms) {
            size_t length = matches[to].end - matches[from].first;
            if (length < best) {
                best = length;
                *ret_from = from;
                *ret_to = to + 1;
            }
            present -= --times[matches[from++].term] == 0;
        }
    }
    return best;
}

double search_score(const struct search_query *query, const struct search_tokens *tokens,
    const struct search_match *matches, size_t count)
{
    size_t times[SEARCH_TERMS_MAX] = { 0 }, from, to, words = 0;
    double often = 0;
    if (!count)
        return 0;
    for (size_t i = 0; i < count; i++)
        times[matches[i].term]++;
    for (size_t i = 0; i < query->count; i++) {
        often += (double)times[i] / ((double)times[i] + 1);
        words += query->terms[i].is_negative ? 0 : query->terms[i].count;
    }
    size_t length = closest(matches, count, &from, &to), all = tokens->word_count;
    double close = length > words ? (double)words / (double)length : 1;
    double share = all > words ? (double)words / (double)all : 1;
    return 0.5 * often / (double)query->positive_count + 0.3 * close + 0.2 * share;
}

static void put_html(struct buffer *out, str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            buffer_append_c(out, c == '&'   ? "&amp;"
                                 : c == '<' ? "&lt;"
                                 : c == '>' ? "&gt;"
                                 : c == '"' ? "&quot;"
                                            : "&#39;");
        else
            buffer_append_byte(out, c == '\n' || c == '\r' || c == '\t' ? ' ' : c);
    }
}

// Words that are shown: from some before the first match on, as many as there is room for.
static void choose(
    const struct search_tokens *tokens, size_t first, size_t text_size, size_t *ret_start, size_t *ret_end)
{
    size_t start = first, end = first, before = SEARCH_SNIPPET_BYTES / 4;
    if (text_size <= SEARCH_SNIPPET_BYTES) {
        *ret_start = 0;
        *ret_end = text_size;
        return;
    }
    while (start && tokens->words[first].start - tokens->words[start - 1].start <= before)
        start--;
    size_t from = start ? tokens->words[start].start : 0;
    while (end + 1 < tokens->word_count && tokens->words[end + 1].end - from <= SEARCH_SNIPPET_BYTES)
        end++;
    *ret_start = from;
    *ret_end = end + 1 < tokens->word_count ? tokens->words[end].end : text_size;
}

str search_snippet(
    struct arena *arena, str text, const struct search_tokens *tokens, const struct search_match *matches, size_t count)
{
    BUFFER_AUTO struct buffer out = { 0 };
    size_t from = 0, to = 0, start = 0, end = text.size;
    if (count)
        (void)closest(matches, count, &from, &to);
    if (tokens->word_count)
        choose(tokens, count ? matches[from].first : 0, text.size, &start, &end);
    buffer_append_c(&out, start ? "…" : "");
    size_t at = start;
    for (size_t i = 0; i < count;) {
        size_t mark = tokens->words[matches[i].first].start, stop = tokens->words[matches[i].end - 1].end;
        // Pairs of letters overlap: what touches is one mark.
        for (i++; i < count && tokens->words[matches[i].first].start < stop; i++)
            if (tokens->words[matches[i].end - 1].end > stop)
                stop = tokens->words[matches[i].end - 1].end;
        if (mark < at || stop > end)
            continue;
        put_html(&out, str_sub(text, at, mark - at));
        buffer_append_c(&out, "<mark>");
        put_html(&out, str_sub(text, mark, stop - mark));
        buffer_append_c(&out, "</mark>");
        at = stop;
    }
    put_html(&out, str_sub(text, at, end - at));
    buffer_append_c(&out, end < text.size ? "…" : "");
    return str_copy(arena, buffer_str(&out));
}
