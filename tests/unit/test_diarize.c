// SPDX-License-Identifier: GPL-3.0-or-later
// Who speaks when: conversations of synthetic voices, calls with a person a channel, and recordings where there are
// some.
#include <math.h>

#include "base/str.h"
#include "zygote_help.h"

enum { RATE = 16000, PERSONS_MAX = 3, TURNS_MAX = 64, GAP_SAMPLES = RATE * 2 / 5 };

struct turn {
    double start, end;
    int person;
};

// A sound in the making, and who is heard in it.
struct talk {
    unsigned channels;
    struct buffer samples; // 16 bits
    struct turn turns[TURNS_MAX];
    size_t turn_count;
    uint32_t noise;
};

static void add_silence(struct talk *talk, size_t samples)
{
    for (size_t i = 0; i < samples * talk->channels; i++) {
        talk->noise = talk->noise * 1664525 + 1013904223;
        int16_t sample = (int16_t)((int)(talk->noise >> 29) - 4);
        buffer_append(&talk->samples, &sample, sizeof sample);
    }
}

static json_t *ask_once(
    struct arena *arena, const char *op, json_t *params, struct memory_file *file, struct buffer *output)
{
    json_t *result;
    assert_ok(question(op, params, file, arena, output, &result));
    return result;
}

// A sentence of a voice at the end; with two channels on the person's own.
static void say(struct talk *talk, int person, const char *text)
{
    static const char *const voices[PERSONS_MAX] = { "flite:slt", "flite:rms", "flite:awb" };
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    BUFFER_AUTO struct buffer wav = { 0 };
    ask_once(arena, "tts.speak", json_pack("{s:s, s:s}", "voice", voices[person], "text", text), NULL, &wav);
    const int16_t *samples = (const int16_t *)(wav.data + 44);
    size_t count = (wav.size - 44) / 2;
    add_silence(talk, GAP_SAMPLES);
    double start = (double)(talk->samples.size / 2 / talk->channels) / RATE;
    for (size_t i = 0; i < count; i++)
        for (unsigned c = 0; c < talk->channels; c++) {
            int16_t sample = talk->channels == 1 || c == (unsigned)person ? samples[i] : samples[i] / 64;
            buffer_append(&talk->samples, &sample, sizeof sample);
        }
    talk->turns[talk->turn_count++] = (struct turn) { start, start + (double)count / RATE, person };
}

static struct memory_file file_of(const struct talk *talk)
{
    struct memory_file wav = tone_wav(0, RATE);
    uint32_t data_size = (uint32_t)talk->samples.size, riff_size = 36 + data_size;
    uint16_t channels = (uint16_t)talk->channels, block = (uint16_t)(2 * talk->channels);
    uint32_t byte_rate = RATE * block;
    char *bytes = malloc(44 + data_size);
    memcpy(bytes, wav.data, 44);
    memcpy(bytes + 4, &riff_size, 4);
    memcpy(bytes + 22, &channels, 2);
    memcpy(bytes + 28, &byte_rate, 4);
    memcpy(bytes + 32, &block, 2);
    memcpy(bytes + 40, &data_size, 4);
    memcpy(bytes + 44, talk->samples.data, data_size);
    free((char *)wav.data);
    return (struct memory_file) { .data = bytes, .size = 44 + data_size };
}

static json_t *speakers_of(struct arena *arena, struct memory_file *file, int wanted)
{
    return ask_once(arena, "asr.speakers", json_pack("{s:i}", "speakers", wanted), file, NULL);
}

static bool heard_at(const struct turn *turns, size_t count, int person, double at)
{
    for (size_t i = 0; i < count; i++)
        if (turns[i].person == person && at >= turns[i].start && at < turns[i].end)
            return true;
    return false;
}

static bool near_border(const struct turn *turns, size_t count, double at)
{
    for (size_t i = 0; i < count; i++)
        if (fabs(at - turns[i].start) < 0.25 || fabs(at - turns[i].end) < 0.25)
            return true;
    return false;
}

// Speaker time right under one way of naming, in steps of 10 ms; adds what should and could be right.
static int right_time(const struct turn *said, size_t said_count, const struct turn *found, size_t found_count,
    const int *names, int *ret_most)
{
    int right = 0, most = 0;
    double end = 0;
    for (size_t i = 0; i < said_count; i++)
        end = fmax(end, said[i].end);
    for (size_t i = 0; i < found_count; i++)
        end = fmax(end, found[i].end);
    for (double at = 0.005; at < end; at += 0.01) {
        int expected = 0, heard = 0;
        if (near_border(said, said_count, at))
            continue;
        for (int person = 0; person < PERSONS_MAX; person++) {
            bool is_said = heard_at(said, said_count, person, at);
            expected += is_said;
            heard += heard_at(found, found_count, person, at);
            right += is_said && heard_at(found, found_count, names[person], at);
        }
        most += expected > heard ? expected : heard;
    }
    *ret_most = most;
    return right;
}

// Wrong speaker time over all speaker time, in percent: NIST's, with a collar of 0.25 s.
static double error_of_turns(const struct turn *said, size_t said_count, const json_t *result)
{
    static const int namings[][PERSONS_MAX] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
        { 2, 1, 0 } };
    const json_t *list = json_object_get(result, "turns");
    struct turn *found = calloc(json_array_size(list) + 1, sizeof *found);
    int best = 0, most = 0, total = 0, none[PERSONS_MAX] = { -1, -1, -1 };
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *turn = json_array_get(list, i);
        found[i] = (struct turn) { json_get_number(turn, "start", -1), json_get_number(turn, "end", -1),
            (int)json_get_int(turn, "speaker", 0) - 1 };
        assert_true(found[i].start >= 0 && found[i].end > found[i].start && found[i].person >= 0);
    }
    for (size_t i = 0; i < sizeof namings / sizeof *namings; i++) {
        int right = right_time(said, said_count, found, json_array_size(list), namings[i], &most);
        best = right > best ? right : best;
    }
    right_time(said, said_count, NULL, 0, none, &total);
    free(found);
    return 100.0 * (most - best) / total;
}

static void talk_of_two(struct talk *talk)
{
    say(talk, 0, "Good morning, how are you today? I wanted to ask you about the report from last week.");
    say(talk, 1, "I think we should go through the numbers first, then decide what to do about the budget.");
    say(talk, 0, "That sounds reasonable to me, but the deadline is quite close.");
    say(talk, 1, "Yes, of course. We can do that tomorrow, when everybody is here again.");
    say(talk, 0, "The weather in the north was terrible, so we could not travel until the evening.");
    say(talk, 1, "Then let us meet after lunch and look at it together.");
    add_silence(talk, GAP_SAMPLES);
}

static void two_voices_are_told_apart(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct talk talk = { .channels = 1 };
    talk_of_two(&talk);
    struct memory_file file = file_of(&talk);
    json_t *result = speakers_of(arena, &file, 0);
    assert_int_equal(json_get_int(result, "speakers", 0), 2);
    assert_false(json_is_true(json_object_get(result, "by_channel")));
    double wrong = error_of_turns(talk.turns, talk.turn_count, result);
    print_message("two synthetic voices: %.1f %% wrong\n", wrong);
    assert_true(wrong < 12);
    assert_int_equal(json_get_int(speakers_of(arena, &file, 1), "speakers", 0), 1);
    assert_int_equal(json_get_int(speakers_of(arena, &file, 2), "speakers", 0), 2);
    free((char *)file.data);
    buffer_done(&talk.samples);
}

static void one_voice_is_one_speaker(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct talk talk = { .channels = 1 };
    say(&talk, 1, "I think we should go through the numbers first, then decide what to do about the budget.");
    say(&talk, 1, "The weather in the north was terrible, so we could not travel until the evening.");
    say(&talk, 1, "Yes, of course. We can do that tomorrow, when everybody is here again.");
    struct memory_file file = file_of(&talk);
    assert_int_equal(json_get_int(speakers_of(arena, &file, 0), "speakers", 0), 1);
    free((char *)file.data);
    buffer_done(&talk.samples);
}

static void a_person_a_channel_needs_no_guessing(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct talk talk = { .channels = 2 };
    talk_of_two(&talk);
    struct memory_file file = file_of(&talk);
    json_t *result = speakers_of(arena, &file, 0);
    assert_true(json_is_true(json_object_get(result, "by_channel")));
    assert_int_equal(json_get_int(result, "speakers", 0), 2);
    assert_true(error_of_turns(talk.turns, talk.turn_count, result) < 8);
    free((char *)file.data);
    buffer_done(&talk.samples);
}

static void the_same_sound_on_both_channels_is_no_call(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct talk mono = { .channels = 1 }, both = { .channels = 2 };
    say(&mono, 0, "The weather in the north was terrible, so we could not travel until the evening.");
    for (size_t i = 0; i < mono.samples.size; i += 2) {
        buffer_append(&both.samples, mono.samples.data + i, 2);
        buffer_append(&both.samples, mono.samples.data + i, 2);
    }
    struct memory_file file = file_of(&both);
    json_t *result = speakers_of(arena, &file, 0);
    assert_false(json_is_true(json_object_get(result, "by_channel")));
    assert_int_equal(json_get_int(result, "speakers", 0), 1);
    free((char *)file.data);
    buffer_done(&mono.samples);
    buffer_done(&both.samples);
}

// Two seconds of somebody whom nobody sounds like: a buzz through four resonances of his own, in syllables.
static void add_stranger(struct talk *talk, unsigned number)
{
    enum { SAMPLES = 2 * RATE, RESONANCES = 4 };
    double b[RESONANCES], c[RESONANCES], before[RESONANCES][2] = { { 0 } };
    unsigned dice = number * 2654435761U + 12345;
    for (int i = 0; i < RESONANCES; i++) {
        dice = dice * 1664525 + 1013904223;
        double hertz = 200 + 1500 * i + (dice >> 8) % 1500, width = 0.97;
        b[i] = 2 * width * cos(2 * M_PI * hertz / RATE);
        c[i] = -width * width;
    }
    int period = RATE / (90 + (int)(number * 7 % 150));
    for (int at = 0; at < SAMPLES; at++) {
        double sum = 0, loud = 0.55 - 0.45 * cos(2 * M_PI * 4 * at / RATE);
        for (int i = 0; i < RESONANCES; i++) {
            double value = (at % period == 0) + b[i] * before[i][0] + c[i] * before[i][1];
            before[i][1] = before[i][0];
            before[i][0] = value;
            sum += value;
        }
        int16_t sample = (int16_t)fmax(-32767, fmin(200 * loud * sum, 32767));
        buffer_append(&talk->samples, &sample, sizeof sample);
    }
}

static void a_crowd_is_as_many_as_can_be_told(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    struct talk talk = { .channels = 1 };
    for (unsigned i = 0; i < 63; i++) {
        add_stranger(&talk, i);
        add_silence(&talk, GAP_SAMPLES);
    }
    struct memory_file file = file_of(&talk);
    assert_int_equal(json_get_int(speakers_of(arena, &file, 20), "speakers", 0), 20); // the most that may be wanted
    free((char *)file.data);
    buffer_done(&talk.samples);
}

static void silence_and_tones_are_nobody(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct memory_file tone = tone_wav(10, RATE);
    assert_int_equal(json_array_size(json_object_get(speakers_of(arena, &tone, 0), "turns")), 0);
    memset((char *)tone.data + 44, 0, tone.size - 44);
    json_t *result = speakers_of(arena, &tone, 2);
    assert_int_equal(json_array_size(json_object_get(result, "turns")), 0);
    assert_int_equal(json_get_int(result, "speakers", -1), 0);
    assert_true(json_get_number(result, "duration", 0) == 10);
    free((char *)tone.data);
}

static void an_impossible_number_of_speakers_is_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct memory_file tone = tone_wav(1, RATE);
    struct child *child;
    json_t *result;
    assert_ok(child_fork(zygote, NULL, &child));
    for (int i = 0; i < 2; i++)
        assert_error(ask(child, arena, "asr.speakers", json_keep(arena, json_pack("{s:i}", "speakers", i ? -1 : 21)),
                         &tone, NULL, &result),
            ERROR_VALIDATION_ERROR);
    child_end(child);
    free((char *)tone.data);
}

// NAME.wav with its turns in NAME.rttm.
static void check_recording(const char *name, const char *turns_name, double most)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 22);
    char path[500], who[PERSONS_MAX][32] = { "" };
    snprintf(path, sizeof path, "%s/inputs/speech/%s", KINORA_SHARED, turns_name);
    struct memory_file list = file_load(path);
    if (!list.data)
        return; // they are an extra: synthetic voices are told apart above
    struct turn turns[TURNS_MAX];
    size_t count = 0;
    str rest = { list.data, list.size }, line;
    while (str_split(&rest, '\n', &line) && count < TURNS_MAX) {
        char person[32];
        double start, length;
        if (sscanf(str_to_c(arena, line), "SPEAKER %*s 1 %lf %lf %*s %*s %31s", &start, &length, person) != 3)
            continue;
        int k = 0;
        while (*who[k] && strcmp(who[k], person))
            k++;
        strcpy(who[k], person);
        turns[count++] = (struct turn) { start, start + length, k };
    }
    snprintf(path, sizeof path, "%s/inputs/speech/%s.wav", KINORA_SHARED, name);
    struct memory_file file = file_load(path);
    json_t *result = speakers_of(arena, &file, 0);
    double wrong = error_of_turns(turns, count, result);
    print_message("%s: %.1f %% wrong, %d speakers found\n", name, wrong, (int)json_get_int(result, "speakers", 0));
    assert_true(wrong < most);
    free((char *)file.data);
    free((char *)list.data);
}

static void speakers_of_recordings_are_told_apart(void **state)
{
    (void)state;
    check_recording("conv2_en_ami_dev01", "conv2_en_ami_dev01.rttm", 20);
    check_recording("conv2_en_commercial_mono", "conv2_en_commercial_mono.approx.rttm", 20);
    check_recording("conv3_en_falcon", "conv3_en_falcon.rttm", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_voices_are_told_apart),
        cmocka_unit_test(one_voice_is_one_speaker),
        cmocka_unit_test(a_person_a_channel_needs_no_guessing),
        cmocka_unit_test(the_same_sound_on_both_channels_is_no_call),
        cmocka_unit_test(a_crowd_is_as_many_as_can_be_told),
        cmocka_unit_test(silence_and_tones_are_nobody),
        cmocka_unit_test(an_impossible_number_of_speakers_is_refused),
        cmocka_unit_test(speakers_of_recordings_are_told_apart),
    };
    return cmocka_run_group_tests(tests, start_zygote, stop_zygote);
}
