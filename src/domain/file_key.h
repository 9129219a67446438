// SPDX-License-Identifier: GPL-3.0-or-later
// Each media file's data key, sealed to everyone who may read it: a row for its owner and one for each person it is
// shared with. Whoever has no row may not read: the row is the permission. The server's own way to the key is the one
// sealed by the master key, in the list of blobs.
#pragma once

#include "domain/media.h"
#include "domain/user_key.h"

// THE condition in SQL: "... WHERE " FILE_KEY_READABLE("m.id", "$1"), $1 being a user's UUID. One look at a primary
// key.
#define FILE_KEY_READABLE(media_id, user)                                                                              \
    " EXISTS (SELECT 1 FROM file_key fk WHERE fk.media_id = " media_id " AND fk.user_id = " user ") "
// Of it, what others own, as a set: "... WHERE m.id" FILE_KEY_SHARED_WITH("$1"). For lists, which begin there.
#define FILE_KEY_SHARED_WITH(user) " IN (SELECT media_id FROM file_key WHERE user_id = " user " AND is_shared)"

struct file_key {
    str media_id, owner_id, sealed_key; // by box_seal, to the one who asked
    time_us created_at;
};
struct file_share {
    str media_id, user_id, username;
    time_us created_at;
};

// Whether the actor may read the file: its owner, whom it is shared with, a superuser.
MUST_USE error file_key_may_read(struct scope *scope, str media_id, str owner_id, bool *ret_may);
// Sealed to the actor. MEDIA_NOT_FOUND for a file that the actor may not read.
MUST_USE error file_key_get(struct scope *scope, str media_key, struct file_key *ret_key);

// Sharing, in a change, by the owner (anyone else who may read it: READ_ONLY). `user_key` is a UUID or an integer.
// USER_NOT_FOUND for an unknown user. CONFLICT when the user may read it already.
MUST_USE error file_key_share(struct scope *scope, str media_key, str user_key, struct file_share *ret_share);
// The one with whom it is shared may also give it back. NOT_FOUND when it is not shared with that user.
MUST_USE error file_key_unshare(struct scope *scope, str media_key, str user_key, struct file_share *ret_share);
// With whom it is shared, oldest first: for the owner.
MUST_USE error file_key_shares(struct scope *scope, str media_key, struct list *ret_shares);

// In a change: the owner's row of a new file.
MUST_USE error file_key_add_owner(struct scope *scope, const struct media *media);
// In a change, before the file goes: tells everyone with whom it is shared.
MUST_USE error file_key_forget(struct scope *scope, const struct media *media);
// In a change: seals the key of the blob that the file has now to everyone with a row.
MUST_USE error file_key_renew(struct scope *scope, const struct media *media);
// In a change: the owner's rows of at most `limit` files after `*after` that have none (they came before there were
// keys). *ret_found of them were met, *ret_damaged of those could not be read; *after is the number of the last.
MUST_USE error file_key_complete(
    struct scope *scope, int64_t limit, int64_t *after, int64_t *ret_found, int64_t *ret_damaged);

// Another public key for the actor: every file that the actor may read is sealed to it in one change. Sealing takes a
// tenth of a millisecond a file, so what is there (at most FILE_KEY_AHEAD_MAX files) is sealed before the change.
enum { FILE_KEY_AHEAD_MAX = 10000 /* 3 MB of the request */ };
struct file_key_move {
    str public_key;
    struct list ahead; // of struct file_key_row, by media_id
};
MUST_USE error file_key_move_prepare(struct scope *scope, struct file_key_move *move);
MUST_USE error file_key_move(struct scope *scope, const struct file_key_move *move);
