// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/download.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "api/byte_range.h"
#include "api/condition.h"
#include "base/clock.h"
#include "base/id.h"

// What a browser may show by itself; all else is offered as a file to save.
static const char *const shown_types[] = { "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "audio/",
    "video/", NULL };

struct sending {
    struct blob_reader *reader; // NULL: of `file`
    int file;
    struct byte_ranges ranges;
    size_t range;     // under way, an index; ranges.count: the end
    int64_t at;       // next byte of the content, -1: the part's head comes first
    str *heads, tail; // of multipart/byteranges; heads is NULL for a single part
    struct trace trace;
};

static error read_plain(int file, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    ssize_t got = pread(file, ret_bytes, size, offset);
    if (got < 0)
        return error_system("read", "a file of the stock", errno);
    *ret_got = (size_t)got;
    return OK;
}

static error fill_bytes(struct sending *sending, struct buffer *out, size_t room)
{
    const struct byte_range *range = &sending->ranges.items[sending->range];
    int64_t left = range->last + 1 - sending->at;
    size_t want = left < (int64_t)room ? (size_t)left : room, got = 0;
    char *place = buffer_reserve(out, want);
    if (!place)
        return error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
    TRY(sending->reader ? blob_read(sending->reader, sending->at, place, want, &got)
                        : read_plain(sending->file, sending->at, place, want, &got));
    if (got == 0)
        return error_of(ERROR_DATA_CORRUPT);
    out->size += got;
    sending->at += (int64_t)got;
    if (sending->at > range->last) {
        sending->range++;
        sending->at = -1;
    }
    return OK;
}

// A part's head goes out by itself: it is small, and comes once a range. The answer has begun, so all that can be done
// for its reader after an error is to break off.
static error fill(void *state, struct buffer *out, size_t room, void *worker)
{
    (void)worker;
    struct sending *sending = state;
    if (sending->range == sending->ranges.count) {
        buffer_append_str(out, sending->tail);
        sending->tail = STR_NONE;
        return OK;
    }
    if (sending->at < 0) {
        sending->at = sending->ranges.items[sending->range].first;
        if (sending->heads) {
            buffer_append_str(out, sending->heads[sending->range]);
            return OK;
        }
    }
    error result = fill_bytes(sending, out, room);
    if (error_is(result))
        log_event(LOG_ERROR, &sending->trace, "download", "A download was broken off",
            LOG_TEXT("reason", str_of(result.message)));
    return result;
}

static void closed(void *state, void *worker)
{
    (void)worker;
    struct sending *sending = state;
    blob_reader_close(sending->reader);
    if (!sending->reader)
        close(sending->file);
}

str download_disposition(struct arena *arena, str file_name, bool attachment)
{
    BUFFER_AUTO struct buffer plain = { 0 }, extended = { 0 };
    for (size_t i = 0; i < file_name.size; i++) {
        unsigned char c = (unsigned char)file_name.data[i];
        buffer_append_byte(&plain, c < 0x20 || c > 0x7E || c == '"' || c == '\\' || c == '%' ? '_' : (char)c);
        if (isalnum(c) || c == '.' || c == '-' || c == '_')
            buffer_append_byte(&extended, (char)c);
        else
            buffer_format(&extended, "%%%02X", c);
    }
    return str_format(arena, "%s; filename=\"%.*s\"; filename*=UTF-8''%.*s", attachment ? "attachment" : "inline",
        STR_ARGS(buffer_str(&plain)), STR_ARGS(buffer_str(&extended)));
}

static bool is_shown(str mime_type)
{
    for (const char *const *type = shown_types; *type; type++)
        if (str_starts(mime_type, str_of(*type)))
            return true;
    return false;
}

static void put_headers(struct api_call *call, const struct download *download, str type, str etag)
{
    struct exchange *exchange = call->exchange;
    struct arena *arena = call->scope.arena;
    exchange_header(exchange, "Content-Type", type);
    bool attachment = download->attachment || !is_shown(download->mime_type);
    exchange_header(exchange, "Content-Disposition", download_disposition(arena, download->file_name, attachment));
    exchange_header(exchange, "Accept-Ranges", STR("bytes"));
    exchange_header(exchange, "ETag", etag);
    exchange_header(exchange, "Last-Modified", clock_http_date(arena, download->changed_us));
    exchange_header(exchange, "Cache-Control", STR("private, max-age=3600"));
    // A stored SVG or page can run nothing and load nothing, even when opened by itself.
    exchange_header(exchange, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
}

static error refuse_range(struct api_call *call, int64_t size)
{
    exchange_header(call->exchange, "Content-Range", str_format(call->scope.arena, "bytes */%lld", (long long)size));
    return error_of(ERROR_RANGE_NOT_SATISFIABLE);
}

// Of the content, or of the blob, which is sealed anew under another id.
static str etag_of(struct arena *arena, const struct download *download)
{
    if (download->plain)
        return str_format(arena, "\"%.*s\"", STR_ARGS(download->plain->tag));
    return download->sealed ? str_format(arena, "\"%.*s\"", STR_ARGS(download->blob->id))
                            : str_format(arena, "\"%.*s\"", STR_ARGS(str_hex(arena, download->blob->sha256.data, 16)));
}

static error open_content(struct blob_store *blobs, const struct download *download, struct blob_reader **ret_reader)
{
    const struct media_blob *blob = download->blob;
    return download->sealed
               ? blob_reader_open_stored(blobs, blob->id.data, ret_reader)
               : blob_reader_open(blobs, blob->id.data, (const unsigned char *)blob->sealed_key.data, ret_reader);
}

// Reads the first byte, since damage there can still be told in an answer.
static error open_at(
    struct blob_store *blobs, const struct download *download, int64_t offset, struct blob_reader **ret_reader)
{
    char byte;
    size_t got;
    struct blob_reader *reader;
    error result = open_content(blobs, download, &reader);
    if (result.code == ERROR_NOT_FOUND) // it is listed, so this is no question of what the user asked for
        return error_make(ERROR_DATA_CORRUPT, NULL, "The stored file %.*s is missing", STR_ARGS(download->blob->id));
    TRY(result);
    result = blob_read(reader, offset, &byte, blob_reader_size(reader) > 0, &got);
    if (error_is(result))
        blob_reader_close(reader);
    else
        *ret_reader = reader;
    return result;
}

// RFC 9110 13.2.2, for content that never changes under its tag.
static error check_conditions(const struct http_request *request, str etag, int64_t changed_us, bool *ret_unchanged)
{
    int64_t seconds = changed_us / SECOND_US, named_us;
    str match = http_header(request, "If-Match"), none = http_header(request, "If-None-Match");
    *ret_unchanged = false;
    if (match.data && !condition_names(match, etag, false))
        return error_of(ERROR_STALE_REVISION);
    if (!match.data && clock_read_http_date(http_header(request, "If-Unmodified-Since"), &named_us)
        && seconds > named_us / SECOND_US)
        return error_of(ERROR_STALE_REVISION);
    if (none.data)
        *ret_unchanged = condition_names(none, etag, true);
    else if (clock_read_http_date(http_header(request, "If-Modified-Since"), &named_us))
        *ret_unchanged = seconds <= named_us / SECOND_US;
    return OK;
}

// If-Range takes a strong tag or the exact date (RFC 9110 13.1.5).
static bool heeds_range(struct arena *arena, const struct http_request *request, str etag, int64_t changed_us)
{
    str condition = http_header(request, "If-Range");
    return str_equal_c(request->method, "GET")
           && (!condition.data || str_equal(condition, etag)
               || str_equal(condition, clock_http_date(arena, changed_us)));
}

// Several parts: their heads, what they come to, the Content-Type that names the boundary.
static int64_t make_parts(struct arena *arena, struct sending *sending, int64_t size, str mime_type, str *ret_type)
{
    unsigned char random[12];
    id_random(random, sizeof random);
    str boundary = str_hex(arena, random, sizeof random);
    int64_t length = 0;
    sending->heads = ARENA_ARRAY(arena, str, sending->ranges.count);
    for (size_t i = 0; i < sending->ranges.count; i++) {
        struct byte_range range = sending->ranges.items[i];
        sending->heads[i] = str_format(arena,
            "\r\n--%.*s\r\nContent-Type: %.*s\r\nContent-Range: bytes %lld-%lld/%lld\r\n\r\n", STR_ARGS(boundary),
            STR_ARGS(mime_type), (long long)range.first, (long long)range.last, (long long)size);
        length += (int64_t)sending->heads[i].size + range.last + 1 - range.first;
    }
    sending->tail = str_format(arena, "\r\n--%.*s--\r\n", STR_ARGS(boundary));
    *ret_type = str_format(arena, "multipart/byteranges; boundary=%.*s", STR_ARGS(boundary));
    return length + (int64_t)sending->tail.size;
}

static int64_t size_of(const struct download *download)
{
    if (download->plain)
        return download->plain->size_bytes;
    return download->sealed ? download->blob->stored_bytes : download->blob->size_bytes;
}

static error start(struct api_call *call, const struct download *download, bool *ret_sending)
{
    static const struct send_ops ops = { fill, closed };
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    int64_t size = size_of(download);
    str type = download->mime_type, etag = etag_of(arena, download);
    bool unchanged;
    struct sending *sending = ARENA_NEW(arena, struct sending);
    TRY(check_conditions(request, etag, download->changed_us, &unchanged));
    if (unchanged) {
        put_headers(call, download, type, etag);
        exchange_answer(call->exchange, 304, &(struct buffer) { 0 });
        return OK;
    }
    *sending = (struct sending) { .at = -1 };
    if (heeds_range(arena, request, etag, download->changed_us)
        && !byte_ranges_read(http_header(request, "Range"), size, &sending->ranges))
        return refuse_range(call, size);
    bool part = sending->ranges.count > 0;
    if (!part)
        sending->ranges = (struct byte_ranges) { { { 0, size - 1 } }, 1 };
    struct byte_range first = sending->ranges.items[0];
    int64_t length = sending->ranges.count > 1 ? make_parts(arena, sending, size, download->mime_type, &type)
                                               : first.last + 1 - first.first;
    sending->trace = call->scope.trace;
    if (download->plain)
        sending->file = download->plain->file;
    else
        TRY(open_at(call->app->blobs, download, first.first, &sending->reader));
    put_headers(call, download, type, etag);
    if (part && sending->ranges.count == 1)
        exchange_header(call->exchange, "Content-Range",
            str_format(arena, "bytes %lld-%lld/%lld", (long long)first.first, (long long)first.last, (long long)size));
    *ret_sending = true;
    exchange_send(call->exchange, part ? 206 : 200, length, &ops, sending);
    return OK;
}

error download_start(struct api_call *call, const struct download *download)
{
    bool sending = false;
    error result = start(call, download, &sending);
    if (download->plain && !sending)
        close(download->plain->file);
    return result;
}
