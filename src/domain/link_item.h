// SPDX-License-Identifier: GPL-3.0-or-later
// What a link has saved already: by the extractor's id and by content, so that nothing is saved twice.
#pragma once

#include "domain/link.h"
#include "domain/media.h"

struct link_item {
    str key; // "Youtube dQw4w9WgXcQ"
    str media_id;
};
// Keys of all that was saved, newest first; at most 100,000.
MUST_USE error link_item_list(struct scope *scope, str link_id, struct list *ret_items);
MUST_USE error link_item_has(struct scope *scope, str link_id, str key, bool *ret_has);
MUST_USE error link_item_has_content(
    struct scope *scope, str link_id, const unsigned char sha256[static 32], bool *ret_has);
// In a change: a key that is there already stays as it is. `media_id` may be STR_NONE: the content was there.
MUST_USE error link_item_add(
    struct scope *scope, str link_id, str key, const unsigned char sha256[static 32], str media_id);
// Media beyond the newest `keep` of the link, oldest first: {key, media_id}.
MUST_USE error link_item_surplus(struct scope *scope, str link_id, int64_t keep, struct list *ret_items);
