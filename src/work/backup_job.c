// SPDX-License-Identifier: GPL-3.0-or-later
// The job "backup": makes one in the folder of the settings, lets old ones go, and verifies the new one. An attempt
// that was broken off leaves the files it has copied, so that the next goes on from there.
#include "base/clock.h"
#include "base/settings.h"
#include "domain/backup_row.h"
#include "work/backup.h"
#include "work/job_kind.h"
#include "work/runner_parts.h"

#define KIND "backup"
static const double MADE_SHARE = 0.7; // of the progress; verifying is the rest

struct watching {
    struct run *run;
    double from, to;
};

static bool go_on(void *context, double done)
{
    const struct watching *watching = context;
    run_progress(watching->run, watching->from + (watching->to - watching->from) * done);
    return !error_is(run_check(watching->run));
}

static error verify(struct run *run, const struct backup_manifest *manifest)
{
    struct watching watching = { run, MADE_SHARE, 1 };
    const struct backup_watch watch = { go_on, &watching };
    struct backup_check check = { .manifest = manifest,
        .keyring = blob_store_keyring(run->scope.blobs),
        .scratch = run->runner->options.scratch_directory,
        .sample = settings.backup_sample };
    return backup_verify(settings.backup_folder, &check, &watch, run->runner->options.db);
}

static error start(struct run *run)
{
    struct watching watching = { run, 0, MADE_SHARE };
    const struct backup_watch watch = { go_on, &watching };
    const struct backup_source source = { run->runner->options.db, run->scope.blobs,
        blob_store_keyring(run->scope.blobs) };
    struct backup_manifest manifest;
    int64_t removed;
    TRY(backup_create(run->scope.arena, &source, settings.backup_folder, STR_NONE, &watch, &manifest));
    if (manifest.missing)
        log_event(LOG_WARN, &run->scope.trace, KIND,
            "Stored files are missing or damaged: kinora blobs verify tells which",
            LOG_NUMBER("files", manifest.missing));
    TRY(verify(run, &manifest));
    TRY(backup_prune(settings.backup_folder, settings.backup_keep, &removed));
    log_event(LOG_INFO, &run->scope.trace, KIND, "Made and verified a backup", LOG_TEXT("name", manifest.name),
        LOG_NUMBER("files", manifest.files), LOG_NUMBER("new_files", manifest.new_files),
        LOG_NUMBER("new_bytes", manifest.new_bytes), LOG_NUMBER("removed_backups", removed));
    return run_complete(run, NULL, NULL, NULL);
}

static bool able(void)
{
    return settings_has(settings.backup_folder);
}

const struct job_kind backup_kind = { .name = KIND, .start = start, .able = able, .slots = 1 };

error backup_is_due(struct scope *scope, bool *ret_due)
{
    str user_id;
    *ret_due = false;
    if (!able() || !settings.backup_interval_hours)
        return OK;
    return backup_row_is_due(scope, settings.backup_interval_hours * 3600 * SECOND_US, STR(KIND), ret_due, &user_id);
}

error backup_schedule(struct scope *scope)
{
    bool due;
    struct scope owner = *scope;
    struct job job;
    TRY(backup_row_is_due(
        scope, settings.backup_interval_hours * 3600 * SECOND_US, STR(KIND), &due, &owner.actor.user_id));
    if (!due)
        return OK;
    return job_add(&owner,
        &(struct job_new) { .kind = KIND, .params = json_keep(scope->arena, json_object()), .unique_key = STR(KIND) },
        &job);
}
