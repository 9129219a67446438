// SPDX-License-Identifier: GPL-3.0-or-later
// The families of effects: a function each, with the numbers that make one of the family. What they mean stands with
// the function.
#pragma once

#include "effect.h"
#include "sound.h"

enum { EFFECT_NUMBERS = 6 };

struct effect {
    const char *slug, *title, *category, *tags;
    double seconds, lap; // a lap: it goes round, this much of it is laid over the beginning
    void (*make)(struct sound *sound, const double *numbers);
    double numbers[EFFECT_NUMBERS];
    double loud; // highest sample
    bool premium;
};
extern const struct effect effect_list[];

// Movement, hits and machines (effect_motion.c).
void effect_whoosh(struct sound *sound, const double *numbers);
void effect_riser(struct sound *sound, const double *numbers);
void effect_drop(struct sound *sound, const double *numbers);
void effect_impact(struct sound *sound, const double *numbers);
void effect_braam(struct sound *sound, const double *numbers);
void effect_blast(struct sound *sound, const double *numbers);
void effect_glitch(struct sound *sound, const double *numbers);
void effect_laser(struct sound *sound, const double *numbers);
void effect_power(struct sound *sound, const double *numbers);
void effect_scan(struct sound *sound, const double *numbers);
void effect_hum(struct sound *sound, const double *numbers);
void effect_radio(struct sound *sound, const double *numbers);
void effect_kick(struct sound *sound, const double *numbers);
void effect_snare(struct sound *sound, const double *numbers);
void effect_cymbal(struct sound *sound, const double *numbers);
void effect_toms(struct sound *sound, const double *numbers);
// Nature (effect_nature.c).
void effect_rain(struct sound *sound, const double *numbers);
void effect_thunder(struct sound *sound, const double *numbers);
void effect_wind(struct sound *sound, const double *numbers);
void effect_ocean(struct sound *sound, const double *numbers);
void effect_brook(struct sound *sound, const double *numbers);
void effect_fire(struct sound *sound, const double *numbers);
void effect_crickets(struct sound *sound, const double *numbers);
void effect_birds(struct sound *sound, const double *numbers);
void effect_leaves(struct sound *sound, const double *numbers);
// Things and people (effect_things.c).
void effect_click(struct sound *sound, const double *numbers);
void effect_pop(struct sound *sound, const double *numbers);
void effect_notes(struct sound *sound, const double *numbers);
void effect_buzz(struct sound *sound, const double *numbers);
void effect_typing(struct sound *sound, const double *numbers);
void effect_shutter(struct sound *sound, const double *numbers);
void effect_applause(struct sound *sound, const double *numbers);
void effect_steps(struct sound *sound, const double *numbers);
void effect_knock(struct sound *sound, const double *numbers);
void effect_door(struct sound *sound, const double *numbers);
void effect_creak(struct sound *sound, const double *numbers);
void effect_bell(struct sound *sound, const double *numbers);
void effect_chimes(struct sound *sound, const double *numbers);
void effect_clock(struct sound *sound, const double *numbers);
void effect_heart(struct sound *sound, const double *numbers);
void effect_page(struct sound *sound, const double *numbers);
void effect_clap(struct sound *sound, const double *numbers);
