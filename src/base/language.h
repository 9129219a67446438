// SPDX-License-Identifier: GPL-3.0-or-later
// The 183 languages of ISO 639-1: two-letter codes and English names.
#pragma once

#include "base/str.h"

bool language_is_known(str code); // lower case
// "German" for "de"; NULL for what is not a code.
const char *language_name(str code);
// "de" for "german", "German" and "de", whatever the case; also the names that whisper has for its languages. STR_NONE
// for what is none of them.
str language_of_name(str name);
