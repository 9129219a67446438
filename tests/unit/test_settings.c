// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/settings.h"
#include "test.h"

static char folder[] = "/tmp/kinora-settings-XXXXXX";

static void write_file(const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%s/kinora.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static error load(struct arena *arena, int *count, char **arguments)
{
    return settings_load(arena, arguments, count);
}

static void flags_beat_the_environment_which_beats_the_file(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    write_file("# a comment\n\nlisten = 127.0.0.1:1\nworkers=3\ntoken_ttl = 60\n");
    setenv("KINORA_WORKERS", "4", 1);
    setenv("KINORA_TOKEN_TTL", "70", 1);
    char *arguments[] = { "serve", "--data", folder, "--token-ttl=80", "--no-workers", "rest", "--", "--data", NULL };
    int count = 8;
    assert_ok(load(arena, &count, arguments));
    assert_string_equal(settings.listen, "127.0.0.1:1");
    assert_int_equal(settings.workers, 4);
    assert_int_equal(settings.token_ttl, 80);
    assert_true(settings.no_workers);
    assert_int_equal(count, 4);
    assert_string_equal(arguments[0], "serve");
    assert_string_equal(arguments[1], "rest");
    assert_string_equal(arguments[3], "--data");
    const struct setting_info *infos;
    size_t infos_count = settings_list(arena, &infos);
    bool seen = false;
    for (size_t i = 0; i < infos_count; i++)
        if (!strcmp(infos[i].flag, "workers")) {
            seen = true;
            assert_int_equal(infos[i].source, SOURCE_ENVIRONMENT);
            assert_true(str_equal(infos[i].value, STR("4")));
        }
    assert_true(seen);
    unsetenv("KINORA_WORKERS");
    unsetenv("KINORA_TOKEN_TTL");
}

static void a_secret_is_never_listed(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    write_file("s3_secret_key = hidden one\n");
    setenv("KINORA_S3_ACCESS_KEY", "hidden two", 1);
    char *arguments[] = { "--data", folder, "--setup-code", "hidden three", NULL };
    int count = 4;
    assert_ok(load(arena, &count, arguments));
    assert_string_equal(settings.s3_secret_key, "hidden one");
    const struct setting_info *infos;
    size_t infos_count = settings_list(arena, &infos), secrets = 0;
    for (size_t i = 0; i < infos_count; i++) {
        assert_true(str_find(infos[i].value, STR("hidden")) < 0);
        secrets += infos[i].is_secret && infos[i].value.size > 0;
    }
    assert_int_equal(secrets, 3);
    unsetenv("KINORA_S3_ACCESS_KEY");
    write_file("");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const struct {
        const char *file, *says;
    } files[] = { { "nonsense\n", "line 1" }, { "\nno_such = 1\n", "no_such" }, { "workers = many\n", "workers" },
        { "workers = 1000\n", "256" }, { "no_workers = perhaps\n", "no_workers" } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file(files[i].file);
        char *arguments[] = { "--data", folder, NULL };
        int count = 2;
        error result = load(arena, &count, arguments);
        assert_error(result, ERROR_USAGE);
        assert_non_null(strstr(result.message, files[i].says));
    }
    write_file("");
    char *missing[] = { "--workers", NULL };
    int count = 1;
    error result = load(arena, &count, missing);
    assert_error(result, ERROR_USAGE);
    assert_non_null(strstr(result.message, "--workers"));
    char *absent[] = { "--config", "/nonexistent/kinora.conf", NULL };
    count = 2;
    assert_error(load(arena, &count, absent), ERROR_USAGE);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "%s/kinora.conf", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_beat_the_environment_which_beats_the_file),
        cmocka_unit_test(a_secret_is_never_listed),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
