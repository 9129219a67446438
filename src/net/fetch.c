// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "net/address.h"

enum { REDIRECTS_MAX = 10, STALL_S = 20, CONNECT_S = 20, ROOM_EVERY = 4 << 20 };

struct work {
    const struct fetch *fetch;
    CURL *curl;
    struct arena *arena;
    error refused; // why a connection was not made, or the body not taken
    bool began, declined;
    int64_t start, bytes;           // in the file before, now
    int64_t looked;                 // bytes when the disk was last looked at
    str etag, changed, disposition; // of the last hop
};

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct work *work = context;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    error result = address_check(&address->addr, work->fetch->allow_private);
    if (error_is(result)) {
        work->refused = result;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static str header_value(const struct work *work, const char *bytes, size_t size, const char *name)
{
    str line = { bytes, size }, wanted = str_of(name);
    if (line.size <= wanted.size || !str_equal_fold(str_sub(line, 0, wanted.size), wanted)
        || line.data[wanted.size] != ':')
        return STR_NONE;
    return str_copy(work->arena, str_trim(str_sub(line, wanted.size + 1, line.size)));
}

static size_t on_header(char *bytes, size_t one, size_t count, void *context)
{
    struct work *work = context;
    size_t size = one * count;
    if (size > 5 && !memcmp(bytes, "HTTP/", 5))
        work->etag = work->changed = work->disposition = STR_NONE;
    str etag = header_value(work, bytes, size, "ETag"), changed = header_value(work, bytes, size, "Last-Modified"),
        disposition = header_value(work, bytes, size, "Content-Disposition");
    if (etag.data)
        work->etag = etag;
    if (changed.data)
        work->changed = changed;
    if (disposition.data)
        work->disposition = disposition;
    return size;
}

static str validator(const struct work *work)
{
    return work->etag.data && !str_starts(work->etag, STR("W/")) ? work->etag : work->changed;
}

// The first bytes of the last hop's body: what belongs to an error page is not kept.
static bool begin(struct work *work)
{
    long status = 0;
    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &status);
    work->began = true;
    if (status >= 400)
        return true;
    if (work->fetch->wants && !work->fetch->wants(work->fetch->context, validator(work))) {
        work->declined = true;
        return false;
    }
    work->bytes = status == 206 ? work->start : 0;
    if (ftruncate(work->fetch->file, work->bytes) < 0 || lseek(work->fetch->file, work->bytes, SEEK_SET) < 0) {
        work->refused = error_system("write", "a download", errno);
        return false;
    }
    return true;
}

static error check_room(struct work *work)
{
    struct statvfs disk;
    if (work->bytes - work->looked < ROOM_EVERY && work->looked)
        return OK;
    work->looked = work->bytes ? work->bytes : 1;
    if (fstatvfs(work->fetch->file, &disk) == 0 && (int64_t)(disk.f_bavail * disk.f_frsize) < work->fetch->room_least)
        return error_make(ERROR_STORAGE_FULL, NULL, "The disk is full");
    return OK;
}

static error put(struct work *work, const char *bytes, size_t size)
{
    if (work->bytes + (int64_t)size > work->fetch->bytes_max)
        return error_make(ERROR_BODY_TOO_LARGE, "url", "The file is larger than the %lld bytes allowed",
            (long long)work->fetch->bytes_max);
    TRY(check_room(work));
    while (size) {
        ssize_t done = write(work->fetch->file, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return error_system("write", "a download", errno);
        bytes += done;
        size -= (size_t)done;
        work->bytes += done;
    }
    return OK;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context)
{
    struct work *work = context;
    long status = 0;
    if (!work->began && !begin(work))
        return 0;
    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 400)
        return one * count;
    work->refused = put(work, bytes, one * count);
    return error_is(work->refused) ? 0 : one * count;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t a, curl_off_t b)
{
    (void)a, (void)b;
    const struct work *work = context;
    const struct fetch *fetch = work->fetch;
    if (fetch->progress && work->began)
        fetch->progress(fetch->context, work->bytes, total ? work->bytes - now + total : 0);
    bool late = fetch->deadline_us && clock_mono_us() > fetch->deadline_us;
    return late || (fetch->cancelled && atomic_load(fetch->cancelled));
}

static void set_cookies(CURL *curl, struct arena *arena, str jar)
{
    str line;
    curl_easy_setopt(curl, CURLOPT_COOKIEFILE, ""); // cookies on, from nowhere
    while (jar.data && str_split(&jar, '\n', &line))
        if (line.size && line.data[0] != '#')
            curl_easy_setopt(curl, CURLOPT_COOKIELIST, str_to_c(arena, line));
}

static void set_up(struct work *work, struct curl_slist **ret_headers)
{
    const struct fetch *fetch = work->fetch;
    CURL *curl = work->curl;
    curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // none of the environment: it would resolve names unseen
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Kinora/" KINORA_VERSION);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, work);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, work);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, work);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, work);
    set_cookies(curl, work->arena, fetch->jar);
    if (fetch->resume.data && work->start > 0) {
        str range = str_format(work->arena, "Range: bytes=%lld-", (long long)work->start);
        str condition = str_format(work->arena, "If-Range: %.*s", STR_ARGS(fetch->resume));
        *ret_headers = curl_slist_append(*ret_headers, range.data);
        *ret_headers = curl_slist_append(*ret_headers, condition.data);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *ret_headers);
    }
}

static error outcome(const struct work *work, CURLcode code, const char *reason)
{
    const struct fetch *fetch = work->fetch;
    if (work->declined || (code == CURLE_OK && !error_is(work->refused)))
        return OK;
    if (error_is(work->refused))
        return work->refused;
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return error_make(ERROR_FORBIDDEN, "url", "The address leads to something else than http:// and https://");
    case CURLE_TOO_MANY_REDIRECTS:
        return error_make(ERROR_UNAVAILABLE, "url", "The address leads in circles");
    case CURLE_ABORTED_BY_CALLBACK:
        return fetch->cancelled && atomic_load(fetch->cancelled)
                   ? error_of(ERROR_CANCELLED)
                   : error_make(ERROR_TIMED_OUT, NULL, "The download took longer than allowed");
    case CURLE_OPERATION_TIMEDOUT:
        return error_make(ERROR_TIMED_OUT, NULL, "The server stopped answering");
    default:
        return error_make(ERROR_UNAVAILABLE, NULL, "%s", *reason ? reason : curl_easy_strerror(code));
    }
}

// The extended form (RFC 8187) is left to the plain one beside it, or to the URL.
static str name_of(const struct work *work)
{
    str disposition = work->disposition;
    ptrdiff_t at = str_find(disposition, STR("filename="));
    if (at >= 0) {
        str name = str_sub(disposition, (size_t)at + 9, disposition.size);
        ptrdiff_t end = str_index(name, ';');
        name = str_trim(end < 0 ? name : str_sub(name, 0, (size_t)end));
        if (name.size > 1 && name.data[0] == '"')
            name = str_sub(name, 1, name.size - 2);
        if (name.size)
            return str_copy(work->arena, name);
    }
    const char *url = NULL;
    curl_easy_getinfo(work->curl, CURLINFO_EFFECTIVE_URL, &url);
    str path = str_of(url);
    for (size_t i = 0; i < path.size; i++)
        if (path.data[i] == '?' || path.data[i] == '#')
            path = str_sub(path, 0, i);
    for (size_t i = path.size; i > 0; i--)
        if (path.data[i - 1] == '/') {
            path = str_sub(path, i, path.size);
            break;
        }
    int size = 0;
    char *plain = curl_easy_unescape(work->curl, path.data, (int)path.size, &size);
    str name = plain && path.size ? str_copy(work->arena, (str) { plain, (size_t)size }) : STR("file");
    curl_free(plain);
    return str_is_utf8(name) && name.size ? name : STR("file");
}

static error fetch_once(struct arena *arena, const struct fetch *fetch, struct fetched *ret_fetched)
{
    char reason[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    struct work work = { .fetch = fetch, .curl = curl_easy_init(), .arena = arena };
    if (!work.curl)
        return error_make(ERROR_UNAVAILABLE, NULL, "The HTTP client cannot be started");
    work.start = work.bytes = lseek(fetch->file, 0, SEEK_END);
    set_up(&work, &headers);
    curl_easy_setopt(work.curl, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = curl_easy_perform(work.curl);
    if (code == CURLE_OK && !work.began && !begin(&work)) // an empty body
        code = CURLE_WRITE_ERROR;
    long status = 0;
    curl_easy_getinfo(work.curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_fetched = (struct fetched) { .status = (int)status,
        .declined = work.declined,
        .validator = validator(&work),
        .file_name = name_of(&work),
        .bytes = work.bytes };
    error result = outcome(&work, code, reason);
    curl_slist_free_all(headers);
    curl_easy_cleanup(work.curl);
    return result;
}

error fetch_file(struct arena *arena, const struct fetch *fetch, struct fetched *ret_fetched)
{
    SPAN_AUTO struct span span;
    span_begin(&span, SPAN_CLIENT, "download", STR_NONE);
    error result = fetch_once(arena, fetch, ret_fetched);
    if (!error_is(result)) {
        span_number(&span, "http.response.status_code", ret_fetched->status);
        span_number(&span, "http.response.body.size", ret_fetched->bytes);
    }
    span_result(&span, result);
    return result;
}
