// SPDX-License-Identifier: GPL-3.0-or-later
// Reads path, query and body of a request into the structs of the route's shapes.
#pragma once

#include "api/route.h"

// VALIDATION_ERROR, UNPROCESSABLE, MALFORMED_JSON, INVALID_ID; call->problems names every field.
MUST_USE error input_read(struct api_call *call);
// Only the path, into call->path; INVALID_ID, problems.
MUST_USE error input_path(struct api_call *call);
// The body's bytes as media type: "application/json" of "application/json; charset=utf-8".
str input_media_type(const struct http_request *request);
// A parameter of a header value: "boundary" of Content-Type; STR_NONE when absent. Quotes are taken off.
str input_header_parameter(struct arena *arena, str value, const char *name);
