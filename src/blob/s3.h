// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the S3 place share: signing, one request, answers in XML, uploads. Nothing outside of them.
#pragma once

#include <pthread.h>

#include "base/buffer.h"
#include "blob/store.h"

enum {
    // S3 takes parts from 5 MB, and 10,000 of them; a very large file has larger ones at its end.
    S3_PART_SIZE = 8 << 20,
    S3_PART_COUNT_MAX = 10000,
    // One request up to here: three more round trips cost more than parts side by side gain. A file that has a settled
    // part is larger, by STORE_REWRITE_MAX.
    S3_SINGLE_SIZE_MAX = 16 << 20,
    // Parts of one upload and pieces of one read under way at once; of the whole process see s3_http.c.
    S3_PARALLEL = 4,
    S3_KEY_SIZE = 1100, // S3 allows 1024 bytes
    S3_ETAG_SIZE = 96,
};

struct s3_pool;
struct s3 {
    struct arena *arena; // holds the texts
    struct s3_options options;
    const char *host; // as in the Host header; with the bucket when it is part of it
    const char *base; // "https://HOST"
    const char *root; // path of the bucket: "/BUCKET", or "" when the host names it
    struct s3_pool *pool;
    void *spool; // the local place that keeps what is under way
    struct {
        pthread_mutex_t lock; // held while the question is under way
        int64_t asked_us;
        enum error_code code;
        char message[512];
    } check; // what the last question whether the store is there has brought
};

// Signing (s3_sign.c): AWS Signature Version 4 as published in "Authenticating Requests (AWS Signature Version 4)".
struct s3_signing {
    const char *method, *host, *path, *query; // path and query as they are sent: encoded, the query sorted
    const char *range;                        // value of the Range header, or NULL
    const char *payload_sha256;               // hexadecimal
    const char *date;                         // "20130524T000000Z"
    const char *region, *access_key, *secret_key, *session_token;
    const struct s3_header { // more headers to sign, by lower-case name in order; names outside of range..x-amz-*
        const char *name, *value;
    } * more;
    size_t more_count;
};
// The value of the Authorization header.
str s3_sign(struct arena *arena, const struct s3_signing *signing);
// Appends `text` with all but unreserved characters (RFC 3986) as %XX; slashes stay where `is_path`.
void s3_sign_encode(struct buffer *out, str text, bool is_path);
// "20130524T000000Z" of a time.
void s3_sign_date(int64_t time_us, char out[static 17]);

// One request (s3_http.c).
struct s3_source { // bytes to send, read as they go; every try reads them again
    error (*read)(void *context, int64_t offset, void *ret_bytes, size_t size);
    void *context;
    int64_t offset, size;
};
struct s3_request {
    const char *method;
    const char *id;    // of a blob, or NULL for the bucket itself
    const char *query; // sorted and encoded, every name with its "="; NULL for none
    char range[64];    // "bytes=0-9", or ""
    const struct s3_source *source;
    void *place; // where the bytes of a 200 or 206 go; NULL: into the answer's body
    size_t room;
    bool ok_may_fail;            // a 200 may hold an error (CompleteMultipartUpload)
    const _Atomic bool *is_over; // ends the request with CANCELLED when it becomes true; may be NULL
    bool once;                   // no second try, and a short time: a question whether it is there at all
};
struct s3_answer {
    int status;              // 200..299, 404 or 409..416
    size_t size;             // bytes at `place`
    int64_t total_size;      // of the object: from Content-Range or Content-Length
    char etag[S3_ETAG_SIZE]; // as it came, with its quotes
    struct buffer body;      // where `place` is NULL, and of a 404
};
// Tries again after a pause when the store is busy (5xx, 429), silent or cut off. UNAVAILABLE says what remained;
// USAGE says that the settings are wrong (keys, bucket, region). buffer_done(&ret_answer->body) after OK.
MUST_USE error s3_send(struct s3 *s3, const struct s3_request *request, struct s3_answer *ret_answer);
MUST_USE error s3_pool_new(struct s3_pool **ret_pool);
void s3_pool_free(struct s3_pool *pool); // NULL is allowed
void s3_pause(int attempt);              // exponential, with jitter
// The id of the blob that a key of the bucket stands for; false for what is not ours.
bool s3_id_of_key(const struct s3 *s3, str key, char ret_id[static 37]);

// XML (s3_xml.c): answers are flat lists; no general parser is needed for them.
// Text of the next <name>…</name> in *rest, which moves behind it; false when there is none.
bool s3_xml_next(str *rest, const char *name, str *ret_text);
// The first one in `text`, its entities resolved, in the arena; STR_NONE when absent.
str s3_xml_text(struct arena *arena, str text, const char *name);
// Appends with entities for the characters that need them.
void s3_xml_escape(struct buffer *out, str text);

// Uploads (s3_upload.c). `read` gives bytes of what is to be stored under the blob's id; threads of the upload call it.
struct s3_upload;
MUST_USE error s3_upload_new(struct s3 *s3, const char *id,
    error (*read)(void *context, int64_t offset, void *ret_bytes, size_t size), void *context,
    struct s3_upload **ret_upload);
// The first `settled` bytes will not change any more: whole parts of them go up behind the caller, one at a time, so
// that little is left at the end. The error is that of an earlier part.
MUST_USE error s3_upload_grow(struct s3_upload *upload, int64_t settled);
// `size` bytes are all of it: sends what is left and confirms that everything is there before OK.
MUST_USE error s3_upload_finish(struct s3_upload *upload, int64_t size);
void s3_upload_free(struct s3_upload *upload); // ends what is not finished; NULL is allowed
// The size of the stored object; NOT_FOUND.
MUST_USE error s3_head(struct s3 *s3, const char *id, int64_t *ret_size);
// Ends uploads in parts that began longer than `age_us` ago.
MUST_USE error s3_upload_sweep(struct s3 *s3, int64_t age_us, int64_t *ret_removed);
