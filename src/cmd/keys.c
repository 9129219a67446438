// SPDX-License-Identifier: GPL-3.0-or-later
// kinora keys: a pair of one's own, and another master key for a data folder.
#include "cmd/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/upgrade.h"
#include "crypt/recovery.h"
#include "domain/reseal.h"

enum { KIT_BYTES_MAX = 4096 };

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
    int64_t resealed = 0;
    TRY(upgrade_database(call->arena, pool));
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

// The recovery kit ------------------------------------------------------------------------------------

error keys_print_kit(struct arena *arena, const struct keyring *keyring, FILE *out)
{
    unsigned char key[CRYPT_KEY_SIZE];
    keyring_key(keyring, key);
    str kit = recovery_kit(arena, key);
    explicit_bzero(key, sizeof key);
    fprintf(out, "%.*s\n", STR_ARGS(kit));
    explicit_bzero((char *)kit.data, kit.size);
    return fflush(out) == 0 ? OK : error_system("write", "the recovery kit", errno);
}

static error show_kit(const struct call *call)
{
    const char *directory, *path;
    struct keyring *keyring;
    data_folder_keys(call->arena, &directory, &path);
    const char *key = path ? path : str_format(call->arena, "%s/master.key", directory).data;
    if (access(key, F_OK) != 0)
        return error_make(ERROR_NOT_FOUND, key, "There is no master key %s. Name the data folder with --data", key);
    TRY(crypt_init());
    TRY(keyring_open(directory, path, &keyring));
    error printed = keys_print_kit(call->arena, keyring, stdout);
    str fingerprint = keyring_fingerprint(call->arena, keyring);
    bool changing = keyring_is_changing(keyring);
    keyring_close(keyring);
    TRY(printed);
    fprintf(stderr,
        "This is the master key %.*s. Whoever has it and the data can read everything; without it nobody can. Keep it "
        "on "
        "paper, away from this machine and from its backups%s\n",
        STR_ARGS(fingerprint), changing ? ". The key is being changed: end that first, with kinora keys rotate" : "");
    return OK;
}

// From a file, or from standard input.
static error restore_kit(const struct call *call)
{
    const char *directory, *path;
    unsigned char key[CRYPT_KEY_SIZE];
    struct keyring *keyring;
    data_folder_keys(call->arena, &directory, &path);
    TRY(crypt_init());
    TRY(keys_read_kit(call->arena, call->operand_count > 1 ? call->operands[1] : "-", key));
    error made = keyring_of(key, &keyring);
    explicit_bzero(key, sizeof key);
    TRY(made);
    error put = path ? OK : data_folder_make(settings.data);
    if (!error_is(put))
        put = keyring_put(keyring, directory, path);
    str fingerprint = keyring_fingerprint(call->arena, keyring);
    keyring_close(keyring);
    TRY(put);
    fprintf(stderr, "The master key %.*s is in %s now\n", STR_ARGS(fingerprint), path ? path : directory);
    return OK;
}

error keys_read_kit(struct arena *arena, const char *path, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    char text[KIT_BYTES_MAX];
    FILE *file = !strcmp(path, "-") ? stdin : fopen(path, "re");
    if (!file)
        return error_make(ERROR_NOT_FOUND, path, "Cannot read the recovery kit %s: %s",
            str_copy(arena, str_of(path)).data, strerror(errno));
    size_t size = fread(text, 1, sizeof text, file);
    if (file != stdin)
        fclose(file);
    error read = recovery_kit_read((str) { text, size }, ret_key);
    explicit_bzero(text, sizeof text);
    return read;
}

static error run(const struct call *call)
{
    const char *what = call->operands[0];
    if (!strcmp(what, "restore"))
        return restore_kit(call);
    if (call->operand_count == 1 && !strcmp(what, "new"))
        return new_pair(call);
    if (call->operand_count == 1 && !strcmp(what, "rotate"))
        return rotate(call);
    if (call->operand_count == 1 && !strcmp(what, "recovery-kit"))
        return show_kit(call);
    return error_make(ERROR_USAGE, NULL,
        "kinora keys new -o FILE, kinora keys rotate, kinora keys recovery-kit or kinora keys restore [FILE]");
}

static const struct option options[] = {
    { "output", 'o', "FILE", OPTION_TEXT, offsetof(struct values, output),
        .doc = "Where the private key of the new pair is to be" },
    { 0 },
};

const struct command keys_command = {
    .name = "keys",
    .operands = "new|rotate|recovery-kit|restore [FILE]",
    .operand_least = 1,
    .operand_most = 2,
    .summary = "Make a pair of keys of your own; change, write down or bring back the master key",
    .help = "new: makes an X25519 pair, writes the private key to -o FILE (which nobody else may read) and prints the\n"
            "public key, for PUT /api/v1/keys/me.\n\n"
            "rotate: gives the data folder --data (./data) another master key and seals with it all that the old one\n"
            "had sealed. Every server and worker of that data must be stopped. When it is interrupted or killed, run\n"
            "it again: it goes on where it was, and until then both keys stay in place.\n\n"
            "recovery-kit: prints the master key of the data folder as letters and digits to write down.\n\n"
            "restore: puts a master key in place again, from FILE or standard input with its recovery kit.\n\n"
            "Example: kinora keys new -o my.key",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
