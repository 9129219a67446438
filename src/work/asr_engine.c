// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/asr_engine.h"

#include "base/clock.h"
#include "base/language.h"

const struct asr_engine *const asr_engines[] = {
    &asr_whisper,
    &asr_openai,
    &asr_pocketsphinx,
    NULL,
};

const char *const *asr_names(struct arena *arena, bool only_available)
{
    size_t count = sizeof asr_engines / sizeof *asr_engines;
    const char **names = ARENA_ARRAY(arena, const char *, count);
    for (size_t i = 0, at = 0; i + 1 < count; i++)
        if (!only_available || !error_is(asr_engines[i]->available(arena)))
            names[at++] = asr_engines[i]->name;
    return names;
}

error asr_check(const struct asr_asker *asker)
{
    if (asker->cancelled && atomic_load(asker->cancelled))
        return error_of(ERROR_CANCELLED);
    if (asker->deadline_us && clock_mono_us() >= asker->deadline_us)
        return error_of(ERROR_TIMED_OUT);
    return OK;
}

static bool can_do(const struct asr_engine *engine, str language)
{
    if (!language.data)
        return true;
    if (engine->knows)
        return engine->knows(language);
    if (!engine->languages)
        return true;
    str rest = str_of(engine->languages), code;
    while (str_split(&rest, ' ', &code))
        if (str_equal(code, language))
            return true;
    return false;
}

str asr_only_language(const struct asr_engine *engine)
{
    str languages = str_of(engine->languages);
    return languages.data && str_index(languages, ' ') < 0 ? languages : STR_NONE;
}

// "whisper.cpp or an OpenAI-compatible server"; empty when there is none.
static str who_could(struct arena *arena, str language)
{
    str titles = STR("");
    for (const struct asr_engine *const *engine = asr_engines; *engine; engine++)
        if (can_do(*engine, language))
            titles = str_format(arena, "%.*s%s%s", STR_ARGS(titles), titles.size ? " or " : "", (*engine)->title);
    return titles;
}

static error no_engine(struct arena *arena, str language)
{
    const char *name = language_name(language);
    str speaks = name ? str_of(name) : STR("any language"), could = who_could(arena, language);
    if (!could.size)
        return error_make(
            ERROR_UNSUPPORTED_LANGUAGE, "language", "No speech engine that Kinora knows speaks %.*s", STR_ARGS(speaks));
    return error_make(ERROR_UNSUPPORTED_LANGUAGE, "language",
        "No engine here speaks %.*s; %.*s would: see kinora doctor", STR_ARGS(speaks), STR_ARGS(could));
}

static error unknown(struct arena *arena, str name)
{
    str names = STR("");
    for (const struct asr_engine *const *engine = asr_engines; *engine; engine++)
        names = str_format(arena, "%.*s%s%s", STR_ARGS(names), names.size ? ", " : "", (*engine)->name);
    return error_make(ERROR_VALIDATION_ERROR, "engine", "There is no speech engine \"%.*s\"; there are: %.*s",
        STR_ARGS(name), STR_ARGS(names));
}

static error choose_named(struct arena *arena, str name, str language, const struct asr_engine **ret_engine)
{
    for (const struct asr_engine *const *engine = asr_engines; *engine; engine++) {
        if (!str_equal_c(name, (*engine)->name))
            continue;
        const char *spoken = language_name(language);
        str could = who_could(arena, language);
        if (!can_do(*engine, language))
            return error_make(ERROR_UNSUPPORTED_LANGUAGE, "language", "%s does not speak %s%s%.*s%s", (*engine)->title,
                spoken ? spoken : "that language", could.size ? "; " : "", STR_ARGS(could),
                could.size ? " would: see kinora doctor" : "");
        TRY((*engine)->available(arena));
        *ret_engine = *engine;
        return OK;
    }
    return unknown(arena, name);
}

error asr_choose(struct arena *arena, str name, str language, const struct asr_engine **ret_engine)
{
    if (name.size)
        return choose_named(arena, name, language, ret_engine);
    const struct asr_engine *best = NULL;
    for (const struct asr_engine *const *engine = asr_engines; *engine; engine++) {
        bool better = !best || (*engine)->quality > best->quality;
        if (better && can_do(*engine, language) && !error_is((*engine)->available(arena)))
            best = *engine;
    }
    if (!best)
        return no_engine(arena, language);
    *ret_engine = best;
    return OK;
}
