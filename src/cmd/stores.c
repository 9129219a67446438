// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/stores.h"

#include <stdlib.h>

#include "base/settings.h"

// Document 004 gives the object store in these names; our own are stronger.
static const char *or_alias(const char *value, const char *alias)
{
    const char *other = getenv(alias);
    return *value ? value : other ? other : "";
}

static const char *endpoint(struct arena *arena)
{
    const char *host = or_alias("", "MINIO_HOST"), *port = or_alias("", "MINIO_PORT");
    if (*settings.s3_endpoint || !*host)
        return settings.s3_endpoint;
    return str_format(arena, "http://%s:%s", host, *port ? port : "9000").data;
}

str stores_object_store(struct arena *arena)
{
    const char *at = endpoint(arena);
    return *at ? str_format(arena, "%s %s %s", at, settings.s3_bucket, settings.s3_prefix) : STR("");
}

static error add_object_store(struct arena *arena, struct blob_store *store, bool for_new)
{
    str style = str_of(settings.s3_style);
    if (!str_equal(style, STR("path")) && !str_equal(style, STR("host")))
        return error_make(ERROR_USAGE, "s3_style", "KINORA_S3_STYLE is path or host, not \"%s\"", settings.s3_style);
    struct s3_options options = { .endpoint = endpoint(arena),
        .bucket = settings.s3_bucket,
        .region = settings.s3_region,
        .access_key = or_alias(settings.s3_access_key, "MINIO_ACCESS_KEY"),
        .secret_key = or_alias(settings.s3_secret_key, "MINIO_SECRET_KEY"),
        .session_token = settings.s3_session_token,
        .prefix = settings.s3_prefix,
        .ca_file = settings.s3_ca,
        .host_style = str_equal(style, STR("host")),
        .timeout_s = settings.s3_timeout };
    return blob_store_add_s3(store, &options, for_new);
}

static error open_at(struct arena *arena, const char *folder, const struct keyring *keyring, bool with_s3, bool for_new,
    struct blob_store **ret_store)
{
    struct blob_store *store;
    TRY(blob_store_open(str_format(arena, "%s/blobs", folder).data, keyring, &store));
    error e = with_s3 ? add_object_store(arena, store, for_new) : OK;
    if (error_is(e))
        blob_store_close(store);
    else
        *ret_store = store;
    return e;
}

error stores_open_blobs(struct arena *arena, const struct keyring *keyring, struct blob_store **ret_store)
{
    str wanted = str_of(settings.blob_store);
    bool there = *endpoint(arena), local = str_equal(wanted, STR("local")), s3 = str_equal(wanted, STR("s3"));
    if (wanted.size && !local && !s3)
        return error_make(
            ERROR_USAGE, "blob_store", "KINORA_BLOB_STORE is local or s3, not \"%s\"", settings.blob_store);
    if (s3 && !there)
        return error_make(
            ERROR_USAGE, "s3_endpoint", "KINORA_BLOB_STORE is s3, but KINORA_S3_ENDPOINT does not say where that is");
    return open_at(arena, settings.data, keyring, there, !local, ret_store);
}

error stores_open_trial(
    struct arena *arena, const char *folder, const struct keyring *keyring, struct blob_store **ret_store)
{
    return open_at(arena, folder, keyring, true, true, ret_store);
}
