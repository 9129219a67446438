// SPDX-License-Identifier: GPL-3.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/sandbox.h"
#include "net/warm.h"
#include "zygote_help.h"

static void a_sound_file_is_probed(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    struct memory_file wav = tone_wav(2.5, 22050);
    json_t *result;
    assert_ok(ask(child, arena, "probe", NULL, &wav, NULL, &result));
    assert_string_equal(json_get_str(result, "kind").data, "audio");
    assert_string_equal(json_get_str(result, "mime").data, "audio/wav");
    assert_true(json_is_null(json_object_get(result, "width")));
    assert_true(json_get_number(result, "duration", 0) == 2.5);
    const json_t *audio = json_object_get(result, "audio");
    assert_int_equal(json_get_int(audio, "sample_rate", 0), 22050);
    assert_int_equal(json_get_int(audio, "channels", 0), 1);
    free((char *)wav.data);
    child_end(child);
}

static void garbage_is_not_media_and_the_child_goes_on(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct child *child;
    json_t *result;
    assert_ok(child_fork(zygote, NULL, &child));
    static const char *const texts[] = { "", "x", "{\"a\": 1}\n", "%PDF-1.4 nothing to see", "RIFF\x10\0\0\0WAVE" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct memory_file file = { .data = texts[i], .size = strlen(texts[i]) };
        assert_error(ask(child, arena, "probe", NULL, &file, NULL, &result), ERROR_NOT_MEDIA);
    }
    unsigned seed = 1;
    char noise[20000];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
    struct memory_file file = { .data = noise, .size = sizeof noise };
    assert_error(ask(child, arena, "probe", NULL, &file, NULL, &result), ERROR_NOT_MEDIA);
    assert_error(ask(child, arena, "no.such", NULL, NULL, NULL, &result), ERROR_ENGINE_FAILED);
    assert_error(ask(child, arena, "probe", NULL, NULL, NULL, &result), ERROR_ASSET_MISSING);
    assert_true(child_alive(child));
    child_end(child);
}

static void a_playlist_gets_nothing(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_storage address = { .ss_family = AF_INET };
    socklen_t size = sizeof address;
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    const unsigned char *bytes = (const unsigned char *)&address;
    char text[400];
    int length = snprintf(text, sizeof text,
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:%d/a.ts\n"
        "#EXT-X-ENDLIST\n",
        bytes[2] << 8 | bytes[3]);
    struct memory_file file = { .data = text, .size = (size_t)length };
    struct child *child;
    json_t *result;
    assert_ok(child_fork(zygote, NULL, &child));
    assert_error(ask(child, arena, "probe", NULL, &file, NULL, &result), ERROR_NOT_MEDIA);
    char concat[] = "ffconcat version 1.0\nfile /etc/passwd\n";
    file = (struct memory_file) { .data = concat, .size = sizeof concat - 1 };
    assert_error(ask(child, arena, "probe", NULL, &file, NULL, &result), ERROR_NOT_MEDIA);
    assert_int_equal(accept(listener, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    close(listener);
    child_end(child);
}

static void a_warm_child_answers_a_hundred_questions(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct child *child;
    struct memory_file wav = tone_wav(1, 16000);
    assert_ok(child_fork(zygote, NULL, &child));
    int64_t begin_us = clock_mono_us();
    for (int i = 0; i < 100; i++) {
        json_t *result;
        assert_ok(ask(child, arena, "probe", NULL, &wav, NULL, &result));
        arena_reset(arena);
    }
    print_message("100 probes in one child: %.1f ms\n", (double)(clock_mono_us() - begin_us) / 1000);
    child_end(child);
    begin_us = clock_mono_us();
    for (int i = 0; i < 20; i++) {
        json_t *result;
        assert_ok(child_fork(zygote, NULL, &child));
        assert_ok(ask(child, arena, "probe", NULL, &wav, NULL, &result));
        child_end(child);
    }
    print_message("20 probes in fresh children: %.1f ms\n", (double)(clock_mono_us() - begin_us) / 1000);
    free((char *)wav.data);
}

// An input whose first read does something to the call under way.
struct trap {
    struct memory_file file;
    int kill_pid;
    atomic_bool *cancel;
    int64_t sleep_us;
    error answer;
};

static error trap_read(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct trap *trap = context;
    if (trap->kill_pid)
        kill(trap->kill_pid, SIGKILL);
    if (trap->cancel)
        atomic_store(trap->cancel, true);
    if (trap->sleep_us)
        usleep((useconds_t)trap->sleep_us);
    TRY(trap->answer);
    return memory_read(&trap->file, offset, ret_bytes, size, ret_got);
}

static error ask_trap(struct child *child, struct trap *trap, int64_t deadline_us)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    trap->file = tone_wav(1, 16000);
    struct child_input input = { .context = trap, .size = trap->file.size, .read = trap_read };
    struct child_call call = {
        .op = "probe", .inputs = &input, .input_count = 1, .cancelled = trap->cancel, .deadline_us = deadline_us
    };
    json_t *result;
    error failure = child_ask(child, arena, &call, &result);
    free((char *)trap->file.data);
    return failure;
}

static void a_killed_child_is_reported_with_its_signal(void **state)
{
    (void)state;
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    struct trap trap = { .kill_pid = child_pid(child) };
    error failure = ask_trap(child, &trap, 0);
    assert_error(failure, ERROR_ENGINE_CRASHED);
    assert_non_null(strstr(failure.message, "signal 9"));
    assert_false(child_alive(child));
    assert_error(ask_trap(child, &trap, 0), ERROR_ENGINE_CRASHED);
    child_end(child);
}

static void assert_ends(int pid)
{
    int64_t give_up_us = clock_mono_us() + 5 * SECOND_US;
    while (kill(pid, 0) == 0 && clock_mono_us() < give_up_us)
        usleep(1000);
    assert_int_equal(kill(pid, 0), -1);
}

static void a_cancelled_call_ends_at_once(void **state)
{
    (void)state;
    struct child *child;
    atomic_bool cancelled = false;
    assert_ok(child_fork(zygote, NULL, &child));
    int pid = child_pid(child);
    struct trap trap = { .cancel = &cancelled };
    int64_t begin_us = clock_mono_us();
    assert_error(ask_trap(child, &trap, 0), ERROR_CANCELLED);
    assert_true(clock_mono_us() - begin_us < 2 * SECOND_US);
    assert_ends(pid);
    child_end(child);
}

// The child stops, as one does that computes and asks nothing.
static void a_stopped_child_is_cancelled_and_meets_its_deadline(void **state)
{
    (void)state;
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    kill(child_pid(child), SIGSTOP);
    struct trap trap = { 0 };
    int64_t begin_us = clock_mono_us();
    assert_error(ask_trap(child, &trap, begin_us + 300000), ERROR_TIMED_OUT);
    int64_t took_us = clock_mono_us() - begin_us;
    assert_true(took_us >= 300000 && took_us < SECOND_US);
    assert_ends(child_pid(child));
    child_end(child);
}

static void a_failed_read_is_passed_on_and_ends_the_child(void **state)
{
    (void)state;
    struct child *child;
    assert_ok(child_fork(zygote, NULL, &child));
    struct trap trap = { .answer = error_of(ERROR_DATA_CORRUPT) };
    assert_error(ask_trap(child, &trap, 0), ERROR_DATA_CORRUPT);
    assert_false(child_alive(child));
    child_end(child);
}

static void a_read_that_failed_is_not_blamed_on_the_next_question(void **state)
{
    (void)state;
    struct warm *warm;
    assert_ok(warm_open(zygote, 1, &warm));
    struct trap trap = { .answer = error_of(ERROR_UNAVAILABLE), .file = tone_wav(1, 16000) };
    struct child_input input = { .context = &trap, .size = trap.file.size, .read = trap_read };
    struct child_call call = {
        .op = "probe", .inputs = &input, .input_count = 1, .deadline_us = clock_mono_us() + 60 * SECOND_US
    };
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    json_t *result;
    assert_error(warm_ask(warm, arena, STR("somebody"), &call, &result), ERROR_UNAVAILABLE);
    trap.answer = OK;
    assert_ok(warm_ask(warm, arena, STR("somebody"), &call, &result));
    warm_close(warm);
    free((char *)trap.file.data);
}

static int parent_of(int pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    int parent = 0;
    assert_int_equal(sscanf(strrchr(text, ')') + 1, " %*c %d", &parent), 1);
    return parent;
}

static void children_end_with_their_zygote_and_a_new_one_comes(void **state)
{
    (void)state;
    struct zygote *own;
    struct child *first, *second;
    assert_ok(zygote_start(engine_path(), ZYGOTE_PLAIN, &own));
    assert_ok(child_fork(own, NULL, &first));
    int pid = child_pid(first);
    kill(parent_of(pid), SIGKILL);
    assert_ends(pid);
    assert_ok(child_fork(own, NULL, &second));
    struct trap trap = { 0 };
    assert_ok(ask_trap(second, &trap, 0));
    assert_error(ask_trap(first, &trap, 0), ERROR_ENGINE_CRASHED);
    child_end(first);
    pid = child_pid(second);
    zygote_stop(own);
    assert_ends(pid);
    child_end(second);
}

static void a_missing_engine_is_an_error(void **state)
{
    (void)state;
    struct zygote *none;
    assert_error(zygote_start("/nonexistent/kinora-engine", ZYGOTE_PLAIN, &none), ERROR_INTERNAL_ERROR);
    struct child *child;
    assert_ok(zygote_start("/bin/false", ZYGOTE_PLAIN, &none));
    assert_error(child_fork(none, NULL, &child), ERROR_ENGINE_CRASHED);
    zygote_stop(none);
}

static void *fork_and_ask(void *context)
{
    error *failure = context;
    for (int i = 0; i < 10 && !error_is(*failure); i++) {
        struct child *child;
        *failure = child_fork(zygote, NULL, &child);
        if (error_is(*failure))
            break;
        struct trap trap = { 0 };
        *failure = ask_trap(child, &trap, 0);
        child_end(child);
    }
    return NULL;
}

static void one_zygote_serves_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    error failures[4] = { 0 };
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, fork_and_ask, &failures[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(failures[i].code, ERROR_NONE);
    }
}

// Runs `attempt` in a process of its own within the sandbox; what it returns is the exit status.
static int in_sandbox(int (*attempt)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox_limits limits = { .memory_bytes = INT64_C(1) << 30, .cpu_seconds = 10 };
        if (error_is(sandbox_enter(&limits)))
            _exit(99);
        _exit(attempt());
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int refused(long result)
{
    return result < 0 && (errno == EACCES || errno == EPERM) ? 1 : 2;
}

static int try_password_file(void)
{
    return refused(open("/etc/passwd", O_RDONLY));
}

static int try_process_memory(void)
{
    return refused(open("/proc/1/environ", O_RDONLY));
}

static int try_writing(void)
{
    return refused(open("/tmp/kinora-sandbox-test", O_WRONLY | O_CREAT, 0600));
}

static int try_unnamed_file(void)
{
    return refused(open("/tmp", O_RDWR | O_TMPFILE, 0600));
}

static int try_internet(void)
{
    return refused(socket(AF_INET, SOCK_DGRAM, 0)) == 1 ? refused(socket(AF_UNIX, SOCK_STREAM, 0)) : 2;
}

static int try_program(void)
{
    char *const arguments[] = { "true", NULL };
    return refused(execv("/bin/true", arguments));
}

static int try_fork(void)
{
    return refused(fork());
}

static int try_killing_the_parent(void)
{
    return refused(kill(getppid(), SIGTERM));
}

static int try_memory(void)
{
    size_t size = (size_t)2 << 30;
    return malloc(size) == NULL ? 1 : 2;
}

static int try_descriptors(void)
{
    for (int count = 0; count < 4096; count++)
        if (fcntl(0, F_DUPFD, 3) < 0)
            return 1;
    return 2;
}

static int try_spinning(void)
{
    for (volatile unsigned long long count = 1; count; count++)
        continue;
    return 2;
}

static int try_font(void)
{
    DIR *folder = opendir("/usr/share/fonts");
    return folder && readdir(folder) ? 1 : 2;
}

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static void the_sandbox_lets_nothing_out(void **state)
{
    (void)state;
    assert_int_equal(access("/etc/passwd", R_OK), 0);
    assert_int_equal(in_sandbox(try_password_file), 1);
    assert_int_equal(in_sandbox(try_process_memory), 1);
    assert_int_equal(in_sandbox(try_writing), 1);
    assert_int_equal(in_sandbox(try_unnamed_file), 1);
    assert_int_equal(in_sandbox(try_internet), 1);
    assert_int_equal(in_sandbox(try_program), 1);
    assert_int_equal(in_sandbox(try_fork), 1);
    assert_int_equal(in_sandbox(try_killing_the_parent), 1);
    assert_int_equal(in_sandbox(try_font), 1);
    assert_int_equal(in_sandbox(try_descriptors), 1);
    // A sanitizer's shadow memory makes address space unlimited.
    assert_int_equal(in_sandbox(try_memory), SANITIZED ? 2 : 1);
}

static void the_sandbox_ends_what_never_ends(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox_limits limits = { .memory_bytes = INT64_C(1) << 30, .cpu_seconds = 1 };
        if (error_is(sandbox_enter(&limits)))
            _exit(99);
        _exit(try_spinning());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL));
}

// Asks a fresh child about a file, which ends in a result or a clean error; true for a result.
static bool described(const char *name, struct memory_file *file)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct child *child;
    json_t *result;
    assert_ok(child_fork(zygote, NULL, &child));
    error failure = ask(child, arena, "probe", NULL, file, NULL, &result);
    if (error_is(failure))
        print_message("%-32s %s: %s\n", name, error_info(failure.code)->name, failure.message);
    else
        print_message("%-32s %s\n", name, json_text(arena, result).data);
    assert_true(child_alive(child));
    child_end(child);
    return !error_is(failure);
}

static void no_damaged_file_crashes_a_child(void **state)
{
    (void)state;
    struct memory_file wav = tone_wav(0.5, 8000);
    char *bytes = malloc(wav.size);
    int results = 0;
    for (unsigned i = 0; i < 50; i++) {
        memcpy(bytes, wav.data, wav.size);
        // Even ones are cut short, odd ones have a byte of the header changed.
        if (i % 2)
            bytes[i - 1] = (char)(bytes[i - 1] ^ (int)(i * 37));
        struct memory_file file = { .data = bytes, .size = i % 2 ? wav.size : i };
        results += described(i % 2 ? "changed" : "cut", &file);
    }
    free(bytes);
    free((char *)wav.data);
    assert_in_range(results, 1, 49);
}

// Real files, ordinary and hostile, where they are there.
static void no_real_file_crashes_a_child(void **state)
{
    (void)state;
    DIR *folder = opendir(KINORA_SHARED "/inputs/media");
    if (!folder)
        return;
    int results = 0, refusals = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        ARENA_AUTO struct arena *arena = arena_new(1 << 16);
        struct memory_file file = file_load(str_format(arena, KINORA_SHARED "/inputs/media/%s", entry->d_name).data);
        bool result = described(entry->d_name, &file);
        results += result;
        refusals += !result;
        free((char *)file.data);
    }
    closedir(folder);
    print_message("%d described, %d refused\n", results, refusals);
    assert_true(results >= 20 && refusals >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_file_is_probed),
        cmocka_unit_test(garbage_is_not_media_and_the_child_goes_on),
        cmocka_unit_test(a_playlist_gets_nothing),
        cmocka_unit_test(a_warm_child_answers_a_hundred_questions),
        cmocka_unit_test(a_killed_child_is_reported_with_its_signal),
        cmocka_unit_test(a_cancelled_call_ends_at_once),
        cmocka_unit_test(a_stopped_child_is_cancelled_and_meets_its_deadline),
        cmocka_unit_test(a_failed_read_is_passed_on_and_ends_the_child),
        cmocka_unit_test(a_read_that_failed_is_not_blamed_on_the_next_question),
        cmocka_unit_test(children_end_with_their_zygote_and_a_new_one_comes),
        cmocka_unit_test(a_missing_engine_is_an_error),
        cmocka_unit_test(one_zygote_serves_many_threads),
        cmocka_unit_test(the_sandbox_lets_nothing_out),
        cmocka_unit_test(the_sandbox_ends_what_never_ends),
        cmocka_unit_test(no_damaged_file_crashes_a_child),
        cmocka_unit_test(no_real_file_crashes_a_child),
    };
    return cmocka_run_group_tests(tests, start_zygote, stop_zygote);
}
