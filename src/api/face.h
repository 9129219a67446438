// SPDX-License-Identifier: GPL-3.0-or-later
// The four ways of speaking: how success and errors look in each face. Domain code knows nothing of them.
#pragma once

#include "api/route.h"

// Renders call->output (and warnings, message) into call->answer.
void face_success(struct api_call *call);
// Renders an error; returns the HTTP status, which can differ from the list's (422 in the detail face only).
int face_error(enum face face, error why, const struct problems *problems, struct buffer *body);
// The status of an error of the list in a face, when it names a field or not.
int face_status(enum face face, enum error_code code);
