// SPDX-License-Identifier: GPL-3.0-or-later
// One call fails: the first from a certain place in a unit test's program. A place is what was called, from where, and
// the two innermost functions of the program on the stack, so that a call of a library counts for each use of it.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"

enum { DEPTH = 40, PLACES_MAX = 1 << 16, OWN_FRAMES = 1 };

static struct {
    bool ready;
    int list;    // where places are written to, or -1
    uint64_t at; // the place that fails, or 0
    bool fired;
    int group;                 // of the tests that run, from 1
    uintptr_t low, high;       // the program
    uint64_t seen[PLACES_MAX]; // stacks, by their addresses
} calls = { .list = -1 };
static _Thread_local bool busy __attribute__((tls_model("initial-exec")));

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    calls.low = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            calls.high = calls.low + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    return 1; // the program comes first
}

static bool is_ours(const void *frame)
{
    return (uintptr_t)frame >= calls.low && (uintptr_t)frame < calls.high;
}

// A line: what is to be said and the stack within the program, innermost first, as addresses that addr2line takes. In
// one write, since threads do so at once.
static void print_stack(int file, const char *what, void *const *frames, int count)
{
    char line[128 + DEPTH * 20];
    int size = snprintf(line, 128, "%s", what);
    for (int i = 0; i < count; i++)
        if (is_ours(frames[i]))
            size += snprintf(line + size, 20, " %lx", (unsigned long)((uintptr_t)frames[i] - calls.low - 1));
    line[size++] = '\n';
    (void)!write(file, line, (size_t)size);
}

static void crashed(int number)
{
    busy = true;
    void *frames[DEPTH];
    int count = backtrace(frames, DEPTH);
    char what[64];
    snprintf(what, sizeof what, "kinora-faults: signal %d", number);
    print_stack(STDERR_FILENO, what, frames, count);
    _exit(120);
}

__attribute__((constructor)) static void prepare(void)
{
    const char *list = getenv("KINORA_FAULT_LIST"), *at = getenv("KINORA_FAULT_AT"),
               *test = getenv("KINORA_FAULT_TEST");
    // What the tests start is none of ours.
    if ((!list && !at) || strncmp(program_invocation_short_name, "test_", 5))
        return;
    void *frames[DEPTH];
    backtrace(frames, DEPTH); // loads what it needs
    dl_iterate_phdr(find_program, NULL);
    void (*filter)(const char *) = (void (*)(const char *))dlsym(RTLD_DEFAULT, "cmocka_set_test_filter");
    if (test && filter)
        filter(test);
    if (at) {
        static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
            sigaction(signals[i], &(struct sigaction) { .sa_handler = crashed }, NULL);
        sigaction(SIGPIPE, &(struct sigaction) { .sa_handler = SIG_IGN }, NULL); // as kinora does
        calls.at = strtoull(at, NULL, 16);
    } else {
        calls.list = open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    calls.ready = true;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x100000001b3;
}

// The same in every run: libraries are somewhere else each time.
static uint64_t place_of(enum call_kind kind, const char *name, void *const *frames, int count)
{
    Dl_info caller;
    uint64_t hash = mix(0xcbf29ce484222325, kind);
    for (const char *c = name; *c; c++)
        hash = mix(hash, (unsigned char)*c);
    if (dladdr(frames[0], &caller))
        hash = mix(hash, (uintptr_t)frames[0] - (uintptr_t)caller.dli_fbase);
    int found = 0;
    for (int i = 0; i < count && found < 2; i++)
        if (is_ours(frames[i])) {
            hash = mix(hash, (uintptr_t)frames[i] - calls.low);
            found++;
        }
    return found ? hash : 0;
}

// Whether this stack is met for the first time. Two threads may both think so, which does no harm.
static bool is_new(uint64_t stack)
{
    for (uint64_t i = stack % PLACES_MAX, tries = 0; tries < PLACES_MAX; i = (i + 1) % PLACES_MAX, tries++) {
        uint64_t there = __atomic_load_n(&calls.seen[i], __ATOMIC_RELAXED);
        if (there == stack)
            return false;
        if (!there) {
            __atomic_store_n(&calls.seen[i], stack, __ATOMIC_RELAXED);
            return true;
        }
    }
    return false;
}

static bool look(enum call_kind kind, const char *name)
{
    void *all[DEPTH], *const *frames = all;
    int count = backtrace(all, DEPTH);
    // Our own functions are on top.
    Dl_info own, frame;
    dladdr((void *)look, &own);
    while (count && dladdr(*frames, &frame) && frame.dli_fbase == own.dli_fbase)
        frames++, count--;
    uint64_t stack = mix(kind, (uintptr_t)name);
    for (int i = 0; i < count; i++)
        stack = mix(stack, (uintptr_t)frames[i]);
    if (!count || !is_new(stack | 1))
        return false;
    uint64_t place = place_of(kind, name, frames, count);
    if (!place)
        return false;
    if (calls.list >= 0) {
        static const char *const kinds[] = { "allocate", "read", "write", "query" };
        char what[96];
        snprintf(what, sizeof what, "%s %s %lx %d", kinds[kind], name, (unsigned long)place, calls.group);
        print_stack(calls.list, what, frames, count);
    }
    if (place != calls.at || __atomic_exchange_n(&calls.fired, true, __ATOMIC_RELAXED))
        return false;
    dprintf(STDERR_FILENO, "kinora-faults: fails\n");
    return true;
}

bool call_fails(enum call_kind kind, const char *name)
{
    if (!calls.ready || busy || calls.fired)
        return false;
    busy = true;
    int before = errno;
    bool result = look(kind, name);
    errno = before;
    busy = false;
    return result;
}

// cmocka would take a crash for a failed test and go on.
__sighandler_t signal(int number, __sighandler_t handler)
{
    bool kept = calls.at
                && (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGABRT);
    return kept ? SIG_DFL : NEXT(signal)(number, handler);
}

// Of the groups of tests (one for each database) only the one in which the place was met is run, or all of those before
// the first.
int _cmocka_run_group_tests(const char *name, const struct CMUnitTest *const tests, const size_t count,
    CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
    int group = ++calls.group;
    const char *only = getenv("KINORA_FAULT_GROUP");
    if (calls.fired || (only && atoi(only) != 0 && atoi(only) != group))
        return 0;
    return NEXT(_cmocka_run_group_tests)(name, tests, count, set_up, tear_down);
}

// A test that noticed is over: what it would do with what it did not get says nothing.
void _fail(const char *file, int line);
void _fail(const char *file, int line)
{
    if (!calls.fired)
        NEXT(_fail)(file, line);
    dprintf(STDERR_FILENO, "kinora-faults: noticed at %s:%d\n", file, line);
    _exit(1);
}
