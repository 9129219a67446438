// SPDX-License-Identifier: GPL-3.0-or-later
// Notes through FluidSynth. What still sounds at the end of the loop is laid over its beginning, so that going round is
// the same as going on.
#include <fluidsynth.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "music.h"

enum { TAIL_SECONDS = 7, AAC_FRAME = 1024, DRUM_CHANNEL = 9, BLOCK = 64, SWELL_STEPS = 8, PUMP_STEPS = 8 };
enum { CC_VOLUME = 7, CC_PAN = 10, CC_EXPRESSION = 11, CC_REVERB = 91, CC_CHORUS = 93 };
static const char font[] = "/usr/share/sounds/sf2/FluidR3_GM.sf2";

struct event {
    int64_t frame;
    int order; // of events of one moment: off, control, on; then as they were made
    int channel, kind, first, second;
};
enum { EVENT_OFF, EVENT_CONTROL, EVENT_ON };

struct player {
    struct score *score;
    struct event *events;
    size_t count, room;
    int64_t frames; // of the loop
    double beat;    // frames
    struct chance chance;
};

static int channel_of(const struct piece *piece, int part)
{
    return piece->parts[part].role == ROLE_DRUMS ? DRUM_CHANNEL : part >= DRUM_CHANNEL ? part + 1 : part;
}

static void add_event(struct player *player, struct event event)
{
    if (player->count == player->room) {
        size_t room = player->room ? 2 * player->room : 16384;
        player->events = arena_grow(
            player->score->arena, player->events, player->room * sizeof event, room * sizeof event);
        player->room = room;
    }
    event.order = event.kind * 1000000 + (int)player->count;
    player->events[player->count++] = event;
}

static double swung(const struct piece *piece, double beat)
{
    if (piece->swing <= 0)
        return beat;
    double pair = 2.0 / piece->swing_steps, in = fmod(beat, pair), half = pair / 2;
    // The second half of the pair begins later; what lies between moves along.
    return beat - in
           + (in < half ? in * (1 + piece->swing) : half * (1 + piece->swing) + (in - half) * (1 - piece->swing));
}

static void add_notes(struct player *player)
{
    const struct piece *piece = player->score->piece;
    for (size_t i = 0; i < player->score->note_count; i++) {
        const struct note *note = &player->score->notes[i];
        bool drums = piece->parts[note->part].role == ROLE_DRUMS;
        double miss = piece->loose * chance_bell(&player->chance) * (drums ? 0.4 : 1) * AUDIO_RATE;
        int64_t on = (int64_t)(swung(piece, note->start) * player->beat + miss);
        int64_t off = on + (int64_t)fmax(note->length * player->beat, 0.03 * AUDIO_RATE);
        int velocity = note->velocity + (int)lround(4 * chance_bell(&player->chance));
        if (on < 0) {
            on = 0;
        }
        int channel = channel_of(piece, note->part);
        velocity = velocity < 8 ? 8 : velocity > 127 ? 127 : velocity;
        add_event(player, (struct event) { on, 0, channel, EVENT_ON, note->pitch, velocity });
        add_event(player, (struct event) { off, 0, channel, EVENT_OFF, note->pitch, 0 });
    }
}

// Held chords breathe: louder towards the middle of a chord, and with the energy of the section.
static void add_swells(struct player *player, int part)
{
    const struct score *score = player->score;
    for (size_t i = 0; i < score->span_count; i++) {
        const struct span *span = &score->spans[i];
        for (int step = 0; step < SWELL_STEPS; step++) {
            double share = (double)step / SWELL_STEPS, section = (span->bar + share) / span->bars;
            double level = 82 + 6 * span->energy + 9 * sin(M_PI * share) + 9 * section;
            int64_t frame = (int64_t)((span->start + span->length * share) * player->beat);
            add_event(player, (struct event) { frame, 0, channel_of(score->piece, part), EVENT_CONTROL, CC_EXPRESSION,
                                  (int)fmin(level, 127) });
        }
    }
}

// Everything but the drums gives way to each beat.
static void add_pump(struct player *player, int part)
{
    const struct score *score = player->score;
    for (int step = 0; step < (int)(score->beats * PUMP_STEPS); step++) {
        double beat = (double)step / PUMP_STEPS, in = beat - floor(beat);
        bool pumped = score_span(score, beat)->energy >= 3;
        int level = pumped ? (int)(38 + 89 * pow(in, 0.55)) : 112;
        add_event(player, (struct event) { (int64_t)(beat * player->beat), 0, channel_of(score->piece, part),
                              EVENT_CONTROL, CC_EXPRESSION, level });
    }
}

static int in_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    return a->frame != b->frame ? (a->frame < b->frame ? -1 : 1) : a->order - b->order;
}

static void collect(struct player *player)
{
    const struct piece *piece = player->score->piece;
    add_notes(player);
    for (int i = 0; i < PARTS_MAX && piece->parts[i].role; i++) {
        enum role role = piece->parts[i].role;
        if (piece->finish == FINISH_PUMP && (role == ROLE_PAD || role == ROLE_COMP || role == ROLE_BASS))
            add_pump(player, i);
        else if (role == ROLE_PAD || role == ROLE_LINE)
            add_swells(player, i);
    }
    qsort(player->events, player->count, sizeof *player->events, in_time);
}

static void tell(fluid_synth_t *synth, const struct event *event)
{
    if (event->kind == EVENT_ON)
        fluid_synth_noteon(synth, event->channel, event->first, event->second);
    else if (event->kind == EVENT_OFF)
        fluid_synth_noteoff(synth, event->channel, event->first);
    else
        fluid_synth_cc(synth, event->channel, event->first, event->second);
}

static void set_up(fluid_synth_t *synth, const struct piece *piece)
{
    fluid_synth_set_reverb_group_roomsize(synth, -1, piece->room);
    fluid_synth_set_reverb_group_damp(synth, -1, 0.35);
    fluid_synth_set_reverb_group_width(synth, -1, 0.9);
    fluid_synth_set_reverb_group_level(synth, -1, 0.75);
    for (int i = 0; i < PARTS_MAX && piece->parts[i].role; i++) {
        const struct part *part = &piece->parts[i];
        int channel = channel_of(piece, i);
        fluid_synth_bank_select(synth, channel, channel == DRUM_CHANNEL ? 128 : 0);
        fluid_synth_program_change(synth, channel, part->program);
        fluid_synth_cc(synth, channel, CC_VOLUME, part->level);
        fluid_synth_cc(synth, channel, CC_PAN, part->pan);
        fluid_synth_cc(synth, channel, CC_REVERB, part->room);
        fluid_synth_cc(synth, channel, CC_CHORUS, part->role == ROLE_PAD ? 30 : 0);
    }
}

static error play(struct player *player, fluid_synth_t *synth, float *samples)
{
    int64_t all = player->frames + TAIL_SECONDS * AUDIO_RATE;
    float left[BLOCK], right[BLOCK];
    size_t next = 0;
    for (int64_t frame = 0; frame < all; frame += BLOCK) {
        while (next < player->count && player->events[next].frame <= frame)
            tell(synth, &player->events[next++]);
        int count = (int)(all - frame < BLOCK ? all - frame : BLOCK);
        if (fluid_synth_write_float(synth, count, left, 0, 1, right, 0, 1) != FLUID_OK)
            return error_make(ERROR_ENGINE_FAILED, NULL, "FluidSynth gave no sound");
        for (int i = 0; i < count; i++) {
            int64_t at = (frame + i) % player->frames;
            samples[2 * at] += left[i];
            samples[2 * at + 1] += right[i];
        }
    }
    return OK;
}

static error synthesize(struct player *player, float *samples)
{
    fluid_settings_t *settings = new_fluid_settings();
    fluid_settings_setnum(settings, "synth.sample-rate", AUDIO_RATE);
    fluid_settings_setnum(settings, "synth.gain", 0.4);
    fluid_settings_setint(settings, "synth.polyphony", 256);
    fluid_settings_setint(settings, "synth.dynamic-sample-loading", 1);
    fluid_settings_setint(settings, "synth.cpu-cores", 1);
    fluid_synth_t *synth = new_fluid_synth(settings);
    error failed = OK;
    if (!synth || fluid_synth_sfload(synth, font, 1) == FLUID_FAILED)
        failed = error_make(
            ERROR_ENGINE_FAILED, NULL, "%s cannot be read: install the package fluid-soundfont-gm", font);
    if (!error_is(failed)) {
        set_up(synth, player->score->piece);
        failed = play(player, synth, samples);
    }
    delete_fluid_synth(synth);
    delete_fluid_settings(settings);
    return failed;
}

error music_render(struct arena *arena, struct score *score, float **ret_samples, size_t *ret_frames)
{
    struct player player = { .score = score, .chance = chance_of(score->piece->slug, "players") };
    // Whole frames of the encoder, so that the file ends where the loop does; nobody hears the tempo differ.
    double frames = score->beats * 60 / score->piece->bpm * AUDIO_RATE;
    player.frames = (int64_t)round(frames / AAC_FRAME) * AAC_FRAME;
    player.beat = (double)player.frames / score->beats;
    fluid_set_log_function(FLUID_WARN, NULL, NULL);
    fluid_set_log_function(FLUID_ERR, NULL, NULL);
    collect(&player);
    float *samples = arena_alloc(arena, (size_t)player.frames * 2 * sizeof *samples);
    TRY(synthesize(&player, samples));
    *ret_samples = samples;
    *ret_frames = (size_t)player.frames;
    return OK;
}
