// SPDX-License-Identifier: GPL-3.0-or-later
// Commands and their options, declared by tables: parsing, checks and help come from them.
#pragma once

#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG };

// The value goes to the member at `offset` of the command's struct of values.
struct option {
    const char *name;  // "output"
    char letter;       // 'o', or 0
    const char *value; // what help calls it: "FILE"; NULL for a flag
    enum option_kind kind;
    size_t offset;       // of a const char *, a double or a bool
    const char *choices; // "txt|json", for texts; or NULL
    double least, most;  // for numbers
    const char *doc;
};

struct call;
struct command {
    const char *name;     // "make"
    const char *operands; // as help shows them: "STORY.md"
    int operand_least, operand_most;
    const char *summary;          // one line
    const char *help;             // more, with an example
    const struct option *options; // ends with a row without name; may be NULL
    bool settings;                // help lists the settings too
    const void *defaults;         // a struct of values; NULL for all zero
    size_t values_size;
    error (*run)(const struct call *call);
};
struct call {
    struct arena *arena;
    const struct command *command;
    const void *values;
    const char *const *operands;
    int operand_count;
};

// Reads the arguments behind the command's name. USAGE says what is wrong and where to read more.
MUST_USE error options_read(
    struct arena *arena, const struct command *command, char **arguments, int count, struct call *ret_call);
// The command's help page.
void options_help(struct arena *arena, const struct command *command, struct buffer *out);
