// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a program of somebody else's in a sandbox of its own (engine/program.h): no network, no file but those it is
// given, limits of memory, time and output. What it is to read and write goes by descriptors without a name.
#pragma once

#include <stdatomic.h>

#include "base/error.h"

enum { PROGRAM_FILES_MAX = 4, PROGRAM_OUTPUT_LINE_MAX = 8 << 20 /* bytes; what is longer is left out */ };

// What a downloader has beyond other programs: a folder of its own, where it stands and which is its home, and a proxy.
// It may have no way to the folder but this one.
#define PROGRAM_FOLDER "/proc/self/cwd"
struct program_downloader {
    const char *folder;
    const char *proxy_url;
    int64_t file_bytes; // largest file
    int handout;        // gets the socket that the proxy listens on (engine/wall.h); -1: the proxy stands at `port`
    int port;
};
// How downloaders can be kept off the network here: asks kinora-engine.
struct program_walls {
    bool has_namespace, has_landlock;
    str namespace_reason, landlock_reason; // why not; in the arena
};
// What kinora-engine prints when it is given that one flag ("--walls", "--version"); the text in the arena.
MUST_USE error program_ask_engine(struct arena *arena, const char *engine_path, const char *flag, str *ret_text);
MUST_USE error program_walls(struct arena *arena, const char *engine_path, struct program_walls *ret_walls);

struct program_call {
    const char *engine_path;                     // of kinora-engine, which builds the sandbox
    const char *const *arguments;                // NULL-terminated; the first is the program's path
    const char *const *readable;                 // files and folders that it may read; NULL-terminated
    const struct program_downloader *downloader; // NULL: no network, nothing to write
    int input;                                   // descriptor that is its standard input; 0: nothing to read
    const int *files;                            // descriptors that it gets as 3, 4, ...
    size_t file_count;                           // PROGRAM_FILES_MAX at most
    void (*line)(void *context, str line);       // each line of its standard error; may be NULL
    void (*output)(void *context, str line);     // each line of its standard output, as it is; may be NULL
    void *context;
    const atomic_bool *cancelled; // may be NULL; looked at ten times a second
    const atomic_bool *enough;    // the same, when the caller has what it wants; may be NULL
    int64_t deadline_us;          // clock_mono_us time, 0 for none
};
// Waits for its end. ENGINE_CRASHED when a signal ended it, ENGINE_FAILED for any status but 0, each with its last
// words; CANCELLED and TIMED_OUT after it has been ended: by SIGTERM, or within a second more by SIGKILL. `name` stands
// in the sentences.
MUST_USE error program_run(const char *name, const struct program_call *call);

// A file in memory without a name, closed on exec. Holds `bytes` where there are any.
MUST_USE error program_file(const void *bytes, size_t size, int *ret_fd);
// All that was written to it. LIMIT_EXCEEDED above `size_max`.
MUST_USE error program_file_read(struct arena *arena, int fd, size_t size_max, str *ret_bytes);
// A folder in which names[i] leads to the descriptor 3 + i of whoever looks: for programs that want names. In the
// arena; program_folder_remove afterwards.
MUST_USE error program_folder(struct arena *arena, const char *const *names, size_t count, const char **ret_path);
void program_folder_remove(const char *path, const char *const *names, size_t count);
