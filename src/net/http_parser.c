// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_parser.h"

#include <string.h>

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_value_char(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7F);
}

static bool is_host_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || (c && strchr("-._~%!$&'()*+;=:[]", c));
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool all_chars(str s, bool (*allowed)(unsigned char))
{
    for (size_t i = 0; i < s.size; i++)
        if (!allowed((unsigned char)s.data[i]))
            return false;
    return true;
}

void http_parser_init(struct http_parser *parser, struct arena *arena)
{
    *parser = (struct http_parser) { .arena = arena };
}

bool http_parser_begun(const struct http_parser *parser)
{
    return parser->state != PARSE_REQUEST_LINE || parser->section_size > 0;
}

bool http_parser_complete(const struct http_parser *parser)
{
    return parser->state == PARSE_COMPLETE
           || (parser->state == PARSE_HEAD_DONE && parser->content_length == 0 && !parser->has_coding);
}

static bool refuse(struct http_parser *parser, int status, const char *what)
{
    parser->state = PARSE_REFUSED;
    parser->refusal_status = status;
    parser->refusal = error_make(status == 431 ? ERROR_LIMIT_EXCEEDED : ERROR_VALIDATION_ERROR, NULL, "%s", what);
    return false;
}

// Escapes must be complete and must not hide a NUL, on which path and file functions would stop early.
static bool path_is_valid(str path)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] != '%')
            continue;
        if (i + 2 >= path.size)
            return false;
        int high = hex_value((unsigned char)path.data[i + 1]), low = hex_value((unsigned char)path.data[i + 2]);
        if (high < 0 || low < 0 || high + low == 0)
            return false;
    }
    return true;
}

static bool parse_target(struct http_parser *parser, str target)
{
    for (size_t i = 0; i < target.size; i++)
        if ((unsigned char)target.data[i] <= 0x20 || (unsigned char)target.data[i] >= 0x7F || target.data[i] == '#')
            return refuse(parser, 400, "The request target has a character that is not allowed");
    str scheme = str_sub(target, 0, 8);
    size_t skip = str_equal_fold(scheme, STR("https://"))                 ? 8
                  : str_equal_fold(str_sub(target, 0, 7), STR("http://")) ? 7
                                                                          : 0;
    if (skip) { // absolute form: the authority is the Host header's business
        str rest = str_sub(target, skip, target.size);
        size_t authority = 0;
        while (authority < rest.size && rest.data[authority] != '/' && rest.data[authority] != '?')
            authority++;
        if (authority == 0)
            return refuse(parser, 400, "The request target names no host");
        target = str_sub(rest, authority, rest.size);
        if (target.size == 0)
            target = STR("/");
    }
    ptrdiff_t question = str_index(target, '?');
    parser->path = question < 0 ? target : str_sub(target, 0, (size_t)question);
    parser->query = question < 0 ? STR_NONE : str_sub(target, (size_t)question + 1, target.size);
    if (skip && parser->path.size == 0)
        parser->path = STR("/");
    if (str_equal_c(target, "*") && str_equal_c(parser->method, "OPTIONS"))
        return true;
    if (parser->path.size == 0 || parser->path.data[0] != '/' || !path_is_valid(parser->path))
        return refuse(parser, 400, "The request target is not a valid path");
    return true;
}

static bool parse_version(struct http_parser *parser, str version)
{
    if (str_equal_c(version, "HTTP/1.1"))
        return true;
    if (str_equal_c(version, "HTTP/1.0")) {
        parser->version_1_0 = parser->close = true;
        return true;
    }
    bool well_formed = version.size == 8 && str_starts(version, STR("HTTP/")) && version.data[5] >= '0'
                       && version.data[5] <= '9' && version.data[6] == '.' && version.data[7] >= '0'
                       && version.data[7] <= '9';
    return well_formed ? refuse(parser, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here")
                       : refuse(parser, 400, "The request line is malformed");
}

static bool parse_request_line(struct http_parser *parser, str line)
{
    if (line.size == 0) // RFC 9112 2.2: empty lines before a request are skipped; they count against the head's size
        return true;
    ptrdiff_t first = str_index(line, ' ');
    str rest = first < 0 ? STR_NONE : str_sub(line, (size_t)first + 1, line.size);
    ptrdiff_t second = first < 0 ? -1 : str_index(rest, ' ');
    if (second < 0)
        return refuse(parser, 400, "The request line is malformed");
    parser->method = str_sub(line, 0, (size_t)first);
    if (parser->method.size == 0 || !all_chars(parser->method, is_token_char))
        return refuse(parser, 400, "The method is malformed");
    if (!parse_version(parser, str_sub(rest, (size_t)second + 1, rest.size)))
        return false;
    if (!parse_target(parser, str_sub(rest, 0, (size_t)second)))
        return false;
    parser->state = PARSE_HEADERS;
    return true;
}

static bool parse_length(struct http_parser *parser, str value)
{
    if (parser->has_length)
        return refuse(parser, 400, "More than one Content-Length");
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < '0' || value.data[i] > '9')
            return refuse(parser, 400, "Content-Length is not a number");
    if (!str_to_int(value, &parser->content_length))
        return refuse(parser, 400, "Content-Length is not a number");
    parser->has_length = true;
    return true;
}

static bool parse_coding(struct http_parser *parser, str value)
{
    if (parser->has_coding || value.size == 0)
        return refuse(parser, 400, "Transfer-Encoding is malformed");
    parser->has_coding = true;
    parser->content_length = -1;
    if (str_equal_fold(value, STR("chunked")))
        return true;
    int chunked = 0;
    str item;
    while (str_split(&value, ',', &item))
        chunked += str_equal_fold(str_trim(item), STR("chunked"));
    return chunked > 1 ? refuse(parser, 400, "Transfer-Encoding names chunked more than once")
                       : refuse(parser, 501, "The only transfer coding known here is chunked");
}

static void parse_connection(struct http_parser *parser, str value)
{
    str item;
    while (str_split(&value, ',', &item))
        if (str_equal_fold(str_trim(item), STR("close")))
            parser->close = true;
}

static bool parse_known_header(struct http_parser *parser, str name, str value)
{
    switch (name.size) {
    case 4:
        if (!str_equal_fold(name, STR("Host")))
            return true;
        if (parser->has_host || !all_chars(value, is_host_char))
            return refuse(parser, 400, "The Host header is malformed or doubled");
        parser->has_host = true;
        return true;
    case 6:
        if (str_equal_fold(name, STR("Expect")))
            parser->expect_continue = !parser->version_1_0 && str_equal_fold(value, STR("100-continue"));
        return true;
    case 10:
        if (str_equal_fold(name, STR("Connection")))
            parse_connection(parser, value);
        return true;
    case 14:
        return str_equal_fold(name, STR("Content-Length")) ? parse_length(parser, value) : true;
    case 17:
        return str_equal_fold(name, STR("Transfer-Encoding")) ? parse_coding(parser, value) : true;
    default:
        return true;
    }
}

static void headers_add(struct http_parser *parser, str name, str value)
{
    if (parser->header_count == parser->header_room) {
        size_t room = parser->header_room ? parser->header_room * 2 : 16;
        struct http_header *headers = arena_alloc_raw(parser->arena, room * sizeof *headers);
        if (parser->header_count)
            memcpy(headers, parser->headers, parser->header_count * sizeof *headers);
        parser->headers = headers;
        parser->header_room = room;
    }
    parser->headers[parser->header_count++] = (struct http_header) { name, value };
}

// Splits and checks a line of headers or trailers. A line that starts with white space (obs-fold) has no valid name.
static bool parse_field(struct http_parser *parser, str line, str *ret_name, str *ret_value)
{
    ptrdiff_t colon = str_index(line, ':');
    str name = str_sub(line, 0, colon < 0 ? 0 : (size_t)colon);
    if (name.size == 0 || !all_chars(name, is_token_char))
        return refuse(parser, 400, "A header line is malformed");
    str value = str_sub(line, (size_t)colon + 1, line.size);
    if (!all_chars(value, is_value_char))
        return refuse(parser, 400, "A header value has a control character");
    *ret_name = name;
    *ret_value = str_trim(value);
    return true;
}

static bool end_head(struct http_parser *parser)
{
    if (!parser->has_host && !parser->version_1_0)
        return refuse(parser, 400, "The Host header is missing");
    if (parser->has_coding && (parser->has_length || parser->version_1_0))
        return refuse(parser, 400, "Transfer-Encoding does not go with Content-Length or HTTP/1.0");
    parser->state = PARSE_HEAD_DONE;
    return true;
}

static bool parse_header_line(struct http_parser *parser, str line)
{
    if (line.size == 0)
        return end_head(parser);
    if (parser->header_count == HTTP_HEADERS_MAX)
        return refuse(parser, 431, "Too many headers");
    str name, value;
    if (!parse_field(parser, line, &name, &value))
        return false;
    headers_add(parser, name, value);
    return parse_known_header(parser, name, value);
}

static bool parse_trailer_line(struct http_parser *parser, str line)
{
    if (line.size == 0) {
        parser->state = PARSE_COMPLETE;
        return true;
    }
    str name, value;
    return parse_field(parser, line, &name, &value);
}

static bool parse_line(struct http_parser *parser, str line)
{
    if (line.size == 0 || line.data[line.size - 1] != '\r')
        return refuse(parser, 400, "A line does not end with CR LF");
    line.size--;
    if (parser->state == PARSE_REQUEST_LINE)
        return parse_request_line(parser, line);
    return parser->state == PARSE_HEADERS ? parse_header_line(parser, line) : parse_trailer_line(parser, line);
}

// Takes one line, or what there is of it; false when more input is needed or the request is refused. Each line is a
// block of the arena of its own, so that it stays where it is while the next one grows.
static bool push_line(struct http_parser *parser, str *input)
{
    if (input->size == 0)
        return false;
    const char *end = memchr(input->data, '\n', input->size);
    size_t size = end ? (size_t)(end - input->data) + 1 : input->size;
    if (size > HTTP_HEAD_MAX - parser->section_size)
        return refuse(parser, 431, "The head of the request is too large");
    parser->line = parser->line ? arena_grow(parser->arena, parser->line, parser->line_size, parser->line_size + size)
                                : arena_alloc_raw(parser->arena, size);
    memcpy(parser->line + parser->line_size, input->data, size);
    parser->line_size += size;
    parser->section_size += size;
    *input = str_sub(*input, size, input->size);
    if (!end)
        return false;
    str line = { parser->line, parser->line_size - 1 };
    parser->line = NULL;
    parser->line_size = 0;
    return parse_line(parser, line);
}

static void begin_body(struct http_parser *parser)
{
    parser->left = parser->has_coding ? 0 : (uint64_t)parser->content_length;
    parser->state = parser->has_coding ? PARSE_CHUNK_SIZE : parser->left ? PARSE_LENGTH : PARSE_COMPLETE;
}

static bool push_chunk_size(struct http_parser *parser, unsigned char c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        if (parser->left > (uint64_t)(INT64_MAX >> 4))
            return refuse(parser, 400, "A chunk is larger than any number known here");
        parser->left = parser->left << 4 | (uint64_t)digit;
        return true;
    }
    if (parser->chunk_line_size == 1 || (c != ';' && c != '\r'))
        return refuse(parser, 400, "A chunk size is malformed");
    parser->state = c == ';' ? PARSE_CHUNK_EXTENSION : PARSE_CHUNK_LF;
    return true;
}

// A byte of the framing around chunks.
static bool push_chunk_byte(struct http_parser *parser, unsigned char c)
{
    switch (parser->state) {
    case PARSE_CHUNK_SIZE:
    case PARSE_CHUNK_EXTENSION:
        if (++parser->chunk_line_size > HTTP_CHUNK_LINE_MAX)
            return refuse(parser, 400, "A chunk's head is too long");
        if (parser->state == PARSE_CHUNK_SIZE)
            return push_chunk_size(parser, c);
        if (c == '\r')
            parser->state = PARSE_CHUNK_LF;
        else if (!is_value_char(c))
            return refuse(parser, 400, "A chunk extension has a control character");
        return true;
    case PARSE_CHUNK_LF:
        if (c != '\n')
            return refuse(parser, 400, "A chunk's head does not end with CR LF");
        parser->chunk_line_size = 0;
        parser->section_size = 0;
        parser->state = parser->left ? PARSE_CHUNK_DATA : PARSE_TRAILERS;
        return true;
    case PARSE_CHUNK_END_CR:
    default:
        if (c != (parser->state == PARSE_CHUNK_END_CR ? '\r' : '\n'))
            return refuse(parser, 400, "A chunk is not followed by CR LF");
        parser->state = parser->state == PARSE_CHUNK_END_CR ? PARSE_CHUNK_END_LF : PARSE_CHUNK_SIZE;
        return true;
    }
}

static str take_body(struct http_parser *parser, str *input)
{
    str piece = str_sub(*input, 0, parser->left < input->size ? (size_t)parser->left : input->size);
    *input = str_sub(*input, piece.size, input->size);
    parser->left -= piece.size;
    if (parser->left == 0)
        parser->state = parser->state == PARSE_LENGTH ? PARSE_COMPLETE : PARSE_CHUNK_END_CR;
    return piece;
}

enum http_event http_parser_push(struct http_parser *parser, str *input, str *ret_body)
{
    for (;;) {
        switch (parser->state) {
        case PARSE_REQUEST_LINE:
        case PARSE_HEADERS:
        case PARSE_TRAILERS:
            if (!push_line(parser, input) && parser->state != PARSE_REFUSED)
                return HTTP_MORE;
            if (parser->state == PARSE_HEAD_DONE)
                return HTTP_HEAD;
            break;
        case PARSE_HEAD_DONE:
            begin_body(parser);
            break;
        case PARSE_COMPLETE:
            return HTTP_COMPLETE;
        case PARSE_REFUSED:
            return HTTP_REFUSED;
        default:
            if (input->size == 0)
                return HTTP_MORE;
            if (parser->state == PARSE_LENGTH || parser->state == PARSE_CHUNK_DATA) {
                *ret_body = take_body(parser, input);
                return HTTP_BODY;
            }
            unsigned char c = (unsigned char)input->data[0];
            *input = str_sub(*input, 1, input->size);
            push_chunk_byte(parser, c);
        }
    }
}
