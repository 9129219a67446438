// SPDX-License-Identifier: GPL-3.0-or-later
// kinora open: a sealed file, as GET /api/v1/files/{id}/content?sealed=1 gives it, back to what was uploaded. Needs no
// server: only the file, the answer of /api/v1/keys/files/{id}/key, and the private key of the one who asked for it.
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "blob/blob.h"
#include "cmd/commands.h"
#include "work/local_file.h"

enum { KEY_FILE_BYTES_MAX = 65536, PIECE_BYTES = 1 << 20 };

struct values {
    const char *key, *identity, *output;
};

static error read_small(struct arena *arena, const char *path, str *ret_text)
{
    LOCAL_FILE_AUTO struct local_file *file = NULL;
    TRY(local_file_open(path, &file));
    return local_file_read_all(arena, file, KEY_FILE_BYTES_MAX, ret_text);
}

static error read_identity(struct arena *arena, const char *path, unsigned char ret_key[static BOX_KEY_SIZE])
{
    str text, key;
    TRY(read_small(arena, path, &text));
    if (!str_from_base64(arena, str_trim(text), &key) || key.size != BOX_KEY_SIZE)
        return error_make(ERROR_VALIDATION_ERROR, NULL,
            "%s is not a private key: 32 bytes in base64, as kinora keys new writes them", path);
    memcpy(ret_key, key.data, BOX_KEY_SIZE);
    return OK;
}

static error read_sealed_key(struct arena *arena, const char *path, str *ret_sealed)
{
    str text;
    json_t *answer;
    TRY(read_small(arena, path, &text));
    bool good = !error_is(json_read(arena, text, &answer))
                && str_from_base64(arena, json_get_str(answer, "encrypted_key"), ret_sealed);
    return good ? OK
                : error_make(ERROR_VALIDATION_ERROR, NULL,
                    "%s is not an answer of GET /api/v1/keys/files/{file_id}/key: it has no encrypted_key", path);
}

static error data_key(struct arena *arena, const struct values *values, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    unsigned char identity[BOX_KEY_SIZE];
    str sealed, key;
    TRY(read_identity(arena, values->identity, identity));
    TRY(read_sealed_key(arena, values->key, &sealed));
    error opened = box_open(arena, identity, sealed, &key);
    if (error_is(opened) || key.size != CRYPT_KEY_SIZE)
        return error_make(ERROR_DATA_CORRUPT, NULL, "The key in %s was not sealed to the private key in %s",
            values->key, values->identity);
    memcpy(ret_key, key.data, CRYPT_KEY_SIZE);
    return OK;
}

static error copy(struct arena *arena, struct blob_reader *reader, struct local_file *target)
{
    char *piece = arena_alloc_raw(arena, PIECE_BYTES);
    size_t got = 1;
    for (int64_t at = 0; got; at += (int64_t)got) {
        TRY(blob_read(reader, at, piece, PIECE_BYTES, &got));
        TRY(local_file_write(target, piece, got));
        if (atomic_load(interrupt_flag()))
            return error_of(ERROR_CANCELLED);
    }
    return OK;
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    const char *path = call->operands[0];
    unsigned char key[CRYPT_KEY_SIZE];
    if (!values->key || !values->identity || !values->output)
        return error_make(ERROR_USAGE, NULL, "kinora open needs --key, --identity and -o (see: kinora open --help)");
    TRY(crypt_init());
    TRY(data_key(call->arena, values, key));
    LOCAL_FILE_AUTO struct local_file *target = NULL;
    TRY(local_file_new_for(values->output, &target));
    struct blob_reader *reader;
    error result = blob_reader_open_file(path, key, &reader);
    explicit_bzero(key, sizeof key);
    if (!error_is(result)) {
        result = copy(call->arena, reader, target);
        blob_reader_close(reader);
    }
    if (result.code == ERROR_DATA_CORRUPT)
        return error_make(
            ERROR_DATA_CORRUPT, NULL, "%s does not open: it is damaged, or the key is that of another file", path);
    TRY(result);
    uint64_t size = local_file_size(target);
    TRY(local_file_keep(TAKE(target), values->output));
    fprintf(stderr, "Wrote %s (%llu bytes)\n", values->output, (unsigned long long)size);
    return OK;
}

#define AT(member) offsetof(struct values, member)
static const struct option options[] = {
    { "key", 0, "FILE", OPTION_TEXT, AT(key), .doc = "The file's key: the answer of /api/v1/keys/files/{id}/key" },
    { "identity", 0, "FILE", OPTION_TEXT, AT(identity), .doc = "Your private key, from kinora keys new" },
    { "output", 'o', "FILE", OPTION_TEXT, AT(output), .doc = "File to write" },
    { 0 },
};

const struct command open_command = {
    .name = "open",
    .operands = "SEALED_FILE",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Open a sealed file with your own key",
    .help = "Decrypts what /api/v1/files/{id}/content?sealed=1 gives, without a server: from the sealed file, its key\n"
            "sealed to you, and your private key. What is damaged or changed is refused.\n\n"
            "Example: kinora open talk.wav.sealed --key talk.json --identity my.key -o talk.wav",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
