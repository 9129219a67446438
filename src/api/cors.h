// SPDX-License-Identifier: GPL-3.0-or-later
// Pages of other sites that may ask this server from a browser (setting cors_origins; the Fetch standard, "CORS
// protocol").
#pragma once

#include "api/route.h"

// Adds the headers for an origin that is allowed. True when the request was only the browser's question whether it may
// ask: it is answered then.
bool cors_begin(struct api_call *call);
