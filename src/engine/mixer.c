// SPDX-License-Identifier: GPL-3.0-or-later
// Speech is read a quarter of a second ahead, so that the music is already low when it begins.
#include "engine/mixer.h"

#include <math.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "av/audio_reader.h"
#include "engine/stretch.h"

enum {
    AHEAD = 25, // blocks
    HOLD = 40,  // blocks that the music stays low after speech
    FLOATS = MIXER_BLOCK * 2,
};
static const double speech_level = 0.006;      // root mean square; -44 dB
static const double low_gain = 0.3;            // of ducked tracks, -10 dB
static const double fall = 0.12, rise = 0.025; // share of the way a block: 80 and 400 ms

struct track {
    const struct mixer_track *spec;
    struct source *source;
    struct audio_reader *reader;
    struct stretch *stretch; // NULL at its own speed and pitch
    int64_t start, end;      // samples of the mix
    bool ended;
};

struct mixer {
    struct track *tracks;
    size_t count;
    int64_t block;                   // the next to be given out
    float speech[AHEAD + 1][FLOATS]; // from that block on, a ring
    int64_t speech_read;             // blocks of speech read so far
    int64_t last_speech;             // the last block with speech in it
    double gain;                     // of ducked tracks
    float buffer[FLOATS];
};

static void done(void *pointer)
{
    struct mixer *mixer = pointer;
    for (size_t i = 0; i < mixer->count; i++) {
        audio_reader_close(mixer->tracks[i].reader);
        source_close(mixer->tracks[i].source);
    }
}

// Reads `frames` pairs; from the beginning again where the source ends, or silence.
static error read_source(void *context, float *samples, size_t frames)
{
    struct track *track = context;
    size_t at = 0;
    bool again = false;
    while (at < frames && !track->ended) {
        size_t got = 0;
        TRY(audio_reader_read(track->reader, samples + 2 * at, frames - at, &got));
        at += got;
        if (at == frames)
            break;
        // A source that gives nothing right after its beginning has nothing to loop.
        track->ended = !track->spec->loop || (again && got == 0);
        again = true;
        if (!track->ended)
            TRY(audio_reader_seek(track->reader, llround(track->spec->start_from * AUDIO_RATE)));
    }
    memset(samples + 2 * at, 0, (frames - at) * 2 * sizeof *samples);
    return OK;
}

static error open_track(struct arena *arena, struct track *track, const struct mixer_track *spec)
{
    track->spec = spec;
    track->start = llround(spec->start * AUDIO_RATE);
    track->end = llround((spec->start + spec->duration) * AUDIO_RATE);
    TRY(source_open(&spec->io, &track->source));
    TRY(audio_reader_open(track->source, AUDIO_RATE, 2, &track->reader));
    if (spec->start_from > 0)
        TRY(audio_reader_seek(track->reader, llround(spec->start_from * AUDIO_RATE)));
    if (spec->speed != 1 || spec->pitch != 1)
        track->stretch = stretch_new(arena, spec->speed, spec->pitch, spec->fine, read_source, track);
    return OK;
}

error mixer_new(struct arena *arena, const struct mixer_track *tracks, size_t count, struct mixer **ret_mixer)
{
    struct mixer *mixer = ARENA_NEW(arena, struct mixer);
    mixer->tracks = ARENA_ARRAY(arena, struct track, count);
    mixer->count = count;
    mixer->last_speech = -HOLD - 1;
    mixer->gain = 1;
    arena_defer(arena, done, mixer);
    for (size_t i = 0; i < count; i++)
        TRY(open_track(arena, &mixer->tracks[i], &tracks[i]));
    *ret_mixer = mixer;
    return OK;
}

static float fade_at(const struct track *track, int64_t sample)
{
    const struct mixer_track *spec = track->spec;
    double gain = spec->volume;
    double since = (double)(sample - track->start) / AUDIO_RATE, left = (double)(track->end - sample) / AUDIO_RATE;
    if (since < spec->fade_in)
        gain *= since / spec->fade_in;
    if (left < spec->fade_out)
        gain *= left / spec->fade_out;
    return (float)gain;
}

// Adds the track's part of the block, its gain going from `from` to `to` on the way.
static error add_track(struct mixer *mixer, struct track *track, int64_t block, double from, double to, float *sum)
{
    int64_t begin = block * MIXER_BLOCK, first = begin < track->start ? track->start : begin;
    int64_t last = begin + MIXER_BLOCK < track->end ? begin + MIXER_BLOCK : track->end;
    if (first >= last)
        return OK;
    size_t frames = (size_t)(last - first), offset = (size_t)(first - begin);
    TRY(track->stretch ? stretch_read(track->stretch, mixer->buffer, frames)
                       : read_source(track, mixer->buffer, frames));
    for (size_t i = 0; i < frames; i++) {
        double turn = from + (to - from) * (double)(offset + i) / MIXER_BLOCK;
        float gain = fade_at(track, first + (int64_t)i) * (float)turn;
        sum[2 * (offset + i)] += mixer->buffer[2 * i] * gain;
        sum[2 * (offset + i) + 1] += mixer->buffer[2 * i + 1] * gain;
    }
    return OK;
}

static error read_speech(struct mixer *mixer)
{
    while (mixer->speech_read <= mixer->block + AHEAD) {
        float *sum = mixer->speech[mixer->speech_read % (AHEAD + 1)];
        memset(sum, 0, sizeof mixer->speech[0]);
        for (size_t i = 0; i < mixer->count; i++)
            if (mixer->tracks[i].spec->speech)
                TRY(add_track(mixer, &mixer->tracks[i], mixer->speech_read, 1, 1, sum));
        double power = 0;
        for (size_t i = 0; i < FLOATS; i++)
            power += (double)sum[i] * (double)sum[i];
        if (sqrt(power / FLOATS) > speech_level)
            mixer->last_speech = mixer->speech_read;
        mixer->speech_read++;
    }
    return OK;
}

error mixer_read(struct mixer *mixer, float *ret_samples)
{
    TRY(read_speech(mixer));
    memcpy(ret_samples, mixer->speech[mixer->block % (AHEAD + 1)], sizeof mixer->speech[0]);
    bool low = mixer->last_speech >= mixer->block - HOLD;
    double target = low ? low_gain : 1, from = mixer->gain;
    mixer->gain += (target - mixer->gain) * (low ? fall : rise);
    for (size_t i = 0; i < mixer->count; i++) {
        struct track *track = &mixer->tracks[i];
        bool ducks = track->spec->ducking;
        if (!track->spec->speech)
            TRY(add_track(mixer, track, mixer->block, ducks ? from : 1, ducks ? mixer->gain : 1, ret_samples));
    }
    mixer->block++;
    return OK;
}
