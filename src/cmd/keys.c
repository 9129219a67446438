// SPDX-License-Identifier: GPL-3.0-or-later
// kinora keys: a pair of one's own, and another master key for a data folder.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "domain/reseal.h"
#include "domain/schema.h"

struct values {
    const char *output;
};

// A new pair ------------------------------------------------------------------------------------------

// Never over another file, which might be the only key to something.
static error write_private(const char *path, str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_make(ERROR_UNAVAILABLE, path, "Cannot make the file %s: %s", path, strerror(errno));
    bool written = write(fd, text.data, text.size) == (ssize_t)text.size && fsync(fd) == 0;
    int code = errno;
    close(fd);
    if (written)
        return OK;
    unlink(path);
    return error_make(ERROR_STORAGE_FULL, path, "Cannot write %s: %s", path, strerror(code));
}

static error new_pair(const struct call *call)
{
    const char *path = ((const struct values *)call->values)->output;
    unsigned char public_key[BOX_KEY_SIZE], private_key[BOX_KEY_SIZE];
    if (!path)
        return error_make(ERROR_USAGE, NULL, "kinora keys new needs -o FILE, where the private key is to be");
    TRY(crypt_init());
    box_pair_new(public_key, private_key);
    str text = str_format(call->arena, "%s\n", str_base64(call->arena, private_key, sizeof private_key).data);
    TRY(write_private(path, text));
    printf("%s\n", str_base64(call->arena, public_key, sizeof public_key).data);
    fprintf(stderr, "Wrote the private key to %s; the public key is on standard output\n", path);
    return OK;
}

// Another master key -----------------------------------------------------------------------------------

// Rows of one change: a few milliseconds between two commits, and little to do again after a kill. Answers that are
// kept are the longest rows, a megabyte at the most.
enum { BATCH = 200, BATCH_BYTES = 512 << 20 };

struct rotation {
    struct arena *arena;
    struct keyring *keyring;
    struct reseal reseal;
};

static error step(struct db *db, void *context)
{
    struct rotation *rotation = context;
    ARENA_AUTO struct arena *arena = arena_new(BATCH_BYTES);
    struct scope scope = { .arena = arena, .db = db };
    return reseal_step(&scope, rotation->keyring, rotation->arena, BATCH, &rotation->reseal);
}

// A walk over everything. Stopping in the middle is no harm: the next one goes on.
static error walk(struct db_pool *pool, struct rotation *rotation)
{
    rotation->reseal = (struct reseal) { 0 };
    while (!rotation->reseal.done) {
        TRY(db_write(pool, step, rotation));
        if (atomic_load(interrupt_flag()))
            return error_make(ERROR_UNAVAILABLE, NULL,
                "Stopped in the middle: both keys are needed until kinora keys rotate has been run to its end");
    }
    return OK;
}

static error reseal_all(const struct call *call, struct db_pool *pool, struct keyring *keyring, int64_t *ret_resealed)
{
    struct rotation rotation = { .arena = call->arena, .keyring = keyring };
    int from, to;
    int64_t resealed = 0;
    TRY(db_migrate(pool, schema_migrations, schema_migration_count, &from, &to));
    do { // until a whole walk finds nothing that the old key sealed
        TRY(walk(pool, &rotation));
        resealed += rotation.reseal.resealed;
    } while (rotation.reseal.resealed);
    *ret_resealed = resealed;
    return OK;
}

static error with_keys(const struct call *call, const char *directory, const char *path)
{
    struct keyring *keyring;
    struct db_pool *pool;
    int64_t resealed = 0;
    TRY(keyring_change_begin(directory, path));
    TRY(keyring_open(directory, path, &keyring));
    error result = db_open(&(struct db_options) { data_folder_database(call->arena) }, &pool);
    if (!error_is(result)) {
        result = reseal_all(call, pool, keyring, &resealed);
        db_close(pool);
    }
    str fingerprint = keyring_fingerprint(call->arena, keyring);
    keyring_close(keyring);
    TRY(result);
    TRY(keyring_change_finish(directory, path));
    fprintf(stderr, "Sealed %lld keys and secrets anew. The master key is now %.*s; the old one is gone\n",
        (long long)resealed, STR_ARGS(fingerprint));
    return OK;
}

static error rotate(const struct call *call)
{
    const char *directory, *path;
    int lock;
    data_folder_keys(call->arena, &directory, &path);
    const char *key = path ? path : str_format(call->arena, "%s/master.key", directory).data;
    if (access(key, F_OK) != 0)
        return error_make(ERROR_NOT_FOUND, key, "There is no master key %s. Name the data folder with --data", key);
    TRY(crypt_init());
    error locked = data_folder_lock(call->arena, &lock);
    if (error_is(locked))
        return error_make(locked.code, locked.field, "%s. Stop it first: it knows only the old key",
            str_copy(call->arena, str_of(locked.message)).data);
    error result = with_keys(call, directory, path);
    close(lock);
    return result;
}

static error run(const struct call *call)
{
    if (!strcmp(call->operands[0], "new"))
        return new_pair(call);
    if (!strcmp(call->operands[0], "rotate"))
        return rotate(call);
    return error_make(ERROR_USAGE, NULL, "kinora keys new -o FILE or kinora keys rotate");
}

static const struct option options[] = {
    { "output", 'o', "FILE", OPTION_TEXT, offsetof(struct values, output),
        .doc = "Where the private key of the new pair is to be" },
    { 0 },
};

const struct command keys_command = {
    .name = "keys",
    .operands = "new|rotate",
    .operand_least = 1,
    .operand_most = 1,
    .summary = "Make a pair of keys of your own; change the master key",
    .help = "new: makes an X25519 pair, writes the private key to -o FILE (which nobody else may read) and prints the\n"
            "public key, for PUT /api/v1/keys/me.\n\n"
            "rotate: gives the data folder --data (./data) another master key and seals with it all that the old one\n"
            "had sealed. Every server and worker of that data must be stopped. When it is interrupted or killed, run\n"
            "it again: it goes on where it was, and until then both keys stay in place.\n\n"
            "Example: kinora keys new -o my.key",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
