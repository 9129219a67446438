// SPDX-License-Identifier: GPL-3.0-or-later
// Links as document 002 has them.
#include "api/route.h"
#include "domain/link.h"
#include "domain/link_run.h"

struct link_in {
    str url, name, type, quality, title_include, title_exclude;
    struct list tags;
    json_t *cookies;
    struct opt_bool is_enabled, download_automatically, transcribe, audio_only;
    struct opt_int max_items, keep_last;
};
#define LINK_FIELDS(is_required)                                                                                       \
    FIELD(struct link_in, url, .required = is_required, .min = 1, .max = 4096, .format = FORMAT_URI,                   \
        .doc = "http:// or https:// address"),                                                                         \
        FIELD(struct link_in, name, .required = is_required, .min = 1, .max = 200, .doc = "Name for people"),          \
        FIELD(struct link_in, type, .required = is_required, .allowed = link_types, .doc = "What is there"),           \
        FIELD(struct link_in, tags, .max = 50, .doc = "Words to find it by"),                                          \
        FIELD(struct link_in, cookies, .json_type = "any",                                                             \
            .doc = "A JSON object of names and values, or the list of a browser extension, also as text; kept sealed " \
                   "and never shown; empty text: none"),                                                               \
        FIELD(struct link_in, is_enabled, .doc = "Is used at all [true]"),                                             \
        FIELD(struct link_in, download_automatically,                                                                  \
            .doc = "Is looked at by itself, at the interval of the "                                                   \
                   "settings [true]"),                                                                                 \
        FIELD(struct link_in, transcribe, .doc = "Transcribe what is saved [false]"),                                  \
        FIELD(struct link_in, audio_only, .doc = "Save the sound of films only [false]"),                              \
        FIELD(struct link_in, max_items, .max = 10000,                                                                 \
            .doc = "Most files that one look saves; 0: as the settings "                                               \
                   "say [0]"),                                                                                         \
        FIELD(struct link_in, keep_last, .max = 100000,                                                                \
            .doc = "Only the newest so many stay in the library; 0: all [0]"),                                         \
        FIELD(struct link_in, quality, .allowed = link_qualities, .doc = "Of films, at the most [best]"),              \
        FIELD(struct link_in, title_include, .max = 200, .doc = "Only titles with this text, in any case"),            \
        FIELD(struct link_in, title_exclude, .max = 200, .doc = "No titles with this text, in any case")
static const struct field create_fields[] = { LINK_FIELDS(true) };
static const struct shape create_shape = SHAPE("LinkCreate", struct link_in, create_fields);
static const struct field update_fields[] = { LINK_FIELDS(false) };
static const struct shape update_shape = SHAPE("LinkUpdate", struct link_in, update_fields);

struct link_path {
    str link_id;
};
static const struct field path_fields[] = {
    FIELD(struct link_path, link_id, .required = true, .doc = "Integer id or UUID"),
};
static const struct shape path_shape = SHAPE("LinkPath", struct link_path, path_fields);

struct link_page {
    int64_t skip;
    struct opt_int limit;
};
static const struct field page_fields[] = {
    FIELD(struct link_page, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct link_page, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
};
static const struct shape page_shape = SHAPE("LinkPage", struct link_page, page_fields);

static const struct field link_fields[] = {
    FIELD_AS(struct link, number, "id", .doc = "Integer id"),
    FIELD_AS(struct link, id, "uuid", .format = FORMAT_UUID),
    FIELD(struct link, url),
    FIELD(struct link, name),
    FIELD(struct link, type),
    FIELD(struct link, tags, .json_type = "array"),
    FIELD(struct link, is_enabled),
    FIELD(struct link, download_automatically),
    FIELD(struct link, has_cookies, .doc = "Cookies are kept; they are never shown"),
    FIELD(struct link, transcribe),
    FIELD(struct link, audio_only),
    FIELD(struct link, max_items),
    FIELD(struct link, keep_last),
    FIELD(struct link, quality),
    FIELD(struct link, title_include),
    FIELD(struct link, title_exclude),
    FIELD(struct link, last_checked_at),
    FIELD(struct link, next_check_at, .doc = "When it is looked at by itself; null: never"),
    FIELD(struct link, last_status, .doc = "success, partial, failure or cancelled; null: not looked at yet"),
    FIELD(struct link, last_error, .doc = "Why the last look failed"),
    FIELD(struct link, last_failure, .doc = "Class of that"),
    FIELD(struct link, items_total, .doc = "Saved so far"),
    FIELD(struct link, created_at),
    FIELD(struct link, updated_at),
};
static const struct shape link_shape = SHAPE("Link", struct link, link_fields);

struct triggered {
    str msg, job_id;
};
static const struct field triggered_fields[] = {
    FIELD(struct triggered, msg),
    FIELD(struct triggered, job_id, .format = FORMAT_UUID, .doc = "The job that does it"),
};
static const struct shape triggered_shape = SHAPE("LinkTriggered", struct triggered, triggered_fields);

struct retry_query {
    str failure;
};
static const struct field retry_fields[] = {
    FIELD_AS(struct retry_query, failure, "class", .allowed = link_failure_names, .doc = "Only failures of this class"),
};
static const struct shape retry_shape = SHAPE("LinkRetryQuery", struct retry_query, retry_fields);
struct retried {
    str msg;
    int64_t links;
};
static const struct field retried_fields[] = {
    FIELD(struct retried, msg),
    FIELD(struct retried, links, .doc = "How many"),
};
static const struct shape retried_shape = SHAPE("LinksRetried", struct retried, retried_fields);

static bool is_empty(const struct link_change *change)
{
    return !change->url.data && !change->name.data && !change->type.data && !change->quality.data
           && !change->title_include.data && !change->title_exclude.data && !change->tags.text.data
           && !change->is_enabled.set && !change->download_automatically.set && !change->transcribe.set
           && !change->audio_only.set && !change->max_items.set && !change->keep_last.set && !change->cookies.data;
}

static str cookies_text(struct arena *arena, const json_t *cookies)
{
    if (!cookies)
        return STR_NONE;
    return json_is_string(cookies) ? (str) { json_string_value(cookies), json_string_length(cookies) }
                                   : json_text(arena, cookies);
}

static error prepare(struct api_call *call)
{
    const struct link_in *in = call->body;
    struct arena *arena = call->scope.arena;
    const json_t *tags = json_object_get(call->json, "tags");
    struct link_change *change = ARENA_NEW(arena, struct link_change);
    *change = (struct link_change) { .url = in->url,
        .name = in->name,
        .type = in->type,
        .quality = in->quality,
        .title_include = in->title_include,
        .title_exclude = in->title_exclude,
        .tags = { json_is_array(tags) ? json_text(arena, tags) : STR_NONE },
        .is_enabled = in->is_enabled,
        .download_automatically = in->download_automatically,
        .transcribe = in->transcribe,
        .audio_only = in->audio_only,
        .max_items = in->max_items,
        .keep_last = in->keep_last,
        .cookies = cookies_text(arena, in->cookies) };
    if (is_empty(change))
        return error_make(ERROR_VALIDATION_ERROR, "body", "The body changes nothing");
    call->prepared = change;
    return OK;
}

static str key_of(const struct api_call *call)
{
    return ((const struct link_path *)call->path)->link_id;
}

static error create(struct api_call *call)
{
    return link_add(&call->scope, call->prepared, call->output);
}

static error list(struct api_call *call)
{
    const struct link_page *page = call->query;
    return link_list(&call->scope, page->skip, page->limit.set ? page->limit.value : 100, call->output);
}

static error get(struct api_call *call)
{
    return link_get(&call->scope, key_of(call), call->output);
}

static error update(struct api_call *call)
{
    return link_update(&call->scope, key_of(call), call->prepared, call->output);
}

static error delete (struct api_call *call)
{
    return link_delete(&call->scope, key_of(call), call->output);
}

static error trigger(struct api_call *call)
{
    struct link link;
    struct job job;
    TRY(link_get(&call->scope, key_of(call), &link));
    TRY(link_trigger(&call->scope, &link, &job));
    *(struct triggered *)call->output = (struct triggered) {
        str_format(call->scope.arena, "Download triggered for link %lld", (long long)link.number), job.id
    };
    return OK;
}

static error retry_failed(struct api_call *call)
{
    struct retried *out = call->output;
    TRY(link_retry_failed(&call->scope, ((const struct retry_query *)call->query)->failure, &out->links));
    out->msg = str_format(call->scope.arena, "Download triggered for %lld links", (long long)out->links);
    return OK;
}

static const struct route routes[] = {
    { "POST", "/api/v1/links", "Links", "Add a link", FACE_DETAIL, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &create_shape, .output = &link_shape, .errors = ERRORS(ERROR_UNPROCESSABLE), .prepare = prepare,
        .handle = create },
    { "GET", "/api/v1/links", "Links", "List your links", FACE_DETAIL, ACCESS_USER, LANE_READ, .query_in = &page_shape,
        .output = &link_shape, .output_list = true, .handle = list },
    { "POST", "/api/v1/links/retry-failed", "Links", "Try the links anew that failed", FACE_DETAIL, ACCESS_USER,
        LANE_WRITE, .query_in = &retry_shape, .output = &retried_shape, .errors = ERRORS(ERROR_UNPROCESSABLE),
        .handle = retry_failed },
    { "GET", "/api/v1/links/{link_id}", "Links", "Show a link", FACE_DETAIL, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &link_shape, .errors = ERRORS(ERROR_LINK_NOT_FOUND), .handle = get },
    { "PUT", "/api/v1/links/{link_id}", "Links", "Change a link", FACE_DETAIL, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &path_shape, .body_in = &update_shape, .output = &link_shape,
        .errors = ERRORS(ERROR_LINK_NOT_FOUND, ERROR_UNPROCESSABLE), .prepare = prepare, .handle = update },
    { "DELETE", "/api/v1/links/{link_id}", "Links", "Delete a link; what it saved stays", FACE_DETAIL, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .output = &link_shape, .errors = ERRORS(ERROR_LINK_NOT_FOUND),
        .handle = delete },
    { "POST", "/api/v1/links/{link_id}/trigger-download", "Links", "Look at a link now", FACE_DETAIL, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .output = &triggered_shape, .errors = ERRORS(ERROR_LINK_NOT_FOUND),
        .handle = trigger },
};
const struct route_group route_group_links = ROUTE_GROUP(routes);
