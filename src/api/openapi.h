// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/route.h"

// Appends the OpenAPI 3.1 document of all routes (`kinora api-document` prints it, GET /api/v1/openapi.json serves it).
void openapi_write(struct buffer *out);
