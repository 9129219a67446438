// SPDX-License-Identifier: GPL-3.0-or-later
// Buttons, messages, doors, steps, bells, hands.
#include <math.h>

#include "av/audio_encoder.h"
#include "effect_parts.h"

static double seconds_of(const struct sound *sound)
{
    return (double)sound->frames / AUDIO_RATE;
}

static void burst(struct sound *sound, double at, double hertz, double q, double level, double length, double side)
{
    struct filter band = filter_of(FILTER_BAND, hertz, q);
    for (int i = 0; i < (int)(length * 1.3 * AUDIO_RATE); i++) {
        double t = (double)i / AUDIO_RATE;
        sound_put(sound, at + t,
            level * 2 * shape_hit(t, 0.0006, length) * filter_step(&band, noise_white(&sound->chance)), side);
    }
}

static const struct body *body_of(double number)
{
    static const struct body *const bodies[] = { &body_bar, &body_bell, &body_glass, &body_wood, &body_chime,
        &body_bowl, &body_metal };
    return bodies[(int)number];
}

// Pitch, hardness, seconds to the second click (0: none), its pitch, body, length.
void effect_click(struct sound *sound, const double *n)
{
    sound_strike(sound, 0.004, body_of(n[4]), n[0], 0.6, n[5], n[1], 0);
    burst(sound, 0.004, n[0] * 2.2, 0.8, 0.5 * n[1], 0.006, 0);
    if (n[2] > 0) {
        sound_strike(sound, 0.004 + n[2], body_of(n[4]), n[3], 0.45, n[5], n[1], 0.1);
        burst(sound, 0.004 + n[2], n[3] * 2.2, 0.8, 0.35 * n[1], 0.005, 0.1);
    }
    sound_room(sound, 0.18, 0.08, 7000);
    sound_fade(sound, 0, 0.02);
}

// From and to pitch, length, breath.
void effect_pop(struct sound *sound, const double *n)
{
    sound_glide(sound, (struct glide) { 0.004, n[2], n[0], n[1], 0.9, 0.002, 0.08, 0 });
    burst(sound, 0.003, n[1] * 2, 0.7, n[3], 0.01, 0);
    sound_room(sound, 0.25, 0.1, 6000);
    sound_fade(sound, 0, 0.02);
}

// Pitch of the first note, a number whose digits are the steps (each from the first, in a major scale; from the end),
// seconds between them, body, length, hardness.
void effect_notes(struct sound *sound, const double *n)
{
    static const int scale[] = { 0, 2, 4, 5, 7, 9, 11, 12, 14, 16 };
    int digits[8], count = 0;
    for (int rest = (int)n[1]; rest && count < 8; rest /= 10)
        digits[count++] = rest % 10;
    for (int i = 0; i < count; i++) {
        double hertz = n[0] * pow(2, scale[digits[i] ? digits[i] - 1 : 9] / 12.0), at = 0.006 + i * n[2];
        sound_strike(sound, at, body_of(n[3]), hertz, 0.7, n[4], n[5], 0.25 * (i % 2 ? 1 : -1));
        sound_strike(sound, at + 0.004, body_of(n[3]), hertz * 2.003, 0.18, n[4] * 0.6, n[5], 0.25 * (i % 2 ? -1 : 1));
    }
    sound_room(sound, 1.1, 0.22, 6500);
    sound_fade(sound, 0, 0.15);
}

// Pitch, second pitch, length of a buzz, buzzes, roughness.
void effect_buzz(struct sound *sound, const double *n)
{
    for (int i = 0; i < (int)n[3]; i++) {
        double start = 0.005 + i * n[2] * 1.35;
        sound_glide(sound, (struct glide) { start, n[2], n[0], n[0] * 0.97, 0.5, 0.006, n[4], -0.15 });
        sound_glide(sound, (struct glide) { start, n[2], n[1], n[1] * 0.97, 0.4, 0.006, n[4], 0.15 });
    }
    sound_filter(sound, FILTER_LOW, 2600, 0.7);
    sound_room(sound, 0.3, 0.1, 4000);
    sound_fade(sound, 0, 0.03);
}

// Keys a second, weight (0 laptop .. 1 typewriter).
void effect_typing(struct sound *sound, const double *n)
{
    double length = seconds_of(sound);
    int key = 0;
    for (double at = 0.05; at < length; key++) {
        double side = chance_between(&sound->chance, -0.4, 0.4), loud = chance_between(&sound->chance, 0.5, 1),
               hertz = chance_between(&sound->chance, 900, 1500) * (1 - 0.3 * n[1]);
        bool space = chance_below(&sound->chance, 6) == 0;
        burst(sound, at, hertz * (space ? 0.6 : 2.2), 0.9, 0.3 * loud, 0.008 + 0.006 * n[1], side);
        sound_strike(
            sound, at + 0.002, &body_wood, hertz * (space ? 0.45 : 0.8), 0.16 * loud, 0.03 + 0.03 * n[1], 0.5, side);
        burst(sound, at + 0.07, hertz * 2.8, 1.2, 0.1 * loud, 0.006, side);
        if (n[1] > 0.5) {
            sound_strike(sound, at + 0.006, &body_metal, 1900 + 300 * loud, 0.12 * loud, 0.06, 0.9, side);
            if (key % 34 == 33)
                sound_strike(sound, at + 0.1, &body_bell, 2300, 0.5, 0.9, 0.4, 0.3);
        }
        at += chance_between(&sound->chance, 0.55, 1.45) / n[0] + (chance_below(&sound->chance, 14) == 0 ? 0.35 : 0);
    }
    sound_room(sound, 0.35, 0.12, 5000);
}

// Seconds that it is open.
void effect_shutter(struct sound *sound, const double *n)
{
    for (int part = 0; part < 2; part++) {
        double at = 0.006 + part * n[0];
        burst(sound, at, 2600 - 700 * part, 0.8, 0.8, 0.016, 0.1);
        sound_strike(sound, at + 0.003, &body_metal, 1150 - 240 * part, 0.3, 0.05, 0.9, -0.1);
        burst(sound, at + 0.018, 4200, 1.5, 0.3, 0.012, 0);
    }
    sound_sweep(sound, (struct sweep) { n[0] + 0.04, 0.16, 700, 2400, 3, 0.25, 0.4, 0, 0 }); // the film is wound on
    sound_room(sound, 0.25, 0.12, 6000);
    sound_fade(sound, 0, 0.03);
}

static void clap(struct sound *sound, double at, double level, double side)
{
    double hertz = chance_between(&sound->chance, 850, 1900);
    burst(sound, at, hertz, 1.1, level, chance_between(&sound->chance, 0.012, 0.03), side);
    burst(sound, at + 0.001, hertz * 2.3, 0.8, level * 0.5, 0.007, side);
}

// People, seconds until all have stopped (0: never), claps a second of each.
void effect_applause(struct sound *sound, const double *n)
{
    double length = seconds_of(sound);
    for (int person = 0; person < (int)n[0]; person++) {
        double side = chance_between(&sound->chance, -1, 1), level = chance_between(&sound->chance, 0.04, 0.2),
               every = 1 / (n[2] * chance_between(&sound->chance, 0.75, 1.25));
        double from = n[1] > 0 ? fabs(chance_bell(&sound->chance)) * 0.35 : 0,
               until = n[1] > 0 ? n[1] * chance_between(&sound->chance, 0.45, 1) : length;
        for (double at = from + every * chance_unit(&sound->chance); at < until;
             at += every * chance_between(&sound->chance, 0.9, 1.1))
            clap(sound, at, level, side);
    }
    sound_room(sound, 1.3, 0.35, 5000);
    if (n[1] > 0)
        sound_fade(sound, 0, 0.5);
}

// Ground (0 gravel, 1 wood, 2 snow), steps a second.
void effect_steps(struct sound *sound, const double *n)
{
    double length = seconds_of(sound);
    int step = 0;
    for (double at = 0.12; at < length - 0.4; at += 1 / n[1] * chance_between(&sound->chance, 0.96, 1.04), step++) {
        double side = step % 2 ? 0.18 : -0.18, loud = chance_between(&sound->chance, 0.8, 1);
        if (n[0] == 1) {
            for (int part = 0; part < 2; part++) {
                sound_strike(sound, at + 0.09 * part, &body_wood,
                    (part ? 165 : 110) * chance_between(&sound->chance, 0.9, 1.1), (part ? 0.4 : 0.8) * loud, 0.12, 0.5,
                    side);
                burst(sound, at + 0.09 * part, part ? 1500 : 700, 0.7, 0.25 * loud, 0.015, side);
            }
            continue;
        }
        // Heel and sole press many grains together.
        for (int grain = 0; grain < (n[0] == 0 ? 90 : 140); grain++) {
            double share = chance_unit(&sound->chance), when = at + share * (n[0] == 0 ? 0.2 : 0.28);
            double press = shape_arch(share, 0.2) + 0.7 * shape_arch(share - 0.35, 0.5);
            double hertz = n[0] == 0 ? chance_between(&sound->chance, 1200, 6500)
                                     : chance_between(&sound->chance, 500, 2600);
            burst(sound, when, hertz, n[0] == 0 ? 1.4 : 2.2, 0.16 * loud * (press + 0.05), n[0] == 0 ? 0.005 : 0.009,
                side + chance_between(&sound->chance, -0.1, 0.1));
        }
        burst(sound, at, 130, 0.8, 0.7 * loud, 0.05, side);
    }
    sound_room(sound, n[0] == 1 ? 0.7 : 0.25, n[0] == 1 ? 0.2 : 0.06, 4000);
}

// Knocks, seconds between, pitch.
void effect_knock(struct sound *sound, const double *n)
{
    for (int i = 0; i < (int)n[0]; i++) {
        double at = 0.02 + i * n[1] * chance_between(&sound->chance, 0.97, 1.03), loud = i == 0 ? 0.85 : 1;
        sound_strike(sound, at, &body_wood, n[2] * chance_between(&sound->chance, 0.97, 1.03), loud, 0.16, 0.6, 0);
        sound_strike(sound, at, &body_drum, n[2] * 0.52, 0.7 * loud, 0.2, 0.3, 0);
    }
    sound_room(sound, 0.6, 0.2, 3500);
    sound_fade(sound, 0, 0.1);
}

// Seconds until it falls shut, weight, latch.
void effect_door(struct sound *sound, const double *n)
{
    sound_sweep(sound, (struct sweep) { 0.01, n[0], 160, 420, 0.8, 0.35, 0.85, -0.2, 0 });
    sound_strike(sound, 0.01 + n[0], &body_drum, 62, 1.1 * n[1], 0.35, 0.5, 0);
    sound_strike(sound, 0.012 + n[0], &body_wood, 145, 0.9 * n[1], 0.22, 0.7, 0.05);
    burst(sound, 0.01 + n[0], 900, 0.6, 0.6 * n[1], 0.04, 0);
    sound_strike(sound, 0.06 + n[0], &body_metal, 1350, 0.3 * n[2], 0.08, 0.9, 0.1);
    sound_strike(sound, 0.09 + n[0], &body_metal, 980, 0.35 * n[2], 0.07, 0.9, 0.1);
    sound_room(sound, 1.1, 0.3, 3200);
    sound_fade(sound, 0.004, 0.3);
}

// Pitch, how far it rises. Wood that sticks and slips, faster and slower.
void effect_creak(struct sound *sound, const double *n)
{
    double length = seconds_of(sound) - 0.3, at = 0.02;
    while (at < length) {
        double share = at / length, rate = n[0] * (1 + n[1] * sin(M_PI * share) + 0.25 * sin(share * 31)),
               loud = shape_arch(share, 0.4) * chance_between(&sound->chance, 0.5, 1);
        sound_strike(sound, at, &body_wood, 520 + 900 * share * n[1] * chance_between(&sound->chance, 0.95, 1.05),
            0.25 * loud, 0.035, 0.8, 0.2 * share);
        at += 1 / rate * chance_between(&sound->chance, 0.85, 1.15);
    }
    sound_room(sound, 0.9, 0.25, 4500);
    sound_fade(sound, 0.01, 0.2);
}

// Pitch, strokes, seconds between, body, length, hardness.
void effect_bell(struct sound *sound, const double *n)
{
    for (int i = 0; i < (int)n[1]; i++)
        sound_strike(sound, 0.01 + i * n[2], body_of(n[3]), n[0], 0.8, n[4], n[5], i % 2 ? 0.12 : -0.12);
    sound_room(sound, fmin(n[4], 3), 0.3, 5000);
    sound_fade(sound, 0, fmin(1, n[4] * 0.3));
}

// Strokes a second, lowest pitch, body, length.
void effect_chimes(struct sound *sound, const double *n)
{
    static const int scale[] = { 0, 2, 4, 7, 9, 12, 14, 16 };
    double length = seconds_of(sound);
    for (double at = 0.05; at < length - n[3] * 0.3; at += fabs(chance_bell(&sound->chance) + 0.6) / n[0]) {
        int bar = chance_below(&sound->chance, 8);
        sound_strike(sound, at, body_of(n[2]), n[1] * pow(2, scale[bar] / 12.0),
            chance_between(&sound->chance, 0.15, 0.6), n[3], 0.5, -0.7 + 0.2 * bar);
    }
    sound_room(sound, 2, 0.25, 6000);
    sound_fade(sound, 0, 0.6);
}

// Pitch of the tick, ticks a second.
void effect_clock(struct sound *sound, const double *n)
{
    int tick = 0;
    for (double at = 0.25 / n[1]; at < seconds_of(sound); at += 1 / n[1], tick++) {
        sound->chance = chance_of("clock", tick % 2 ? "tock" : "tick"); // one is like the other
        sound_strike(sound, at, &body_wood, n[0] * (tick % 2 ? 0.8 : 1), 0.5, 0.05, 0.8, 0);
        burst(sound, at, 4200, 1.2, 0.35, 0.004, 0);
        sound_strike(sound, at + 0.03, &body_metal, n[0] * 2.1, 0.08, 0.06, 0.6, 0.1);
    }
    sound_room(sound, 0.5, 0.15, 4500);
}

// Beats a second, pitch.
void effect_heart(struct sound *sound, const double *n)
{
    for (double at = 0.15 / n[0]; at < seconds_of(sound); at += 1 / n[0]) {
        sound_glide(sound, (struct glide) { at, 0.2, n[1] * 1.5, n[1], 0.9, 0.008, 0.1, 0 });
        sound_glide(sound, (struct glide) { at + 0.28 / n[0], 0.17, n[1] * 1.8, n[1] * 1.2, 0.55, 0.008, 0.1, 0 });
        burst(sound, at, 90, 0.7, 0.5, 0.06, 0);
    }
    sound_filter(sound, FILTER_LOW, 260, 0.7);
    sound_room(sound, 0.5, 0.15, 800);
}

// Length of the turn, crispness.
void effect_page(struct sound *sound, const double *n)
{
    sound_sweep(sound, (struct sweep) { 0.01, n[0], 1400, 4200, 0.7, 0.5, 0.55, 0.5, -0.5 });
    for (int i = 0; i < (int)(120 * n[1]); i++) {
        double share = chance_unit(&sound->chance);
        burst(sound, 0.01 + share * n[0], chance_between(&sound->chance, 2000, 7000), 1.3,
            0.22 * shape_arch(share, 0.7), 0.004, 0.5 - share);
    }
    burst(sound, 0.01 + n[0] * 0.95, 700, 0.7, 0.4, 0.03, -0.4);
    sound_room(sound, 0.3, 0.1, 5000);
    sound_fade(sound, 0.005, 0.08);
}

// Hands, spread in seconds, room.
void effect_clap(struct sound *sound, const double *n)
{
    for (int i = 0; i < (int)n[0]; i++)
        clap(sound, 0.005 + n[1] * i * chance_between(&sound->chance, 0.6, 1.2), 0.8,
            chance_between(&sound->chance, -0.5, 0.5));
    sound_room(sound, n[2], 0.3, 5500);
    sound_fade(sound, 0, 0.1);
}
