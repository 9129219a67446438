// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/asr_sphinx.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <sphinxbase/fe.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "/usr/share/pocketsphinx/model/en-us"

enum { UTTERANCES_TRIED = 2 };

// How the frequencies are stretched; the first is the model's own.
static const char *const warps[SPHINX_WARPS] = { "1.0", "0.95", "1.05" };

// The process's own: what a zygote exists to share with its children. Never freed.
static ps_decoder_t *decoder;
static fe_t *ears[SPHINX_WARPS];

static bool open_ears(void)
{
    cmd_ln_t *settings = ps_get_config(decoder);
    for (int i = 0; i < SPHINX_WARPS; i++) {
        cmd_ln_set_str_r(settings, "-warp_type", "inverse_linear");
        cmd_ln_set_str_r(settings, "-warp_params", warps[i]);
        ears[i] = fe_init_auto_r(settings);
        if (!ears[i])
            return false;
    }
    return true;
}

error sphinx_load(void)
{
    if (decoder)
        return OK;
    err_set_callback(NULL, NULL);
    err_set_logfp(NULL); // it would print its settings
    // Its own silence removal shifts the times of words.
    cmd_ln_t *settings = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", MODEL "/en-us", "-lm", MODEL "/en-us.lm.bin",
        "-dict", MODEL "/cmudict-en-us.dict", "-remove_silence", "no", "-fwdflat", "yes", "-bestpath", "yes", NULL);
    decoder = settings ? ps_init(settings) : NULL;
    cmd_ln_free_r(settings);
    if (!decoder || !open_ears())
        return error_make(ERROR_ENGINE_FAILED, "pocketsphinx", "The speech model is missing: " MODEL);
    return OK;
}

// "<sil>", "[NOISE]" and "++UH++" are no words.
static bool is_filler(const char *text)
{
    return strchr("<[+", *text) != NULL; // the empty text too
}

// "read(2)" is another way of saying "read".
static const char *spelling(struct arena *arena, const char *text)
{
    const char *mark = strchr(text, '(');
    return str_to_c(arena, (str) { text, mark && mark > text ? (size_t)(mark - text) : strlen(text) });
}

static size_t count_words(void)
{
    size_t count = 0;
    for (ps_seg_t *segment = ps_seg_iter(decoder); segment; segment = ps_seg_next(segment))
        count += !is_filler(ps_seg_word(segment));
    return count;
}

static size_t take_words(struct arena *arena, struct sphinx_word *words, size_t room)
{
    const double frame_seconds = 0.01;
    size_t count = 0;
    for (ps_seg_t *segment = ps_seg_iter(decoder); segment; segment = ps_seg_next(segment)) {
        if (is_filler(ps_seg_word(segment)) || count == room)
            continue;
        int first, last, acoustic, language, backoff;
        ps_seg_frames(segment, &first, &last);
        double confidence = logmath_exp(ps_get_logmath(decoder), ps_seg_prob(segment, &acoustic, &language, &backoff));
        words[count++] = (struct sphinx_word) { .text = spelling(arena, ps_seg_word(segment)),
            .start = first * frame_seconds,
            .end = (last + 1) * frame_seconds,
            .confidence = confidence > 1   ? 1
                          : confidence > 0 ? confidence
                                           : 0 };
    }
    return count;
}

// Cepstra of the samples, as one ear hears them: a block of rows of `width`, to be freed.
static float *listen_to(fe_t *ear, const int16_t *samples, size_t count, int32 *ret_rows)
{
    int32 rows = 0, last = 0, width = fe_get_output_size(ear);
    const int16 *at = samples;
    size_t left = count;
    fe_start_stream(ear);
    fe_start_utt(ear);
    fe_process_frames(ear, &at, &left, NULL, &rows, NULL); // only counts
    float *cepstra = calloc((size_t)rows + 1, (size_t)width * sizeof *cepstra);
    float **lines = calloc((size_t)rows + 1, sizeof *lines);
    ASSERT(cepstra && lines);
    for (int32 i = 0; i <= rows; i++)
        lines[i] = cepstra + (size_t)i * (size_t)width;
    fe_process_frames(ear, &at, &left, lines, &rows, NULL);
    fe_end_utt(ear, lines[rows], &last);
    free(lines);
    *ret_rows = rows + last;
    return cepstra;
}

static bool decode(fe_t *ear, const int16_t *samples, size_t count)
{
    int32 rows, width = fe_get_output_size(ear);
    float *cepstra = listen_to(ear, samples, count, &rows);
    float **lines = calloc((size_t)rows + 1, sizeof *lines);
    ASSERT(lines);
    for (int32 i = 0; i < rows; i++)
        lines[i] = cepstra + (size_t)i * (size_t)width;
    // The stream starts anew, or what was heard before would change the result.
    bool done = ps_start_stream(decoder) >= 0 && ps_start_utt(decoder) >= 0
                && ps_process_cep(decoder, lines, rows, FALSE, TRUE) >= 0 && ps_end_utt(decoder) >= 0;
    free(lines);
    free(cepstra);
    return done;
}

static int best_warp(const struct sphinx_voice *voice)
{
    int best = 0;
    for (int i = 1; i < SPHINX_WARPS; i++)
        if (voice->scores[i] > voice->scores[best])
            best = i;
    return best;
}

error sphinx_decode(struct arena *arena, struct sphinx_voice *voice, const int16_t *samples, size_t count,
    struct sphinx_word **ret_words, size_t *ret_count)
{
    TRY(sphinx_load());
    bool trying = voice->heard < UTTERANCES_TRIED;
    int only = best_warp(voice);
    int32 most = INT32_MIN;
    *ret_count = 0;
    for (int i = trying ? 0 : only; i <= (trying ? SPHINX_WARPS - 1 : only); i++) {
        int32 score = 0;
        if (!decode(ears[i], samples, count))
            return error_make(ERROR_ENGINE_FAILED, "pocketsphinx", "The recognizer failed");
        if (!ps_get_hyp(decoder, &score))
            continue; // nothing was heard
        voice->scores[i] += trying ? score : 0;
        if (score <= most)
            continue;
        most = score;
        size_t room = count_words();
        *ret_words = ARENA_ARRAY(arena, struct sphinx_word, room);
        *ret_count = take_words(arena, *ret_words, room);
    }
    voice->heard += trying && most > INT32_MIN;
    return OK;
}
