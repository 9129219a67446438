// SPDX-License-Identifier: GPL-3.0-or-later
// One PUT for what is small; for what is large parts, one after the other while the spool still grows and side by side
// at the end. Nothing counts as stored until the store itself
// says how large the object is: that also settles a completion whose answer was lost.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "blob/parallel.h"
#include "blob/s3.h"

enum { CONFIRMATIONS = 5, UPLOAD_ID_SIZE = 1024, PARTS_OF_A_SIZE = 1000 };
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

struct s3_upload {
    struct s3 *s3;
    char id[37];
    struct s3_source source;             // all of it: its size is known at the end
    char encoded_id[3 * UPLOAD_ID_SIZE]; // what the store calls this upload, for a query; "" before the first part
    char (*etags)[S3_ETAG_SIZE];
    _Atomic bool is_over; // nobody wants it any more
    pthread_t behind;     // sends parts while the spool grows
    bool has_thread;
    pthread_mutex_t lock; // of the rest
    bool is_sending;      // the thread has not come to its end
    size_t next;          // part to send
    int64_t settled;      // bytes that will not change any more
    enum error_code failed;
    char message[512];
};

// 5 TB in the parts that S3 allows: they double after each thousand, to 4 GB.
static int64_t part_size(size_t number)
{
    return (int64_t)S3_PART_SIZE << (number / PARTS_OF_A_SIZE);
}

static int64_t part_offset(size_t number)
{
    size_t doubled = number / PARTS_OF_A_SIZE;
    int64_t before = (int64_t)S3_PART_SIZE * PARTS_OF_A_SIZE * ((INT64_C(1) << doubled) - 1);
    return before + (int64_t)(number % PARTS_OF_A_SIZE) * part_size(number);
}

error s3_upload_new(struct s3 *s3, const char *id,
    error (*read)(void *context, int64_t offset, void *ret_bytes, size_t size), void *context,
    struct s3_upload **ret_upload)
{
    struct s3_upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return error_system("store", "file", ENOMEM);
    upload->s3 = s3;
    snprintf(upload->id, sizeof upload->id, "%s", id);
    upload->source = (struct s3_source) { .read = read, .context = context };
    pthread_mutex_init(&upload->lock, NULL);
    *ret_upload = upload;
    return OK;
}

static error begin(struct s3_upload *upload)
{
    struct s3_answer answer;
    upload->etags = calloc(S3_PART_COUNT_MAX, sizeof *upload->etags); // pages that are not used cost nothing
    if (!upload->etags)
        return error_system("store", "file", ENOMEM);
    TRY(s3_send(upload->s3,
        &(struct s3_request) { .method = "POST", .id = upload->id, .query = "uploads=", .is_over = &upload->is_over },
        &answer));
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

static error send_part(struct s3_upload *upload, size_t number, int64_t size)
{
    char query[3 * UPLOAD_ID_SIZE + 64];
    struct s3_source part = upload->source;
    part.offset = part_offset(number);
    part.size = size;
    snprintf(query, sizeof query, "partNumber=%zu&uploadId=%s", number + 1, upload->encoded_id);
    struct s3_answer answer;
    TRY(s3_send(upload->s3,
        &(struct s3_request) {
            .method = "PUT", .id = upload->id, .query = query, .source = &part, .is_over = &upload->is_over },
        &answer));
    buffer_done(&answer.body);
    if (answer.status != 200 || !*answer.etag)
        return unavailable("The object store did not take a part of a file");
    snprintf(upload->etags[number], S3_ETAG_SIZE, "%s", answer.etag);
    return OK;
}

// Behind the writer --------------------------------------------------------------------------------

static bool has_part(const struct s3_upload *upload)
{
    return !upload->failed && upload->next < S3_PART_COUNT_MAX
           && part_offset(upload->next) + part_size(upload->next) <= upload->settled;
}

static void *send_behind(void *context)
{
    struct s3_upload *upload = context;
    pthread_mutex_lock(&upload->lock);
    while (has_part(upload)) {
        size_t number = upload->next++;
        pthread_mutex_unlock(&upload->lock);
        error e = *upload->encoded_id ? OK : begin(upload);
        if (!error_is(e))
            e = send_part(upload, number, part_size(number));
        pthread_mutex_lock(&upload->lock);
        if (error_is(e)) {
            upload->failed = e.code;
            snprintf(upload->message, sizeof upload->message, "%s", e.message);
        }
    }
    upload->is_sending = false;
    pthread_mutex_unlock(&upload->lock);
    return NULL;
}

static void wait_behind(struct s3_upload *upload)
{
    if (upload->has_thread)
        pthread_join(upload->behind, NULL);
    upload->has_thread = false;
}

static error failure(const struct s3_upload *upload)
{
    return upload->failed ? error_make(upload->failed, "storage", "%s", upload->message) : OK;
}

error s3_upload_grow(struct s3_upload *upload, int64_t settled)
{
    pthread_mutex_lock(&upload->lock);
    upload->settled = settled;
    bool start = !upload->is_sending && has_part(upload);
    upload->is_sending |= start;
    error e = failure(upload);
    pthread_mutex_unlock(&upload->lock);
    if (!start)
        return e;
    wait_behind(upload);
    upload->has_thread = pthread_create(&upload->behind, NULL, send_behind, upload) == 0;
    upload->is_sending = upload->has_thread; // without a thread the end sends it all
    return OK;
}

// The end ------------------------------------------------------------------------------------------

static error read_memory(void *context, int64_t offset, void *ret_bytes, size_t size)
{
    memcpy(ret_bytes, (const char *)context + offset, size);
    return OK;
}

static error complete(struct s3_upload *upload, size_t part_count)
{
    BUFFER_AUTO struct buffer xml = { 0 };
    char query[3 * UPLOAD_ID_SIZE + 64];
    buffer_append_c(&xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (size_t i = 0; i < part_count; i++) {
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
    error confirmed = confirm(upload->s3, upload->id, upload->source.size);
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

struct rest {
    struct s3_upload *upload;
    size_t first;
};

static error send_rest(void *context, size_t number)
{
    struct rest *rest = context;
    size_t part = rest->first + number;
    int64_t left = rest->upload->source.size - part_offset(part);
    return send_part(rest->upload, part, left < part_size(part) ? left : part_size(part));
}

static error finish_parts(struct s3_upload *upload)
{
    struct rest rest = { upload, upload->next };
    size_t part_count = upload->next;
    TRY(failure(upload));
    if (!*upload->encoded_id)
        TRY(begin(upload));
    while (part_offset(part_count) < upload->source.size)
        part_count++;
    TRY(parallel_run(part_count - rest.first, S3_PARALLEL, send_rest, &rest));
    return complete(upload, part_count);
}

error s3_upload_finish(struct s3_upload *upload, int64_t size)
{
    if (size > OBJECT_SIZE_MAX)
        return error_make(ERROR_BODY_TOO_LARGE, NULL, "An object store keeps files of at most 5 TB");
    wait_behind(upload);
    upload->source.size = size;
    if (upload->next == 0 && size <= S3_SINGLE_SIZE_MAX)
        return put_whole(upload->s3, upload->id, &upload->source);
    error e = finish_parts(upload);
    if (!error_is(e))
        *upload->encoded_id = 0; // nothing to end any more
    return e;
}

void s3_upload_free(struct s3_upload *upload)
{
    if (!upload)
        return;
    upload->is_over = true;
    wait_behind(upload);
    if (*upload->encoded_id) {
        error ended = end_upload(upload->s3, upload->id, upload->encoded_id, true);
        (void)ended; // what cannot be ended now is ended by a sweep
    }
    pthread_mutex_destroy(&upload->lock);
    free(upload->etags);
    free(upload);
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
