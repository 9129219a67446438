// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/asr_reply.h"

#include <math.h>
#include <string.h>

#include "base/language.h"

// Segments that are silence to the engine, as OpenAI's own program decides it.
static const double NO_SPEECH_LEAST = 0.6, NO_SPEECH_LOGPROB_MOST = -1;
enum { LOOK_AHEAD = 8, LETTERS_MAX = 64 };

struct word {
    str text;
    double start, end, confidence; // seconds of the pack
};
struct words {
    struct word *items;
    size_t count, used;
};
struct reading {
    struct arena *arena;
    const struct asr_pack *pack;
    struct words loose; // that stand beside the segments
    json_t *segments;
};

// Tokens may end inside of a character, which no JSON reader takes. Each stray byte goes through it as a character of
// the private area, U+EF00 and up, and comes back when the tokens are joined.
static str carry(struct arena *arena, str text)
{
    if (str_is_utf8(text))
        return text;
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < text.size;) {
        unsigned char c = (unsigned char)text.data[i];
        size_t size = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
        str one = str_sub(text, i, size);
        if (one.size == size && str_is_utf8(one)) {
            buffer_append_str(&out, one);
            i += size;
            continue;
        }
        buffer_append(&out, (char[]) { '\xEE', (char)(0xBC + (c >> 6)), (char)(0x80 | (c & 0x3F)) }, 3);
        i++;
    }
    return str_copy(arena, buffer_str(&out));
}

static str restore(struct arena *arena, str text)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < text.size; i++) {
        unsigned char high = i + 2 < text.size ? (unsigned char)text.data[i + 1] : 0;
        if (text.data[i] == '\xEE' && high >= 0xBC) {
            buffer_append_byte(&out, (char)(((high - 0xBC) << 6) | (text.data[i + 2] & 0x3F)));
            i += 2;
        } else {
            buffer_append_byte(&out, text.data[i]);
        }
    }
    str whole = str_trim(out.size ? buffer_str(&out) : STR(""));
    return str_copy(arena, str_is_utf8(whole) ? whole : text);
}

static double probability(double value)
{
    return value >= 0 ? fmin(value, 1) : 0;
}

// Tokens in a row, each beginning a word when it begins with a space.
struct joining {
    struct arena *arena;
    struct words *words;
    struct buffer text;
    struct word word;
    size_t tokens;
};

static void end_word(struct joining *joining)
{
    struct word *word = &joining->word;
    word->text = joining->text.size ? restore(joining->arena, buffer_str(&joining->text)) : STR("");
    if (joining->tokens && word->text.size) {
        word->confidence /= (double)joining->tokens;
        joining->words->items[joining->words->count++] = *word;
    }
    buffer_clear(&joining->text);
    joining->tokens = 0;
    *word = (struct word) { 0 };
}

static void add_token(struct joining *joining, str text, double start, double end, double confidence)
{
    if (text.size && text.data[0] == ' ')
        end_word(joining);
    if (!joining->tokens++)
        joining->word.start = start;
    joining->word.end = fmax(end, joining->word.start);
    joining->word.confidence += probability(confidence);
    buffer_append_str(&joining->text, text);
}

static struct words words_of_tokens(struct arena *arena, const json_t *tokens, bool program)
{
    struct words words = { ARENA_ARRAY(arena, struct word, json_array_size(tokens)), 0, 0 };
    struct joining joining = { .arena = arena, .words = &words };
    for (size_t i = 0; i < json_array_size(tokens); i++) {
        const json_t *token = json_array_get(tokens, i), *offsets = json_object_get(token, "offsets");
        str text = json_get_str(token, program ? "text" : "word");
        if (!text.data || str_starts(text, STR("[_")) || str_starts(text, STR("<|"))) // marks of the model
            continue;
        if (program)
            add_token(&joining, text, json_get_number(offsets, "from", 0) / 1000,
                json_get_number(offsets, "to", 0) / 1000, json_get_number(token, "p", 0));
        else
            add_token(&joining, text, json_get_number(token, "start", 0), json_get_number(token, "end", 0),
                json_get_number(token, "probability", 0));
    }
    end_word(&joining);
    buffer_done(&joining.text);
    return words;
}

// Words that are whole already.
static struct words whole_words(struct arena *arena, const json_t *list)
{
    struct words words = { ARENA_ARRAY(arena, struct word, json_array_size(list)), 0, 0 };
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        double start = json_get_number(item, "start", 0);
        str text = str_trim(json_get_str(item, "word"));
        if (text.size)
            words.items[words.count++] = (struct word) { text, start, fmax(start, json_get_number(item, "end", start)),
                probability(json_get_number(item, "probability", -1)) };
    }
    return words;
}

static bool are_tokens(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        str text = json_get_str(json_array_get(list, i), "word");
        if (text.size && text.data[0] == ' ')
            return true;
    }
    return false;
}

// Letters and digits in lower case: what a word is without its punctuation.
static size_t letters(str text, char out[static LETTERS_MAX])
{
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < LETTERS_MAX; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 'A' && c <= 'Z')
            out[size++] = (char)(c + 32);
        else if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[size++] = (char)c;
    }
    return size;
}

static bool same_word(str a, str b)
{
    char one[LETTERS_MAX], other[LETTERS_MAX];
    size_t size = letters(a, one);
    return size && size == letters(b, other) && !memcmp(one, other, size);
}

// The words of a segment's text between `start` and `end`, each with a share of the time by its length.
static struct words spread(struct arena *arena, str text, double start, double end, double confidence)
{
    struct words words = { ARENA_ARRAY(arena, struct word, text.size / 2 + 1), 0, 0 };
    size_t bytes = 0, before = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < text.size;) {
            size_t from = i;
            while (i < text.size && (unsigned char)text.data[i] > ' ')
                i++;
            if (i == from) {
                i++;
                continue;
            }
            if (!pass) {
                bytes += i - from;
                continue;
            }
            double share = (end - start) / (double)bytes;
            words.items[words.count++] = (struct word) { str_sub(text, from, i - from), start + share * (double)before,
                start + share * (double)(before + i - from), confidence };
            before += i - from;
        }
    }
    return words;
}

// Words of the text, timed by the loose words that are the same; the others keep their share of the segment.
static struct words timed(struct reading *reading, str text, double start, double end, double confidence)
{
    struct words words = spread(reading->arena, text, start, end, confidence), *loose = &reading->loose;
    double before = start;
    for (size_t i = 0; i < words.count; i++) {
        struct word *word = &words.items[i];
        for (size_t k = loose->used; k < loose->count && k < loose->used + LOOK_AHEAD; k++) {
            if (!same_word(word->text, loose->items[k].text))
                continue;
            word->start = loose->items[k].start;
            word->end = loose->items[k].end;
            loose->used = k + 1;
            break;
        }
        word->start = fmax(word->start, before);
        word->end = fmax(word->end, word->start);
        before = word->start;
    }
    return words;
}

// "[BLANK_AUDIO]", "(music)", "*sighs*": said of the sound, not in it. Also what has no letter at all.
static bool is_mark(str text)
{
    char some[LETTERS_MAX];
    if (text.size < 2 || !letters(text, some))
        return !letters(text, some);
    char first = text.data[0], last = text.data[text.size - 1];
    return (first == '[' && last == ']') || (first == '(' && last == ')') || (first == '*' && last == '*')
           || str_starts(text, STR("\xE2\x99\xAA"));
}

static bool is_silence(const json_t *segment)
{
    return json_get_number(segment, "no_speech_prob", 0) > NO_SPEECH_LEAST
           && json_get_number(segment, "avg_logprob", 0) < NO_SPEECH_LOGPROB_MOST;
}

static void add_segment(struct reading *reading, const struct words *words)
{
    struct arena *arena = reading->arena;
    str *texts = ARENA_ARRAY(arena, str, words->count);
    json_t *list = json_array();
    double sum = 0, start = INFINITY, end = 0;
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];
        double from = asr_pack_time(reading->pack, word->start), to = asr_pack_time(reading->pack, word->end);
        texts[i] = word->text;
        sum += word->confidence;
        start = fmin(start, from);
        end = fmax(end, fmax(from, to));
        json_array_append_new(list, json_pack("{s:o, s:f, s:f, s:f}", "text", json_str(word->text), "start", from,
                                        "end", fmax(from, to), "confidence", word->confidence));
    }
    str text = str_join(arena, texts, words->count, STR(" "));
    if (!words->count || is_mark(text)) {
        json_decref(list);
        return;
    }
    json_array_append_new(
        reading->segments, json_pack("{s:f, s:f, s:o, s:f, s:o}", "start", start, "end", end, "text", json_str(text),
                               "confidence", sum / (double)words->count, "words", list));
}

static void read_segment(struct reading *reading, const json_t *segment, bool program)
{
    const json_t *tokens = json_object_get(segment, program ? "tokens" : "words");
    struct words words;
    if (!program && is_silence(segment))
        return;
    if (json_array_size(tokens) && json_is_object(json_array_get(tokens, 0))) {
        words = program || are_tokens(tokens) ? words_of_tokens(reading->arena, tokens, program)
                                              : whole_words(reading->arena, tokens);
    } else {
        const json_t *offsets = json_object_get(segment, "offsets");
        double start = program ? json_get_number(offsets, "from", 0) / 1000 : json_get_number(segment, "start", 0);
        double end = program ? json_get_number(offsets, "to", 0) / 1000 : json_get_number(segment, "end", start);
        double logprob = json_get_number(segment, "avg_logprob", -INFINITY);
        words = timed(reading, restore(reading->arena, json_get_str(segment, "text")), start, fmax(start, end),
            probability(exp(logprob)));
    }
    add_segment(reading, &words);
}

static error make_no_sense(const char *who)
{
    return error_make(ERROR_ENGINE_FAILED, NULL, "%s gave an answer that makes no sense", who);
}

// {"error": "text"} of whisper.cpp, {"error": {"message": "text"}} of OpenAI.
static error own_error(const char *who, const json_t *reply)
{
    const json_t *own = json_object_get(reply, "error");
    str message = str_cut_utf8(json_is_object(own) ? json_get_str(own, "message") : json_get_str(reply, "error"), 200);
    return message.size ? error_make(ERROR_ENGINE_FAILED, NULL, "%s says: %.*s", who, STR_ARGS(message))
                        : make_no_sense(who);
}

static str language_said(const json_t *reply, bool program)
{
    str said = json_get_str(program ? json_object_get(reply, "result") : reply, "language");
    str code = language_of_name(said);
    return code.data ? code : said.size <= 3 ? said : STR_NONE;
}

error asr_reply_read(
    const struct asr_task *task, const struct asr_pack *pack, const char *who, str text, json_t **ret_result)
{
    struct arena *arena = task->arena;
    json_t *reply;
    if (error_is(json_read(arena, carry(arena, text), &reply)) || !json_is_object(reply))
        return make_no_sense(who);
    const json_t *program = json_object_get(reply, "transcription"), *list = json_object_get(reply, "segments");
    if (json_object_get(reply, "error"))
        return own_error(who, reply);
    struct reading reading = { arena, pack, .segments = json_keep(arena, json_array()) };
    reading.loose = whole_words(arena, json_object_get(reply, "words"));
    str whole = str_trim(json_get_str(reply, "text"));
    if (!json_is_array(program) && !json_is_array(list) && !whole.data)
        return make_no_sense(who);
    for (size_t i = 0; i < json_array_size(program ? program : list); i++)
        read_segment(&reading, json_array_get(program ? program : list, i), program != NULL);
    if (!program && !list && whole.size) { // a server that knows plain answers only
        struct words words = timed(&reading, whole, 0, pack->duration, 0);
        add_segment(&reading, &words);
    }
    json_t *result = json_keep(arena, json_pack("{s:O}", "segments", reading.segments));
    str language = task->language.data ? task->language : language_said(reply, program != NULL);
    if (language.size)
        json_object_set_new(result, "language", json_str(language));
    *ret_result = result;
    return OK;
}
