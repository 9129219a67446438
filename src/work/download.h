// SPDX-License-Identifier: GPL-3.0-or-later
// The job "download" {link_id}: one look at a link. What the files download_*.c share.
#pragma once

#include "domain/link_item.h"
#include "domain/link_run.h"
#include "net/program.h"
#include "work/run.h"

struct download {
    struct run *run;
    struct link link;
    const char *folder; // of this link alone, on this disk; what is not finished stays there for the next look
    int folder_fd;
    str jar; // cookies in Netscape's form; STR_NONE for none
    int64_t deadline_us, items_max;
    json_t *files, *media_numbers, *media_uuids; // what is new
    int64_t saved, failed;                       // files
    enum link_failure failure;                   // the first, and what was said of it
    str message;
    atomic_bool enough; // the downloader may end: all is there that was wanted, or nothing more can be done
    bool fatal;         // no other file will do better: the disk is full, the quota used up
    error problem;      // of the server itself: the attempt has failed
};

// Downloaders: find what is new and save it. An error is one of the server itself; what goes wrong with the link is
// noted. CANCELLED when the job is no longer wanted.
MUST_USE error download_direct(struct download *download);
MUST_USE error download_feed(struct download *download);
MUST_USE error download_ytdlp(struct download *download);
MUST_USE error download_gallery(struct download *download);

// Notes why something failed; the first counts.
void download_note(struct download *download, enum link_failure failure, str message);
// Whether a title passes the link's filters.
bool download_wants_title(const struct download *download, str title);
bool download_is_full(const struct download *download); // as many files as one look may save

// Takes a finished file of the folder into the library, under `key` (the extractor and its id), and removes it. A
// content that the link has saved already is only remembered. Notes what is wrong with the file; errors are the
// server's.
MUST_USE error download_save(struct download *download, const char *file, str key, str title);

// Running yt-dlp and gallery-dl (download_tool.c).
enum download_tool { TOOL_YT_DLP, TOOL_GALLERY_DL, TOOL_COUNT };
struct download_tool_call {
    enum download_tool tool;
    const char *const *arguments;            // behind the program's name; NULL-terminated
    void (*output)(void *context, str line); // of its standard output
    void *context;
};
// Runs the tool behind a wall, with its proxy. Its complaints are classed and noted when it fails. Errors are the
// server's; a tool that failed is none.
MUST_USE error download_tool_run(struct download *download, const struct download_tool_call *call);
// The cookies as a file for the tool, in the folder; NULL when there are none. Removed with download_tool_forget.
MUST_USE error download_tool_cookies(struct download *download, const char **ret_path);
void download_tool_forget(struct download *download);

// For kinora doctor: where the tool is, its version, or the sentence what is wrong.
struct download_tool_found {
    const char *path;
    str version;
};
MUST_USE error download_tool_look(
    struct arena *arena, const char *engine_path, enum download_tool tool, struct download_tool_found *ret_found);
// Which wall is used: "namespace", "landlock"; UNAVAILABLE says why there is none.
MUST_USE error download_wall(struct arena *arena, const char *engine_path, bool *ret_namespace);
extern const char *const download_tool_names[TOOL_COUNT];
