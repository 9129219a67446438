// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/asr_sphinx.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <string.h>

#define MODEL "/usr/share/pocketsphinx/model/en-us"

// The process's own: what a zygote exists to share with its children. Never freed.
static ps_decoder_t *decoder;

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
    if (!decoder)
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

error sphinx_decode(
    struct arena *arena, const int16_t *samples, size_t count, struct sphinx_word **ret_words, size_t *ret_count)
{
    TRY(sphinx_load());
    // The stream starts anew, or what was heard before would change the result.
    bool done = ps_start_stream(decoder) >= 0 && ps_start_utt(decoder) >= 0
                && ps_process_raw(decoder, samples, count, FALSE, TRUE) >= 0 && ps_end_utt(decoder) >= 0;
    if (!done)
        return error_make(ERROR_ENGINE_FAILED, "pocketsphinx", "The recognizer failed");
    size_t room = ps_get_hyp(decoder, NULL) ? count_words() : 0; // 0: nothing was heard
    *ret_words = ARENA_ARRAY(arena, struct sphinx_word, room);
    *ret_count = room ? take_words(arena, *ret_words, room) : 0;
    return OK;
}
