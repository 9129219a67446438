// SPDX-License-Identifier: GPL-3.0-or-later
// What people know of voices: the catalogue's entries, which are premium, which letters a voice can speak. Pure.
#pragma once

#include "base/error.h"
#include "base/shape.h"

// Of a text: what is spoken at once, and what as a job. Characters.
enum { VOICE_AT_ONCE_MAX = 5000, VOICE_JOB_MAX = 100000 };

struct voice {
    str id, name, language, language_code, dialect, gender, style, category;
    bool is_premium;
    str speaks; // the engine's voice behind it, "flite:slt"
};
// What is to be spoken, checked.
struct voice_wish {
    str voice_id, text;
    double speed, pitch, volume;
};

// Where a file goes while it is spoken: its bytes in order. What `write` answers ends the speech.
struct voice_out {
    void *context;
    error (*write)(void *context, const void *bytes, size_t size);
};

// The engine's voice behind an id: another for aliases, itself for the rest.
str voice_speaks(str id);
bool voice_is_premium(str id);

struct actor;
// PLAN_REQUIRED for a premium voice on plan free.
MUST_USE error voice_may_use(const struct actor *actor, str id);

// The name of a script ("Cyrillic") that a word of the text is written in and that languages of this code are not:
// NULL when there is none. Single letters count as signs and are no matter.
const char *voice_foreign_script(str language_code, str text);
// VALIDATION_ERROR for control characters beyond tab and line breaks, for text without a letter or digit, and for more
// than `most` characters.
MUST_USE error voice_check_text(str text, size_t most);
