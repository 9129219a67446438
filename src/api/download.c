// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/download.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"

// What a browser may show by itself; all else is offered as a file to save.
static const char *const shown_types[] = { "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "audio/",
    "video/", NULL };

struct sending {
    struct blob_reader *reader;
    int64_t at, end;
};

static error fill(void *state, struct buffer *out, size_t room, void *worker)
{
    (void)worker;
    struct sending *sending = state;
    int64_t left = sending->end - sending->at;
    size_t want = left < (int64_t)room ? (size_t)left : room, got = 0;
    if (want == 0)
        return OK;
    char *place = buffer_reserve(out, want);
    if (!place)
        return error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
    TRY(blob_read(sending->reader, sending->at, place, want, &got));
    if (got == 0)
        return error_of(ERROR_DATA_CORRUPT);
    out->size += got;
    sending->at += (int64_t)got;
    return OK;
}

static void closed(void *state, void *worker)
{
    (void)worker;
    struct sending *sending = state;
    blob_reader_close(sending->reader);
    free(sending);
}

bool download_range(str header, int64_t size, int64_t *ret_first, int64_t *ret_last, bool *ret_satisfiable)
{
    int64_t first, last;
    *ret_satisfiable = true;
    if (!str_starts(header, STR("bytes=")) || str_index(header, ',') >= 0)
        return false;
    str range = str_trim(str_sub(header, 6, header.size));
    ptrdiff_t dash = str_index(range, '-');
    if (dash < 0)
        return false;
    str from = str_sub(range, 0, (size_t)dash), to = str_sub(range, (size_t)dash + 1, range.size);
    if (from.size == 0) { // the last so many bytes
        if (!str_to_int(to, &last) || last < 0)
            return false;
        first = last > size ? 0 : size - last;
        *ret_satisfiable = last > 0 && size > 0;
        last = size - 1;
    } else {
        if (!str_to_int(from, &first) || first < 0 || (to.size && (!str_to_int(to, &last) || last < first)))
            return false;
        if (to.size == 0 || last >= size)
            last = size - 1;
        *ret_satisfiable = first < size;
    }
    *ret_first = first;
    *ret_last = last;
    return true;
}

str download_disposition(struct arena *arena, str file_name, bool attachment)
{
    BUFFER_AUTO struct buffer plain = { 0 }, extended = { 0 };
    for (size_t i = 0; i < file_name.size; i++) {
        unsigned char c = (unsigned char)file_name.data[i];
        buffer_append_byte(&plain, c < 0x20 || c > 0x7E || c == '"' || c == '\\' ? '_' : (char)c);
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

static void put_headers(struct api_call *call, const struct download *download, str etag)
{
    struct exchange *exchange = call->exchange;
    struct arena *arena = call->scope.arena;
    exchange_header(exchange, "Content-Type", download->mime_type);
    bool attachment = download->attachment || !is_shown(download->mime_type);
    exchange_header(exchange, "Content-Disposition", download_disposition(arena, download->file_name, attachment));
    exchange_header(exchange, "Accept-Ranges", STR("bytes"));
    exchange_header(exchange, "ETag", etag);
    exchange_header(exchange, "Last-Modified", clock_http_date(arena, download->changed_us));
    exchange_header(exchange, "Cache-Control", STR("private, max-age=3600"));
    exchange_header(exchange, "X-Content-Type-Options", STR("nosniff"));
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
    return download->sealed ? str_format(arena, "\"%.*s\"", STR_ARGS(download->blob->id))
                            : str_format(arena, "\"%.*s\"", STR_ARGS(str_hex(arena, download->blob->sha256.data, 16)));
}

static error open_reader(struct blob_store *blobs, const struct download *download, struct blob_reader **ret_reader)
{
    const struct media_blob *blob = download->blob;
    return download->sealed
               ? blob_reader_open_stored(blobs, blob->id.data, ret_reader)
               : blob_reader_open(blobs, blob->id.data, (const unsigned char *)blob->sealed_key.data, ret_reader);
}

error download_start(struct api_call *call, const struct download *download)
{
    static const struct send_ops ops = { fill, closed };
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    int64_t size = download->sealed ? download->blob->stored_bytes : download->blob->size_bytes;
    int64_t first = 0, last = size - 1;
    str etag = etag_of(arena, download);
    if (str_find(http_header(request, "If-None-Match"), etag) >= 0 && http_header(request, "If-None-Match").size) {
        put_headers(call, download, etag);
        exchange_answer(call->exchange, 304, &(struct buffer) { 0 });
        return OK;
    }
    str condition = http_header(request, "If-Range");
    bool satisfiable = true, part = false;
    if (!condition.data || str_equal(condition, etag))
        part = download_range(http_header(request, "Range"), size, &first, &last, &satisfiable);
    if (!satisfiable)
        return refuse_range(call, size);
    struct blob_reader *reader;
    TRY(open_reader(call->app->blobs, download, &reader));
    struct sending *sending = malloc(sizeof *sending);
    ASSERT(sending);
    *sending = (struct sending) { reader, first, last + 1 };
    put_headers(call, download, etag);
    if (part)
        exchange_header(call->exchange, "Content-Range",
            str_format(arena, "bytes %lld-%lld/%lld", (long long)first, (long long)last, (long long)size));
    exchange_send(call->exchange, part ? 206 : 200, last + 1 - first, &ops, sending);
    return OK;
}
