// SPDX-License-Identifier: GPL-3.0-or-later
// What the server holds for all requests, and what each handler thread holds for itself.
#pragma once

#include <stdatomic.h>

#include "domain/avatar.h"
#include "domain/draft.h"
#include "domain/scene.h"
#include "domain/session.h"
#include "domain/voice.h"
#include "net/hub.h"
#include "net/warm.h"

struct router;
struct token_cache;
struct limiter;
struct waiting;
struct realtime;
struct web_file;

// How the import of a database goes, or went; `state` "none" when there was none since the start.
struct import_state {
    str state, message, backup; // running, completed, failed; backup: where the data of before stand
    time_us started_at, finished_at;
    int64_t tables, rows, missing_count;
    struct list missing; // of str: ids of blobs that are not there, the first ones
};

struct app {
    struct db_pool *db;
    // While a database is imported, changes wait outside. Each import is another epoch: what was asked before it has no
    // meaning after it.
    atomic_bool importing;
    atomic_uint epoch;
    // Begins in the background with a file, which it removes; DATABASE_BUSY while one is under way.
    error (*import_start)(void *context, const char *path, bool allow_foreign_keys);
    void (*import_state)(void *context, struct arena *arena, struct import_state *ret_state);
    void *import_context;
    struct blob_store *blobs;
    struct keyring *keyring;
    struct session_keys keys;
    struct warm *warm; // engine children for short questions
    struct hub *hub;   // open event streams
    struct router *router;
    struct limiter *limiter;
    struct realtime *realtime; // live editing; NULL: not offered
    const char *data_directory;
    const struct web_file *web[2];  // files of the web app, and of the API's pages
    struct waiting *waiting;        // calls that wait for their job
    const char *const *asr_ready;   // those of asr_engines that are set up
    const char *const *asr_engines; // names of the speech engines that a request may ask for; NULL-terminated
    const char *const *job_kinds;   // names of the kinds of jobs; NULL-terminated
    bool beyond_loopback;           // the first account then needs settings.setup_code
    // Appends a picture of a scene. Films are planned by the floor's other room, so that it comes from outside.
    error (*preview)(void *context, struct scope *scope, const struct scene_picture *wish, struct buffer *ret_picture);
    // What the texts of a scene take up: a list of struct scene_text_box.
    error (*text_boxes)(void *context, struct scope *scope, const struct scene_picture *wish, struct list *ret_boxes);
    void *preview_context; // of both
    // The key of a video's or scene's draft as they are now.
    error (*draft_key)(void *context, struct scope *scope, struct draft *draft);
    // A picture of an avatar, or the short film in which it talks.
    error (*avatar_show)(void *context, struct scope *scope, str id, enum avatar_sight sight, struct buffer *ret_bytes);
    void *avatar_context;
    // Every voice (struct voice); whether one can speak a text; speaks it and appends an MP3 file, or writes a file
    // of a format while it is spoken; what a voice says as its sample. Declared in work/voices.h.
    error (*voice_list)(void *context, struct scope *scope, struct list *ret_voices);
    error (*voice_check)(void *context, struct scope *scope, str id, str text);
    error (*voice_speak)(void *context, struct scope *scope, const struct voice_wish *wish, struct buffer *ret_file,
        json_t **ret_result);
    error (*voice_stream)(
        void *context, struct scope *scope, const struct voice_wish *wish, str format, const struct voice_out *to);
    str (*voice_sample_text)(struct arena *arena, const struct voice *voice);
    void *voice_context;
    bool (*workers_ready)(void *context);
    void *workers_context;
};

struct worker {
    struct app *app;
    struct db *db;
    struct token_cache *tokens;
};
void *app_worker_start(void *context);
void app_worker_stop(void *context, void *worker);
