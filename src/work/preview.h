// SPDX-License-Identifier: GPL-3.0-or-later
// One frame of a scene, as its film will show it: planned as a render is, drawn by the same code, from editing proxies.
#pragma once

#include "domain/scene.h"
#include "net/warm.h"

// Appends the picture (JPEG or PNG). `warm` is the struct warm that is asked. Spoken words are taken from the cache,
// and left out while any is not there. VALIDATION_ERROR for a time outside of the scene, the errors of scene_get, of
// the film's plan and of warm_ask.
MUST_USE error preview_frame(
    void *warm, struct scope *scope, const struct scene_picture *wish, struct buffer *ret_picture);
// What the scene's texts take up, by the code that draws them: a list of struct scene_text_box. Errors are the same.
MUST_USE error preview_text_boxes(
    void *warm, struct scope *scope, const struct scene_picture *wish, struct list *ret_boxes);
