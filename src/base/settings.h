// SPDX-License-Identifier: GPL-3.0-or-later
// Start-up settings: declared once in setting_list.h; each has a flag (--data), an environment name
// (KINORA_DATA) and a key in the file (data = ...), in that order of strength.
#pragma once

#include "base/error.h"

#define SETTING_TEXT(name, environment, fallback, doc) const char *name;
#define SETTING_SECRET(name, environment, doc) const char *name;
#define SETTING_INT(name, environment, fallback, least, most, doc) int64_t name;
#define SETTING_FLAG(name, environment, fallback, doc) bool name;
struct settings {
#include "base/setting_list.h"
};
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_INT
#undef SETTING_FLAG

// Written once at start and read everywhere; those that are LIVE in the list may change later, each at once and by
// itself, and a text that was read stays valid.
extern struct settings settings;
#define SETTING_NOW(name) __atomic_load_n(&settings.name, __ATOMIC_RELAXED)
// A text that is neither empty nor, in programs that load no settings, NULL.
static inline bool settings_has(const char *text)
{
    return text && *text;
}

enum setting_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };
struct setting_info {
    const char *flag;        // "tls-certificate"
    const char *environment; // "KINORA_TLS_CERTIFICATE"
    const char *doc;
    bool is_flag;   // takes no value on the command line
    bool is_secret; // `value` is then "(set)" or empty; of any other, a password in a URL is
    enum setting_source source;
    str value; // as text
};

// Reads the file (DATA/kinora.conf or --config; absent is fine unless it was named), the environment and the flags
// among `arguments`, removing the flags it knows from the list (*count shrinks). USAGE names what is wrong.
MUST_USE error settings_load(struct arena *arena, char **arguments, int *count);
// For `kinora config check` and the docs: every setting with where its value comes from.
size_t settings_list(struct arena *arena, const struct setting_info **ret_infos);

// Changes one that is LIVE while the program runs; STR_NONE: back to what it was at the start. NOT_FOUND for any other
// name, USAGE for a value that does not fit.
MUST_USE error settings_change(str name, str value);
