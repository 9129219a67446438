// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of kinora doctor share. A check tells what it found, and how to mend what is not right.
#pragma once

#include "base/json.h"

enum finding { FINE, OPTIONAL, BROKEN };

struct doctor {
    struct arena *arena;
    json_t *checks; // of --json; NULL: lines are printed
    int broken;
};

// `mend` is a command or a sentence, told unless the finding is FINE; may be NULL.
void doctor_say(struct doctor *doctor, enum finding finding, const char *what, const char *found, const char *mend);

// doctor_engines.c: the programs and what they bring.
void doctor_check_engines(struct doctor *doctor);
// doctor_state.c: data folder, disk, master key, database, object store, mail.
void doctor_check_state(struct doctor *doctor);
