// SPDX-License-Identifier: GPL-3.0-or-later
// With whom a video is shared: Kinora's addition to document 001.
#include "api/trail.h"
#include "domain/member.h"
#include "domain/user.h"

struct path {
    str videoId, user_id;
};
static const struct field path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape path_shape = SHAPE("MembersPath", struct path, path_fields);
static const struct field member_path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
    FIELD(struct path, user_id, .required = true, .max = 64, .doc = "UUID or integer id of the member"),
};
static const struct shape member_path_shape = SHAPE("MemberPath", struct path, member_path_fields);

static const char *const roles[] = { "editor", "viewer", NULL };
struct member_in {
    str user_id, username, email, role;
};
static const struct field in_fields[] = {
    FIELD(struct member_in, user_id, .format = FORMAT_UUID, .doc = "Who; or username, or email"),
    FIELD(struct member_in, username, .min = 1, .max = 64, .doc = "Who, by name"),
    FIELD(struct member_in, email, .format = FORMAT_EMAIL, .doc = "Who, by address"),
    FIELD(struct member_in, role, .allowed = roles, .doc = "What they may do [editor]"),
};
static const struct shape in_shape = SHAPE("MemberInput", struct member_in, in_fields);

struct one {
    struct member *member;
};
static const struct field one_fields[] = { FIELD(struct one, member, .required = true, .shape = &member_shape) };
static const struct shape one_shape = SHAPE("MemberData", struct one, one_fields);
struct many {
    struct list members;
};
static const struct field many_fields[] = { FIELD(struct many, members, .shape = &member_shape) };
static const struct shape many_shape = SHAPE("MemberList", struct many, many_fields);

static error list_members(struct api_call *call)
{
    return member_list(&call->scope, ((struct path *)call->path)->videoId, &((struct many *)call->output)->members);
}

// Whether somebody has an account is told only to an owner.
static error add(struct api_call *call)
{
    const struct member_in *in = call->body;
    str video_id = ((struct path *)call->path)->videoId, key = in->user_id;
    str login = in->username.data ? in->username : in->email;
    struct one *out = call->output;
    struct video video;
    struct user user;
    bool found;
    if (!key.data && !login.data)
        return error_make(ERROR_VALIDATION_ERROR, "user_id", "Say who: user_id, username or email");
    TRY(video_get(&call->scope, video_id, VIDEO_OWN, &video));
    if (!key.data) {
        TRY(user_by_login(&call->scope, login, &user, &found));
        if (!found)
            return error_of(ERROR_USER_NOT_FOUND);
        key = user.id;
    }
    out->member = ARENA_NEW(call->scope.arena, struct member);
    str role = in->role.data ? in->role : STR("editor");
    TRY(member_add(&call->scope, video_id, key, role, out->member));
    return trail_about_user(call, key, role);
}

static error delete_member(struct api_call *call)
{
    const struct path *path = call->path;
    TRY(trail_about_user(call, path->user_id, STR_NONE));
    return member_delete(&call->scope, path->videoId, path->user_id);
}

static const struct route routes[] = {
    { "GET", "/api/v1/videos/{videoId}/members", "Members", "List a video's members", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .output = &many_shape, .errors = ERRORS(ERROR_VIDEO_NOT_FOUND),
        .handle = list_members },
    { "POST", "/api/v1/videos/{videoId}/members", "Members", "Share a video", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &path_shape, .body_in = &in_shape, .output = &one_shape, .status = 201,
        .message = "Member added successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_USER_NOT_FOUND, ERROR_OWNER_REQUIRED, ERROR_PLAN_REQUIRED),
        .audit = "member.add", .audit_object = "video", .handle = add },
    { "DELETE", "/api/v1/videos/{videoId}/members/{user_id}", "Members", "Stop sharing with a member", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, .path_in = &member_path_shape, .message = "Member removed successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_USER_NOT_FOUND, ERROR_OWNER_REQUIRED), .audit = "member.remove",
        .audit_object = "video", .handle = delete_member },
};
const struct route_group route_group_members = ROUTE_GROUP(routes);
