// SPDX-License-Identifier: GPL-3.0-or-later
// The sound of a whole film: mixed twice, once to measure how loud it is and once to write it.
#include <math.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/limiter.h"
#include "engine/loudness.h"
#include "engine/mixer.h"
#include "engine/ops.h"

enum { TRACKS_MAX = 2000, PROGRESS_BLOCKS = 500 };
static const double duration_max = 24 * 3600;
static const double gain_max = 30;      // decibels; so quiet a mix is left as it is beyond that
static const float ceiling = 0.891251f; // -1 dB true peak

struct mix {
    struct engine_call *call;
    struct arena *arena;
    struct mixer_track *tracks;
    size_t count;
    int64_t frames; // of the whole mix
    bool normalised;
    double loudness; // wanted, LUFS
    enum audio_codec codec;
    int64_t bitrate;
};

static error read_track(struct mix *mix, const json_t *json, struct mixer_track *track)
{
    const json_t *input = json_object_get(json, "input");
    if (!json_is_integer(input) || json_integer_value(input) < 0
        || (size_t)json_integer_value(input) >= engine_input_count(mix->call))
        return error_make(ERROR_VALIDATION_ERROR, "input", "A track's input must be the index of an input");
    track->io = engine_source_io(mix->call, (unsigned)json_integer_value(input));
    TRY(composition_number(json, "start", 0, 0, duration_max, &track->start));
    TRY(composition_number(json, "duration", duration_max, 0, duration_max, &track->duration));
    TRY(composition_number(json, "start_from", 0, 0, duration_max, &track->start_from));
    TRY(composition_number(json, "volume", 1, 0, 10, &track->volume));
    TRY(composition_number(json, "fade_in", 0, 0, duration_max, &track->fade_in));
    TRY(composition_number(json, "fade_out", 0, 0, duration_max, &track->fade_out));
    TRY(composition_number(json, "speed", 1, 0.1, 10, &track->speed));
    TRY(composition_number(json, "pitch", 1, 0.25, 4, &track->pitch));
    track->fine = !json_get_bool(engine_params(mix->call), "draft", false);
    track->loop = json_get_bool(json, "loop", false);
    track->ducking = json_get_bool(json, "ducking", false);
    track->speech = str_equal_c(json_get_str(json, "role"), "speech");
    return OK;
}

static error read_codec(str name, enum audio_codec *ret_codec)
{
    static const struct {
        const char *name;
        enum audio_codec codec;
    } codecs[] = { { "aac", AUDIO_AAC }, { "opus", AUDIO_OPUS }, { "mp3", AUDIO_MP3 }, { "pcm", AUDIO_PCM } };
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (!name.data || str_equal_c(name, codecs[i].name)) {
            *ret_codec = codecs[i].codec;
            return OK;
        }
    return error_make(ERROR_VALIDATION_ERROR, "codec", "Sound is encoded as aac, opus, mp3 or pcm");
}

static error read_params(struct mix *mix)
{
    const json_t *params = engine_params(mix->call), *tracks = json_object_get(params, "tracks");
    const json_t *audio = json_object_get(params, "audio"), *loudness = json_object_get(params, "loudness");
    double duration, bitrate;
    TRY(composition_number(params, "duration", 0, 0, duration_max, &duration));
    mix->frames = llround(duration * AUDIO_RATE);
    if (mix->frames <= 0)
        return error_make(ERROR_VALIDATION_ERROR, "duration", "duration must be more than 0");
    mix->normalised = loudness && !json_is_null(loudness);
    TRY(composition_number(params, "loudness", -16, -60, 0, &mix->loudness));
    TRY(read_codec(json_get_str(audio, "codec"), &mix->codec));
    TRY(composition_number(audio, "bitrate", 192000, 32000, 512000, &bitrate));
    mix->bitrate = (int64_t)bitrate;
    mix->count = json_array_size(tracks);
    if (mix->count > TRACKS_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "tracks", "A mix has at most %d tracks", TRACKS_MAX);
    mix->tracks = ARENA_ARRAY(mix->arena, struct mixer_track, mix->count);
    for (size_t i = 0; i < mix->count; i++)
        TRY(read_track(mix, json_array_get(tracks, i), &mix->tracks[i]));
    return OK;
}

static size_t block_of(const struct mix *mix, int64_t at)
{
    int64_t left = mix->frames - at;
    return (size_t)(left < MIXER_BLOCK ? left : MIXER_BLOCK);
}

// `share` of the whole work lies before this pass.
static error tell(const struct mix *mix, int64_t at, double before, double share)
{
    if (at / MIXER_BLOCK % PROGRESS_BLOCKS)
        return OK;
    return engine_progress(mix->call, before + share * (double)at / (double)mix->frames);
}

// The factor that brings the mix to the wanted loudness.
static error find_gain(const struct mix *mix, double *ret_gain)
{
    *ret_gain = 1;
    if (!mix->normalised || mix->count == 0)
        return OK;
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct loudness *meter = loudness_new(arena);
    struct mixer *mixer;
    float samples[MIXER_BLOCK * 2];
    // How a track is stretched makes it no louder: the quick way is enough to measure.
    struct mixer_track *tracks = ARENA_ARRAY(arena, struct mixer_track, mix->count);
    for (size_t i = 0; i < mix->count; i++) {
        tracks[i] = mix->tracks[i];
        tracks[i].fine = false;
    }
    TRY(mixer_new(arena, tracks, mix->count, &mixer));
    for (int64_t at = 0; at < mix->frames; at += MIXER_BLOCK) {
        TRY(mixer_read(mixer, samples));
        loudness_add(meter, samples, block_of(mix, at));
        TRY(tell(mix, at, 0, 0.5));
    }
    double loudness = loudness_value(meter);
    if (isfinite(loudness))
        *ret_gain = pow(10, fmin(mix->loudness - loudness, gain_max) / 20);
    return OK;
}

static error write_mix(const struct mix *mix, double gain, struct audio_encoder *encoder, struct loudness *meter)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct mixer *mixer;
    struct limiter *limiter = limiter_new(arena, ceiling);
    TRY(mixer_new(arena, mix->tracks, mix->count, &mixer));
    int64_t total = mix->frames + LIMITER_DELAY;
    for (int64_t at = 0; at < total; at += MIXER_BLOCK) {
        float samples[MIXER_BLOCK * 2], limited[MIXER_BLOCK * 2];
        size_t count = 0;
        TRY(mixer_read(mixer, samples));
        for (int i = 0; i < MIXER_BLOCK && at + i < total; i++) {
            float pair[2] = { samples[2 * i] * (float)gain, samples[2 * i + 1] * (float)gain }, out[2];
            limiter_step(limiter, pair, out);
            if (at + i < LIMITER_DELAY)
                continue;
            memcpy(limited + 2 * count++, out, sizeof out);
        }
        loudness_add(meter, limited, count);
        TRY(audio_encoder_add(encoder, limited, count));
        TRY(tell(mix, at < mix->frames ? at : mix->frames, 0.5, 0.5));
    }
    return OK;
}

static void close_encoder(struct audio_encoder **encoder)
{
    audio_encoder_close(*encoder);
}

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    struct mix mix = { .call = call, .arena = arena };
    TRY(read_params(&mix));
    double gain;
    TRY(find_gain(&mix, &gain));
    struct loudness *meter = loudness_new(arena);
    struct sink_io sink = engine_sink_io(call, 0);
    __attribute__((cleanup(close_encoder))) struct audio_encoder *encoder = NULL;
    TRY(audio_encoder_open(&sink, mix.codec, mix.bitrate, &encoder));
    TRY(write_mix(&mix, gain, encoder, meter));
    TRY(audio_encoder_finish(encoder));
    double loudness = loudness_value(meter);
    *ret_result = json_pack("{s:f, s:o}", "duration", (double)mix.frames / AUDIO_RATE, "loudness",
        isfinite(loudness) ? json_real(loudness) : json_null());
    return OK;
}

const struct engine_op render_mix_op = { "render.mix", run };
