// SPDX-License-Identifier: GPL-3.0-or-later
// What browsers can show and play as it is.
#pragma once

#include "base/json.h"

// `probe` is what the engine said of the file. True for what Chromium, Firefox and Safari of recent years all take.
bool playable_in_browsers(const json_t *probe);
