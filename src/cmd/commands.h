// SPDX-License-Identifier: GPL-3.0-or-later
// Every command, each in its own file; the table stands in main.c. What several of them need stands here too.
#pragma once

#include "cmd/options.h"
#include "domain/story.h"
#include "work/film.h"
#include "work/local_pool.h"

extern const struct command api_command, api_document_command, backup_command, blobs_command, config_command,
    database_command, doctor_command, keys_command, make_command, open_command, preview_command, render_command,
    say_command, serve_command, stock_command, transcribe_command, upgrade_command, user_command, version_command,
    worker_command;

// Path of kinora-engine: the setting, or beside this program, or where it was installed. UNAVAILABLE says how to mend.
MUST_USE error engine_path(struct arena *arena, const char **ret_path);
// Whether the server may listen where the settings say. USAGE says what is wrong.
MUST_USE error serve_check_listen(bool *ret_beyond_loopback);
// Whether ADDRESS:PORT can be reached from this machine only.
bool serve_is_loopback(const char *listen);
// True once the user has asked to stop (Ctrl-C or SIGTERM); the second time ends the program at once.
const atomic_bool *interrupt_flag(void);
void interrupt_listen(void);

// A project document from PROJECT.json, a timeline (.otio), a project with its assets (.zip), or made from a story.
// Names of assets start from the file's folder, or stand for what is in the zip file. Lives in the arena.
struct loaded_project {
    json_t *document;
    const char *folder;
    struct package *package; // NULL: none
};
MUST_USE error project_load(struct arena *arena, const char *path, const struct story_options *story,
    struct warnings *warnings, struct loaded_project *ret_project);
// "mp4" from "x.MP4"; "" without an ending.
str file_ending(struct arena *arena, const char *path);
// From the terminal without echo, or one line of standard input. VALIDATION_ERROR when empty.
MUST_USE error password_read(struct arena *arena, str *ret_password);
// The operating system's name of who runs this command, or "user 1000" for one that it has no name for.
str console_user(struct arena *arena);
// Prints "warning: ..." lines to standard error.
void print_warnings(const struct warnings *warnings);
// A folder for unnamed temporary files: TMPDIR, or /var/tmp.
const char *scratch_folder(void);
