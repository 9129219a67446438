// SPDX-License-Identifier: GPL-3.0-or-later
// Weather, water, fire and animals. Most of them go round.
#include <math.h>

#include "av/audio_encoder.h"
#include "effect_parts.h"

static double seconds_of(const struct sound *sound)
{
    return (double)sound->frames / AUDIO_RATE;
}

// A bubble or drop: a short tone that rises a little (Minnaert's resonance, as in van den Doel 2005).
static void drop(struct sound *sound, double at, double hertz, double level, double length, double rise, double side)
{
    double phase = 0;
    for (int i = 0; i < (int)(length * 1.2 * AUDIO_RATE); i++) {
        double t = (double)i / AUDIO_RATE;
        phase += hertz * (1 + rise * t / length) / AUDIO_RATE;
        sound_put(sound, at + t, level * shape_hit(t, 0.001, length) * sin(2 * M_PI * phase), side);
    }
}

// A slow random walk between -1 and 1.
static double wander(double at, double speed, double offset)
{
    return 0.5 * sin(at * speed + offset) + 0.3 * sin(at * speed * 2.31 + offset * 1.7)
           + 0.2 * sin(at * speed * 4.73 + offset * 2.9);
}

// Drops a second, level of the hiss, its pitch, level of the splashes, thumps on a roof.
void effect_rain(struct sound *sound, const double *n)
{
    struct filter high[2] = { filter_of(FILTER_BAND, n[2], 0.35), filter_of(FILTER_BAND, n[2] * 1.1, 0.35) };
    struct pink pink[2] = { 0 };
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, loud = n[1] * (1 + 0.15 * wander(at, 0.8, 1));
        for (int side = 0; side < 2; side++)
            sound_put(sound, at,
                loud
                    * (filter_step(&high[side], noise_white(&sound->chance))
                        + 0.35 * noise_pink(&pink[side], &sound->chance)),
                side ? 0.8 : -0.8);
    }
    double length = seconds_of(sound);
    for (int i = 0; i < (int)(n[0] * length); i++) {
        double at = chance_unit(&sound->chance) * length, side = chance_between(&sound->chance, -1, 1),
               size = pow(chance_unit(&sound->chance), 2.5);
        drop(sound, at, chance_between(&sound->chance, 1800, 7500), n[3] * (0.02 + 0.12 * size), 0.004 + 0.012 * size,
            0.3, side);
        if (chance_of_one(&sound->chance, 0.08))
            drop(sound, at, chance_between(&sound->chance, 300, 900), n[4] * (0.05 + 0.15 * size), 0.03, 0.1, side);
    }
    sound_filter(sound, FILTER_HIGH, 120, 0.7);
}

// How far away (0..1), rolls.
void effect_thunder(struct sound *sound, const double *n)
{
    struct pink pink[2] = { 0 };
    struct filter low[2] = { 0 };
    double strikes[8], length = seconds_of(sound);
    for (int i = 0; i < 8; i++)
        strikes[i] = i ? chance_between(&sound->chance, 0.2, length * 0.55) : 0.1;
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, loud = 0, sharp = 0;
        for (int k = 0; k < (int)n[1]; k++) {
            loud += shape_hit(at - strikes[k], 0.05 + 0.1 * n[0], 2.2) * (k ? 0.6 : 1);
            sharp += shape_hit(at - strikes[k], 0.01, 0.5) * (k ? 0.3 : 1);
        }
        double grain = 0.6 + 0.4 * wander(at, 13, 2);
        for (int side = 0; side < 2; side++) {
            if (i % 32 == 0)
                filter_tune(&low[side], FILTER_LOW, 110 + 2600 * (1 - n[0]) * fmin(sharp, 1.2), 0.6);
            sound_put(sound, at,
                3 * loud * grain * filter_step(&low[side], 2 * noise_pink(&pink[side], &sound->chance)),
                side ? 0.7 : -0.7);
        }
    }
    sound_drive(sound, 1.3);
    sound_room(sound, 4, 0.4, 1800);
    sound_fade(sound, 0.03, 1.5);
}

// Pitch, howl (sharpness), speed of the gusts, depth of them, low rumble.
void effect_wind(struct sound *sound, const double *n)
{
    struct filter band[2] = { 0 }, second[2] = { 0 };
    struct pink pink[2] = { 0 };
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        for (int side = 0; side < 2; side++) {
            double gust = 0.5 + 0.5 * wander(at, n[2], 1.3 * side), noise = noise_pink(&pink[side], &sound->chance);
            if (i % 32 == 0) {
                filter_tune(&band[side], FILTER_BAND, n[0] * (0.7 + 0.8 * gust), n[1]);
                filter_tune(&second[side], FILTER_BAND, n[0] * 2.1 * (0.8 + 0.5 * gust), n[1] * 1.8);
            }
            double value = filter_step(&band[side], noise) * 2.2 + 0.6 * filter_step(&second[side], noise) * gust;
            sound_put(sound, at, value * (1 - n[3] + n[3] * gust) + n[4] * noise * 0.2, side ? 0.75 : -0.75);
        }
    }
}

// Seconds between waves, size, distance.
void effect_ocean(struct sound *sound, const double *n)
{
    struct pink pink[2] = { 0 };
    struct filter low[2] = { 0 };
    double length = seconds_of(sound);
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        for (int side = 0; side < 2; side++) {
            double wave = 0, foam = 0;
            for (int k = -1; k < (int)(length / n[0]) + 2; k++) {
                double from = at - k * n[0] - 0.9 * sin(k * 2.4) - 0.25 * side, share = from / (n[0] * 1.25);
                wave += shape_arch(share, 0.45);
                foam += shape_hit(from - n[0] * 0.5, 0.35, n[0] * 0.8) * 0.7;
            }
            if (i % 32 == 0)
                filter_tune(&low[side], FILTER_LOW, 260 + n[2] * (1800 * wave + 3800 * foam), 0.6);
            double noise = noise_pink(&pink[side], &sound->chance), white = noise_white(&sound->chance);
            sound_put(sound, at,
                (0.25 + n[1] * wave + 0.6 * foam) * filter_step(&low[side], 1.5 * noise + 0.25 * foam * white),
                side ? 0.7 : -0.7);
        }
    }
}

// Bubbles a second, pitch, level of the rush.
void effect_brook(struct sound *sound, const double *n)
{
    struct filter band[2] = { filter_of(FILTER_BAND, 900, 0.4), filter_of(FILTER_BAND, 1000, 0.4) };
    double length = seconds_of(sound);
    for (size_t i = 0; i < sound->frames; i++)
        for (int side = 0; side < 2; side++)
            sound_put(sound, (double)i / AUDIO_RATE, n[2] * filter_step(&band[side], noise_white(&sound->chance)),
                side ? 0.8 : -0.8);
    for (int i = 0; i < (int)(n[0] * length); i++) {
        double size = pow(chance_unit(&sound->chance), 1.5), hertz = n[1] * (0.5 + 2.2 * (1 - size));
        drop(sound, chance_unit(&sound->chance) * length, hertz, 0.03 + 0.09 * size, 0.02 + 0.06 * size,
            0.15 + 0.35 * chance_unit(&sound->chance), chance_between(&sound->chance, -0.9, 0.9));
    }
    sound_room(sound, 0.5, 0.1, 5000);
}

// Cracks a second, level of the roar, level of the cracks.
void effect_fire(struct sound *sound, const double *n)
{
    struct pink pink[2] = { 0 };
    struct filter low[2] = { filter_of(FILTER_LOW, 380, 0.6), filter_of(FILTER_LOW, 420, 0.6) };
    double length = seconds_of(sound);
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        for (int side = 0; side < 2; side++) {
            double noise = noise_pink(&pink[side], &sound->chance);
            sound_put(sound, at,
                n[1] * (2.4 * filter_step(&low[side], noise) * (0.8 + 0.35 * wander(at, 7, side)) + 0.1 * noise),
                side ? 0.6 : -0.6);
        }
    }
    for (int i = 0; i < (int)(n[0] * length); i++) {
        double at = chance_unit(&sound->chance) * length, size = pow(chance_unit(&sound->chance), 5),
               side = chance_between(&sound->chance, -0.8, 0.8);
        struct filter band = filter_of(FILTER_BAND, chance_between(&sound->chance, 900, 6000), 1.2);
        for (int k = 0; k < (int)((0.004 + 0.02 * size) * AUDIO_RATE); k++) {
            double t = (double)k / AUDIO_RATE;
            sound_put(sound, at + t,
                n[2] * (0.08 + 0.9 * size) * shape_hit(t, 0.0003, 0.004 + 0.016 * size) * 2
                    * filter_step(&band, noise_white(&sound->chance)),
                side);
        }
    }
    sound_filter(sound, FILTER_HIGH, 60, 0.7);
}

// Pitch, insects, chirps a second.
void effect_crickets(struct sound *sound, const double *n)
{
    double length = seconds_of(sound);
    for (int insect = 0; insect < (int)n[1]; insect++) {
        double hertz = n[0] * chance_between(&sound->chance, 0.88, 1.15),
               every = 1 / n[2] * chance_between(&sound->chance, 0.8, 1.4);
        double side = chance_between(&sound->chance, -0.95, 0.95), level = chance_between(&sound->chance, 0.03, 0.2);
        for (double at = chance_unit(&sound->chance) * every; at < length;
             at += every * chance_between(&sound->chance, 0.96, 1.05)) {
            for (int pulse = 0; pulse < 3; pulse++)
                for (int i = 0; i < AUDIO_RATE / 70; i++) {
                    double t = (double)i / AUDIO_RATE, loud = shape_arch(t * 70, 0.35);
                    sound_put(sound, at + pulse * 0.021 + t,
                        level * loud * (sin(2 * M_PI * hertz * t) + 0.25 * sin(4.02 * M_PI * hertz * t)), side);
                }
        }
    }
    struct pink pink = { 0 };
    for (size_t i = 0; i < sound->frames; i++)
        sound_put(sound, (double)i / AUDIO_RATE, 0.012 * noise_pink(&pink, &sound->chance), 0);
    sound_room(sound, 1.2, 0.25, 6000);
}

static void sing(struct sound *sound, double at, double base, int kind, double level, double side)
{
    int notes = 2 + chance_below(&sound->chance, 5);
    for (int note = 0; note < notes; note++) {
        double length = chance_between(&sound->chance, 0.05, 0.17),
               from = base * chance_between(&sound->chance, 0.8, 1.35);
        double to = from * (kind == 0 ? chance_between(&sound->chance, 0.7, 1.4) : kind == 1 ? 1.25 : 0.8), phase = 0;
        for (int i = 0; i < (int)(length * AUDIO_RATE); i++) {
            double t = (double)i / AUDIO_RATE, share = t / length,
                   trill = kind == 2 ? 1 + 0.06 * sin(2 * M_PI * 38 * t) : 1;
            phase += from * pow(to / from, share) * trill * (1 + 0.08 * sin(M_PI * share)) / AUDIO_RATE;
            sound_put(sound, at + t,
                level * shape_arch(share, 0.3) * (sin(2 * M_PI * phase) + 0.12 * sin(4 * M_PI * phase)), side);
        }
        at += length + chance_between(&sound->chance, 0.02, 0.12);
    }
}

// Birds, songs a second.
void effect_birds(struct sound *sound, const double *n)
{
    double length = seconds_of(sound);
    for (int bird = 0; bird < (int)n[0]; bird++) {
        double base = chance_between(&sound->chance, 2300, 5200), side = chance_between(&sound->chance, -0.9, 0.9),
               level = chance_between(&sound->chance, 0.05, 0.25);
        int kind = bird % 3;
        for (double at = chance_between(&sound->chance, 0, 3); at < length - 1.2;
             at += chance_between(&sound->chance, 0.6, 1.8) / n[1])
            sing(sound, at, base, kind, level, side);
    }
    struct pink pink[2] = { 0 };
    for (size_t i = 0; i < sound->frames; i++)
        for (int side = 0; side < 2; side++)
            sound_put(sound, (double)i / AUDIO_RATE, 0.02 * noise_pink(&pink[side], &sound->chance), side ? 0.8 : -0.8);
    sound_room(sound, 1.8, 0.35, 5000);
}

// Speed of the gusts, brightness (Hz), level of single leaves.
void effect_leaves(struct sound *sound, const double *n)
{
    struct filter band[2] = { filter_of(FILTER_BAND, n[1], 0.45), filter_of(FILTER_BAND, n[1] * 1.15, 0.45) };
    double length = seconds_of(sound);
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        for (int side = 0; side < 2; side++) {
            double gust = 0.35 + 0.65 * pow(0.5 + 0.5 * wander(at, n[0], 0.8 * side), 2);
            sound_put(sound, at, 0.5 * gust * filter_step(&band[side], noise_white(&sound->chance)), side ? 0.8 : -0.8);
        }
    }
    for (int i = 0; i < (int)(140 * length); i++) {
        double at = chance_unit(&sound->chance) * length, gust = 0.5 + 0.5 * wander(at, n[0], 0);
        drop(sound, at, chance_between(&sound->chance, 2500, 8000), n[2] * 0.05 * gust, 0.004, 0,
            chance_between(&sound->chance, -1, 1));
    }
}
