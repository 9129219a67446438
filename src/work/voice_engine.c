// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_engine.h"

#include <string.h>

const struct voice_engine *const voice_engines[] = { &voice_flite, &voice_espeak, &voice_piper, &voice_openai, NULL };

error voice_choose(struct arena *arena, str voice_id, const struct voice_engine **ret_engine, str *ret_name)
{
    str rest = voice_speaks(voice_id), name = STR_NONE;
    bool has_engine = rest.size && str_index(rest, ':') > 0 && str_split(&rest, ':', &name);
    for (size_t i = 0; has_engine && rest.size && voice_engines[i]; i++) {
        if (!str_equal_c(name, voice_engines[i]->name))
            continue;
        TRY(voice_engines[i]->available(arena));
        *ret_engine = voice_engines[i];
        *ret_name = rest;
        return OK;
    }
    return error_make(
        ERROR_VOICE_NOT_FOUND, "voice_id", "Voice with ID '%.*s' not found", STR_ARGS(str_cut_utf8(voice_id, 80)));
}

str voice_language(struct arena *arena, str voice_id)
{
    str rest = voice_speaks(voice_id), engine, code;
    if (!rest.size || !str_split(&rest, ':', &engine) || !rest.size)
        return STR_NONE;
    if (str_equal_c(engine, "flite"))
        return STR("en-us");
    if (str_equal_c(engine, "espeak") && str_split(&rest, '+', &code))
        return str_equal_c(code, "en") ? STR("en-gb") : str_lower(arena, code);
    if (str_equal_c(engine, "piper") && str_split(&rest, '-', &code)) { // "en_US-lessac-medium"
        char *copy = (char *)str_lower(arena, code).data;
        for (char *c = copy; *c; c++)
            *c = *c == '_' ? '-' : *c;
        return str_of(copy);
    }
    return STR_NONE;
}

// Sounds

static uint32_t word(str bytes, size_t at, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint32_t)(unsigned char)bytes.data[at + i] << (8 * i);
    return value;
}

error voice_read_wav(const char *who, str wav, struct buffer *ret_samples, int *ret_rate)
{
    bool is_wav = wav.size >= 12 && str_starts(wav, STR("RIFF")) && str_equal_c(str_sub(wav, 8, 4), "WAVE");
    int rate = 0;
    for (size_t at = 12; is_wav && at + 8 <= wav.size;) {
        size_t size = word(wav, at + 4, 4), room = wav.size - at - 8;
        str name = str_sub(wav, at, 4);
        if (str_equal_c(name, "fmt ") && size >= 16 && room >= 16) {
            bool plain = word(wav, at + 8, 2) == 1 && word(wav, at + 10, 2) == 1 && word(wav, at + 22, 2) == 16;
            rate = plain ? (int)word(wav, at + 12, 4) : 0;
        }
        if (str_equal_c(name, "data") && rate >= 4000 && rate <= 192000) {
            buffer_append(ret_samples, wav.data + at + 8, (size < room ? size : room) & ~(size_t)1);
            *ret_rate = rate;
            return ret_samples->failed ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
        }
        if (size > room)
            break;
        at += 8 + size + (size & 1);
    }
    return error_make(ERROR_ENGINE_FAILED, "voice_id", "%s gave no sound", who);
}
