// SPDX-License-Identifier: GPL-3.0-or-later
// kinora serve: the server, and the job runner beside it, on one data folder.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/client.h"
#include "api/events.h"
#include "api/limiter.h"
#include "api/metrics.h"
#include "api/realtime.h"
#include "api/relay.h"
#include "api/route.h"
#include "api/waiting.h"
#include "api/web.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/import.h"
#include "cmd/keys.h"
#include "cmd/service.h"
#include "cmd/stock_start.h"
#include "cmd/stores.h"
#include "cmd/tracing.h"
#include "domain/search.h"
#include "domain/setting.h"
#include "net/tls_self.h"
#include "work/asr_engine.h"
#include "work/avatar_show.h"
#include "work/draft.h"
#include "work/mailer.h"
#include "work/preview.h"
#include "work/voices.h"

static const int64_t GRACE_US = 10 * SECOND_US;
enum { STOCK_BYTES_MAX = 64 << 20, SETTINGS_BYTES_MAX = 4 << 20 };
enum { POOL_LEAST = 5, POOL_MOST = 20 }; // document 004
enum { VOICES_AT_ONCE = 4 };             // texts that are spoken while somebody waits

struct service {
    struct app app;
    struct stores stores;
    struct zygote *plain;
    struct service_workers workers;
    struct voices *voices;
    struct mailer *mailer;
    struct stock_stamp stock;
    struct import *import;
    struct follower *follower;
    struct server *server;
    struct otlp *otlp;
    struct engineio *engines[2]; // ends with NULL
    bool has_new_key;            // made by this start
    int lock;
    char fingerprint[TLS_FINGERPRINT_SIZE]; // of our own certificate; empty: it is not our own
};

// Settings that cannot work are told at once; a store that is away may come back.
static error check_blobs(struct arena *arena, struct service *service)
{
    int64_t unfinished;
    struct app *app = &service->app;
    // For commands beside the server, which must mean the same object store.
    str told = stores_object_store(arena);
    if (ftruncate(service->lock, 0) != 0 || pwrite(service->lock, told.data, told.size, 0) != (ssize_t)told.size)
        return error_system("write", "lock", errno);
    // Uploads that a killed server had begun; those of writers that live are spared.
    TRY(blob_sweep_unfinished(app->blobs, BLOB_LOCAL, 0, &unfinished));
    error there = blob_store_check(app->blobs);
    if (there.code != ERROR_UNAVAILABLE)
        return there;
    log_event(LOG_WARN, NULL, "serve", "Files in the object store cannot be used until it answers",
        LOG_TEXT("reason", str_of(there.message)));
    return OK;
}

bool serve_is_loopback(const char *listen)
{
    return !strncmp(listen, "127.", 4) || !strncmp(listen, "[::1]", 5) || !strncmp(listen, "localhost:", 10);
}

error serve_check_listen(bool *ret_beyond_loopback)
{
    const char *colon = strrchr(settings.listen, ':');
    int64_t port;
    if (!colon || !str_to_int(str_of(colon + 1), &port) || port < 0 || port > 65535)
        return error_make(
            ERROR_USAGE, "listen", "--listen wants ADDRESS:PORT such as 127.0.0.1:8000, not \"%s\"", settings.listen);
    bool tls = (*settings.tls_cert && *settings.tls_key) || settings.tls_self_signed;
    if (*settings.tls_cert && settings.tls_self_signed)
        return error_make(
            ERROR_USAGE, "tls_self_signed", "Give --tls-cert and --tls-key, or --tls-self-signed, not both");
    if (!*settings.tls_cert != !*settings.tls_key)
        return error_make(ERROR_USAGE, "tls_cert", "--tls-cert and --tls-key belong together: one of them is missing");
    TRY(client_check_settings());
    *ret_beyond_loopback = !serve_is_loopback(settings.listen);
    bool open = *ret_beyond_loopback && !tls;
    if (open && !settings.insecure_http && !*settings.trusted_proxies)
        return error_make(ERROR_USAGE, "listen",
            "Listening on %s without TLS would show passwords to the network. Give --tls-cert and --tls-key, or "
            "--trusted-proxies with the address of a proxy in front that speaks TLS, or --insecure-http",
            settings.listen);
    if (open && settings.insecure_http)
        log_event(LOG_WARN, NULL, "serve", "Passwords pass the network in the clear: there is no TLS",
            LOG_TEXT("listen", str_of(settings.listen)));
    return OK;
}

// Where the name that people use for this server can be known from.
static str own_host(struct arena *arena)
{
    str url = str_of(settings.public_url), listen = str_of(settings.listen);
    ptrdiff_t slashes = str_find(url, STR("://"));
    str host = slashes > 0 ? str_sub(url, (size_t)slashes + 3, url.size)
                           : str_sub(listen, 0, (size_t)(strrchr(settings.listen, ':') - settings.listen));
    for (size_t i = 0; i < host.size; i++)
        if (host.data[i] == '/' || (host.data[i] == ':' && slashes > 0))
            host = str_sub(host, 0, i);
    if (host.size > 2 && host.data[0] == '[')
        host = str_sub(host, 1, host.size - 2);
    return str_copy(arena, host);
}

static error sign_oneself(struct arena *arena, struct service *service)
{
    const char *folder = str_format(arena, "%s/tls", settings.data).data;
    if (!settings.tls_self_signed)
        return OK;
    TRY(data_folder_make(folder));
    settings.tls_cert = str_format(arena, "%s/cert.pem", folder).data;
    settings.tls_key = str_format(arena, "%s/key.pem", folder).data;
    return tls_self_signed(settings.tls_cert, settings.tls_key, own_host(arena).data, service->fingerprint);
}

struct keys_load {
    struct service *service;
    struct arena *arena;
};

static error load_keys(struct db *db, void *context)
{
    struct keys_load *load = context;
    struct scope scope = { .arena = load->arena, .db = db };
    return session_keys_load(&scope, load->service->app.keyring, &load->service->app.keys);
}

static error load_settings(struct arena *arena, struct app *app)
{
    struct scope scope = { .arena = arena, .blobs = app->blobs };
    TRY(db_connect(app->db, &scope.db));
    error result = setting_load(&scope);
    db_disconnect(scope.db);
    return result;
}

static error open_stores(struct arena *arena, struct service *service)
{
    struct app *app = &service->app;
    int64_t found;
    const char *keys, *key_file;
    data_folder_keys(arena, &keys, &key_file);
    service->has_new_key = !key_file && access(str_format(arena, "%s/master.key", keys).data, F_OK) != 0;
    error opened = service_open(arena, &service->stores);
    app->keyring = service->stores.keyring;
    app->db = service->stores.db;
    app->blobs = service->stores.blobs;
    TRY(opened);
    TRY(search_catch_up(app->db, &found));
    service->stock = stock_stamp(arena);
    TRY(stock_take_all(arena, app->db));
    TRY(check_blobs(arena, service));
    TRY(load_settings(arena, app));
    TRY(data_folder_complete_keys(app->db, app->blobs));
    struct keys_load load = { service, arena };
    return db_write(app->db, load_keys, &load);
}

// What another server has changed; where jobs run, the runner's clock looks.
static void look_for_settings(struct service *service)
{
    ARENA_AUTO struct arena *arena = arena_new(SETTINGS_BYTES_MAX);
    error result = settings.no_workers ? load_settings(arena, &service->app) : OK;
    if (error_is(result))
        log_event(LOG_WARN, NULL, "serve", "Settings could not be read", LOG_TEXT("reason", str_of(result.message)));
}

static bool workers_ready(void *context)
{
    return service_workers_ready(&((struct service *)context)->workers);
}

static void pause_runner(void *context)
{
    service_workers_pause(&((struct service *)context)->workers);
}

static void resume_runner(void *context)
{
    error result = settings.no_workers ? OK : service_workers_resume(&((struct service *)context)->workers);
    if (error_is(result))
        log_event(LOG_ERROR, NULL, "serve", "Jobs are not done until the server is started again",
            LOG_TEXT("reason", str_of(result.message)));
}

static error start_engines(struct arena *arena, struct service *service)
{
    const char *engine;
    TRY(engine_path(arena, &engine));
    TRY(zygote_start(engine, ZYGOTE_PLAIN, &service->plain));
    TRY(warm_open(service->plain, 2, &service->app.warm));
    service->app.preview = preview_frame;
    service->app.text_boxes = preview_text_boxes;
    service->app.draft_key = draft_key;
    service->app.avatar_show = avatar_show;
    service->app.avatar_context = service->app.warm;
    service->app.preview_context = service->app.warm;
    TRY(voices_open(service->app.warm, service->plain, service->app.db, &service->voices));
    service->app.voice_list = voices_list;
    service->app.voice_check = voices_check;
    service->app.voice_speak = voices_speak;
    service->app.voice_stream = voices_stream;
    service->app.voice_sample_text = voices_sample_text;
    service->app.voice_context = service->voices;
    if (settings.no_workers)
        return OK;
    TRY(service_workers_start(arena, &service->stores, service->plain, service->app.hub, &service->workers));
    service->app.workers_ready = workers_ready;
    service->app.workers_context = service;
    return OK;
}

// Every commit may have brought an event to deliver or a job to do.
static void committed(void *context)
{
    struct service *service = context;
    follower_wake(service->follower);
    service_workers_wake(&service->workers);
}

static error start_server(struct service *service)
{
    struct server_app app = { .context = &service->app,
        .plan = route_plan,
        .handle = route_handle,
        .worker_start = app_worker_start,
        .worker_stop = app_worker_stop,
        .refuse = route_refuse,
        .finished = metrics_answered };
    // With PostgreSQL they are the pool: each holds one connection.
    bool is_pool = db_pool_kind(service->app.db) == DB_POSTGRES;
    service->engines[0] = realtime_engine(service->app.realtime);
    struct server_options options = { .listen = settings.listen,
        .strict_transport_s = settings.hsts,
        .tls_certificate = *settings.tls_cert ? settings.tls_cert : NULL,
        .tls_key = *settings.tls_key ? settings.tls_key : NULL,
        .handler_threads = settings.handler_threads ? (int)settings.handler_threads
                           : is_pool                ? POOL_LEAST
                                                    : 0,
        .handler_threads_most = is_pool && !settings.handler_threads ? POOL_MOST : 0,
        .slow_threads = { [SLOW_PASSWORDS - 1] = CRYPT_PASSWORDS_AT_ONCE, [SLOW_VOICES - 1] = VOICES_AT_ONCE },
        .body_stall_timeout_us = settings.stall_timeout * SECOND_US,
        .engines = service->engines };
    return server_start(&options, &app, &service->server);
}

static error start(struct arena *arena, struct service *service)
{
    struct app *app = &service->app;
    TRY(serve_check_listen(&app->beyond_loopback));
    TRY(data_folder_lock(arena, &service->lock));
    TRY(sign_oneself(arena, service));
    TRY(tracing_start(arena, &service->otlp));
    app->job_kinds = service_workers_kinds(arena);
    app->data_directory = settings.data;
    app->web[0] = web_files;
    app->web[1] = reference_files;
    app->asr_engines = asr_names(arena, false);
    app->asr_ready = asr_names(arena, true);
    app->waiting = waiting_new(app);
    app->hub = hub_new();
    app->limiter = limiter_new();
    app->realtime = realtime_new(app);
    TRY(route_init(app));
    TRY(open_stores(arena, service));
    TRY(start_engines(arena, service));
    TRY(follower_start(app, &service->follower));
    db_on_commit(app->db, committed, service);
    relay_start(app);
    import_open(&(struct import_host) { app, service, pause_runner, resume_runner }, &service->import);
    mailer_start(app->db, app->blobs, &service->mailer);
    return start_server(service);
}

static void stop(struct service *service)
{
    struct app *app = &service->app;
    import_close(service->import);
    relay_stop(app);
    if (app->db) // requests go on committing while the runner and the follower end
        db_on_commit(app->db, NULL, NULL);
    service_workers_stop(&service->workers);
    mailer_stop(service->mailer);
    waiting_shut(app->waiting);
    if (app->hub)
        hub_shut(app->hub); // event streams end, so that the server's grace is not spent on them
    if (service->server)
        server_stop(service->server, GRACE_US);
    follower_stop(service->follower);
    waiting_free(app->waiting);
    realtime_free(app->realtime);
    hub_free(app->hub);
    voices_close(service->voices);
    warm_close(app->warm);
    if (service->plain)
        zygote_stop(service->plain);
    service_close(&service->stores);
    route_done(app);
    limiter_free(app->limiter);
    otlp_stop(service->otlp);
    if (service->lock >= 0)
        close(service->lock);
}

// On a terminal, once. Elsewhere standard error is a log, which the key must not be in.
static void show_new_key(struct arena *arena, const struct service *service)
{
    if (!service->has_new_key)
        return;
    fprintf(stderr, "  A master key was made: without it nobody can read what is stored here, you neither.\n");
    if (!isatty(STDERR_FILENO)) {
        fprintf(stderr, "  Write it down: kinora keys recovery-kit --data %s\n\n", settings.data);
        return;
    }
    fprintf(stderr, "  This is its recovery kit. Write it down and keep it away from this machine:\n\n");
    if (error_is(keys_print_kit(arena, service->stores.keyring, stderr)))
        return; // nobody sees the rest either
    fprintf(stderr, "\n  It is not shown again by itself; kinora keys recovery-kit shows it.\n\n");
}

static void greet(const struct service *service)
{
    bool tls = *settings.tls_cert;
    const char *colon = strrchr(settings.listen, ':');
    char port[16];
    snprintf(port, sizeof port, "%d", server_port(service->server));
    fprintf(stderr, "\nKinora %s is ready: %s://%.*s:%s\n", KINORA_VERSION, tls ? "https" : "http",
        (int)(colon ? colon - settings.listen : 0), settings.listen, port);
    fprintf(stderr,
        "  Open it in a browser and make the first account; it will be the administrator's.\n"
        "  Data: %s   Stop: Ctrl-C\n\n",
        settings.data);
    if (*service->fingerprint)
        fprintf(stderr, "  The browser warns of the certificate; it is the right one if its SHA-256 is\n  %s\n\n",
            service->fingerprint);
    if (service->app.beyond_loopback)
        fprintf(stderr, "  The first account needs this setup code: %s\n\n", settings.setup_code);
}

// A renewed certificate.
static void reload(void *context)
{
    struct service *service = context;
    error result = server_reload_tls(service->server);
    if (error_is(result))
        log_event(LOG_ERROR, NULL, "serve", "The certificate was not read again; the old one stays",
            LOG_TEXT("reason", str_of(result.message)));
    else
        log_event(LOG_INFO, NULL, "serve", "Certificate and key were read again");
}

// A pack that was made or changed while the server runs.
static void look_for_stock(void *context)
{
    struct service *service = context;
    ARENA_AUTO struct arena *arena = arena_new(STOCK_BYTES_MAX);
    struct stock_stamp now = stock_stamp(arena);
    if (!memcmp(&now, &service->stock, sizeof now))
        return;
    service->stock = now;
    error result = stock_take_all(arena, service->app.db);
    if (error_is(result))
        log_event(
            LOG_WARN, NULL, "stock", "The stock could not be taken up", LOG_TEXT("reason", str_of(result.message)));
    else
        log_event(LOG_INFO, NULL, "stock", "The stock was taken up");
}

static void look(void *context)
{
    look_for_settings(context);
    look_for_stock(context);
}

static error run(const struct call *call)
{
    struct service service = { .lock = -1 };
    if (!*settings.setup_code)
        settings.setup_code = id_new(call->arena).data;
    service_begin();
    error result = start(call->arena, &service);
    if (!error_is(result)) {
        greet(&service);
        show_new_key(call->arena, &service);
        log_event(LOG_INFO, NULL, "serve", "Ready", LOG_TEXT("listen", str_of(settings.listen)));
        service_wait(reload, look, &service);
        log_event(LOG_INFO, NULL, "serve", "Stopping");
    }
    // The message must survive what stopping says.
    if (error_is(result))
        result.message = str_copy(call->arena, str_of(result.message)).data;
    stop(&service);
    return result;
}

const struct command serve_command = {
    .name = "serve",
    .summary = "Run the server, with the job runner beside it",
    .help = "Serves the web page and the API on --listen (127.0.0.1:8000) with the data folder --data (./data).\n"
            "Stops cleanly on Ctrl-C or SIGTERM. Settings come from flags, the environment and DATA/kinora.conf, in\n"
            "that order of strength.\n\nExample: kinora serve --data ~/kinora --listen 127.0.0.1:8000",
    .settings = true,
    .run = run,
};
