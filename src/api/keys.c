// SPDX-License-Identifier: GPL-3.0-or-later
// Keys (document 004): the caller's pair, files' keys sealed to it, and sharing, which seals them to others.
#include "api/trail.h"
#include "domain/file_key.h"
#include "domain/rekey.h"
#include "domain/user.h"

struct path {
    str file_id, user_id;
};
static const struct field file_path_fields[] = {
    FIELD(struct path, file_id, .required = true, .format = FORMAT_UUID, .doc = "File"),
};
static const struct shape file_path_shape = SHAPE("FileKeyPath", struct path, file_path_fields);
static const struct field share_path_fields[] = {
    FIELD(struct path, file_id, .required = true, .format = FORMAT_UUID, .doc = "File"),
    FIELD(struct path, user_id, .required = true, .max = 64, .doc = "UUID or integer id of the other user"),
};
static const struct shape share_path_shape = SHAPE("FileSharePath", struct path, share_path_fields);

struct share_in {
    str username, email;
};
static const struct field share_in_fields[] = {
    FIELD(struct share_in, username, .min = 1, .max = 64, .doc = "Who, by name; or email"),
    FIELD(struct share_in, email, .format = FORMAT_EMAIL, .doc = "Who, by address"),
};
static const struct shape share_in_shape = SHAPE("FileShareInput", struct share_in, share_in_fields);

struct unshare_query {
    bool rotate;
};
static const struct field unshare_query_fields[] = {
    FIELD(struct unshare_query, rotate, .doc = "Also encrypt the file anew, under another key [false]"),
};
static const struct shape unshare_query_shape = SHAPE("FileUnshareQuery", struct unshare_query, unshare_query_fields);

struct key_in {
    str public_key;
};
static const struct field key_in_fields[] = {
    FIELD(struct key_in, public_key, .required = true, .min = 1, .max = 64, .doc = "X25519, 32 bytes in base64"),
};
static const struct shape key_in_shape = SHAPE("UserKeyInput", struct key_in, key_in_fields);

struct pair_answer {
    str user_id, public_key;
    bool server_held;
    time_us created_at;
};
static const struct field pair_fields[] = {
    FIELD(struct pair_answer, user_id, .format = FORMAT_UUID),
    FIELD(struct pair_answer, public_key, .format = FORMAT_BASE64, .doc = "X25519, 32 bytes"),
    FIELD(struct pair_answer, server_held, .doc = "The server made the pair and keeps its private half, sealed"),
    FIELD(struct pair_answer, created_at),
};
static const struct shape pair_shape = SHAPE("UserKey", struct pair_answer, pair_fields);

struct key_answer {
    str file_id, owner_id, encrypted_key;
    time_us created_at;
};
static const struct field key_fields[] = {
    FIELD(struct key_answer, file_id, .format = FORMAT_UUID),
    FIELD(struct key_answer, owner_id, .format = FORMAT_UUID),
    FIELD(struct key_answer, encrypted_key, .format = FORMAT_BASE64,
        .doc = "The file's data key, 32 bytes, in a sealed box (libsodium crypto_box_seal) to your public key"),
    FIELD(struct key_answer, created_at),
};
static const struct shape key_shape = SHAPE("FileKey", struct key_answer, key_fields);

struct share_answer {
    str file_id, user_id, username;
    time_us created_at;
};
static const struct field share_fields[] = {
    FIELD(struct share_answer, file_id, .format = FORMAT_UUID),
    FIELD(struct share_answer, user_id, .format = FORMAT_UUID),
    FIELD(struct share_answer, username),
    FIELD(struct share_answer, created_at),
};
static const struct shape share_shape = SHAPE("FileShare", struct share_answer, share_fields);

struct share_list {
    struct list shares;
};
static const struct field share_list_fields[] = { FIELD(struct share_list, shares, .shape = &share_shape) };
static const struct shape share_list_shape = SHAPE("FileShareList", struct share_list, share_list_fields);

struct unshared {
    str message, file_id, user_id, job_id;
};
static const struct field unshared_fields[] = {
    FIELD(struct unshared, message),
    FIELD(struct unshared, file_id, .format = FORMAT_UUID),
    FIELD(struct unshared, user_id, .format = FORMAT_UUID, .doc = "Who may not read it any more"),
    FIELD(struct unshared, job_id, .format = FORMAT_UUID, .omit_null = true,
        .doc = "With rotate: the job that encrypts the file anew"),
};
static const struct shape unshared_shape = SHAPE("FileUnshared", struct unshared, unshared_fields);

static struct pair_answer as_pair(struct api_call *call, const struct user_key *key)
{
    return (struct pair_answer) { key->user_id,
        str_base64(call->scope.arena, key->public_key.data, key->public_key.size), key->sealed_private_key.data != NULL,
        key->created_at };
}

static struct share_answer as_share(const struct file_share *share)
{
    return (struct share_answer) { share->media_id, share->user_id, share->username, share->created_at };
}

// This document calls a media file a file.
static error as_file(error result)
{
    return result.code == ERROR_MEDIA_NOT_FOUND ? error_of(ERROR_FILE_NOT_FOUND) : result;
}

static error get_own(struct api_call *call)
{
    struct user_key key;
    TRY(user_key_get(&call->scope, call->scope.actor.user_id, &key));
    *(struct pair_answer *)call->output = as_pair(call, &key);
    return OK;
}

static error prepare_own(struct api_call *call)
{
    str key, text = ((struct key_in *)call->body)->public_key;
    if (!str_from_base64(call->scope.arena, text, &key) || key.size != BOX_KEY_SIZE)
        return error_make(ERROR_VALIDATION_ERROR, "public_key", "An X25519 public key is 32 bytes in base64");
    if (!box_public_is_good((const unsigned char *)key.data))
        return error_make(ERROR_VALIDATION_ERROR, "public_key",
            "This is a point of low order: everybody could open what is sealed to it. Make a pair anew");
    struct file_key_move *move = ARENA_NEW(call->scope.arena, struct file_key_move);
    move->public_key = key;
    call->prepared = move;
    return file_key_move_prepare(&call->scope, move);
}

static error put_own(struct api_call *call)
{
    const struct file_key_move *move = call->prepared;
    struct user_key key;
    TRY(user_key_bring(&call->scope, move->public_key, &key));
    TRY(file_key_move(&call->scope, move));
    *(struct pair_answer *)call->output = as_pair(call, &key);
    return OK;
}

static error get_key(struct api_call *call)
{
    struct file_key key;
    TRY(as_file(file_key_get(&call->scope, ((struct path *)call->path)->file_id, &key)));
    *(struct key_answer *)call->output = (struct key_answer) { key.media_id, key.owner_id,
        str_base64(call->scope.arena, key.sealed_key.data, key.sealed_key.size), key.created_at };
    return OK;
}

static error share(struct api_call *call)
{
    const struct path *path = call->path;
    struct file_share shared;
    TRY(as_file(file_key_share(&call->scope, path->file_id, path->user_id, &shared)));
    *(struct share_answer *)call->output = as_share(&shared);
    return trail_about_user(call, shared.user_id, STR_NONE);
}

// Whether somebody has an account is told only to who may share the file.
static error share_by_name(struct api_call *call)
{
    const struct share_in *in = call->body;
    str file_id = ((struct path *)call->path)->file_id, name = in->username.data ? in->username : in->email;
    struct media media;
    struct user user;
    struct file_share shared;
    bool found;
    if (!name.data)
        return error_make(ERROR_VALIDATION_ERROR, "username", "Say who: username or email");
    TRY(as_file(media_get_own(&call->scope, file_id, &media)));
    TRY(user_by_login(&call->scope, name, &user, &found));
    if (!found)
        return error_make(ERROR_USER_NOT_FOUND, "username", "There is no user '%.*s'", STR_ARGS(name));
    TRY(as_file(file_key_share(&call->scope, file_id, user.id, &shared)));
    *(struct share_answer *)call->output = as_share(&shared);
    return trail_about_user(call, shared.user_id, STR_NONE);
}

static error list_shares(struct api_call *call)
{
    struct list rows;
    TRY(as_file(file_key_shares(&call->scope, ((struct path *)call->path)->file_id, &rows)));
    struct share_answer *items = ARENA_ARRAY(call->scope.arena, struct share_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = as_share(&((struct file_share *)rows.items)[i]);
    ((struct share_list *)call->output)->shares = (struct list) { items, rows.count };
    return OK;
}

static error unshare(struct api_call *call)
{
    const struct path *path = call->path;
    struct file_share gone;
    struct unshared *out = call->output;
    bool rotate = ((struct unshare_query *)call->query)->rotate;
    TRY(as_file(file_key_unshare(&call->scope, path->file_id, path->user_id, &gone)));
    *out = (struct unshared) { STR("Share removed"), gone.media_id, gone.user_id, STR_NONE };
    TRY(trail_about_user(call, gone.user_id, rotate ? STR("new key") : STR_NONE));
    return rotate ? as_file(rekey_start(&call->scope, gone.media_id, &out->job_id)) : OK;
}

#define SHARE_ERRORS ERROR_FILE_NOT_FOUND, ERROR_USER_NOT_FOUND, ERROR_READ_ONLY

static const struct route routes[] = {
    { "GET", "/api/v1/keys/me", "Keys", "Show your public key", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .output = &pair_shape, .handle = get_own },
    { "PUT", "/api/v1/keys/me", "Keys", "Bring your own public key", FACE_PLAIN, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &key_in_shape, .output = &pair_shape, .prepare = prepare_own, .audit = "key_pair.change",
        .handle = put_own },
    { "GET", "/api/v1/keys/files/{file_id}/key", "Keys", "A file's key, sealed to you", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &file_path_shape, .output = &key_shape, .errors = ERRORS(ERROR_FILE_NOT_FOUND),
        .handle = get_key },
    { "GET", "/api/v1/keys/files/{file_id}/shares", "Keys", "List with whom a file is shared", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &file_path_shape, .output = &share_list_shape,
        .errors = ERRORS(ERROR_FILE_NOT_FOUND, ERROR_READ_ONLY), .handle = list_shares },
    { "POST", "/api/v1/keys/files/{file_id}/shares/{user_id}", "Keys", "Share a file with another user", FACE_PLAIN,
        ACCESS_USER, LANE_WRITE, .path_in = &share_path_shape, .output = &share_shape, .status = 201,
        .errors = ERRORS(SHARE_ERRORS, ERROR_CONFLICT), .audit = "share.add", .audit_object = "media",
        .handle = share },
    { "POST", "/api/v1/keys/files/{file_id}/shares", "Keys", "Share a file with another user, by name", FACE_PLAIN,
        ACCESS_USER, LANE_WRITE, BODY_JSON, .path_in = &file_path_shape, .body_in = &share_in_shape,
        .output = &share_shape, .status = 201, .errors = ERRORS(SHARE_ERRORS, ERROR_CONFLICT), .audit = "share.add",
        .audit_object = "media", .handle = share_by_name },
    { "DELETE", "/api/v1/keys/files/{file_id}/shares/{user_id}", "Keys", "Stop sharing a file", FACE_PLAIN, ACCESS_USER,
        LANE_WRITE, .path_in = &share_path_shape, .query_in = &unshare_query_shape, .output = &unshared_shape,
        .errors = ERRORS(SHARE_ERRORS), .audit = "share.remove", .audit_object = "media", .handle = unshare },
};
const struct route_group route_group_keys = ROUTE_GROUP(routes);
