// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/link.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/link_cookies.h"
#include "domain/link_run.h"

const char *const link_types[] = { "youtube_channel", "youtube_playlist", "pixiv_user", "generic_video",
    "generic_gallery", "podcast_feed", "direct", NULL };
const char *const link_qualities[] = { "best", "2160p", "1440p", "1080p", "720p", "480p", "360p", NULL };

enum { URL_BYTES_MAX = 2048 };

static const struct field fields[] = {
    FIELD(struct link, number),
    FIELD(struct link, id),
    FIELD(struct link, user_id),
    FIELD(struct link, url),
    FIELD(struct link, name),
    FIELD(struct link, type),
    FIELD(struct link, tags),
    FIELD(struct link, is_enabled),
    FIELD(struct link, download_automatically),
    FIELD(struct link, transcribe),
    FIELD(struct link, audio_only),
    FIELD(struct link, has_cookies),
    FIELD(struct link, max_items),
    FIELD(struct link, keep_last),
    FIELD(struct link, quality),
    FIELD(struct link, title_include),
    FIELD(struct link, title_exclude),
    FIELD(struct link, last_checked_at),
    FIELD(struct link, last_status),
    FIELD(struct link, last_error),
    FIELD(struct link, last_failure),
    FIELD(struct link, failures),
    FIELD(struct link, wait_factor),
    FIELD(struct link, items_total),
    FIELD(struct link, created_at),
    FIELD(struct link, updated_at),
};
static const struct shape row_shape = SHAPE("LinkRow", struct link, fields);

#define COLUMNS                                                                                                        \
    "number, id, user_id, url, name, type, tags, is_enabled, download_automatically, transcribe, audio_only,"          \
    " sealed_cookies IS NOT NULL AS has_cookies, max_items, keep_last, quality, title_include, title_exclude,"         \
    " last_checked_at, last_status, last_error, last_failure, failures, wait_factor, created_at, updated_at,"          \
    " (SELECT count(*) FROM link_item WHERE link_item.link_id = link.id) AS items_total"

static error not_found(str key)
{
    return error_make(ERROR_LINK_NOT_FOUND, "link_id", "Link with ID '%.*s' not found", STR_ARGS(key));
}

static int64_t interval_us(void)
{
    return SETTING_NOW(link_monitor_interval_minutes) * 60 * SECOND_US;
}

// Not stored, so that a change of the interval counts at once.
static void set_next(struct link *link)
{
    if (!link->is_enabled || !link->download_automatically)
        return;
    link->next_check_at.us = link->last_checked_at.us
                                 ? link->last_checked_at.us + (int64_t)((double)interval_us() * link->wait_factor)
                                 : link->created_at.us;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '-' || c == '.';
}

error link_check_url(str url)
{
    size_t scheme = 0;
    for (size_t i = 0; i < url.size; i++)
        if ((unsigned char)url.data[i] <= 0x20 || url.data[i] == 0x7F || url.data[i] == '\\')
            return error_make(ERROR_VALIDATION_ERROR, "url", "A URL has no blanks, backslashes or control characters");
    while (scheme < url.size && is_word(url.data[scheme]))
        scheme++;
    str rest = str_sub(url, scheme, url.size), name = str_sub(url, 0, scheme);
    if (url.size > URL_BYTES_MAX || !scheme || !isalpha((unsigned char)url.data[0]) || !str_starts(rest, STR(":")))
        return error_make(ERROR_VALIDATION_ERROR, "url", "A URL looks like https://example.org/page");
    if (!str_equal_fold(name, STR("http")) && !str_equal_fold(name, STR("https")))
        return error_make(ERROR_UNPROCESSABLE, "url", "Only http:// and https:// addresses can be watched");
    size_t end = 3;
    while (end < rest.size && rest.data[end] != '/' && rest.data[end] != '?' && rest.data[end] != '#')
        end++;
    str host = str_sub(rest, 3, end - 3);
    if (!str_starts(rest, STR("://")) || !host.size || host.data[0] == ':')
        return error_make(ERROR_VALIDATION_ERROR, "url", "A URL looks like https://example.org/page");
    if (str_index(host, '@') >= 0)
        return error_make(ERROR_UNPROCESSABLE, "url", "A URL with a name or password in it is not taken; use cookies");
    return OK;
}

static error check(const struct link_change *change)
{
    return change->url.data ? link_check_url(change->url) : OK;
}

// The cookies as they are kept; NULL for none.
static error seal_cookies(struct scope *scope, str id, str cookies, struct db_value *ret_value)
{
    str sealed;
    *ret_value = db_null();
    if (!cookies.size)
        return OK;
    TRY(link_cookies_seal(scope, id, cookies, &sealed));
    *ret_value = db_bytes(sealed.data, sealed.size);
    return OK;
}

static bool flag(struct opt_bool value, bool fallback)
{
    return value.set ? value.value : fallback;
}

static str text(str value, str fallback)
{
    return value.data ? value : fallback;
}

DB_STATEMENT(insert,
    "INSERT INTO link (id, user_id, url, name, type, tags, sealed_cookies, is_enabled, download_automatically,"
    " transcribe, audio_only, max_items, keep_last, quality, title_include, title_exclude, failures, wait_factor,"
    " created_at, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 1, $17, $17)"
    " RETURNING " COLUMNS);

error link_add(struct scope *scope, const struct link_change *change, struct link *ret_link)
{
    struct db_value cookies;
    bool found;
    str id = id_new(scope->arena);
    TRY(check(change));
    TRY(seal_cookies(scope, id, change->cookies, &cookies));
    TRY(db_one(scope->db, scope->arena, &insert,
        DB_ARGS(db_text(id), db_text(scope->actor.user_id), db_text(change->url), db_text(change->name),
            db_text(change->type), db_text(text(change->tags.text, STR("[]"))), cookies,
            db_bool(flag(change->is_enabled, true)), db_bool(flag(change->download_automatically, true)),
            db_bool(flag(change->transcribe, false)), db_bool(flag(change->audio_only, false)),
            db_int(change->max_items.value), db_int(change->keep_last.value),
            db_text(text(change->quality, STR("best"))), db_text(text(change->title_include, STR(""))),
            db_text(text(change->title_exclude, STR(""))), db_int(clock_now_us())),
        &row_shape, ret_link, &found));
    set_next(ret_link);
    return OK;
}

DB_STATEMENT(by_number, "SELECT " COLUMNS " FROM link WHERE number = $1");
DB_STATEMENT(by_id, "SELECT " COLUMNS " FROM link WHERE id = $1");

error link_get(struct scope *scope, str key, struct link *ret_link)
{
    int64_t number;
    struct link link;
    bool found, is_number = str_to_int(key, &number);
    if (!is_number && !id_is_valid(key))
        return error_make(ERROR_INVALID_ID, "link_id", "A link id is an integer or a UUID");
    TRY(db_one(scope->db, scope->arena, is_number ? &by_number : &by_id,
        is_number ? DB_ARGS(db_int(number)) : DB_ARGS(db_text(str_lower(scope->arena, key))), &row_shape, &link,
        &found));
    if (!found || !scope_may(scope, link.user_id))
        return not_found(key);
    set_next(&link);
    *ret_link = link;
    return OK;
}

DB_STATEMENT(list_own, "SELECT " COLUMNS " FROM link WHERE user_id = $1 ORDER BY number LIMIT $2 OFFSET $3");

error link_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_links)
{
    TRY(db_all(scope->db, scope->arena, &list_own, DB_ARGS(db_text(scope->actor.user_id), db_int(limit), db_int(skip)),
        &row_shape, 0, ret_links));
    for (size_t i = 0; i < ret_links->count; i++)
        set_next(&((struct link *)ret_links->items)[i]);
    return OK;
}

DB_STATEMENT(update,
    "UPDATE link SET url = $2, name = $3, type = $4, tags = $5, is_enabled = $6, download_automatically = $7,"
    " transcribe = $8, audio_only = $9, max_items = $10, keep_last = $11, quality = $12, title_include = $13,"
    " title_exclude = $14, updated_at = $15 WHERE number = $1 RETURNING " COLUMNS);
DB_STATEMENT(set_cookies, "UPDATE link SET sealed_cookies = $2 WHERE number = $1");

error link_update(struct scope *scope, str key, const struct link_change *change, struct link *ret_link)
{
    struct link link;
    bool found;
    TRY(link_get(scope, key, &link));
    TRY(check(change));
    if (change->cookies.data) {
        struct db_value cookies;
        TRY(seal_cookies(scope, link.id, change->cookies, &cookies));
        TRY(db_run(scope->db, &set_cookies, DB_ARGS(db_int(link.number), cookies), NULL));
    }
    TRY(db_one(scope->db, scope->arena, &update,
        DB_ARGS(db_int(link.number), db_text(text(change->url, link.url)), db_text(text(change->name, link.name)),
            db_text(text(change->type, link.type)), db_text(text(change->tags.text, link.tags.text)),
            db_bool(flag(change->is_enabled, link.is_enabled)),
            db_bool(flag(change->download_automatically, link.download_automatically)),
            db_bool(flag(change->transcribe, link.transcribe)), db_bool(flag(change->audio_only, link.audio_only)),
            db_int(change->max_items.set ? change->max_items.value : link.max_items),
            db_int(change->keep_last.set ? change->keep_last.value : link.keep_last),
            db_text(text(change->quality, link.quality)), db_text(text(change->title_include, link.title_include)),
            db_text(text(change->title_exclude, link.title_exclude)), db_int(clock_now_us())),
        &row_shape, ret_link, &found));
    set_next(ret_link);
    return OK;
}

static str run_key(struct arena *arena, str link_id)
{
    return str_format(arena, LINK_JOB_KIND ":%.*s", STR_ARGS(link_id));
}

DB_STATEMENT(run_of, "SELECT id FROM job WHERE unique_key = $1");

// The run that waits or works; STR_NONE for none.
static error find_run(struct scope *scope, str link_id, str *ret_job_id)
{
    return db_string(scope->db, scope->arena, &run_of, DB_ARGS(db_text(run_key(scope->arena, link_id))), ret_job_id);
}

DB_STATEMENT(delete_one, "DELETE FROM link WHERE number = $1");

error link_delete(struct scope *scope, str key, struct link *ret_link)
{
    str job_id;
    TRY(link_get(scope, key, ret_link));
    TRY(find_run(scope, ret_link->id, &job_id));
    if (job_id.data) {
        struct job job;
        TRY(job_get(scope, job_id, &job));
        TRY(job_cancel(scope, &job, &job));
    }
    return db_run(scope->db, &delete_one, DB_ARGS(db_int(ret_link->number)), NULL);
}

error link_trigger(struct scope *scope, const struct link *link, struct job *ret_job)
{
    str job_id;
    struct scope owner = *scope;
    owner.actor = (struct actor) { .user_id = link->user_id };
    TRY(find_run(scope, link->id, &job_id));
    if (job_id.data)
        return job_get(&owner, job_id, ret_job);
    json_t *params = json_keep(scope->arena, json_object());
    json_object_set_new(params, "link_id", json_str(link->id));
    return job_add(&owner,
        &(struct job_new) { .kind = LINK_JOB_KIND, .params = params, .unique_key = run_key(scope->arena, link->id) },
        ret_job);
}

static error trigger_all(struct scope *scope, const struct list *links)
{
    struct job job;
    for (size_t i = 0; i < links->count; i++)
        TRY(link_trigger(scope, &((struct link *)links->items)[i], &job));
    return OK;
}

DB_STATEMENT(failed, "SELECT " COLUMNS " FROM link WHERE user_id = $1 AND last_failure IS NOT NULL"
                     " AND (CAST($2 AS TEXT) IS NULL OR last_failure = $2) ORDER BY number");

error link_retry_failed(struct scope *scope, str failure, int64_t *ret_count)
{
    struct list links;
    TRY(db_all(scope->db, scope->arena, &failed, DB_ARGS(db_text(scope->actor.user_id), db_text(failure)), &row_shape,
        0, &links));
    TRY(trigger_all(scope, &links));
    *ret_count = (int64_t)links.count;
    return OK;
}

// One that waits or works already is not due. The owner must be active.
#define DUE                                                                                                            \
    "FROM link WHERE is_enabled AND download_automatically"                                                            \
    " AND (last_checked_at IS NULL OR last_checked_at + $1 * wait_factor <= $2)"                                       \
    " AND NOT EXISTS (SELECT 1 FROM job WHERE job.unique_key = '" LINK_JOB_KIND ":' || CAST(link.id AS TEXT))"         \
    " AND EXISTS (SELECT 1 FROM users WHERE users.id = link.user_id AND users.is_active)"

DB_STATEMENT(count_due, "SELECT count(*) " DUE);
DB_STATEMENT(list_due, "SELECT " COLUMNS " " DUE " ORDER BY last_checked_at LIMIT $3");

error link_count_due(struct scope *scope, int64_t *ret_count)
{
    return db_integer(
        scope->db, &count_due, DB_ARGS(db_number((double)interval_us()), db_int(clock_now_us())), ret_count, NULL);
}

error link_schedule(struct scope *scope, int64_t limit)
{
    struct list links;
    TRY(db_all(scope->db, scope->arena, &list_due,
        DB_ARGS(db_number((double)interval_us()), db_int(clock_now_us()), db_int(limit)), &row_shape, 0, &links));
    return trigger_all(scope, &links);
}
