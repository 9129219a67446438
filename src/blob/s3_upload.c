// SPDX-License-Identifier: GPL-3.0-or-later
// One PUT for what is small, parts side by side for what is large. Nothing counts as stored until the store itself
// says how large the object is: that also settles a completion whose answer was lost.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "blob/parallel.h"
#include "blob/s3.h"

enum { CONFIRMATIONS = 5, UPLOAD_ID_SIZE = 1024 };
static const int64_t OBJECT_SIZE_MAX = INT64_C(5) << 40; // of S3

static error unavailable(const char *sentence)
{
    return error_make(ERROR_UNAVAILABLE, "storage", "%s", sentence);
}

error s3_head(struct s3 *s3, const char *id, int64_t *ret_size)
{
    struct s3_answer answer;
    TRY(s3_send(s3, &(struct s3_request) { .method = "HEAD", .id = id }, &answer));
    buffer_done(&answer.body);
    if (answer.status == 404)
        return error_of(ERROR_NOT_FOUND);
    if (answer.status != 200 || answer.total_size < 0)
        return unavailable("The object store does not tell the size of a stored file");
    *ret_size = answer.total_size;
    return OK;
}

// A store may show a new object late.
static error confirm(struct s3 *s3, const char *id, int64_t size)
{
    for (int attempt = 0;; attempt++) {
        int64_t stored;
        error e = s3_head(s3, id, &stored);
        if (!error_is(e))
            return stored == size ? OK : unavailable("The object store kept another number of bytes than were sent");
        if (e.code != ERROR_NOT_FOUND)
            return e;
        if (attempt + 1 == CONFIRMATIONS)
            return unavailable("The object store did not keep a file that it had taken");
        s3_pause(attempt);
    }
}

static error put_whole(struct s3 *s3, const char *id, const struct s3_source *source)
{
    struct s3_answer answer;
    TRY(s3_send(s3, &(struct s3_request) { .method = "PUT", .id = id, .source = source }, &answer));
    buffer_done(&answer.body);
    if (answer.status == 404)
        return error_make(ERROR_USAGE, "storage", "The object store has no bucket \"%s\"", s3->options.bucket);
    return answer.status == 200 ? confirm(s3, id, source->size) : unavailable("The object store did not take a file");
}

struct upload {
    struct s3 *s3;
    const char *id;
    const struct s3_source *source;
    int64_t part_size;
    size_t part_count;
    char encoded_id[3 * UPLOAD_ID_SIZE]; // what the store calls this upload, for a query
    char (*etags)[S3_ETAG_SIZE];
};

static error begin(struct upload *upload)
{
    struct s3_answer answer;
    TRY(s3_send(upload->s3, &(struct s3_request) { .method = "POST", .id = upload->id, .query = "uploads=" }, &answer));
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    BUFFER_AUTO struct buffer encoded = { 0 };
    str id = s3_xml_text(arena, buffer_str(&answer.body), "UploadId");
    error e = OK;
    if (answer.status == 404)
        e = error_make(ERROR_USAGE, "storage", "The object store has no bucket \"%s\"", upload->s3->options.bucket);
    else if (!id.size || id.size >= UPLOAD_ID_SIZE)
        e = unavailable("The object store did not begin an upload");
    if (!error_is(e)) {
        s3_sign_encode(&encoded, id, false);
        snprintf(upload->encoded_id, sizeof upload->encoded_id, "%.*s", STR_ARGS(buffer_str(&encoded)));
    }
    buffer_done(&answer.body);
    return e;
}

static error send_part(void *context, size_t number)
{
    struct upload *upload = context;
    struct s3_source part = *upload->source;
    char query[3 * UPLOAD_ID_SIZE + 64];
    int64_t from = (int64_t)number * upload->part_size, left = part.size - from;
    part.offset += from;
    part.size = left < upload->part_size ? left : upload->part_size;
    snprintf(query, sizeof query, "partNumber=%zu&uploadId=%s", number + 1, upload->encoded_id);
    struct s3_answer answer;
    TRY(s3_send(upload->s3, &(struct s3_request) { .method = "PUT", .id = upload->id, .query = query, .source = &part },
        &answer));
    buffer_done(&answer.body);
    if (answer.status != 200 || !*answer.etag)
        return unavailable("The object store did not take a part of a file");
    snprintf(upload->etags[number], S3_ETAG_SIZE, "%s", answer.etag);
    return OK;
}

static error read_memory(void *context, int64_t offset, void *ret_bytes, size_t size)
{
    memcpy(ret_bytes, (const char *)context + offset, size);
    return OK;
}

static error complete(struct upload *upload)
{
    BUFFER_AUTO struct buffer xml = { 0 };
    char query[3 * UPLOAD_ID_SIZE + 64];
    buffer_append_c(&xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < upload->part_count; i++) {
        buffer_format(&xml, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        s3_xml_escape(&xml, str_of(upload->etags[i]));
        buffer_append_c(&xml, "</ETag></Part>");
    }
    buffer_append_c(&xml, "</CompleteMultipartUpload>");
    if (xml.failed)
        return error_system("store", "file", ENOMEM);
    snprintf(query, sizeof query, "uploadId=%s", upload->encoded_id);
    struct s3_source body = { read_memory, xml.data, 0, (int64_t)xml.size };
    struct s3_answer answer;
    error e = s3_send(upload->s3,
        &(struct s3_request) {
            .method = "POST", .id = upload->id, .query = query, .source = &body, .ok_may_fail = true },
        &answer);
    if (!error_is(e))
        buffer_done(&answer.body);
    // A 404 may mean that an earlier try did complete it: what is stored decides.
    error confirmed = confirm(upload->s3, upload->id, upload->source->size);
    return error_is(confirmed) && error_is(e) ? e : confirmed;
}

static error end_upload(struct s3 *s3, const char *id, const char *encoded_upload_id, bool once)
{
    char query[3 * UPLOAD_ID_SIZE + 64];
    struct s3_answer answer;
    snprintf(query, sizeof query, "uploadId=%s", encoded_upload_id);
    TRY(s3_send(s3, &(struct s3_request) { .method = "DELETE", .id = id, .query = query, .once = once }, &answer));
    buffer_done(&answer.body);
    return OK;
}

static error put_parts(struct s3 *s3, const char *id, const struct s3_source *source)
{
    int64_t size = S3_PART_SIZE;
    while (source->size > size * S3_PART_COUNT_MAX)
        size += S3_PART_SIZE;
    struct upload upload = { .s3 = s3, .id = id, .source = source, .part_size = size };
    upload.part_count = (size_t)((source->size + size - 1) / size);
    upload.etags = calloc(upload.part_count, sizeof *upload.etags);
    if (!upload.etags)
        return error_system("store", "file", ENOMEM);
    error e = begin(&upload);
    if (!error_is(e)) {
        e = parallel_run(upload.part_count, S3_PARALLEL, send_part, &upload);
        if (!error_is(e))
            e = complete(&upload);
        if (error_is(e)) {
            error ended = end_upload(s3, id, upload.encoded_id, true);
            (void)ended; // what cannot be ended now is ended by a sweep
        }
    }
    free(upload.etags);
    return e;
}

error s3_upload(struct s3 *s3, const char *id, const struct s3_source *source)
{
    if (source->size > OBJECT_SIZE_MAX)
        return error_make(ERROR_BODY_TOO_LARGE, NULL, "An object store keeps files of at most 5 TB");
    return source->size <= S3_SINGLE_SIZE_MAX ? put_whole(s3, id, source) : put_parts(s3, id, source);
}

// Uploads of keys that are none of ours are left alone.
static error sweep_page(struct s3 *s3, struct arena *arena, str xml, int64_t oldest_us, int64_t *removed)
{
    str one;
    while (s3_xml_next(&xml, "Upload", &one)) {
        char id[37];
        int64_t begun_us;
        BUFFER_AUTO struct buffer encoded = { 0 };
        str upload_id = s3_xml_text(arena, one, "UploadId");
        if (!s3_id_of_key(s3, s3_xml_text(arena, one, "Key"), id) || !upload_id.size || upload_id.size >= UPLOAD_ID_SIZE
            || !clock_parse(s3_xml_text(arena, one, "Initiated"), &begun_us) || begun_us > oldest_us)
            continue;
        s3_sign_encode(&encoded, upload_id, false);
        buffer_append_byte(&encoded, 0);
        TRY(end_upload(s3, id, encoded.data, false));
        ++*removed;
    }
    return OK;
}

error s3_upload_sweep(struct s3 *s3, int64_t age_us, int64_t *ret_removed)
{
    int64_t oldest_us = clock_now_us() - age_us, removed = 0;
    BUFFER_AUTO struct buffer key = { 0 }, upload_id = { 0 };
    for (bool more = true; more;) {
        ARENA_AUTO struct arena *arena = arena_new(16 << 20);
        BUFFER_AUTO struct buffer query = { 0 };
        struct s3_answer answer;
        buffer_append_c(&query, "key-marker=");
        s3_sign_encode(&query, buffer_str(&key), false);
        buffer_append_c(&query, "&max-uploads=1000&prefix=");
        s3_sign_encode(&query, str_of(s3->options.prefix), false);
        buffer_append_c(&query, "&upload-id-marker=");
        s3_sign_encode(&query, buffer_str(&upload_id), false);
        buffer_append_c(&query, "&uploads=");
        buffer_append_byte(&query, 0);
        TRY(s3_send(s3, &(struct s3_request) { .method = "GET", .query = query.data }, &answer));
        str xml = str_copy(arena, buffer_str(&answer.body));
        buffer_done(&answer.body);
        TRY(sweep_page(s3, arena, xml, oldest_us, &removed));
        more = str_equal(s3_xml_text(arena, xml, "IsTruncated"), STR("true"));
        buffer_clear(&key);
        buffer_clear(&upload_id);
        buffer_append_str(&key, s3_xml_text(arena, xml, "NextKeyMarker"));
        buffer_append_str(&upload_id, s3_xml_text(arena, xml, "NextUploadIdMarker"));
        more = more && key.size;
    }
    *ret_removed = removed;
    return OK;
}
