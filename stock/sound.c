// SPDX-License-Identifier: GPL-3.0-or-later
#include "sound.h"

#include <math.h>
#include <string.h>

#include "av/audio_encoder.h"

struct sound sound_new(struct arena *arena, const char *name, double seconds)
{
    size_t frames = (size_t)(seconds * AUDIO_RATE);
    return (struct sound) { arena, arena_alloc(arena, frames * 2 * sizeof(float)), frames, chance_of(name, "sound") };
}

static void put(struct sound *sound, int64_t frame, double value, double side)
{
    if (frame < 0 || (size_t)frame >= sound->frames)
        return;
    double angle = (side + 1) * M_PI / 4;
    sound->samples[2 * frame] += (float)(value * cos(angle) * M_SQRT2 * 0.8);
    sound->samples[2 * frame + 1] += (float)(value * sin(angle) * M_SQRT2 * 0.8);
}

void sound_put(struct sound *sound, double seconds, double value, double side)
{
    put(sound, (int64_t)floor(seconds * AUDIO_RATE), value, side);
}

double noise_pink(struct pink *pink, struct chance *chance)
{
    double white = noise_white(chance);
    pink->stages[0] = 0.99765 * pink->stages[0] + white * 0.0990460;
    pink->stages[1] = 0.96300 * pink->stages[1] + white * 0.2965164;
    pink->stages[2] = 0.57000 * pink->stages[2] + white * 1.0526913;
    return (pink->stages[0] + pink->stages[1] + pink->stages[2] + white * 0.1848) * 0.25;
}

double shape_hit(double seconds, double attack, double decay)
{
    if (seconds < 0)
        return 0;
    return seconds < attack ? seconds / attack : exp(-6.9 * (seconds - attack) / decay);
}

double shape_arch(double share, double top)
{
    if (share <= 0 || share >= 1)
        return 0;
    double side = share < top ? share / top : (1 - share) / (1 - top);
    return side * side * (3 - 2 * side);
}

#define BODY(name, ...)                                                                                                \
    static const struct mode name##_modes[] = { __VA_ARGS__ };                                                         \
    const struct body name = { name##_modes, sizeof name##_modes / sizeof *name##_modes }

BODY(body_bell, { 0.5, 0.5, 1 }, { 1, 1, 0.8 }, { 1.183, 0.6, 0.7 }, { 1.506, 0.4, 0.55 }, { 2, 0.75, 0.5 },
    { 2.514, 0.35, 0.35 }, { 2.662, 0.3, 0.3 }, { 3.011, 0.3, 0.25 }, { 4.166, 0.25, 0.2 }, { 5.433, 0.18, 0.13 },
    { 6.796, 0.12, 0.09 });
BODY(body_bowl, { 1, 1, 1 }, { 1.003, 0.6, 0.97 }, { 2.78, 0.45, 0.6 }, { 2.79, 0.3, 0.58 }, { 5.2, 0.2, 0.35 },
    { 8.2, 0.08, 0.15 });
BODY(body_bar, { 1, 1, 1 }, { 3.98, 0.35, 0.3 }, { 9.1, 0.15, 0.12 }, { 0.5, 0.06, 0.5 });
BODY(body_wood, { 1, 1, 1 }, { 1.57, 0.55, 0.8 }, { 2.24, 0.5, 0.55 }, { 2.92, 0.4, 0.5 }, { 3.9, 0.3, 0.35 },
    { 5.2, 0.2, 0.25 });
BODY(body_metal, { 1, 0.8, 1 }, { 1.37, 0.9, 0.9 }, { 1.93, 0.7, 0.95 }, { 2.41, 0.8, 0.8 }, { 2.97, 0.6, 0.7 },
    { 3.61, 0.7, 0.65 }, { 4.43, 0.5, 0.5 }, { 5.57, 0.5, 0.4 }, { 6.91, 0.4, 0.3 }, { 8.13, 0.35, 0.22 },
    { 10.7, 0.25, 0.15 });
BODY(body_glass, { 1, 1, 1 }, { 2.32, 0.7, 0.7 }, { 4.25, 0.5, 0.45 }, { 6.63, 0.35, 0.3 }, { 9.38, 0.25, 0.2 },
    { 12.2, 0.12, 0.12 });
BODY(body_plate, { 1, 0.4, 1 }, { 1.59, 0.5, 0.9 }, { 2.14, 0.5, 0.95 }, { 2.30, 0.5, 0.9 }, { 2.65, 0.5, 0.85 },
    { 2.92, 0.5, 0.8 }, { 3.5, 0.5, 0.8 }, { 4.06, 0.5, 0.7 }, { 5.13, 0.5, 0.6 }, { 6.2, 0.4, 0.5 }, { 7.9, 0.4, 0.4 },
    { 9.7, 0.3, 0.35 });
BODY(body_drum, { 1, 1, 1 }, { 1.59, 0.5, 0.5 }, { 2.14, 0.35, 0.35 }, { 2.65, 0.22, 0.25 }, { 3.16, 0.15, 0.2 });
BODY(body_chime, { 1, 1, 1 }, { 2.76, 0.6, 0.6 }, { 5.4, 0.35, 0.35 }, { 8.93, 0.2, 0.2 }, { 13.3, 0.1, 0.1 });

void sound_strike(struct sound *sound, double start, const struct body *body, double hertz, double level, double length,
    double hard, double side)
{
    int64_t first = (int64_t)(start * AUDIO_RATE);
    for (size_t m = 0; m < body->count; m++) {
        const struct mode *mode = &body->modes[m];
        double pitch = hertz * mode->ratio * (1 + 0.002 * chance_bell(&sound->chance));
        double decay = length * mode->decay, phase = 2 * M_PI * chance_unit(&sound->chance);
        double bright = pow(hard * 0.9 + 0.1, (double)m * 0.35), loud = level * mode->level * bright * 0.35;
        if (pitch > AUDIO_RATE * 0.42)
            continue;
        int64_t count = (int64_t)(decay * 1.3 * AUDIO_RATE);
        for (int64_t i = 0; i < count; i++) {
            double at = (double)i / AUDIO_RATE;
            put(sound, first + i, loud * shape_hit(at, 0.0012, decay) * sin(2 * M_PI * pitch * at + phase), side);
        }
    }
    struct filter filter = filter_of(FILTER_BAND, fmin(hertz * 4 + 1500, 9000), 0.6);
    for (int64_t i = 0; i < AUDIO_RATE / 40; i++)
        put(sound, first + i,
            hard * level * 0.7 * shape_hit((double)i / AUDIO_RATE, 0.0005, 0.014)
                * filter_step(&filter, noise_white(&sound->chance)),
            side);
}

void sound_sweep(struct sound *sound, struct sweep sweep)
{
    struct filter left = { 0 }, right = { 0 };
    int64_t first = (int64_t)(sweep.start * AUDIO_RATE), count = (int64_t)(sweep.length * AUDIO_RATE);
    for (int64_t i = 0; i < count; i++) {
        double share = (double)i / (double)count,
               hertz = sweep.from_hertz * pow(sweep.to_hertz / sweep.from_hertz, share);
        if (i % 16 == 0) {
            filter_tune(&left, FILTER_BAND, hertz, sweep.q);
            filter_tune(&right, FILTER_BAND, hertz * 1.04, sweep.q);
        }
        double loud = sweep.level * shape_arch(share, sweep.top),
               side = sweep.from_side + (sweep.to_side - sweep.from_side) * share;
        put(sound, first + i, loud * filter_step(&left, noise_white(&sound->chance)), fmax(side - 0.5, -1));
        put(sound, first + i, loud * filter_step(&right, noise_white(&sound->chance)), fmin(side + 0.5, 1));
    }
}

void sound_glide(struct sound *sound, struct glide glide)
{
    int64_t first = (int64_t)(glide.start * AUDIO_RATE), count = (int64_t)(glide.length * AUDIO_RATE);
    double phase = 0;
    for (int64_t i = 0; i < count; i++) {
        double share = (double)i / (double)count, at = (double)i / AUDIO_RATE, value = 0, weight = 1;
        double hertz = glide.from_hertz * pow(glide.to_hertz / glide.from_hertz, share);
        phase += 2 * M_PI * hertz / AUDIO_RATE;
        for (int k = 1; k <= 8 && weight > 0.01 && hertz * k < 18000; k++, weight *= glide.wave * 0.9)
            value += weight * sin(phase * k) / k;
        double loud = fmin(1, at / glide.attack) * fmin(1, (glide.length - at) / fmin(0.02, glide.length * 0.3))
                      * pow(1 - share, 1.2);
        put(sound, first + i, glide.level * loud * value, glide.side);
    }
}

void sound_filter(struct sound *sound, enum filter_kind kind, double hertz, double q)
{
    for (size_t channel = 0; channel < 2; channel++) {
        struct filter filter = filter_of(kind, hertz, q);
        for (size_t i = 0; i < sound->frames; i++)
            sound->samples[2 * i + channel] = (float)filter_step(&filter, sound->samples[2 * i + channel]);
    }
}

enum { LINES = 8 };

// A feedback delay network with a Householder matrix (Jot 1991): eight lines, damped, alternately to both sides.
void sound_room(struct sound *sound, double seconds, double share, double damp_hertz)
{
    static const size_t lengths[LINES] = { 1109, 1327, 1511, 1733, 1949, 2203, 2411, 2687 };
    float *lines[LINES];
    double damped[LINES] = { 0 }, gains[LINES], keep = exp(-2 * M_PI * damp_hertz / AUDIO_RATE);
    for (int i = 0; i < LINES; i++) {
        lines[i] = arena_alloc(sound->arena, lengths[i] * sizeof(float));
        gains[i] = pow(10, -3 * (double)lengths[i] / (seconds * AUDIO_RATE));
    }
    for (size_t frame = 0; frame < sound->frames; frame++) {
        double out[LINES], sum = 0, in[2] = { sound->samples[2 * frame], sound->samples[2 * frame + 1] },
                           wet[2] = { 0 };
        for (int i = 0; i < LINES; i++) {
            damped[i] = keep * damped[i] + (1 - keep) * lines[i][frame % lengths[i]];
            out[i] = damped[i] * gains[i];
            sum += out[i];
            wet[i % 2] += (i / 2 % 2 ? -1 : 1) * out[i];
        }
        for (int i = 0; i < LINES; i++)
            lines[i][frame % lengths[i]] = (float)(in[i % 2] * 0.5 + out[i] - sum * 2 / LINES);
        for (int channel = 0; channel < 2; channel++)
            sound->samples[2 * frame + (size_t)channel] = (float)(in[channel] * (1 - share * 0.5)
                                                                  + wet[channel] * share);
    }
}

void sound_drive(struct sound *sound, double amount)
{
    for (size_t i = 0; i < 2 * sound->frames; i++)
        sound->samples[i] = (float)(tanh(sound->samples[i] * amount) / tanh(amount));
}

void sound_reverse(struct sound *sound)
{
    for (size_t i = 0; i < sound->frames / 2; i++) {
        float *a = sound->samples + 2 * i, *b = sound->samples + 2 * (sound->frames - 1 - i), pair[2] = { a[0], a[1] };
        memcpy(a, b, sizeof pair);
        memcpy(b, pair, sizeof pair);
    }
}

void sound_fade(struct sound *sound, double in, double out)
{
    double total = (double)sound->frames / AUDIO_RATE;
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, gain = 1;
        if (in > 0)
            gain *= fmin(1, at / in);
        if (out > 0)
            gain *= fmin(1, (total - at) / out);
        sound->samples[2 * i] *= (float)gain;
        sound->samples[2 * i + 1] *= (float)gain;
    }
}

void sound_wrap(struct sound *sound, double lap)
{
    size_t over = (size_t)(lap * AUDIO_RATE), left = (sound->frames - over) / 1024 * 1024; // whole frames of AAC
    over = sound->frames - left;
    for (size_t i = 0; i < 2 * over; i++) {
        double share = (double)(i / 2) / (double)over;
        sound->samples[i] = (float)(sound->samples[i] * sqrt(share) + sound->samples[2 * left + i] * sqrt(1 - share));
    }
    sound->frames = left;
}

void sound_level(struct sound *sound, double peak)
{
    double most = 1e-9;
    for (size_t i = 0; i < 2 * sound->frames; i++)
        most = fmax(most, fabs(sound->samples[i]));
    for (size_t i = 0; i < 2 * sound->frames; i++)
        sound->samples[i] = (float)(sound->samples[i] * peak / most);
}
