// SPDX-License-Identifier: GPL-3.0-or-later
// Conditional requests (RFC 9110 section 13): single resources carry a strong ETag over their encoded body; a GET with
// If-None-Match is answered 304, a change with an If-Match that is no longer true 412.
#pragma once

#include "api/route.h"

// GETs of one resource as JSON: their answers carry an ETag.
bool condition_is_tagged(const struct route *route);
// Changes of a resource (a POST, too, that names one): they heed If-Match.
bool condition_is_checked(const struct route *route);
// Whether a list of tags, or "*", names this one. A weak tag is as good as a strong one only where `weak`.
bool condition_names(str list, str tag, bool weak);
// After a success of a tagged route was encoded: adds the ETag, and empties the answer to a 304 for who has it already.
void condition_answer(struct api_call *call);
// In a change, before the handler: STALE_REVISION unless If-Match names what a GET of the resource would give right
// now; the errors of that GET. OK without If-Match.
MUST_USE error condition_require(struct api_call *call);
