// SPDX-License-Identifier: GPL-3.0-or-later
// The two-letter language codes of ISO 639-1.
#pragma once

#include "base/str.h"

bool language_is_known(str code); // lower case
