// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/relay.h"

#include "api/realtime_parts.h"

enum { ARENA_CAP = 256 << 10 };

// Four a second of each job, as it is published; between two sendings the newest stands for all.
static void tell_progress(void *context, str topic, str event, str data)
{
    struct db_pool *db = context;
    json_t *facts;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    if (error_is(json_read(arena, data, &facts)))
        return;
    BUFFER_AUTO struct buffer text = { 0 };
    struct json_out out = { .buffer = &text };
    json_object_begin(&out);
    json_key(&out, "topic");
    json_put_str(&out, topic);
    json_key(&out, "event");
    json_put_str(&out, event);
    json_key(&out, "data");
    json_put_raw(&out, data);
    json_object_end(&out);
    str key = str_format(arena, "%.*s %.*s", STR_ARGS(topic), STR_ARGS(json_get_str(facts, "job_id")));
    db_tell(db, key, buffer_str(&text));
}

void relay_progress(struct hub *hub, struct db_pool *db)
{
    hub_relay(hub, tell_progress, db);
}

static void tell_presence(void *context, str key, str text)
{
    db_tell(context, key, text);
}

static void hear(void *context, str text)
{
    struct app *app = context;
    json_t *word;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_CAP);
    if (error_is(json_read(arena, text, &word)))
        return;
    if (json_object_get(word, "presence"))
        presence_hear(app->realtime->presence, word);
    else if (json_get_str(word, "topic").data)
        hub_repeat(app->hub, json_get_str(word, "topic"), json_get_str(word, "event"),
            json_text(arena, json_object_get(word, "data")));
}

void relay_start(struct app *app)
{
    if (db_pool_kind(app->db) != DB_POSTGRES)
        return;
    db_on_told(app->db, hear, app);
    relay_progress(app->hub, app->db);
    presence_relay(app->realtime->presence, tell_presence, app->db);
}

void relay_stop(struct app *app)
{
    if (!app->db || db_pool_kind(app->db) != DB_POSTGRES)
        return;
    db_on_told(app->db, NULL, NULL);
    if (app->hub)
        hub_relay(app->hub, NULL, NULL);
    if (app->realtime)
        presence_relay(app->realtime->presence, NULL, NULL);
}
