// SPDX-License-Identifier: GPL-3.0-or-later
// Movement, hits, machines and drums.
#include <math.h>

#include "av/audio_encoder.h"
#include "effect_parts.h"

static double seconds_of(const struct sound *sound)
{
    return (double)sound->frames / AUDIO_RATE;
}

// From and to pitch (Hz), where the top lies (0..1), where it goes (-1..1, mirrored at the start), body below,
// sharpness.
void effect_whoosh(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) * 0.86;
    for (int layer = 0; layer < 3; layer++) {
        double off = 1 + 0.55 * (layer - 1);
        sound_sweep(sound, (struct sweep) { 0.01 * layer, length, n[0] * off, n[1] * off, n[5] * (1 + 0.4 * layer),
                               1.0 / (1 + layer), n[2], -n[3], n[3] });
    }
    sound_sweep(sound, (struct sweep) { 0, length, 90, 140, 0.8, n[4] * 2.2, n[2], -n[3] * 0.5, n[3] * 0.5 });
    sound_room(sound, 0.9, 0.22, 5000);
    sound_fade(sound, 0.005, 0.1);
}

// From and to pitch of the noise, pitch of the tone (0: none), octaves that it rises, speed of the pulse at the end.
void effect_riser(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) - 0.5;
    sound_sweep(sound, (struct sweep) { 0, length, n[0], n[1], 1.2, 0.9, 0.96, 0, 0 });
    sound_sweep(sound, (struct sweep) { 0, length, n[0] * 2, n[1] * 1.6, 4, 0.7, 0.97, -0.6, 0.6 });
    for (int voice = 0; voice < 5 && n[2] > 0; voice++) {
        double tune = n[2] * (1 + 0.006 * (voice - 2)), phase = voice;
        struct filter filter = { 0 };
        for (int64_t i = 0; i < (int64_t)(length * AUDIO_RATE); i++) {
            double at = (double)i / AUDIO_RATE, share = at / length, hertz = tune * pow(2, n[3] * share * share);
            phase += hertz / AUDIO_RATE;
            if (i % 16 == 0)
                filter_tune(&filter, FILTER_LOW, 250 + 7000 * share * share, 1.1);
            double pulse = n[4] > 0 ? 0.6 + 0.4 * sin(2 * M_PI * n[4] * share * share * at) : 1;
            double saw = filter_step(&filter, 2 * (phase - floor(phase)) - 1);
            sound_put(sound, at, 0.16 * saw * pow(share, 1.6) * pulse * (at > length - 0.01 ? (length - at) / 0.01 : 1),
                0.4 * (voice - 2));
        }
    }
    sound_room(sound, 2, 0.3, 6000);
    sound_fade(sound, 0.02, 0.35);
}

// From and to pitch of the tone, noise from and to, share of noise.
void effect_drop(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) * 0.9;
    sound_glide(sound, (struct glide) { 0, length, n[0], n[1], 0.8, 0.01, 0.25, 0 });
    sound_sweep(sound, (struct sweep) { 0, length, n[2], n[3], 1, n[4], 0.06, 0.3, -0.3 });
    sound_room(sound, 1.8, 0.3, 4000);
    sound_fade(sound, 0.002, 0.3);
}

// Pitch of the body, sub pitch, share of crack, room (s), kind of body (0 drum, 1 metal, 2 wood, 3 plate), drive.
void effect_impact(struct sound *sound, const double *n)
{
    const struct body *const bodies[] = { &body_drum, &body_metal, &body_wood, &body_plate };
    const struct body *body = bodies[(int)n[4]];
    sound_strike(sound, 0.01, body, n[0], 0.8, n[4] == 1 || n[4] == 3 ? 1.6 : 0.45, 0.7, -0.2);
    sound_strike(sound, 0.013, body, n[0] * 1.31, 0.5, n[4] == 1 ? 1.2 : 0.3, 0.6, 0.25);
    if (n[1] > 0)
        sound_glide(sound, (struct glide) { 0.005, 0.9, n[1] * 2.6, n[1], 1.3, 0.003, 0.1, 0 });
    struct filter low = filter_of(FILTER_LOW, 1800, 0.7);
    for (int i = 0; i < AUDIO_RATE / 2; i++) {
        double at = (double)i / AUDIO_RATE, noise = noise_white(&sound->chance);
        sound_put(sound, 0.008 + at,
            n[2]
                * (0.9 * shape_hit(at, 0.001, 0.05) * noise
                    + 1.5 * shape_hit(at, 0.004, 0.4) * filter_step(&low, noise)),
            0);
    }
    sound_drive(sound, n[5]);
    sound_room(sound, n[3], 0.4, 3500);
    sound_fade(sound, 0, 0.4);
}

// Pitch, detuning, brightness (Hz), length of the swell.
void effect_braam(struct sound *sound, const double *n)
{
    static const double intervals[] = { 0.5, 1, 1.002, 1.498, 2, 2.004 };
    double length = seconds_of(sound) - 1.2;
    for (int voice = 0; voice < 6; voice++) {
        double phase = 0.13 * voice, hertz = n[0] * intervals[voice];
        struct filter filter = { 0 };
        for (int64_t i = 0; i < (int64_t)(length * AUDIO_RATE); i++) {
            double at = (double)i / AUDIO_RATE,
                   loud = fmin(1, at / n[3]) * exp(-1.6 * fmax(0, at - n[3]) / length) * fmin(1, (length - at) / 0.4);
            phase += hertz * (1 + n[1] * sin(2 * M_PI * (0.7 + 0.3 * voice) * at) * 0.01) / AUDIO_RATE;
            if (i % 16 == 0)
                filter_tune(&filter, FILTER_LOW, 150 + n[2] * loud * loud, 1.4);
            sound_put(sound, at, 0.3 * loud * filter_step(&filter, 2 * (phase - floor(phase)) - 1),
                0.35 * (voice - 2.5) / 2.5);
        }
    }
    sound_drive(sound, 2.6);
    sound_strike(sound, 0.005, &body_drum, 44, 1.2, 1.2, 0.4, 0);
    sound_room(sound, 3.2, 0.4, 3000);
    sound_fade(sound, 0.004, 0.9);
}

// How near (0..1), length of the rumble.
void effect_blast(struct sound *sound, const double *n)
{
    struct pink pink[2] = { 0 };
    struct filter low[2] = { 0 };
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, roll = 1 + 0.5 * sin(at * 9) * sin(at * 3.7);
        double loud = 0.9 * shape_hit(at, 0.004, 0.3) * n[0] + shape_hit(at, 0.03 + 0.1 * (1 - n[0]), n[1]) * roll;
        for (int side = 0; side < 2; side++) {
            if (i % 32 == 0)
                filter_tune(&low[side], FILTER_LOW, 90 + (300 + 3500 * n[0]) * exp(-2.5 * at), 0.7);
            sound_put(sound, at, 2.2 * loud * filter_step(&low[side], noise_pink(&pink[side], &sound->chance) * 2),
                side ? 0.7 : -0.7);
        }
    }
    for (int i = 0; i < 60; i++) // what falls down
        sound_strike(sound, 0.5 + 1.6 * chance_unit(&sound->chance), &body_wood,
            chance_between(&sound->chance, 200, 900), 0.03 * n[0], 0.08, 0.8,
            chance_between(&sound->chance, -0.9, 0.9));
    sound_drive(sound, 1.8);
    sound_room(sound, 3, 0.3, 2500);
    sound_fade(sound, 0, 1);
}

// Pieces a second, coarseness of the steps, share of tones.
void effect_glitch(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) - 0.15;
    for (double at = 0; at < length;) {
        double piece = chance_between(&sound->chance, 0.4, 1.8) / n[0],
               hertz = 60 * pow(2, chance_between(&sound->chance, 0, 7));
        int kind = chance_below(&sound->chance, 4);
        double held = 0, side = chance_between(&sound->chance, -0.8, 0.8);
        int every = 1 + chance_below(&sound->chance, (int)n[1]);
        for (int i = 0; kind && i < (int)(fmin(piece, length - at) * 0.8 * AUDIO_RATE); i++) {
            double phase = (double)i / AUDIO_RATE * hertz;
            if (i % every == 0)
                held = kind == 1   ? noise_white(&sound->chance) * 0.5
                       : kind == 2 ? (phase - floor(phase) < 0.5 ? n[2] : -n[2]) * 0.6
                                   : sin(2 * M_PI * phase + 3 * sin(phase * 17)) * n[2];
            held = round(held * 12) / 12;
            sound_put(sound, at + (double)i / AUDIO_RATE, held * 0.6, side);
        }
        at += piece;
    }
    sound_filter(sound, FILTER_HIGH, 90, 0.7);
    sound_room(sound, 0.4, 0.12, 7000);
    sound_fade(sound, 0.001, 0.05);
}

// From and to pitch, length of a shot, shots.
void effect_laser(struct sound *sound, const double *n)
{
    for (int shot = 0; shot < (int)n[3]; shot++) {
        double start = 0.01 + shot * n[2] * 0.75;
        sound_glide(
            sound, (struct glide) { start, n[2], n[0] * (1 + 0.1 * shot), n[1], 0.7, 0.002, 0.7, -0.3 + 0.3 * shot });
        sound_sweep(sound, (struct sweep) { start, n[2], n[0] * 2, n[1] * 2, 3, 0.5, 0.04, 0, 0 });
    }
    sound_room(sound, 1.1, 0.28, 6000);
    sound_fade(sound, 0, 0.15);
}

// From and to pitch, speed of the shimmer, brightness.
void effect_power(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) * 0.8;
    for (int voice = 0; voice < 4; voice++)
        sound_glide(sound, (struct glide) { 0.02 * voice, length, n[0] * (1 + 0.5 * voice), n[1] * (1 + 0.5 * voice),
                               0.35 / (1 + voice * 0.4), 0.08, n[3], 0.3 * (voice - 1.5) });
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, shimmer = 0.75 + 0.25 * sin(2 * M_PI * n[2] * at * (0.5 + at));
        sound->samples[2 * i] *= (float)shimmer;
        sound->samples[2 * i + 1] *= (float)(1.5 - shimmer);
    }
    sound_room(sound, 1.4, 0.3, 5000);
    sound_fade(sound, 0.01, 0.2);
}

// Blips a second, lowest pitch, octaves.
void effect_scan(struct sound *sound, const double *n)
{
    static const int steps[] = { 0, 3, 5, 7, 10, 12, 15, 17 };
    double length = seconds_of(sound) - 0.6;
    int number = 0;
    for (double at = 0.01; at < length; at += 1 / n[0], number++) {
        double hertz = n[1] * pow(2, steps[chance_below(&sound->chance, 8)] / 12.0 * n[2]);
        sound_strike(sound, at, &body_bar, hertz, 0.5 * (number % 4 ? 0.7 : 1), 0.09, 0.5,
            chance_between(&sound->chance, -0.7, 0.7));
    }
    sound_sweep(sound, (struct sweep) { 0, length, 900, 4200, 9, 0.5, 0.7, -0.8, 0.8 });
    sound_room(sound, 1, 0.3, 6000);
    sound_fade(sound, 0.002, 0.2);
}

// Pitch, roughness, noise.
void effect_hum(struct sound *sound, const double *n)
{
    struct pink pink = { 0 };
    struct filter low = filter_of(FILTER_LOW, 420, 0.8);
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE, value = 0;
        for (int k = 1; k <= 9; k++)
            value += sin(2 * M_PI * n[0] * k * at + 0.4 * sin(at * (0.6 + 0.17 * k))) / pow(k, 1.3)
                     * (1 + n[1] * sin(at * (1.1 * k + 2)));
        double noise = n[2] * filter_step(&low, noise_pink(&pink, &sound->chance) * 4);
        sound_put(sound, at, 0.25 * value + noise, 0.15 * sin(at * 0.7));
    }
    sound_room(sound, 0.8, 0.2, 2500);
}

// Level of the hiss, whistles a second.
void effect_radio(struct sound *sound, const double *n)
{
    struct filter band = filter_of(FILTER_BAND, 1700, 0.5);
    double drift = 0, whistle = 0;
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        drift += 0.0006 * (noise_white(&sound->chance) - drift * 0.002);
        whistle += (900 + 700 * sin(at * n[1]) + 350 * sin(at * 2.3 * n[1])) / AUDIO_RATE;
        double crack = chance_of_one(&sound->chance, 0.0007) ? 1.5 * noise_white(&sound->chance) : 0;
        sound_put(sound, at,
            filter_step(&band, n[0] * noise_white(&sound->chance) * (0.8 + 0.5 * sin(at * 1.9) * sin(at * 5.1)) + crack)
                + 0.035 * sin(2 * M_PI * whistle),
            drift);
    }
}

// Pitch, drop, length, click.
void effect_kick(struct sound *sound, const double *n)
{
    double phase = 0;
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        phase += n[0] * (1 + n[1] * exp(-at * 45)) / AUDIO_RATE;
        sound_put(sound, at,
            shape_hit(at, 0.0008, n[2]) * sin(2 * M_PI * phase)
                + n[3] * shape_hit(at, 0.0003, 0.008) * noise_white(&sound->chance),
            0);
    }
    sound_drive(sound, 1.7);
    sound_fade(sound, 0, 0.05);
}

// Pitch, length of the snares, brightness (Hz), room.
void effect_snare(struct sound *sound, const double *n)
{
    struct filter high = filter_of(FILTER_HIGH, n[2], 0.7);
    sound_strike(sound, 0.002, &body_drum, n[0], 0.9, 0.16, 0.5, 0);
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE;
        sound_put(sound, 0.002 + at,
            0.55 * shape_hit(at, 0.001, n[1]) * filter_step(&high, noise_white(&sound->chance)),
            0.1 * noise_white(&sound->chance));
    }
    sound_drive(sound, 1.5);
    sound_room(sound, n[3], 0.25, 6000);
    sound_fade(sound, 0, 0.1);
}

// Pitch, length, noise, how fast it opens; a negative length is played backwards.
void effect_cymbal(struct sound *sound, const double *n)
{
    double length = fabs(n[1]);
    for (int layer = 0; layer < 4; layer++)
        sound_strike(sound, 0.002, &body_plate, n[0] * (1 + 0.37 * layer), 0.3, length * (1 - 0.15 * layer), 0.95,
            0.4 * (layer - 1.5));
    struct filter left = filter_of(FILTER_HIGH, 5200, 0.7), right = left;
    for (size_t i = 0; i < sound->frames; i++) {
        double at = (double)i / AUDIO_RATE,
               loud = n[2] * (0.6 * shape_hit(at, n[3], length) + 0.5 * shape_hit(at, 0.001, 0.09));
        sound_put(sound, at, loud * filter_step(&left, noise_white(&sound->chance)), -0.7);
        sound_put(sound, at, loud * filter_step(&right, noise_white(&sound->chance)), 0.7);
    }
    sound_filter(sound, FILTER_HIGH, 300, 0.7);
    sound_fade(sound, 0, 0.3);
    if (n[1] < 0) {
        sound_reverse(sound);
        sound_fade(sound, 0.05, 0.02);
    }
}

// Pitch, hits, seconds between them, how much each is lower.
void effect_toms(struct sound *sound, const double *n)
{
    double hertz = n[0], at = 0.01;
    for (int hit = 0; hit < (int)n[1]; hit++, at += n[2], hertz *= 1 - n[3]) {
        double loud = 0.6 + 0.4 * hit / n[1];
        sound_strike(sound, at, &body_drum, hertz, loud, 0.55, 0.45, -0.6 + 1.2 * hit / n[1]);
        sound_glide(sound,
            (struct glide) { at, 0.4, hertz * 1.35, hertz * 0.95, 0.5 * loud, 0.002, 0.05, -0.6 + 1.2 * hit / n[1] });
    }
    sound_room(sound, 1.3, 0.25, 4500);
    sound_fade(sound, 0, 0.2);
}
