// SPDX-License-Identifier: GPL-3.0-or-later
// One request: signed, sent over a connection that is kept, tried again when that can help. Bodies are read from
// their source while they go, so that an upload holds curl's buffer and no part.
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "blob/s3.h"
#include "crypt/crypt.h"

enum {
    // Requests under way in the whole process, whoever asks: the one budget of parts. Whoever wants more waits here.
    SENDING_MAX = 8,
    OTHERS_MAX = 24, // so that readers never wait for uploads
    TRIES = 6,
    PAUSE_FIRST_MS = 100,
    PAUSE_MAX_MS = 5000,
    CONNECT_S = 10,
    ASK_S = 5,              // for a question that is asked once
    BODY_MAX = 8 << 20,     // a page of a list has 1000 entries of some 500 bytes
    REFUSAL_MAX = 64 << 10, // of an error's XML
    BLOCK = 64 << 10,
};
static const int64_t TRY_AGAIN_US = 60 * SECOND_US; // no further try after this long

struct s3_pool {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    CURL *idle[SENDING_MAX + OTHERS_MAX]; // each keeps its connection open
    size_t idle_count, sending, others;
};

error s3_pool_new(struct s3_pool **ret_pool)
{
    struct s3_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return error_system("open", "object store", ENOMEM);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(pool);
        return error_make(ERROR_UNAVAILABLE, NULL, "The HTTP client cannot be started");
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->freed, NULL);
    *ret_pool = pool;
    return OK;
}

void s3_pool_free(struct s3_pool *pool)
{
    if (!pool)
        return;
    ASSERT(pool->sending + pool->others == 0);
    while (pool->idle_count)
        curl_easy_cleanup(pool->idle[--pool->idle_count]);
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static CURL *take_connection(struct s3_pool *pool, bool is_sending)
{
    pthread_mutex_lock(&pool->lock);
    while (is_sending ? pool->sending >= SENDING_MAX : pool->others >= OTHERS_MAX)
        pthread_cond_wait(&pool->freed, &pool->lock);
    is_sending ? pool->sending++ : pool->others++;
    CURL *curl = pool->idle_count ? pool->idle[--pool->idle_count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return curl ? curl : curl_easy_init();
}

static void give_connection(struct s3_pool *pool, CURL *curl, bool is_sending)
{
    if (curl)
        curl_easy_reset(curl); // forgets the settings, keeps the connection
    pthread_mutex_lock(&pool->lock);
    is_sending ? pool->sending-- : pool->others--;
    if (curl)
        pool->idle[pool->idle_count++] = curl;
    pthread_cond_broadcast(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

void s3_pause(int attempt)
{
    unsigned random;
    id_random(&random, sizeof random);
    int64_t most_ms = PAUSE_FIRST_MS << (attempt < 6 ? attempt : 6);
    if (most_ms > PAUSE_MAX_MS)
        most_ms = PAUSE_MAX_MS;
    int64_t pause_ms = most_ms / 2 + (int64_t)(random % (unsigned)(most_ms / 2 + 1));
    struct timespec pause = { pause_ms / 1000, pause_ms % 1000 * 1000000 };
    while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
        continue;
}

// One try.
struct sending {
    struct s3 *s3;
    const struct s3_request *request;
    CURL *curl;
    struct s3_answer answer;
    struct buffer refusal;
    int64_t sent;
    error broken; // why the source could not be read
};

static size_t take_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct sending *sending = context;
    size_t size = one * count;
    long status = 0;
    curl_easy_getinfo(sending->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206) {
        buffer_append(&sending->refusal, bytes, size); // what does not fit is not needed
        return size;
    }
    struct s3_answer *answer = &sending->answer;
    if (!sending->request->place) {
        buffer_append(&answer->body, bytes, size);
        return answer->body.failed ? 0 : size;
    }
    if (size > sending->request->room - answer->size)
        return 0;
    memcpy((char *)sending->request->place + answer->size, bytes, size);
    answer->size += size;
    return size;
}

static size_t take_header(char *bytes, size_t one, size_t count, void *context)
{
    struct sending *sending = context;
    str line = str_trim((str) { bytes, one * count }), name, total;
    if (!str_split(&line, ':', &name) || !line.data)
        return one * count;
    line = str_trim(line);
    if (str_equal_fold(name, STR("etag")) && line.size < S3_ETAG_SIZE)
        snprintf(sending->answer.etag, S3_ETAG_SIZE, "%.*s", STR_ARGS(line));
    else if (str_equal_fold(name, STR("content-length")) && sending->answer.total_size < 0)
        (void)str_to_int(line, &sending->answer.total_size);
    else if (str_equal_fold(name, STR("content-range")) && str_index(line, '/') >= 0) {
        total = str_sub(line, (size_t)str_index(line, '/') + 1, line.size);
        (void)str_to_int(total, &sending->answer.total_size);
    }
    return one * count;
}

static size_t give_bytes(char *place, size_t one, size_t count, void *context)
{
    struct sending *sending = context;
    const struct s3_source *source = sending->request->source;
    int64_t left = source ? source->size - sending->sent : 0;
    size_t size = (int64_t)(one * count) < left ? one * count : (size_t)left;
    if (size == 0)
        return 0;
    sending->broken = source->read(source->context, source->offset + sending->sent, place, size);
    if (error_is(sending->broken))
        return CURL_READFUNC_ABORT;
    sending->sent += (int64_t)size;
    return size;
}

static int give_again(void *context, curl_off_t offset, int origin)
{
    if (origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    ((struct sending *)context)->sent = offset;
    return CURL_SEEKFUNC_OK;
}

static error hash_source(const struct s3_source *source, char ret_hex[static 65])
{
    unsigned char hash[32];
    struct hasher *hasher = hasher_new();
    char *block = malloc(BLOCK);
    error e = block ? OK : error_system("send", "file", ENOMEM);
    for (int64_t at = 0; source && !error_is(e) && at < source->size; at += BLOCK) {
        size_t size = source->size - at < BLOCK ? (size_t)(source->size - at) : BLOCK;
        e = source->read(source->context, source->offset + at, block, size);
        if (!error_is(e))
            hasher_add(hasher, block, size);
    }
    free(block);
    hasher_finish(hasher, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", hash[i]);
    return e;
}

static void put_path(const struct s3 *s3, const char *id, struct buffer *path)
{
    buffer_append_c(path, s3->root);
    buffer_append_byte(path, '/');
    if (id) {
        s3_sign_encode(path, str_of(s3->options.prefix), true);
        buffer_append_c(path, id);
    }
}

bool s3_id_of_key(const struct s3 *s3, str key, char ret_id[static 37])
{
    size_t prefix_size = strlen(s3->options.prefix);
    if (key.size != prefix_size + 36 || !str_starts(key, str_of(s3->options.prefix)))
        return false;
    snprintf(ret_id, 37, "%.*s", 36, key.data + prefix_size);
    return id_is_valid(str_of(ret_id));
}

static void put_header(struct arena *arena, struct curl_slist **list, const char *name, const char *value)
{
    struct curl_slist *longer = curl_slist_append(*list, str_format(arena, "%s: %s", name, value).data);
    ASSERT_MEMORY(longer);
    *list = longer;
}

static struct curl_slist *sign(
    struct arena *arena, const struct s3 *s3, const struct s3_request *request, const char *path, const char *payload)
{
    char date[17];
    struct curl_slist *list = NULL;
    s3_sign_date(clock_now_us(), date);
    const struct s3_options *options = &s3->options;
    struct s3_signing signing = { .method = request->method,
        .host = s3->host,
        .path = path,
        .query = request->query ? request->query : "",
        .range = *request->range ? request->range : NULL,
        .payload_sha256 = payload,
        .date = date,
        .region = options->region,
        .access_key = options->access_key,
        .secret_key = options->secret_key,
        .session_token = options->session_token };
    put_header(arena, &list, "Authorization", s3_sign(arena, &signing).data);
    put_header(arena, &list, "Host", s3->host);
    put_header(arena, &list, "x-amz-content-sha256", payload);
    put_header(arena, &list, "x-amz-date", date);
    if (*options->session_token)
        put_header(arena, &list, "x-amz-security-token", options->session_token);
    if (signing.range)
        put_header(arena, &list, "Range", signing.range);
    // What curl would add by itself: a wait for "100 Continue", a type that is not signed.
    put_header(arena, &list, "Expect", "");
    put_header(arena, &list, "Content-Type", request->source ? "application/octet-stream" : "");
    return list;
}

static int look_up(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return *(const _Atomic bool *)context;
}

static void set_up(struct sending *sending, const char *url, struct curl_slist *headers)
{
    CURL *curl = sending->curl;
    const struct s3_request *request = sending->request;
    int64_t silence_s = request->once ? ASK_S : sending->s3->options.timeout_s;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (*sending->s3->options.ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, sending->s3->options.ca_file);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the store is named by its setting, and by nothing else
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)(silence_s < CONNECT_S ? silence_s : CONNECT_S));
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)silence_s);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, request->once ? (long)ASK_S : 0L);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)(4 * BLOCK));
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)(4 * BLOCK));
    if (request->is_over) {
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request->is_over);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, sending);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, sending);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (request->source || !strcmp(request->method, "POST")) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(request->source ? request->source->size : 0));
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_bytes);
        curl_easy_setopt(curl, CURLOPT_READDATA, sending);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, give_again);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, sending);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static CURLcode perform(struct sending *sending, const char *payload)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    BUFFER_AUTO struct buffer path = { 0 };
    const char *query = sending->request->query;
    put_path(sending->s3, sending->request->id, &path);
    buffer_append_byte(&path, 0);
    str url = str_format(arena, "%s%s%s%s", sending->s3->base, path.data, query ? "?" : "", query ? query : "");
    struct curl_slist *headers = sign(arena, sending->s3, sending->request, path.data, payload);
    set_up(sending, url.data, headers);
    CURLcode code = curl_easy_perform(sending->curl);
    curl_slist_free_all(headers);
    return code;
}

// What is left to say of an answer that is none of those that callers look at.
static error refused(struct sending *sending, str xml, bool *ret_again)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    int status = sending->answer.status;
    str code = s3_xml_text(arena, xml, "Code");
    static const char *const keys[] = { "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken",
        "InvalidToken", "InvalidSecurity", NULL };
    if (!code.data)
        code = str_format(arena, "status %d", status);
    *ret_again = status >= 500 || status == 429 || status == 408 || str_equal(code, STR("RequestTimeout"))
                 || str_equal(code, STR("InternalError")) || str_equal(code, STR("SlowDown"));
    if (*ret_again)
        return error_make(
            ERROR_UNAVAILABLE, "storage", "The object store cannot answer just now (%.*s)", STR_ARGS(code));
    for (const char *const *key = keys; *key; key++)
        if (str_equal_c(code, *key) || status == 403)
            return error_make(ERROR_USAGE, "storage",
                "The object store refuses the access key or its secret (%.*s): check KINORA_S3_ACCESS_KEY, "
                "KINORA_S3_SECRET_KEY and what the key may do",
                STR_ARGS(code));
    if (str_equal(code, STR("AuthorizationHeaderMalformed")) || str_equal(code, STR("PermanentRedirect")))
        return error_make(ERROR_USAGE, "storage",
            "The object store keeps the bucket in another region (%.*s): check KINORA_S3_REGION and "
            "KINORA_S3_ENDPOINT",
            STR_ARGS(code));
    return error_make(ERROR_USAGE, "storage", "The object store refuses the request (%.*s)", STR_ARGS(code));
}

static error outcome(struct sending *sending, CURLcode code, bool *ret_again)
{
    struct s3_answer *answer = &sending->answer;
    long status = 0;
    curl_easy_getinfo(sending->curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    *ret_again = false;
    if (error_is(sending->broken))
        return sending->broken;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return error_of(ERROR_CANCELLED);
    // A store that refuses early may close while the body still comes: its answer counts.
    if (code != CURLE_OK && !(status >= 400 && code == CURLE_SEND_ERROR)) {
        *ret_again = true;
        return error_make(ERROR_UNAVAILABLE, "storage", "The object store does not answer (%s)",
            curl_easy_strerror(code)); // no more than that: where the store is, is not for everybody
    }
    bool hidden = status == 200 && sending->request->ok_may_fail
                  && str_find(buffer_str(&answer->body), STR("<Error>")) >= 0;
    if (hidden)
        return refused(sending, buffer_str(&answer->body), ret_again);
    if ((status >= 200 && status < 300) || status == 404 || (status >= 409 && status <= 416)) {
        if (status == 404)
            buffer_append_str(&answer->body, buffer_str(&sending->refusal));
        return OK;
    }
    return refused(sending, buffer_str(&sending->refusal), ret_again);
}

static error try_once(
    struct s3 *s3, const struct s3_request *request, const char *payload, bool *ret_again, struct s3_answer *ret_answer)
{
    bool is_sending = request->source && request->source->size > BLOCK;
    struct sending sending = { .s3 = s3, .request = request };
    sending.answer.total_size = -1;
    sending.answer.body.limit = BODY_MAX;
    sending.refusal.limit = REFUSAL_MAX;
    sending.curl = take_connection(s3->pool, is_sending);
    error e = error_make(ERROR_UNAVAILABLE, NULL, "The HTTP client cannot be started");
    *ret_again = false;
    if (sending.curl) {
        CURLcode code = perform(&sending, payload);
        e = outcome(&sending, code, ret_again);
    }
    give_connection(s3->pool, sending.curl, is_sending);
    buffer_done(&sending.refusal);
    if (error_is(e))
        buffer_done(&sending.answer.body);
    else
        *ret_answer = sending.answer;
    return e;
}

error s3_send(struct s3 *s3, const struct s3_request *request, struct s3_answer *ret_answer)
{
    char payload[65];
    int64_t start_us = clock_mono_us();
    TRY(hash_source(request->source, payload));
    for (int attempt = 0;; attempt++) {
        bool again;
        error e = try_once(s3, request, payload, &again, ret_answer);
        bool late = attempt + 1 == TRIES || clock_mono_us() - start_us > TRY_AGAIN_US;
        if (!error_is(e) || !again || late || request->once)
            return e;
        if (request->is_over && *request->is_over)
            return error_of(ERROR_CANCELLED);
        s3_pause(attempt);
    }
}
