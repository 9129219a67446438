// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/service.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/stores.h"
#include "cmd/upgrade.h"
#include "work/job_kind.h"

enum { BUFFERS_FROM = 128 << 10 }; // bytes: above what a request of text takes

static const int64_t LOOK_AGAIN_US = SECOND_US, LOOK_EVERY_US = 5 * SECOND_US;

static void stop_signals(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGTERM);
    sigaddset(ret_signals, SIGINT);
}

void service_begin(void)
{
    // The buffers of uploads and downloads go back to the system when they are freed. Left to itself the limit grows
    // with the first large one, and hundreds of them stay in the gaps of many threads' heaps.
    (void)mallopt(M_MMAP_THRESHOLD, BUFFERS_FROM);
    bool json = !strcmp(settings.log_format, "json")
                || (!strcmp(settings.log_format, "auto") && !isatty(STDERR_FILENO));
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    enum log_severity level = LOG_INFO;
    for (size_t i = 0; i < 4; i++)
        if (!strcmp(settings.log_level, levels[i]))
            level = (enum log_severity)i;
    log_open(json, level);
    sigset_t signals;
    stop_signals(&signals);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void service_wait(void (*reload)(void *context), void (*look)(void *context), void *context)
{
    sigset_t signals;
    stop_signals(&signals);
    sigaddset(&signals, SIGHUP);
    const struct timespec pause = { .tv_sec = LOOK_EVERY_US / SECOND_US };
    for (;;) {
        int number = look ? sigtimedwait(&signals, NULL, &pause) : sigwaitinfo(&signals, NULL);
        if (number == SIGHUP && reload)
            reload(context);
        else if (number < 0 && errno == EAGAIN)
            look(context);
        else if (number > 0 && number != SIGHUP)
            return;
    }
}

// Waits for a database that is not there yet when the settings say so; a stop signal ends that.
static error open_database(struct arena *arena, struct db_pool **ret_db)
{
    const struct db_options options = { data_folder_database(arena) };
    sigset_t signals;
    stop_signals(&signals);
    const struct timespec pause = { .tv_sec = LOOK_AGAIN_US / SECOND_US };
    for (bool told = false;; told = true) {
        error opened = db_open(&options, ret_db);
        if (opened.code != ERROR_UNAVAILABLE || !settings.wait)
            return opened;
        if (!told)
            log_event(LOG_WARN, NULL, "serve", "Waiting for the database", LOG_TEXT("reason", str_of(opened.message)));
        if (sigtimedwait(&signals, NULL, &pause) > 0)
            return error_make(ERROR_CANCELLED, NULL, "stopped while waiting for the database");
    }
}

error service_open(struct arena *arena, struct stores *ret_stores)
{
    const char *keys, *key_file;
    TRY(crypt_init());
    TRY(data_folder_check(arena));
    data_folder_keys(arena, &keys, &key_file);
    TRY(keyring_open(keys, key_file, &ret_stores->keyring));
    if (keyring_is_changing(ret_stores->keyring))
        log_event(LOG_WARN, NULL, "keys",
            "A change of the master key was interrupted; stop this server and run kinora keys rotate to end it");
    TRY(open_database(arena, &ret_stores->db));
    TRY(upgrade_database(arena, ret_stores->db));
    return stores_open_blobs(arena, ret_stores->keyring, &ret_stores->blobs);
}

void service_close(struct stores *stores)
{
    blob_store_close(stores->blobs);
    if (stores->db)
        db_close(stores->db);
    keyring_close(stores->keyring);
}

static int job_slots(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return settings.workers ? (int)settings.workers : cores < 1 ? 1 : (int)cores;
}

error service_workers_start(struct arena *arena, const struct stores *stores, struct zygote *plain, struct hub *hub,
    struct service_workers *workers)
{
    const char *engine;
    const char *scratch = str_format(arena, "%s/scratch", settings.data).data;
    TRY(engine_path(arena, &engine));
    TRY(data_folder_make(scratch));
    pthread_rwlock_init(&workers->lock, NULL);
    workers->has_lock = true;
    TRY(zygote_start(engine, ZYGOTE_SPEECH, &workers->speech));
    workers->options = (struct runner_options) { .db = stores->db,
        .blobs = stores->blobs,
        .hub = hub,
        .plain = plain,
        .speech = workers->speech,
        .scratch_directory = scratch,
        .slots = job_slots(),
        .slots_of_kinds = settings.slots,
        .alone = db_pool_kind(stores->db) == DB_SQLITE };
    return service_workers_resume(workers);
}

static void end_runner(struct service_workers *workers, int64_t drain_us)
{
    pthread_rwlock_wrlock(&workers->lock);
    struct runner *runner = TAKE(workers->runner);
    pthread_rwlock_unlock(&workers->lock);
    if (runner && drain_us)
        runner_drain(runner, drain_us);
    runner_stop(runner);
}

void service_workers_stop(struct service_workers *workers)
{
    if (!workers->has_lock)
        return;
    end_runner(workers, settings.drain_timeout * SECOND_US);
    if (workers->speech)
        zygote_stop(workers->speech);
    pthread_rwlock_destroy(&workers->lock);
    *workers = (struct service_workers) { 0 };
}

void service_workers_pause(struct service_workers *workers)
{
    if (workers->has_lock)
        end_runner(workers, 0);
}

error service_workers_resume(struct service_workers *workers)
{
    struct runner *runner;
    TRY(runner_start(&workers->options, &runner));
    pthread_rwlock_wrlock(&workers->lock);
    workers->runner = runner;
    pthread_rwlock_unlock(&workers->lock);
    return OK;
}

void service_workers_wake(struct service_workers *workers)
{
    if (!workers->has_lock)
        return;
    pthread_rwlock_rdlock(&workers->lock);
    if (workers->runner)
        runner_wake(workers->runner);
    pthread_rwlock_unlock(&workers->lock);
}

bool service_workers_ready(struct service_workers *workers)
{
    if (!workers->has_lock)
        return false;
    pthread_rwlock_rdlock(&workers->lock);
    bool ready = workers->runner && runner_ready(workers->runner);
    pthread_rwlock_unlock(&workers->lock);
    return ready;
}

const char *const *service_workers_kinds(struct arena *arena)
{
    size_t count = 0;
    while (job_kind_list[count])
        count++;
    const char **names = ARENA_ARRAY(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = job_kind_list[i]->name;
    names[count] = NULL;
    return names;
}
