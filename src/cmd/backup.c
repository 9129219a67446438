// SPDX-License-Identifier: GPL-3.0-or-later
// kinora backup: database, files and keys together.
#include "cmd/backup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/data_folder.h"
#include "cmd/progress.h"
#include "cmd/service.h"
#include "crypt/recovery.h"

bool backup_go_on(void *context, double done)
{
    progress_tell(context, done);
    return !atomic_load(interrupt_flag());
}

static error backup_folder_of(const struct call *call, const char **ret_folder)
{
    *ret_folder = call->operand_count > 1 ? call->operands[1] : settings.backup_folder;
    return **ret_folder ? OK
                        : error_make(ERROR_USAGE, "backup_folder",
                            "Say where backups are: kinora backup %s FOLDER, or --backup-folder", call->operands[0]);
}

static const char *size_text(struct arena *arena, int64_t bytes)
{
    return str_format(arena, "%.1f MB", (double)bytes / 1e6).data;
}

static error read_passphrase(struct arena *arena, bool wanted, str *ret_passphrase)
{
    *ret_passphrase = STR_NONE;
    return wanted ? password_read(arena, ret_passphrase) : OK;
}

// Create ----------------------------------------------------------------------------------------------

static error create(const struct call *call, const char *folder, const struct stores *stores)
{
    const struct backup_values *values = call->values;
    struct progress progress;
    struct backup_manifest manifest;
    const struct backup_source source = { stores->db, stores->blobs, stores->keyring };
    const struct backup_watch watch = { backup_go_on, &progress };
    str passphrase;
    int64_t removed = 0;
    TRY(read_passphrase(call->arena, values->with_key, &passphrase));
    progress_begin(&progress, "Backing up");
    error result = backup_create(call->arena, &source, folder, passphrase, &watch, &manifest);
    progress_end(&progress);
    TRY(result);
    if (values->keep > 0)
        TRY(backup_prune(folder, (int64_t)values->keep, &removed));
    if (removed)
        fprintf(stderr, "Removed %lld older backup%s\n", (long long)removed, removed == 1 ? "" : "s");
    if (manifest.missing)
        fprintf(stderr, "warning: %lld stored files were missing or damaged: kinora blobs verify tells which\n",
            (long long)manifest.missing);
    if (!manifest.sealed_master_key.data)
        fprintf(stderr, "The master key %.*s is not in it: it opens only with that key, or its recovery kit\n",
            STR_ARGS(manifest.fingerprint));
    printf("%.*s\n", STR_ARGS(manifest.name));
    fflush(stdout);
    fprintf(stderr, "Wrote the backup %s/%.*s: %lld rows, %lld files (%s), of them %lld new (%s)\n", folder,
        STR_ARGS(manifest.name), (long long)manifest.rows, (long long)manifest.files,
        size_text(call->arena, manifest.file_bytes), (long long)manifest.new_files,
        size_text(call->arena, manifest.new_bytes));
    return OK;
}

// List ------------------------------------------------------------------------------------------------

static error list(const struct call *call, const char *folder)
{
    struct list all;
    int64_t half_made;
    TRY(backup_list(call->arena, folder, &all, &half_made));
    for (size_t i = 0; i < all.count; i++) {
        const struct backup_manifest *manifest = &((struct backup_manifest *)all.items)[i];
        str verified = manifest->verified_us ? clock_text(call->arena, manifest->verified_us) : STR("never");
        printf("%.*s  schema %lld  %lld rows  %lld files  %s  key %.*s%s  verified %.*s\n", STR_ARGS(manifest->name),
            (long long)manifest->schema, (long long)manifest->rows, (long long)manifest->files,
            size_text(call->arena, manifest->file_bytes), STR_ARGS(manifest->fingerprint),
            manifest->sealed_master_key.data ? " (inside, under a passphrase)" : "", STR_ARGS(verified));
    }
    fflush(stdout);
    fprintf(stderr, "%zu backup%s in %s\n", all.count, all.count == 1 ? "" : "s", folder);
    if (half_made)
        fprintf(stderr, "%lld more %s not made to the end; the next backup goes on with what was copied\n",
            (long long)half_made, half_made == 1 ? "was" : "were");
    return OK;
}

// Verify ----------------------------------------------------------------------------------------------

static void finding(void *context, const char *what, const char *id)
{
    struct progress *progress = context;
    bool shown = progress->shown;
    progress_end(progress);
    progress->shown = shown; // the next step draws it anew
    printf("%-8s  %s\n", what, id);
}

static error verify_with(
    const struct call *call, const char *folder, const struct backup_manifest *manifest, const struct stores *stores)
{
    const struct backup_values *values = call->values;
    struct progress progress;
    const struct backup_watch watch = { backup_go_on, &progress };
    const char *scratch = stores->db ? str_format(call->arena, "%s/scratch", settings.data).data : scratch_folder();
    struct backup_check check = { .manifest = manifest,
        .keyring = stores->keyring,
        .scratch = scratch,
        .sample = values->sample < 0 ? -1 : (int64_t)values->sample,
        .finding = finding,
        .finding_context = &progress };
    if (stores->db)
        TRY(data_folder_make(scratch));
    progress_begin(&progress, "Verifying");
    error result = backup_verify(folder, &check, &watch, stores->db);
    progress_end(&progress);
    fflush(stdout);
    TRY(result);
    fprintf(stderr,
        "The backup %.*s is good: its database was restored and compared (%lld rows in %lld tables), its %lld files "
        "are there and %lld of them were opened\n",
        STR_ARGS(manifest->name), (long long)manifest->rows, (long long)manifest->tables, (long long)manifest->files,
        (long long)check.opened);
    return OK;
}

static error verify(const struct call *call, const char *folder)
{
    const struct backup_values *values = call->values;
    struct backup_manifest manifest;
    struct stores stores = { 0 };
    TRY(backup_find(call->arena, folder, str_of(values->name), &manifest));
    bool here = !values->recovery_kit && !values->passphrase && access(settings.data, R_OK | W_OK | X_OK) == 0;
    error result = here ? service_open(call->arena, &stores) : backup_key_at_hand(call, &manifest, &stores.keyring);
    if (!error_is(result))
        result = verify_with(call, folder, &manifest, &stores);
    if (error_is(result)) // the message must survive what closing says
        result.message = str_copy(call->arena, str_of(result.message)).data;
    service_close(&stores);
    return result;
}

static error open_and_create(const struct call *call, const char *folder)
{
    struct stores stores = { 0 };
    if (access(settings.data, R_OK | W_OK | X_OK) != 0)
        return error_make(ERROR_UNAVAILABLE, "data",
            "There is no data folder %s that this user may change. Name one with --data", settings.data);
    error result = service_open(call->arena, &stores);
    if (!error_is(result))
        result = create(call, folder, &stores);
    if (error_is(result))
        result.message = str_copy(call->arena, str_of(result.message)).data;
    service_close(&stores);
    return result;
}

static error run(const struct call *call)
{
    const char *what = call->operands[0], *folder;
    TRY(backup_folder_of(call, &folder));
    TRY(crypt_init());
    if (!strcmp(what, "create"))
        return open_and_create(call, folder);
    if (!strcmp(what, "list"))
        return list(call, folder);
    if (!strcmp(what, "verify"))
        return verify(call, folder);
    if (!strcmp(what, "restore"))
        return backup_restore_command(call, folder);
    return error_make(ERROR_USAGE, NULL, "kinora backup create, list, verify or restore");
}

static const struct backup_values defaults = { .sample = -1 };
static const struct option options[] = {
    { "name", 0, "NAME", OPTION_TEXT, offsetof(struct backup_values, name),
        .doc = "verify, restore: which one, as list shows them [the newest]" },
    { "keep", 0, "COUNT", OPTION_NUMBER, offsetof(struct backup_values, keep), NULL, 1, 10000,
        "create: then remove all but this many [none is removed]" },
    { "with-key", 0, NULL, OPTION_FLAG, offsetof(struct backup_values, with_key),
        .doc = "create: put the master key in, sealed by a passphrase, which is asked for" },
    { "sample", 0, "COUNT", OPTION_NUMBER, offsetof(struct backup_values, sample), NULL, 0, 1e9,
        "verify: open and hash about this many files, chosen at random [all]" },
    { "recovery-kit", 0, "FILE", OPTION_TEXT, offsetof(struct backup_values, recovery_kit),
        .doc = "verify, restore: the master key, from a file with its recovery kit (- for standard input)" },
    { "passphrase", 0, NULL, OPTION_FLAG, offsetof(struct backup_values, passphrase),
        .doc = "verify, restore: the master key in the backup; its passphrase is asked for" },
    { "force", 0, NULL, OPTION_FLAG, offsetof(struct backup_values, force),
        .doc = "restore: also when the data folder is not empty; it is moved aside as DATA.before-TIME" },
    { 0 },
};

const struct command backup_command = {
    .name = "backup",
    .operands = "create|list|verify|restore [FOLDER]",
    .operand_least = 1,
    .operand_most = 2,
    .summary = "Back up database, files and keys; verify and restore backups",
    .help =
        "Works on the data folder --data (./data) with the settings of the server, whether it runs or not. FOLDER\n"
        "(--backup-folder) holds many backups, and each stored file once for all of them. docs/backup.md tells more.\n"
        "create   makes one. Everything goes on meanwhile. Prints its name.\n"
        "list     shows them, and when each was verified.\n"
        "verify   restores the database into a scratch place, compares all rows, looks for all files and opens them.\n"
        "restore  brings one back into an empty data folder, and an empty database when --database-url names one.\n"
        "         Wants the master key of the backup: in the data folder, from its recovery kit, or --passphrase.\n\n"
        "Example: kinora backup create /mnt/backup && kinora backup verify /mnt/backup",
    .options = options,
    .settings = true,
    .defaults = &defaults,
    .values_size = sizeof(struct backup_values),
    .run = run,
};
