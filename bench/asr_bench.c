// SPDX-License-Identifier: GPL-3.0-or-later
// asr_bench defaults|stream FILE: what pocketsphinx by itself makes of raw 16 kHz mono samples, with the default
// settings of its library: as one utterance, or in blocks as from a microphone. Prints {"text", "seconds", "cpu_s"}.
// asr_bench speakers ENGINE FILE: the turns that kinora-engine finds in a sound file; prints the answer of
// asr.speakers.
#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/child.h"

#define MODEL "/usr/share/pocketsphinx/model/en-us"
enum { RATE = 16000, BLOCK = 2048, ANSWER_MEMORY = 64 << 20 };

static char *load(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "asr_bench: %s cannot be read\n", path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);
    ASSERT(bytes && fread(bytes, 1, size, file) == size);
    fclose(file);
    *ret_size = size;
    return bytes;
}

static ps_decoder_t *library(void)
{
    err_set_callback(NULL, NULL);
    err_set_logfp(NULL);
    cmd_ln_t *settings = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", MODEL "/en-us", "-lm", MODEL "/en-us.lm.bin",
        "-dict", MODEL "/cmudict-en-us.dict", NULL);
    ps_decoder_t *decoder = ps_init(settings);
    ASSERT(decoder);
    return decoder;
}

static void recognize(const char *path, bool in_blocks)
{
    size_t size;
    const int16_t *samples = (const int16_t *)load(path, &size);
    size_t count = size / sizeof *samples;
    ps_decoder_t *decoder = library();
    clock_t from = clock();
    ps_start_utt(decoder);
    if (!in_blocks)
        ps_process_raw(decoder, samples, count, FALSE, TRUE);
    for (size_t at = 0; in_blocks && at < count; at += BLOCK)
        ps_process_raw(decoder, samples + at, count - at < BLOCK ? count - at : BLOCK, FALSE, FALSE);
    ps_end_utt(decoder);
    const char *text = ps_get_hyp(decoder, NULL);
    printf("{\"text\": \"%s\", \"seconds\": %.3f, \"cpu_s\": %.3f}\n", text ? text : "", (double)count / RATE,
        (double)(clock() - from) / CLOCKS_PER_SEC);
}

struct memory {
    const char *bytes;
    size_t size;
};

static error read_memory(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct memory *memory = context;
    size_t left = offset < memory->size ? memory->size - (size_t)offset : 0;
    *ret_got = size < left ? size : left;
    memcpy(ret_bytes, memory->bytes + (left ? offset : 0), *ret_got);
    return OK;
}

static error speakers(const char *engine, const char *path)
{
    struct memory memory;
    memory.bytes = load(path, &memory.size);
    struct zygote *zygote;
    struct child *child;
    struct arena *arena = arena_new(ANSWER_MEMORY);
    struct child_input input = { .context = &memory, .size = memory.size, .read = read_memory };
    struct child_call call = { .op = "asr.speakers", .params = json_object(), .inputs = &input, .input_count = 1 };
    json_t *found;
    TRY(zygote_start(engine, ZYGOTE_PLAIN, &zygote));
    TRY(child_fork(zygote, NULL, &child));
    TRY(child_ask(child, arena, &call, &found));
    printf("%s\n", json_dumps(found, JSON_COMPACT));
    child_end(child);
    zygote_stop(zygote);
    return OK;
}

int main(int count, char **words)
{
    if (count == 3 && (!strcmp(words[1], "defaults") || !strcmp(words[1], "stream"))) {
        recognize(words[2], !strcmp(words[1], "stream"));
        return 0;
    }
    if (count != 4 || strcmp(words[1], "speakers")) {
        fprintf(stderr, "usage: asr_bench defaults|stream FILE | speakers ENGINE FILE\n");
        return 2;
    }
    error failure = speakers(words[2], words[3]);
    if (error_is(failure))
        fprintf(stderr, "asr_bench: %s\n", failure.message);
    return error_is(failure);
}
