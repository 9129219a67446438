// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/voice.h"

#include <ctype.h>

#include "domain/scope.h"

// Ids that scenes made for other services use, and the voice that comes nearest.
static const struct {
    const char *id, *speaks;
} aliases[] = { { "en-US-Neural2-A", "flite:slt" } };

static const char *const premium[] = { "flite:awb", "espeak:en-gb-x-rp" };

str voice_speaks(str id)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (str_equal_c(id, aliases[i].id))
            return str_of(aliases[i].speaks);
    return id;
}

bool voice_is_premium(str id)
{
    for (size_t i = 0; i < sizeof premium / sizeof *premium; i++)
        if (str_equal_c(id, premium[i]))
            return true;
    return false;
}

error voice_may_use(const struct actor *actor, str id)
{
    if (voice_is_premium(id) && !actor->is_superuser && str_equal(actor->plan, STR("free")))
        return error_make(
            ERROR_PLAN_REQUIRED, "voice_id", "The voice %.*s needs the plan pro or business", STR_ARGS(id));
    return OK;
}

// Blocks of Unicode 15 with letters, as far as languages of the engines use them, and who writes so.
static const struct script {
    const char *name, *languages; // codes with blanks around each; NULL: everybody's
    unsigned from, to;
} scripts[] = {
    { "Latin", NULL, 0x41, 0x24F },
    { "Latin", NULL, 0x1E00, 0x1EFF },
    { "Greek", " el grc ", 0x370, 0x3FF },
    { "Greek", " el grc ", 0x1F00, 0x1FFF },
    { "Cyrillic", " ru ru-lv uk be bg mk sr bs kk ky tt ba cv nog tk uz mn tg ", 0x400, 0x52F },
    { "Armenian", " hy hyw ", 0x531, 0x58F },
    { "Hebrew", " he yi ", 0x5D0, 0x5EA },
    { "Arabic", " ar fa ur sd ug ku ps ", 0x620, 0x6FF },
    { "Devanagari", " hi mr ne kok sd sa ", 0x900, 0x97F },
    { "Bengali", " bn as bpy ", 0x980, 0x9FF },
    { "Gurmukhi", " pa ", 0xA00, 0xA7F },
    { "Gujarati", " gu ", 0xA80, 0xAFF },
    { "Odia", " or ", 0xB00, 0xB7F },
    { "Tamil", " ta ", 0xB80, 0xBFF },
    { "Telugu", " te ", 0xC00, 0xC7F },
    { "Kannada", " kn ", 0xC80, 0xCFF },
    { "Malayalam", " ml ", 0xD00, 0xD7F },
    { "Sinhala", " si ", 0xD80, 0xDFF },
    { "Thai", " th ", 0xE00, 0xE7F },
    { "Lao", " lo ", 0xE80, 0xEFF },
    { "Myanmar", " my shn ", 0x1000, 0x109F },
    { "Georgian", " ka ", 0x10A0, 0x10FF },
    { "Hangul", " ko ", 0x1100, 0x11FF },
    { "Ethiopic", " am ti ", 0x1200, 0x139F },
    { "Cherokee", " chr ", 0x13A0, 0x13FF },
    { "Khmer", " km ", 0x1780, 0x17FF },
    { "Kana", " ja ", 0x3041, 0x30FF },
    { "Chinese", " cmn yue hak zh ja ", 0x3400, 0x9FFF },
    { "Hangul", " ko ", 0xAC00, 0xD7A3 },
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

static const struct script *script_of(unsigned point)
{
    for (size_t i = 0; i < SCRIPTS; i++)
        if (point >= scripts[i].from && point <= scripts[i].to)
            return &scripts[i];
    return NULL;
}

static bool names(const char *languages, str code)
{
    char wanted[24] = " ";
    size_t size = 1;
    for (size_t i = 0; i < code.size && size < sizeof wanted - 2; i++)
        wanted[size++] = (char)tolower((unsigned char)code.data[i]);
    wanted[size++] = ' ';
    return str_find(str_of(languages), (str) { wanted, size }) >= 0;
}

// The whole code, or the language without its region.
static bool writes(const struct script *script, str code)
{
    ptrdiff_t dash = str_index(code, '-');
    return !script->languages || !code.size || names(script->languages, code)
           || (dash > 0 && names(script->languages, str_sub(code, 0, (size_t)dash)));
}

static unsigned read_point(str text, size_t at, size_t *ret_size)
{
    unsigned char first = (unsigned char)text.data[at];
    size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned point = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size && at + i < text.size; i++)
        point = point << 6 | ((unsigned char)text.data[at + i] & 0x3F);
    *ret_size = size;
    return point;
}

// Signs whose single letters are words.
static bool is_dense(const struct script *script)
{
    return script->from >= 0x3041;
}

const char *voice_foreign_script(str language_code, str text)
{
    const struct script *run = NULL;
    size_t run_length = 0;
    for (size_t at = 0, size; at < text.size; at += size) {
        unsigned point = read_point(text, at, &size);
        const struct script *script = script_of(point);
        bool foreign = script && !writes(script, language_code);
        run_length = foreign && run && run->name == script->name ? run_length + 1 : foreign ? 1 : 0;
        run = foreign ? script : NULL;
        if (foreign && (run_length >= 2 || is_dense(script)))
            return script->name;
    }
    return NULL;
}

error voice_check_text(str text, size_t most)
{
    bool sounds = false;
    size_t count = str_length_utf8(text);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
            return error_make(ERROR_VALIDATION_ERROR, "text",
                "The text has a control character (U+%04X, byte %zu), which cannot be spoken", c, i + 1);
        sounds = sounds || isalnum(c) || c >= 0xC0;
    }
    if (!sounds)
        return error_make(ERROR_VALIDATION_ERROR, "text", "There is nothing to speak in the text");
    if (count > most)
        return error_make(
            ERROR_VALIDATION_ERROR, "text", "The text has %zu characters; at most %zu can be spoken", count, most);
    return OK;
}
