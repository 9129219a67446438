// SPDX-License-Identifier: GPL-3.0-or-later
// The library of avatars: those that everybody has (avatar_look.h) and a user's own, from a picture ("custom") or
// drawn by a look ("generated").
#pragma once

#include "domain/scope.h"

struct avatar {
    str id, name, gender, style;
    str source; // "stock", "custom", "generated"
    bool is_premium;
    str user_id, parent_avatar_id; // absent: everybody's; a character
    struct raw_json look;          // absent: a picture
    str media_id;                  // the picture
};

struct avatar_filter {
    str gender; // absent: all
    str source; // absent: all
    str search; // in name and style, whatever its case
};

// AVATAR_NOT_FOUND for one that is neither everybody's nor the actor's, INVALID_ID for what is no id.
MUST_USE error avatar_get(struct scope *scope, str id, struct avatar *ret_avatar);
// The same for a video: those of its owner and its members are found too.
MUST_USE error avatar_get_for_video(struct scope *scope, str id, str video_id, struct avatar *ret_avatar);
// Characters first, then the actor's own, newest first.
MUST_USE error avatar_list(struct scope *scope, const struct avatar_filter *filter, int64_t offset, int64_t limit,
    struct list *ret_avatars, int64_t *ret_total);
// Everybody's variations of a character, without the character itself.
void avatar_variations(struct arena *arena, str id, struct list *ret_avatars);
// In a change. `look` is checked already and NULL for a picture.
MUST_USE error avatar_add(
    struct scope *scope, const struct avatar *wanted, const json_t *look, struct avatar *ret_avatar);
// In a change. Layers that use it stay; their renders stop before they begin. READ_ONLY for everybody's.
MUST_USE error avatar_delete(struct scope *scope, str id);
// PLAN_REQUIRED for a premium one on plan free.
MUST_USE error avatar_may_use(const struct scope *scope, const struct avatar *avatar);
// What is shown of an avatar in the library.
enum avatar_sight { AVATAR_THUMBNAIL, AVATAR_PREVIEW, AVATAR_VIDEO };
