// SPDX-License-Identifier: GPL-3.0-or-later
// Members of a video: users with whom its owner shares it, to edit or to view.
#pragma once

#include "domain/video.h"

struct member {
    str user_id, username, role; // "editor", "viewer"
    time_us created_at;
};
extern const struct shape member_shape;

// STR_NONE for somebody who is no member.
MUST_USE error member_role(struct scope *scope, str video_id, str user_id, str *ret_role);
MUST_USE error member_list(struct scope *scope, str video_id, struct list *ret_members);
// In a change, by the owner, whose plan must be business (PLAN_REQUIRED); a member again gets the new role.
// USER_NOT_FOUND; VALIDATION_ERROR for the owner.
MUST_USE error member_add(struct scope *scope, str video_id, str user_key, str role, struct member *ret_member);
// In a change, by the owner. USER_NOT_FOUND for somebody who is no member.
MUST_USE error member_delete(struct scope *scope, str video_id, str user_key);
// Who else gets the events of a video: the ids of its owner and members (struct member with nothing but user_id).
MUST_USE error member_audience(struct scope *scope, str video_id, struct list *ret_members);
