// SPDX-License-Identifier: GPL-3.0-or-later
// What the HTTP parser makes of some bytes, as text, so that two ways to cut the same bytes can be compared.
#pragma once

#include "base/buffer.h"
#include "net/http_parser.h"

static void transcript_head(struct buffer *out, const struct http_parser *parser)
{
    buffer_format(out, "%.*s|%.*s|%.*s|%lld%s%s%s\n", STR_ARGS(parser->method), STR_ARGS(parser->path),
        STR_ARGS(parser->query), (long long)parser->content_length, parser->version_1_0 ? " 1.0" : "",
        parser->close ? " close" : "", parser->expect_continue ? " expect" : "");
    for (size_t i = 0; i < parser->header_count; i++)
        buffer_format(out, "%.*s=%.*s;", STR_ARGS(parser->headers[i].name), STR_ARGS(parser->headers[i].value));
    buffer_append_c(out, "\n<");
}

// Feeds one request in pieces; piece_size() gives the size of the next one. Answers the status of the refusal, 200
// when the request is complete, 0 when more would be needed. *ret_used: bytes of a complete request.
static int transcript(
    str input, size_t (*piece_size)(void *context), void *context, struct buffer *out, size_t *ret_used)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct http_parser parser;
    http_parser_init(&parser, arena);
    for (size_t at = 0;;) {
        size_t size = piece_size(context);
        if (size > input.size - at)
            size = input.size - at;
        // A copy of exactly this size, so that reading past it is seen by the sanitizer.
        BUFFER_AUTO struct buffer copy = { 0 };
        buffer_append(&copy, input.data + at, size);
        str piece = { copy.data, size }, body = STR_NONE;
        enum http_event event;
        while ((event = http_parser_push(&parser, &piece, &body)) == HTTP_HEAD || event == HTTP_BODY) {
            if (event == HTTP_HEAD)
                transcript_head(out, &parser);
            else
                buffer_append_str(out, body);
        }
        at += size - piece.size;
        if (event == HTTP_MORE && at < input.size)
            continue;
        if (event == HTTP_REFUSED) {
            buffer_format(out, ">refused %d: %s", parser.refusal_status, parser.refusal.message);
            return parser.refusal_status;
        }
        *ret_used = at;
        buffer_append_c(out, event == HTTP_COMPLETE ? ">complete" : ">more");
        return event == HTTP_COMPLETE ? 200 : 0;
    }
}
