// SPDX-License-Identifier: GPL-3.0-or-later
// Blobs as inputs of questions. A film may have thousands, an open reader holds a descriptor and a chunk: only the few
// that were read last are open.
#include <string.h>

#include "domain/media.h"
#include "work/run.h"
#include "work/stock_input.h"

struct run_input {
    struct run *run;
    const char *blob_id;
    unsigned char sealed_key[BLOB_SEALED_KEY_SIZE];
    struct blob_reader *reader; // NULL while closed
};

// Makes room at the front of run->open, which stands in the order of use.
static void to_front(struct run *run, size_t from, struct run_input *input)
{
    memmove(&run->open[1], &run->open[0], from * sizeof *run->open);
    run->open[0] = input;
}

static error open_reader(struct run_input *input)
{
    struct run *run = input->run;
    struct run_input *last = run->open[RUN_INPUTS_OPEN - 1];
    struct blob_reader *reader;
    TRY(blob_reader_open(run->scope.blobs, input->blob_id, input->sealed_key, &reader));
    input->reader = reader;
    if (last)
        blob_reader_close(TAKE(last->reader));
    to_front(run, RUN_INPUTS_OPEN - 1, input);
    return OK;
}

static error read_input(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct run_input *input = context;
    struct run *run = input->run;
    if (!input->reader)
        TRY(open_reader(input));
    size_t at = 0;
    while (run->open[at] != input)
        at++;
    to_front(run, at, input);
    struct child_input plain = child_input_of_blob(input->reader);
    return plain.read(plain.context, offset, ret_bytes, size, ret_got);
}

error run_input(struct run *run, str blob_id, struct child_input *ret_input)
{
    struct media_blob blob;
    if (stock_input_is(blob_id))
        return stock_input(&run->scope, blob_id, ret_input);
    TRY(media_blob_get(&run->scope, blob_id, &blob));
    struct run_input *input = ARENA_NEW(run->scope.arena, struct run_input);
    input->run = run;
    input->blob_id = str_to_c(run->scope.arena, blob.id);
    memcpy(input->sealed_key, blob.sealed_key.data, sizeof input->sealed_key);
    *ret_input = (struct child_input) { input, (uint64_t)blob.size_bytes, read_input };
    return OK;
}

void run_close_inputs(struct run *run)
{
    for (size_t i = 0; i < RUN_INPUTS_OPEN && run->open[i]; i++)
        blob_reader_close(TAKE(run->open[i]->reader));
}
