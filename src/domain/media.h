// SPDX-License-Identifier: GPL-3.0-or-later
// Media files: one record for every upload, whatever face it came through.
#pragma once

#include "domain/scope.h"

struct media {
    int64_t number;
    str id, user_id, blob_id;
    str file_name;             // of the upload, without folders
    str file_path;             // folder and name inside the user's library, relative
    str media_type, mime_type; // decided from the content
    int64_t size_bytes;
    struct opt_number duration; // seconds
    struct opt_int width, height;
    bool has_audio;
    str status;            // "pending", "processing", "completed", "failed", "cancelled" (document 004)
    struct raw_json probe; // what the engine said of it
    time_us created_at, updated_at, completed_at;
    str thumbnail_type, poster_type, waveform_type, proxy_type; // MIME types of derivatives that are there
};
extern const struct shape media_row_shape;

struct media_blob {
    str id, sealed_key, sha256;
    int64_t size_bytes, stored_bytes;
};
extern const struct shape media_blob_row_shape;

// `key` is an integer id or a UUID. What the actor may not read is MEDIA_NOT_FOUND, as an unknown one.
MUST_USE error media_get(struct scope *scope, str key, struct media *ret_media);
// To be changed: one that the actor may only read is READ_ONLY.
MUST_USE error media_get_own(struct scope *scope, str key, struct media *ret_media);
// The same for a render of a video: what its owner or one of its members may read too, by UUID.
MUST_USE error media_get_for_video(struct scope *scope, str key, str video_id, struct media *ret_media);
MUST_USE error media_blob_get(struct scope *scope, str blob_id, struct media_blob *ret_blob);
// What the actor may read (a superuser: own files and shared ones), newest first. `type` STR_NONE: of every type;
// "image" takes in "gif".
MUST_USE error media_list(
    struct scope *scope, str type, int64_t skip, int64_t limit, struct list *ret_media, int64_t *ret_total);
// The id in one of our own links, "…/content/media/<id>/<name>?…" or of the stock, or the reference itself.
str media_key(str reference);
// The oldest of the actor's files with this content; *ret_found false when there is none.
MUST_USE error media_of_content(struct scope *scope, const struct blob_info *blob, str *ret_id, bool *ret_found);
// In a change, which also queues the job that makes its derivatives. `probe` is the engine's answer; file_name is
// cleaned of folders and control characters. Content that the actor has already is stored once: then
// ret_media->blob_id is that of before, and `blob` may be removed after the change. BODY_TOO_LARGE above the limit of
// its kind, QUOTA_EXCEEDED, FILE_EXISTS.
MUST_USE error media_add(struct scope *scope, str id, str file_name, const struct blob_info *blob, const json_t *probe,
    bool will_transcribe, struct media *ret_media);
MUST_USE error media_update(struct scope *scope, str key, str file_name, str file_path, struct media *ret_media);
// In a change: removes the row and says which blob is of no more use (STR_NONE when still used).
MUST_USE error media_delete(struct scope *scope, str key, struct media *ret_media, str *ret_free_blob);
MUST_USE error media_set_status(struct scope *scope, str id, const char *status);
// In a change: the same content in another blob, whose key is sealed to everyone who may read the file. *ret_changed is
// false, and the new blob listed but unused, when the file is gone or has got yet another blob.
MUST_USE error media_change_blob(
    struct scope *scope, const struct media *media, const struct blob_info *blob, bool *ret_changed);
// In a change: remembers a blob (of media or of the cache).
MUST_USE error media_blob_add(struct scope *scope, const struct blob_info *blob);
// VALIDATION_ERROR unless `path` is relative, without `..`, empty parts or control characters.
MUST_USE error media_check_path(str path);
// The name without folders, control characters and surrounding blanks; "file" when nothing is left.
str media_clean_name(struct arena *arena, str name);
