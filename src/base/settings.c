// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The defaults, also of programs and tests that load no settings.
#define SETTING_TEXT(member, variable, fallback, sentence) .member = fallback,
#define SETTING_SECRET(member, variable, sentence) .member = "",
#define SETTING_INT(member, variable, fallback, from, to, sentence) .member = fallback,
#define SETTING_FLAG(member, variable, fallback, sentence) .member = fallback,
struct settings settings = {
#include "base/setting_list.h"
};
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_INT
#undef SETTING_FLAG

enum setting_kind { KIND_TEXT, KIND_INT, KIND_FLAG };

struct setting {
    const char *name, *environment, *doc;
    enum setting_kind kind;
    size_t offset;
    const char *text;
    int64_t number, least, most;
    bool flag, secret, live;
};

#define ROW_TEXT(member, variable, fallback, sentence, secret, live)                                                   \
    { #member, variable, sentence, KIND_TEXT, offsetof(struct settings, member), fallback, 0, 0, 0, false, secret,     \
        live },
#define ROW_INT(member, variable, fallback, from, to, sentence, live)                                                  \
    { #member, variable, sentence, KIND_INT, offsetof(struct settings, member), NULL, fallback, from, to, false,       \
        false, live },
#define ROW_FLAG(member, variable, fallback, sentence, live)                                                           \
    { #member, variable, sentence, KIND_FLAG, offsetof(struct settings, member), NULL, 0, 0, 0, fallback, false, live },
#define SETTING_TEXT(member, variable, fallback, sentence) ROW_TEXT(member, variable, fallback, sentence, false, false)
#define SETTING_SECRET(member, variable, sentence) ROW_TEXT(member, variable, "", sentence, true, false)
#define SETTING_INT(member, variable, fallback, from, to, sentence)                                                    \
    ROW_INT(member, variable, fallback, from, to, sentence, false)
#define SETTING_FLAG(member, variable, fallback, sentence) ROW_FLAG(member, variable, fallback, sentence, false)
#define SETTING_LIVE_TEXT(member, variable, fallback, sentence)                                                        \
    ROW_TEXT(member, variable, fallback, sentence, false, true)
#define SETTING_LIVE_SECRET(member, variable, sentence) ROW_TEXT(member, variable, "", sentence, true, true)
#define SETTING_LIVE_INT(member, variable, fallback, from, to, sentence)                                               \
    ROW_INT(member, variable, fallback, from, to, sentence, true)
#define SETTING_LIVE_FLAG(member, variable, fallback, sentence) ROW_FLAG(member, variable, fallback, sentence, true)
static const struct setting list[] = {
#include "base/setting_list.h"
};
#undef SETTING_TEXT
#undef SETTING_SECRET
#undef SETTING_INT
#undef SETTING_FLAG

enum { SETTING_COUNT = sizeof list / sizeof *list };
static enum setting_source sources[SETTING_COUNT];

static error set(struct arena *arena, size_t i, str value, enum setting_source source, const char *shown_as)
{
    const struct setting *setting = &list[i];
    char *place = (char *)&settings + setting->offset;
    int64_t number;
    switch (setting->kind) {
    case KIND_TEXT:
        *(const char **)(void *)place = str_to_c(arena, value);
        break;
    case KIND_INT:
        if (!str_to_int(value, &number) || number < setting->least || number > setting->most)
            return error_make(ERROR_USAGE, shown_as, "%s must be a whole number from %lld to %lld, not \"%.*s\"",
                shown_as, (long long)setting->least, (long long)setting->most, STR_ARGS(value));
        *(int64_t *)(void *)place = number;
        break;
    case KIND_FLAG:
        if (str_equal(value, STR("1")) || str_equal(value, STR("true")) || str_equal(value, STR("on")))
            *(bool *)(void *)place = true;
        else if (str_equal(value, STR("0")) || str_equal(value, STR("false")) || str_equal(value, STR("off")))
            *(bool *)(void *)place = false;
        else
            return error_make(ERROR_USAGE, shown_as, "%s must be on or off, not \"%.*s\"", shown_as, STR_ARGS(value));
        break;
    }
    sources[i] = source;
    return OK;
}

static void set_defaults(void)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char *place = (char *)&settings + list[i].offset;
        sources[i] = SOURCE_DEFAULT;
        if (list[i].kind == KIND_TEXT)
            *(const char **)(void *)place = list[i].text;
        else if (list[i].kind == KIND_INT)
            *(int64_t *)(void *)place = list[i].number;
        else
            *(bool *)(void *)place = list[i].flag;
    }
}

static str flag_name(struct arena *arena, const struct setting *setting)
{
    char *flag = (char *)str_copy(arena, str_of(setting->name)).data;
    for (char *at = flag; *at; at++)
        if (*at == '_')
            *at = '-';
    return str_of(flag);
}

static ptrdiff_t find_flag(struct arena *arena, str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (str_equal(flag_name(arena, &list[i]), name))
            return (ptrdiff_t)i;
    return -1;
}

// Takes --name value and --name=value of known settings out of the arguments; stops at "--". The values are
// kept in *found (SETTING_COUNT texts), since the file and the environment are read first.
static error take_flags(struct arena *arena, char **arguments, int *count, str *found)
{
    int kept = 0, i = 0;
    for (; i < *count && strcmp(arguments[i], "--"); i++) {
        str argument = str_of(arguments[i]);
        ptrdiff_t equals = str_index(argument, '=');
        str name = equals < 0 ? argument : str_sub(argument, 0, (size_t)equals);
        ptrdiff_t at = str_starts(name, STR("--")) ? find_flag(arena, str_sub(name, 2, name.size)) : -1;
        if (at < 0) {
            arguments[kept++] = arguments[i];
        } else if (equals >= 0) {
            found[at] = str_sub(argument, (size_t)equals + 1, argument.size);
        } else if (list[at].kind == KIND_FLAG) {
            found[at] = STR("on");
        } else if (i + 1 < *count) {
            found[at] = str_of(arguments[++i]);
        } else {
            return error_make(ERROR_USAGE, argument.data, "%s needs a value", argument.data);
        }
    }
    for (; i < *count; i++)
        arguments[kept++] = arguments[i];
    arguments[kept] = NULL;
    *count = kept;
    return OK;
}

static error read_line(struct arena *arena, str line, const char *path, int number)
{
    line = str_trim(line);
    if (line.size == 0 || line.data[0] == '#')
        return OK;
    ptrdiff_t equals = str_index(line, '=');
    if (equals < 0)
        return error_make(ERROR_USAGE, path, "%s line %d: expected name = value", path, number);
    str name = str_trim(str_sub(line, 0, (size_t)equals));
    str value = str_trim(str_sub(line, (size_t)equals + 1, line.size));
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (str_equal_c(name, list[i].name))
            return set(arena, i, value, SOURCE_FILE, list[i].name);
    return error_make(ERROR_USAGE, path, "%s line %d: there is no setting \"%.*s\"", path, number, STR_ARGS(name));
}

static error read_file(struct arena *arena, const char *path, bool must_exist)
{
    FILE *file = fopen(path, "re");
    if (!file && !must_exist && (errno == ENOENT || errno == ENOTDIR))
        return OK;
    if (!file)
        return error_make(ERROR_USAGE, path, "Cannot read the configuration %s: %s", path, strerror(errno));
    char line[4096];
    error result = OK;
    for (int number = 1; !error_is(result) && fgets(line, sizeof line, file); number++)
        result = read_line(arena, str_of(line), path, number);
    fclose(file);
    return result;
}

static size_t index_of(const char *name)
{
    size_t i = 0;
    while (strcmp(list[i].name, name))
        i++;
    return i;
}

// The data folder and the file's own path decide which file is read, so they are looked up first.
static error read_files(struct arena *arena, const str *flags)
{
    size_t config = index_of("config"), data = index_of("data");
    const char *path = flags[config].data ? flags[config].data : getenv(list[config].environment);
    if (path && *path)
        return read_file(arena, path, true);
    const char *folder = flags[data].data ? flags[data].data : getenv(list[data].environment);
    TRY(read_file(arena, "/etc/kinora/kinora.conf", false));
    return read_file(
        arena, str_format(arena, "%s/kinora.conf", folder && *folder ? folder : settings.data).data, false);
}

error settings_load(struct arena *arena, char **arguments, int *count)
{
    str found[SETTING_COUNT] = { 0 };
    set_defaults();
    TRY(take_flags(arena, arguments, count, found));
    TRY(read_files(arena, found));
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = getenv(list[i].environment);
        if (value && *value)
            TRY(set(arena, i, str_of(value), SOURCE_ENVIRONMENT, list[i].environment));
    }
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (found[i].data)
            TRY(set(arena, i, found[i], SOURCE_FLAG, str_format(arena, "--%s", flag_name(arena, &list[i]).data).data));
    return OK;
}

// A URL without its password: "postgresql://user:secret@host/name?password=secret".
static str without_password(struct arena *arena, str text)
{
    const char *scheme = strstr(text.data, "://"), *query = scheme ? strstr(scheme, "password=") : NULL;
    if (!scheme)
        return text;
    size_t from = (size_t)(scheme + 3 - text.data), at = from + strcspn(text.data + from, "/?");
    while (at > from && text.data[at] != '@') // the last of them
        at--;
    size_t colon = from + strcspn(text.data + from, ":");
    if (colon < at)
        return str_format(arena, "%.*s:(set)%.*s", (int)colon, text.data, (int)(text.size - at), text.data + at);
    if (!query)
        return text;
    size_t end = (size_t)(query - text.data) + strlen("password=");
    size_t rest = end + strcspn(text.data + end, "&");
    return str_format(arena, "%.*s(set)%s", (int)end, text.data, text.data + rest);
}

size_t settings_list(struct arena *arena, const struct setting_info **ret_infos)
{
    struct setting_info *infos = ARENA_ARRAY(arena, struct setting_info, SETTING_COUNT);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *place = (const char *)&settings + list[i].offset;
        infos[i] = (struct setting_info) { .flag = flag_name(arena, &list[i]).data,
            .environment = list[i].environment,
            .doc = list[i].doc,
            .is_flag = list[i].kind == KIND_FLAG,
            .is_secret = list[i].secret,
            .source = sources[i] };
        str text = list[i].kind == KIND_TEXT ? str_of(*(const char *const *)(const void *)place) : STR_NONE;
        if (list[i].kind == KIND_TEXT)
            infos[i].value = list[i].secret && text.size ? STR("(set)") : without_password(arena, text);
        else if (list[i].kind == KIND_INT)
            infos[i].value = str_format(arena, "%lld", (long long)*(const int64_t *)(const void *)place);
        else
            infos[i].value = *(const bool *)(const void *)place ? STR("on") : STR("off");
    }
    *ret_infos = infos;
    return SETTING_COUNT;
}

// Texts that were set while the program ran: none is freed, since others may be reading it.
struct kept {
    struct kept *before;
    char text[];
};
static struct kept *kept_texts;
static struct settings at_start;
static bool started[SETTING_COUNT]; // `at_start` holds it

static error change_text(const char **place, str value)
{
    struct kept *kept = malloc(sizeof *kept + value.size + 1);
    if (!kept)
        return error_system("keep", "a setting", ENOMEM);
    memcpy(kept->text, value.data, value.size);
    kept->text[value.size] = 0;
    kept->before = kept_texts;
    kept_texts = kept;
    __atomic_store_n(place, kept->text, __ATOMIC_RELEASE);
    return OK;
}

// Between two places of the same member.
static void copy_value(const struct setting *setting, const struct settings *from, struct settings *to)
{
    const char *source = (const char *)from + setting->offset;
    char *target = (char *)to + setting->offset;
    if (setting->kind == KIND_TEXT)
        __atomic_store_n((const char **)(void *)target, *(const char *const *)(const void *)source, __ATOMIC_RELEASE);
    else if (setting->kind == KIND_INT)
        __atomic_store_n((int64_t *)(void *)target, *(const int64_t *)(const void *)source, __ATOMIC_RELAXED);
    else
        __atomic_store_n((bool *)(void *)target, *(const bool *)(const void *)source, __ATOMIC_RELAXED);
}

static error change_value(const struct setting *setting, str value)
{
    char *place = (char *)&settings + setting->offset;
    int64_t number;
    if (setting->kind == KIND_TEXT) {
        const char **text = (const char **)(void *)place;
        return str_equal_c(value, *text) ? OK : change_text(text, value);
    }
    if (setting->kind == KIND_INT) {
        if (!str_to_int(value, &number) || number < setting->least || number > setting->most)
            return error_make(ERROR_USAGE, setting->name, "%s must be a whole number from %lld to %lld", setting->name,
                (long long)setting->least, (long long)setting->most);
        __atomic_store_n((int64_t *)(void *)place, number, __ATOMIC_RELAXED);
        return OK;
    }
    __atomic_store_n((bool *)(void *)place, str_equal(value, STR("true")), __ATOMIC_RELAXED);
    return OK;
}

static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;

static error change(size_t i, str value)
{
    if (!started[i])
        copy_value(&list[i], &settings, &at_start);
    started[i] = true;
    if (value.data)
        return change_value(&list[i], value);
    copy_value(&list[i], &at_start, &settings);
    return OK;
}

error settings_change(str name, str value)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!list[i].live || !str_equal_c(name, list[i].name))
            continue;
        pthread_mutex_lock(&change_lock);
        error result = change(i, value);
        pthread_mutex_unlock(&change_lock);
        return result;
    }
    return error_make(ERROR_NOT_FOUND, "setting", "There is no setting \"%.*s\" that can be changed", STR_ARGS(name));
}
