// SPDX-License-Identifier: GPL-3.0-or-later
// Where the blobs of this disk are: a folder with XX/ (256 of them) and tmp/. While they move to another one, the old
// stands beside it as DIRECTORY.old, and what is not in the new one is looked for there. DIRECTORY may be a link to
// where the files really are: a move changes it, so that every program that opens it sees the same.
#pragma once

#include <pthread.h>

#include "base/error.h"

enum { LOCAL_FAN_OUT = 256, LOCAL_MOVES_MAX = 32 /* in one run of the program */ };

struct folders {
    int root, tmp; // directories
};

struct local {
    char *directory;
    pthread_rwlock_t lock;                // of the rest, which a move changes
    struct folders now, old;              // old: -1 when there is none
    int puts_now, puts_old;               // writers under way in each
    struct folders kept[LOCAL_MOVES_MAX]; // of moves that have ended: somebody may still read there
    size_t kept_count;
};

MUST_USE error local_folders_open(const char *directory, struct local **ret_local);
void local_folders_close(struct local *local);
// Both, the newer one first; how many there are.
size_t local_folders_all(struct local *local, struct folders ret_folders[static 2]);
// A writer begins in the newer one, and has ended.
struct folders local_folders_put(struct local *local);
void local_folders_put_end(struct local *local, const struct folders *folders);
// New ones go to another directory from now on. CONFLICT while an earlier move is under way.
MUST_USE error local_folders_move(struct local *local, const char *directory);
// The old folder is empty, and no writer is left in it: it goes.
void local_folders_forget_old(struct local *local);
// Whether a writer of before the move is left.
bool local_folders_busy(struct local *local);
