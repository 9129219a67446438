// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of document 002: all that may be changed while the server runs, from the one list of settings.
#include "base/settings.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/trail.h"
#include "domain/job.h"
#include "domain/setting.h"

#define SETTING_TEXT(name, environment, fallback, doc)
#define SETTING_SECRET(name, environment, doc)
#define SETTING_INT(name, environment, fallback, least, most, doc)
#define SETTING_FLAG(name, environment, fallback, doc)

// What a person sends. Secrets are only sent, what stands beside them is only shown.
struct settings_in {
#define SETTING_LIVE_TEXT(name, environment, fallback, doc) str name;
#define SETTING_LIVE_SECRET(name, environment, doc) str name;
#define SETTING_LIVE_INT(name, environment, fallback, least, most, doc) struct opt_int name;
#define SETTING_LIVE_FLAG(name, environment, fallback, doc) struct opt_bool name;
#include "base/setting_list.h"
    str media_root;
};
enum { SETTING_BYTES_MAX = 4096 };
static const struct field in_fields[] = {
#define SETTING_LIVE_TEXT(setting, environment, fallback, sentence)                                                    \
    FIELD(struct settings_in, setting, .max = SETTING_BYTES_MAX, .doc = sentence),
#define SETTING_LIVE_SECRET(setting, environment, sentence)                                                            \
    FIELD(struct settings_in, setting, .max = SETTING_BYTES_MAX, .doc = sentence "; never shown"),
#define SETTING_LIVE_INT(setting, environment, fallback, least, most, sentence)                                        \
    FIELD(struct settings_in, setting, .min = least, .max = most, .doc = sentence),
#define SETTING_LIVE_FLAG(setting, environment, fallback, sentence) FIELD(struct settings_in, setting, .doc = sentence),
#include "base/setting_list.h"
    FIELD(struct settings_in, media_root, .min = 1, .max = SETTING_BYTES_MAX,
        .doc = "Folder of the files on this disk: an empty one, into which a job moves them"),
};
static const struct shape in_shape = SHAPE("SettingsUpdate", struct settings_in, in_fields);

struct settings_out {
#define SETTING_LIVE_TEXT(name, environment, fallback, doc) str name;
#define SETTING_LIVE_SECRET(name, environment, doc) bool name;
#define SETTING_LIVE_INT(name, environment, fallback, least, most, doc) int64_t name;
#define SETTING_LIVE_FLAG(name, environment, fallback, doc) bool name;
#include "base/setting_list.h"
    str media_root;
};
static const struct field out_fields[] = {
#define SETTING_LIVE_TEXT(setting, environment, fallback, sentence)                                                    \
    FIELD(struct settings_out, setting, .doc = sentence),
#define SETTING_LIVE_SECRET(setting, environment, sentence)                                                            \
    FIELD_AS(struct settings_out, setting, "has_" #setting, .doc = "Is set: " sentence),
#define SETTING_LIVE_INT(setting, environment, fallback, least, most, sentence)                                        \
    FIELD(struct settings_out, setting, .doc = sentence),
#define SETTING_LIVE_FLAG(setting, environment, fallback, sentence)                                                    \
    FIELD(struct settings_out, setting, .doc = sentence),
#include "base/setting_list.h"
    FIELD(struct settings_out, media_root, .doc = "Folder of the files on this disk; null with an object store"),
};
static const struct shape out_shape = SHAPE("Settings", struct settings_out, out_fields);

struct secret_name {
    const char *name;
};
static const struct secret_name secrets[] = {
#define SETTING_LIVE_TEXT(name, environment, fallback, doc)
#define SETTING_LIVE_SECRET(name, environment, doc) { #name },
#define SETTING_LIVE_INT(name, environment, fallback, least, most, doc)
#define SETTING_LIVE_FLAG(name, environment, fallback, doc)
#include "base/setting_list.h"
};

static bool is_secret(const char *name)
{
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (!strcmp(secrets[i].name, name))
            return true;
    return false;
}

static str media_root(struct api_call *call)
{
    char *path = NULL;
    if (blob_store_place_of_new(call->app->blobs) == BLOB_LOCAL)
        path = realpath(str_format(call->scope.arena, "%s/blobs", settings.data).data, NULL);
    str root = path ? str_copy(call->scope.arena, str_of(path)) : STR_NONE;
    free(path);
    return root;
}

static void show(struct api_call *call)
{
    struct settings_out *out = call->output;
#define SETTING_LIVE_TEXT(name, environment, fallback, doc) out->name = str_of(SETTING_NOW(name));
#define SETTING_LIVE_SECRET(name, environment, doc) out->name = settings_has(SETTING_NOW(name));
#define SETTING_LIVE_INT(name, environment, fallback, least, most, doc) out->name = SETTING_NOW(name);
#define SETTING_LIVE_FLAG(name, environment, fallback, doc) out->name = SETTING_NOW(name);
#include "base/setting_list.h"
    out->media_root = media_root(call);
}

static void refuse(struct api_call *call, const char *name, str reason)
{
    problem_add(&call->problems,
        (struct problem) {
            .place = STR("body"), .field = str_of(name), .reason = reason, .type = STR("value_error"), .range = true });
}

static void check_word(struct api_call *call, const char *name, str value, const char *const *allowed)
{
    const char *const *one = allowed;
    while (value.data && *one && !str_equal_c(value, *one))
        one++;
    if (value.data && !*one)
        refuse(call, name, STR("is none of the values that it can have"));
}

static void check_url(struct api_call *call, const char *name, str value, const char *scheme, const char *other)
{
    bool good = !value.size
                || ((str_starts(value, str_of(scheme)) || str_starts(value, str_of(other))) && str_index(value, ' ') < 0
                    && str_index(value, '\n') < 0);
    if (!good)
        refuse(call, name, str_format(call->scope.arena, "must begin with %s or %s", scheme, other));
}

// {site: path}, each path below DATA/cookies: what else is on the disk is nobody's business.
static void check_cookies(struct api_call *call, str value)
{
    json_t *map, *path;
    const char *site;
    struct arena *arena = call->scope.arena;
    str folder = str_format(arena, "%s/cookies/", settings.data);
    if (!value.size)
        return;
    if (error_is(json_read(arena, value, &map)) || !json_is_object(map)) {
        refuse(call, "site_cookies_json", STR("must be a JSON object of sites and the paths of their cookies files"));
        return;
    }
    json_object_foreach (map, site, path) {
        str name = str_of(json_string_value(path));
        str inside = str_starts(name, folder) ? str_sub(name, folder.size, name.size) : name;
        bool good = inside.size && inside.data[0] != '/' && str_find(inside, STR("..")) < 0;
        if (!good)
            refuse(call, "site_cookies_json",
                str_format(arena, "names a file of the site %s outside of %.*s", site, STR_ARGS(folder)));
    }
}

// A folder that is there or can be made, is empty, and can be written to; neither in the old one nor around it.
static const char *why_not(struct arena *arena, str path, str now)
{
    str inside = str_format(arena, "%.*s/", STR_ARGS(path)), outside = str_format(arena, "%.*s/", STR_ARGS(now));
    if (!now.data)
        return "has no meaning while files go to an object store";
    if (path.data[0] != '/' || str_find(path, STR("/../")) >= 0 || str_ends(path, STR("/..")))
        return "must be an absolute path";
    if (str_starts(inside, outside) || str_starts(outside, inside))
        return "must lie neither in the present folder nor around it";
    if (mkdir(path.data, 0700) != 0 && errno != EEXIST)
        return "is a folder that cannot be made";
    DIR *folder = access(path.data, R_OK | W_OK | X_OK) == 0 ? opendir(path.data) : NULL;
    if (!folder)
        return "is a folder that cannot be written to";
    int entries = 0;
    while (readdir(folder))
        entries++;
    closedir(folder);
    return entries > 2 ? "is a folder that is not empty" : NULL;
}

static void check_media_root(struct api_call *call, str path)
{
    str now = media_root(call);
    if (!path.data || str_equal(path, now))
        return;
    const char *reason = why_not(call->scope.arena, path, now);
    if (reason)
        refuse(call, "media_root", str_of(reason));
}

static void check(struct api_call *call)
{
    static const char *const plans[] = { "free", "pro", "business", NULL };
    const struct settings_in *in = call->body;
    const char *name;
    json_t *value;
    json_object_foreach (call->json, name, value)
        if (!shape_field(&in_shape, str_of(name)))
            refuse(call, name, STR("is no setting that can be changed here"));
    check_word(call, "default_plan", in->default_plan, plans);
    check_url(call, "asr_url", in->asr_url, "http://", "https://");
    check_url(call, "whisper_url", in->whisper_url, "http://", "https://");
    check_url(call, "public_url", in->public_url, "http://", "https://");
    check_url(call, "smtp_url", in->smtp_url, "smtp://", "smtps://");
    check_cookies(call, in->site_cookies_json);
    if (in->smtp_from.size && str_index(in->smtp_from, '@') < 1)
        refuse(call, "smtp_from", STR("must be an e-mail address"));
    check_media_root(call, in->media_root);
}

static error prepare(struct api_call *call)
{
    check(call);
    TRY(problems_error(&call->problems));
    return json_object_size(call->json) ? OK : error_make(ERROR_VALIDATION_ERROR, "body", "The body changes nothing");
}

static str value_text(struct arena *arena, const json_t *value)
{
    if (json_is_null(value))
        return STR_NONE;
    return json_is_string(value) ? (str) { json_string_value(value), json_string_length(value) }
                                 : json_text(arena, value);
}

// After the COMMIT: a look at the database just before it may have put the old ones back.
static void apply(struct api_call *call)
{
    const char *name;
    json_t *value;
    json_object_foreach (call->json, name, value)
        (void)error_is(settings_change(str_of(name), value_text(call->scope.arena, value)));
}

// The job is there before the move begins, and has nothing to do when that does not come to be.
static error move_media(struct api_call *call)
{
    const struct settings_in *in = call->body;
    struct job job;
    if (!in->media_root.data || str_equal(in->media_root, media_root(call)))
        return OK;
    error added = job_add(&call->scope,
        &(struct job_new) { .kind = "move_media",
            .params = json_keep(call->scope.arena, json_object()),
            .unique_key = STR("move_media") },
        &job);
    if (!error_is(added))
        added = blob_move_root(call->app->blobs, in->media_root.data);
    return added.code == ERROR_CONFLICT
               ? error_make(ERROR_UNPROCESSABLE, "media_root", "The files are being moved already; wait for the end")
               : added;
}

static error put(struct api_call *call)
{
    const char *name;
    json_t *value;
    call->audit_detail = trail_names(call);
    json_object_foreach (call->json, name, value)
        if (strcmp(name, "media_root"))
            TRY(setting_put(&call->scope, str_of(name), value_text(call->scope.arena, value), is_secret(name)));
    TRY(move_media(call));
    // Here, so that the answer shows them; after a change that fails the next look at the database takes them back.
    TRY(setting_load(&call->scope));
    call->lasted = apply;
    show(call);
    return OK;
}

static error get(struct api_call *call)
{
    show(call);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/settings", "Settings", "Show the settings", FACE_DETAIL, ACCESS_SUPERUSER, LANE_READ,
        .output = &out_shape, .handle = get },
    { "PUT", "/api/v1/settings", "Settings", "Change settings; null: back to what the server was started with",
        FACE_DETAIL, ACCESS_SUPERUSER, LANE_WRITE, BODY_JSON, .body_in = &in_shape, .output = &out_shape,
        .errors = ERRORS(ERROR_UNPROCESSABLE), .prepare = prepare, .audit = "settings.change", .handle = put },
};
const struct route_group route_group_settings = ROUTE_GROUP(routes);
