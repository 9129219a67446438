// SPDX-License-Identifier: GPL-3.0-or-later
// A push parser for HTTP/1.1 requests (RFC 9112): takes bytes in pieces of any size and gives the same events for
// the same bytes however they are cut. Strict: what two readers could understand differently is refused.
#pragma once

#include "net/server.h"

enum {
    HTTP_HEAD_MAX = 32 * 1024, // bytes of request line and header lines; trailers have the same room again
    HTTP_HEADERS_MAX = 100,
    HTTP_CHUNK_LINE_MAX = 256, // bytes of a chunk's size with its extensions
};

enum http_event {
    HTTP_MORE,     // the input is used up
    HTTP_HEAD,     // the head is complete; comes once
    HTTP_BODY,     // *ret_body is a piece of the body, a part of the input
    HTTP_COMPLETE, // the request has ended; the rest of the input belongs to the next one
    HTTP_REFUSED,  // the request is malformed: `refusal` and `refusal_status` say why; nothing more can be parsed
};

enum http_parser_state {
    PARSE_REQUEST_LINE,
    PARSE_HEADERS,
    PARSE_HEAD_DONE, // waits for the next push to go on with the body
    PARSE_LENGTH,
    PARSE_CHUNK_SIZE,
    PARSE_CHUNK_EXTENSION,
    PARSE_CHUNK_LF,
    PARSE_CHUNK_DATA,
    PARSE_CHUNK_END_CR,
    PARSE_CHUNK_END_LF,
    PARSE_TRAILERS,
    PARSE_COMPLETE,
    PARSE_REFUSED,
};

struct http_parser {
    enum http_parser_state state;
    struct arena *arena;
    char *line; // the line under way
    size_t line_size, section_size;
    struct http_header *headers;
    size_t header_count, header_room;
    str method, path, query;
    int64_t content_length; // -1: chunked, 0: none
    uint64_t left;          // bytes of the body or of the chunk still to come
    size_t chunk_line_size;
    bool version_1_0, close, expect_continue, has_length, has_coding, has_host;
    error refusal; // its texts are the thread's, as error.h says
    int refusal_status;
};

// Lines and headers live in the arena.
void http_parser_init(struct http_parser *parser, struct arena *arena);
// Takes bytes off the front of *input. Call again until it answers HTTP_MORE, HTTP_COMPLETE or HTTP_REFUSED.
enum http_event http_parser_push(struct http_parser *parser, str *input, str *ret_body);
// Has a byte of a request been seen?
bool http_parser_begun(const struct http_parser *parser);
// Has the request been read to its end (HTTP_COMPLETE was or would be next without more input)?
bool http_parser_complete(const struct http_parser *parser);
