// SPDX-License-Identifier: GPL-3.0-or-later
// Keys for programs (business plan).
#include <string.h>

#include "api/route.h"
#include "base/clock.h"
#include "domain/api_key.h"

static const struct {
    const char *name;
    int64_t bit;
} scope_names[] = { { "read", ACTOR_READ }, { "write", ACTOR_WRITE }, { "admin", ACTOR_ADMIN } };
enum { SCOPE_COUNT = sizeof scope_names / sizeof *scope_names };

struct key_in {
    str name;
    json_t *scopes;
    time_us expires_at;
};
static const struct field in_fields[] = {
    FIELD(struct key_in, name, .required = true, .min = 1, .max = 100, .doc = "What it is for"),
    FIELD(struct key_in, scopes, .required = true, .json_type = "array",
        .doc = "read (see everything of yours), write (change it), admin (what only administrators may)"),
    FIELD(struct key_in, expires_at, .doc = "When it ends; left out: never"),
};
static const struct shape in_shape = SHAPE("ApiKeyInput", struct key_in, in_fields);

struct key_answer {
    str id, name, prefix;
    struct raw_json scopes;
    time_us created_at, last_used_at, expires_at;
};
static const struct field answer_fields[] = {
    FIELD(struct key_answer, id, .format = FORMAT_UUID),
    FIELD(struct key_answer, name),
    FIELD(struct key_answer, prefix, .doc = "The beginning of the key, to know it again by"),
    FIELD(struct key_answer, scopes, .json_type = "array"),
    FIELD(struct key_answer, created_at),
    FIELD(struct key_answer, last_used_at, .doc = "Within a minute; null: never"),
    FIELD(struct key_answer, expires_at, .doc = "null: never"),
};
static const struct shape answer_shape = SHAPE("ApiKey", struct key_answer, answer_fields);

struct one {
    struct key_answer *api_key;
    str key;
};
static const struct field one_fields[] = {
    FIELD(struct one, api_key, .required = true, .shape = &answer_shape),
    FIELD(struct one, key, .doc = "The key itself, shown this once: a bearer token"),
};
static const struct shape one_shape = SHAPE("ApiKeyData", struct one, one_fields);
struct many {
    struct list api_keys;
};
static const struct field many_fields[] = { FIELD(struct many, api_keys, .shape = &answer_shape) };
static const struct shape many_shape = SHAPE("ApiKeyList", struct many, many_fields);

struct path {
    str id;
};
static const struct field path_fields[] = {
    FIELD(struct path, id, .required = true, .format = FORMAT_UUID, .doc = "API key"),
};
static const struct shape path_shape = SHAPE("ApiKeyPath", struct path, path_fields);

static error read_scopes(const json_t *names, int64_t *ret_scopes)
{
    int64_t scopes = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        int64_t bit = 0;
        for (size_t k = 0; name && k < SCOPE_COUNT; k++)
            if (!strcmp(name, scope_names[k].name))
                bit = scope_names[k].bit;
        if (!bit)
            return error_make(ERROR_VALIDATION_ERROR, "scopes", "A scope is read, write or admin");
        scopes |= bit;
    }
    if (!scopes)
        return error_make(ERROR_VALIDATION_ERROR, "scopes", "A key needs at least one scope: read, write or admin");
    *ret_scopes = scopes;
    return OK;
}

static struct key_answer answer_of(struct arena *arena, const struct api_key *row)
{
    json_t *scopes = json_keep(arena, json_array());
    for (size_t k = 0; k < SCOPE_COUNT; k++)
        if (row->scopes & scope_names[k].bit)
            json_array_append_new(scopes, json_string(scope_names[k].name));
    return (struct key_answer) { row->id, row->name, row->prefix, { json_text(arena, scopes) }, row->created_at,
        row->last_used_at, row->expires_at };
}

static error add(struct api_call *call)
{
    const struct key_in *in = call->body;
    struct one *out = call->output;
    struct api_key row;
    int64_t scopes = 0;
    TRY(read_scopes(in->scopes, &scopes));
    if (in->expires_at.us && in->expires_at.us <= clock_now_us())
        return error_make(ERROR_VALIDATION_ERROR, "expires_at", "A key must end in the future");
    if ((scopes & ACTOR_ADMIN) && !call->scope.actor.is_superuser)
        return error_make(ERROR_VALIDATION_ERROR, "scopes", "Only an administrator's key may have the scope admin");
    TRY(api_key_add(&call->scope, in->name, scopes, in->expires_at, &row, &out->key));
    out->api_key = ARENA_NEW(call->scope.arena, struct key_answer);
    *out->api_key = answer_of(call->scope.arena, &row);
    call->subject = row.id;
    call->audit_detail = out->api_key->scopes.text;
    return OK;
}

static error list_keys(struct api_call *call)
{
    struct list rows;
    TRY(api_key_list(&call->scope, &rows));
    struct key_answer *items = ARENA_ARRAY(call->scope.arena, struct key_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = answer_of(call->scope.arena, &((const struct api_key *)rows.items)[i]);
    ((struct many *)call->output)->api_keys = (struct list) { items, rows.count };
    return OK;
}

static error delete_key(struct api_call *call)
{
    return api_key_delete(&call->scope, ((const struct path *)call->path)->id);
}

static const struct route routes[] = {
    { "GET", "/api/v1/api-keys", "API keys", "List your API keys", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .output = &many_shape, .handle = list_keys },
    { "POST", "/api/v1/api-keys", "API keys", "Make an API key", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &in_shape, .output = &one_shape, .status = 201, .message = "API key created successfully",
        .errors = ERRORS(ERROR_PLAN_REQUIRED, ERROR_CONFLICT), .audit = "key.create", .audit_object = "key",
        .handle = add },
    { "DELETE", "/api/v1/api-keys/{id}", "API keys", "End an API key", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        .path_in = &path_shape, .message = "API key deleted successfully", .errors = ERRORS(ERROR_NOT_FOUND),
        .audit = "key.delete", .audit_object = "key", .handle = delete_key },
};
const struct route_group route_group_api_keys = ROUTE_GROUP(routes);
