// SPDX-License-Identifier: GPL-3.0-or-later
// An object store that speaks S3: PREFIX + ID for what is stored. An object cannot be changed piece by piece, so what
// is under way is a file of the local place, with its rules for the dead and the living. What of it cannot change any
// more goes up while it grows, the rest at the commit.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "blob/parallel.h"
#include "blob/s3.h"

enum {
    TAIL_SIZE = 64 << 10, // what a reader wants first; fetched with the question how large the object is
    PIECE_SIZE = 2 << 20, // least piece of a read in pieces
};

static const int64_t CHECK_AGAIN_US = 5 * SECOND_US;

struct store_put {
    struct s3 *s3;
    struct store_put *spool; // of the local place
    struct s3_upload *upload;
    int64_t size;
    char id[37];
};

struct store_get {
    struct s3 *s3;
    char id[37];
    int64_t size, tail_from;
    unsigned char tail[TAIL_SIZE];
};

// Nobody who uploads or reads has to do with the settings.
static error served(error e)
{
    return e.code == ERROR_USAGE ? error_make(ERROR_UNAVAILABLE, e.field, "%s", e.message) : e;
}

static void s3_close(void *place)
{
    struct s3 *s3 = place;
    s3_pool_free(s3->pool);
    pthread_mutex_destroy(&s3->check.lock);
    arena_free(s3->arena);
    free(s3);
}

static const char *text_or(struct arena *arena, const char *text, const char *fallback)
{
    return str_copy(arena, str_of(text && *text ? text : fallback)).data;
}

// "https://host:443/" gives "https" and "host": as curl writes the Host header.
static error read_endpoint(struct s3 *s3)
{
    str rest = str_of(s3->options.endpoint);
    bool tls = str_starts(rest, STR("https://"));
    if (!tls && !str_starts(rest, STR("http://")))
        return error_make(ERROR_USAGE, "s3_endpoint",
            "KINORA_S3_ENDPOINT wants a URL such as https://s3.eu-central-1.amazonaws.com, not \"%s\"",
            s3->options.endpoint);
    str host = str_sub(rest, tls ? 8 : 7, rest.size);
    while (str_ends(host, STR("/")))
        host.size--;
    str usual = tls ? STR(":443") : STR(":80");
    if (str_ends(host, usual))
        host.size -= usual.size;
    if (host.size == 0 || host.size > 253 || str_index(host, '/') >= 0 || str_index(host, '@') >= 0
        || str_index(host, '?') >= 0 || str_index(host, ' ') >= 0)
        return error_make(ERROR_USAGE, "s3_endpoint",
            "KINORA_S3_ENDPOINT is a scheme, a host and perhaps a port, without a path; not \"%s\"",
            s3->options.endpoint);
    const char *bucket = s3->options.bucket;
    bool in_host = s3->options.host_style;
    s3->host = str_format(s3->arena, "%s%s%.*s", in_host ? bucket : "", in_host ? "." : "", STR_ARGS(host)).data;
    s3->base = str_format(s3->arena, "%s://%s", tls ? "https" : "http", s3->host).data;
    s3->root = in_host ? "" : str_format(s3->arena, "/%s", bucket).data;
    return OK;
}

static error check_options(const struct s3_options *options)
{
    str bucket = str_of(options->bucket);
    bool good = bucket.size >= 3 && bucket.size <= 63;
    for (size_t i = 0; i < bucket.size && good; i++)
        good = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", bucket.data[i]) != NULL;
    if (!good)
        return error_make(ERROR_USAGE, "s3_bucket",
            "KINORA_S3_BUCKET must name a bucket (3 to 63 letters, digits, dots and dashes), not \"%s\"",
            options->bucket);
    if (!*options->access_key || !*options->secret_key)
        return error_make(
            ERROR_USAGE, "s3_access_key", "The object store needs KINORA_S3_ACCESS_KEY and KINORA_S3_SECRET_KEY");
    str prefix = str_of(options->prefix);
    if (prefix.size > 512 || !str_is_utf8(prefix) || str_starts(prefix, STR("/")) || str_find(prefix, STR("//")) >= 0
        || str_find(prefix, STR("./")) >= 0)
        return error_make(ERROR_USAGE, "s3_prefix",
            "KINORA_S3_PREFIX is the beginning of every key, such as \"kinora/\": at most 512 bytes of UTF-8 without "
            "a slash in front and without empty or dotted folders");
    return OK;
}

error store_s3_open(const struct s3_options *options, void *spool, void **ret_place)
{
    struct s3 *s3 = calloc(1, sizeof *s3);
    if (!s3)
        return error_system("open", "object store", ENOMEM);
    struct arena *arena = arena_new(64 << 10);
    *s3 = (struct s3) { .arena = arena,
        .spool = spool,
        .options = { .endpoint = text_or(arena, options->endpoint, ""),
            .bucket = text_or(arena, options->bucket, ""),
            .region = text_or(arena, options->region, "us-east-1"),
            .access_key = text_or(arena, options->access_key, ""),
            .secret_key = text_or(arena, options->secret_key, ""),
            .session_token = text_or(arena, options->session_token, ""),
            .prefix = text_or(arena, options->prefix, ""),
            .ca_file = text_or(arena, options->ca_file, ""),
            .host_style = options->host_style,
            .timeout_s = options->timeout_s } };
    pthread_mutex_init(&s3->check.lock, NULL);
    error e = check_options(&s3->options);
    if (!error_is(e))
        e = read_endpoint(s3);
    if (!error_is(e))
        e = s3_pool_new(&s3->pool);
    if (error_is(e)) {
        s3_close(s3);
        return e;
    }
    *ret_place = s3;
    return OK;
}

static error ask(struct s3 *s3)
{
    struct s3_answer answer;
    struct s3_request request = { .method = "GET", .query = "list-type=2&max-keys=1", .once = true };
    TRY(s3_send(s3, &request, &answer));
    buffer_done(&answer.body);
    if (answer.status == 404)
        return error_make(ERROR_USAGE, "storage",
            "The object store has no bucket \"%s\": make it, or mend KINORA_S3_BUCKET", s3->options.bucket);
    return answer.status == 200 ? OK
                                : error_make(ERROR_UNAVAILABLE, "storage", "The object store cannot list its files");
}

error store_s3_check(void *place)
{
    struct s3 *s3 = place;
    pthread_mutex_lock(&s3->check.lock);
    if (!s3->check.asked_us || clock_mono_us() - s3->check.asked_us > CHECK_AGAIN_US) {
        error e = ask(s3);
        s3->check.code = e.code;
        s3->check.asked_us = clock_mono_us();
        snprintf(s3->check.message, sizeof s3->check.message, "%s", e.message ? e.message : "");
    }
    error e = s3->check.code ? error_make(s3->check.code, "storage", "%s", s3->check.message) : OK;
    pthread_mutex_unlock(&s3->check.lock);
    return e;
}

static void put_abort(struct store_put *put)
{
    s3_upload_free(put->upload); // reads the spool until then
    if (put->spool)
        store_local_methods.put_abort(put->spool);
    free(put);
}

static error read_spool(void *context, int64_t offset, void *ret_bytes, size_t size)
{
    return store_local_methods.put_read(context, offset, ret_bytes, size);
}

static error put_begin(void *place, const char *id, struct store_put **ret_put)
{
    struct store_put *put = calloc(1, sizeof *put);
    if (!put)
        return error_system("store", "file", ENOMEM);
    put->s3 = place;
    memcpy(put->id, id, sizeof put->id);
    error e = store_local_methods.put_begin(put->s3->spool, id, &put->spool);
    if (!error_is(e))
        e = s3_upload_new(put->s3, id, read_spool, put->spool, &put->upload);
    if (error_is(e))
        put_abort(put);
    else
        *ret_put = put;
    return e;
}

static error put_append(struct store_put *put, const void *bytes, size_t size)
{
    TRY(store_local_methods.put_append(put->spool, bytes, size));
    put->size += (int64_t)size;
    int64_t settled = put->size - STORE_REWRITE_MAX;
    return settled > 0 ? served(s3_upload_grow(put->upload, settled)) : OK;
}

static error put_patch(struct store_put *put, int64_t offset, const void *bytes, size_t size)
{
    ASSERT(offset >= put->size - STORE_REWRITE_MAX); // what lies before may have gone up
    return store_local_methods.put_patch(put->spool, offset, bytes, size);
}

static error put_read(struct store_put *put, int64_t offset, void *ret_bytes, size_t size)
{
    return store_local_methods.put_read(put->spool, offset, ret_bytes, size);
}

// Ids are random, so asking first is enough: nobody else makes the same one in between.
static error publish(struct store_put *put)
{
    int64_t size;
    error there = s3_head(put->s3, put->id, &size);
    if (!error_is(there))
        return error_of(ERROR_FILE_EXISTS);
    if (there.code != ERROR_NOT_FOUND)
        return there;
    return s3_upload_finish(put->upload, put->size);
}

static error put_commit(struct store_put *put)
{
    error e = served(publish(put));
    put_abort(put); // drops the spool, and what went up in vain
    return e;
}

static error get_open(void *place, const char *id, struct store_get **ret_get, int64_t *ret_size)
{
    struct store_get *get = malloc(sizeof *get);
    if (!get)
        return error_system("open", "stored file", ENOMEM);
    get->s3 = place;
    memcpy(get->id, id, sizeof get->id);
    struct s3_answer answer;
    struct s3_request request = { .method = "GET", .id = id, .place = get->tail, .room = TAIL_SIZE };
    snprintf(request.range, sizeof request.range, "bytes=-%d", TAIL_SIZE);
    error e = served(s3_send(get->s3, &request, &answer));
    if (!error_is(e)) {
        buffer_done(&answer.body);
        if (answer.status == 404)
            e = error_of(ERROR_NOT_FOUND);
        else if ((answer.status != 206 && answer.status != 200) || answer.total_size < (int64_t)answer.size)
            e = error_make(ERROR_UNAVAILABLE, "storage", "The object store does not answer with a part of a file");
    }
    if (error_is(e)) {
        free(get);
        return e;
    }
    get->size = answer.total_size;
    get->tail_from = get->size - (int64_t)answer.size;
    *ret_get = get;
    *ret_size = get->size;
    return OK;
}

struct pieces {
    struct store_get *get;
    int64_t offset;
    unsigned char *place;
    size_t size, piece;
};

static error get_piece(void *context, size_t number)
{
    struct pieces *pieces = context;
    size_t from = number * pieces->piece, left = pieces->size - from,
           size = left < pieces->piece ? left : pieces->piece;
    int64_t first = pieces->offset + (int64_t)from;
    struct s3_request request = { .method = "GET", .id = pieces->get->id, .place = pieces->place + from, .room = size };
    struct s3_answer answer;
    snprintf(request.range, sizeof request.range, "bytes=%lld-%lld", (long long)first,
        (long long)(first + (int64_t)size - 1));
    TRY(s3_send(pieces->get->s3, &request, &answer));
    buffer_done(&answer.body);
    if (answer.status == 404)
        return error_of(ERROR_NOT_FOUND);
    if ((answer.status != 206 && answer.status != 200) || answer.size != size)
        return error_make(
            ERROR_UNAVAILABLE, "storage", "The object store answered with other bytes than were asked for");
    return OK;
}

static error get_range(struct store_get *get, int64_t offset, void *ret_bytes, size_t size)
{
    if (size == 0)
        return OK;
    if (offset + (int64_t)size > get->size)
        return error_make(ERROR_DATA_CORRUPT, NULL, "A stored file is shorter than it should be");
    if (offset >= get->tail_from) {
        memcpy(ret_bytes, get->tail + (offset - get->tail_from), size);
        return OK;
    }
    struct pieces pieces = { get, offset, ret_bytes, size, size / S3_PARALLEL + 1 };
    if (pieces.piece < PIECE_SIZE)
        pieces.piece = PIECE_SIZE;
    return served(parallel_run((size + pieces.piece - 1) / pieces.piece, S3_PARALLEL, get_piece, &pieces));
}

static void get_close(struct store_get *get)
{
    free(get);
}

static error s3_remove(void *place, const char *id)
{
    struct s3_answer answer;
    TRY(served(s3_send(place, &(struct s3_request) { .method = "DELETE", .id = id }, &answer)));
    buffer_done(&answer.body);
    return OK;
}

static error visit_page(const struct s3 *s3, struct arena *arena, str xml, const struct blob_visitor *visitor)
{
    str one;
    while (s3_xml_next(&xml, "Contents", &one)) {
        char id[37];
        int64_t size, changed_us;
        if (!s3_id_of_key(s3, s3_xml_text(arena, one, "Key"), id) || !str_to_int(s3_xml_text(arena, one, "Size"), &size)
            || !clock_parse(s3_xml_text(arena, one, "LastModified"), &changed_us))
            continue; // foreign
        TRY(visitor->visit(visitor->context, id, size, changed_us));
    }
    return OK;
}

static error s3_each(void *place, const struct blob_visitor *visitor)
{
    struct s3 *s3 = place;
    BUFFER_AUTO struct buffer token = { 0 };
    for (bool more = true; more;) {
        ARENA_AUTO struct arena *arena = arena_new(16 << 20);
        BUFFER_AUTO struct buffer query = { 0 };
        struct s3_answer answer;
        if (token.size) {
            buffer_append_c(&query, "continuation-token=");
            s3_sign_encode(&query, buffer_str(&token), false);
            buffer_append_byte(&query, '&');
        }
        buffer_append_c(&query, "list-type=2&max-keys=1000&prefix=");
        s3_sign_encode(&query, str_of(s3->options.prefix), false);
        buffer_append_byte(&query, 0);
        TRY(served(s3_send(s3, &(struct s3_request) { .method = "GET", .query = query.data }, &answer)));
        str xml = str_copy(arena, buffer_str(&answer.body));
        buffer_done(&answer.body);
        if (answer.status != 200)
            return error_make(ERROR_UNAVAILABLE, "storage", "The object store cannot list its files");
        TRY(visit_page(s3, arena, xml, visitor));
        buffer_clear(&token);
        buffer_append_str(&token, s3_xml_text(arena, xml, "NextContinuationToken"));
        more = token.size && str_equal(s3_xml_text(arena, xml, "IsTruncated"), STR("true"));
    }
    return OK;
}

static error s3_sweep(void *place, int64_t age_us, int64_t *ret_removed)
{
    return served(s3_upload_sweep(place, age_us, ret_removed));
}

const struct store_methods store_s3_methods = {
    .put_begin = put_begin,
    .put_append = put_append,
    .put_patch = put_patch,
    .put_read = put_read,
    .put_commit = put_commit,
    .put_abort = put_abort,
    .get_open = get_open,
    .get_range = get_range,
    .get_close = get_close,
    .remove = s3_remove,
    .each = s3_each,
    .sweep = s3_sweep,
    .close = s3_close,
};
