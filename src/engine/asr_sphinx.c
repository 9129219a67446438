// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/asr_sphinx.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <sphinxbase/fe.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "/usr/share/pocketsphinx/model/en-us"

// The process's own: what a zygote exists to share with its children. Never freed.
static ps_decoder_t *decoder;
static fe_t *ear;

error sphinx_load(void)
{
    if (ear)
        return OK;
    err_set_callback(NULL, NULL);
    err_set_logfp(NULL); // it would print its settings
    // Its own silence removal shifts the times of words.
    cmd_ln_t *settings = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", MODEL "/en-us", "-lm", MODEL "/en-us.lm.bin",
        "-dict", MODEL "/cmudict-en-us.dict", "-remove_silence", "no", "-fwdflat", "yes", "-bestpath", "yes", NULL);
    decoder = settings ? ps_init(settings) : NULL;
    cmd_ln_free_r(settings);
    ear = decoder ? fe_init_auto_r(ps_get_config(decoder)) : NULL;
    if (!ear)
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

// Cepstra of samples: rows of fe_get_output_size, to be freed.
static float *listen_to(const int16_t *samples, size_t count, int32 *ret_rows)
{
    int32 rows = 0, last = 0, width = fe_get_output_size(ear);
    const int16 *at = samples;
    fe_start_utt(ear);
    fe_process_frames(ear, &at, &count, NULL, &rows, NULL); // only counts
    float *cepstra = calloc((size_t)rows + 1, (size_t)width * sizeof *cepstra);
    float **lines = calloc((size_t)rows + 1, sizeof *lines);
    ASSERT(cepstra && lines);
    for (int32 i = 0; i <= rows; i++)
        lines[i] = cepstra + (size_t)i * (size_t)width;
    fe_process_frames(ear, &at, &count, lines, &rows, NULL);
    fe_end_utt(ear, lines[rows], &last);
    free(lines);
    *ret_rows = rows + last;
    return cepstra;
}

static bool decode(float *cepstra, int32 rows)
{
    float **lines = calloc((size_t)rows + 1, sizeof *lines);
    ASSERT(lines);
    for (int32 i = 0; i < rows; i++)
        lines[i] = cepstra + (size_t)i * (size_t)fe_get_output_size(ear);
    bool done = ps_start_stream(decoder) >= 0 && ps_start_utt(decoder) >= 0
                && ps_process_cep(decoder, lines, rows, FALSE, TRUE) >= 0 && ps_end_utt(decoder) >= 0;
    free(lines);
    return done;
}

error sphinx_decode(struct arena *arena, const int16_t *samples, size_t before, size_t count,
    struct sphinx_word **ret_words, size_t *ret_count)
{
    int32 rows;
    TRY(sphinx_load());
    // The stream starts anew, or what was heard for other questions would change the result.
    fe_start_stream(ear);
    free(listen_to(samples, before, &rows));
    float *cepstra = listen_to(samples + before, count, &rows);
    bool done = decode(cepstra, rows);
    free(cepstra);
    if (!done)
        return error_make(ERROR_ENGINE_FAILED, "pocketsphinx", "The recognizer failed");
    size_t room = ps_get_hyp(decoder, NULL) ? count_words() : 0; // 0: nothing was heard
    *ret_words = ARENA_ARRAY(arena, struct sphinx_word, room);
    *ret_count = room ? take_words(arena, *ret_words, room) : 0;
    return OK;
}
