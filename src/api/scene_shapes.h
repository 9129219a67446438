// SPDX-License-Identifier: GPL-3.0-or-later
// How document 001 shows videos and scenes (layers are shown as domain/layer.h has them).
#pragma once

#include "api/route.h"
#include "domain/scene.h"

struct video_answer {
    str id, title, aspect_ratio;
    double fps;
    struct raw_json background, captions, music, watermark, brand;
    int64_t revision, scene_count;
    double duration;
    str video_url;
    time_us created_at, updated_at;
};
extern const struct shape video_answer_shape;
MUST_USE error video_answer(struct api_call *call, const struct video *video, struct video_answer *ret_answer);

struct scene_answer {
    str id, video_id;
    int64_t scene_number;
    str text;
    double duration, start_time, end_time;
    str duration_mode;
    struct raw_json background, transition;
    bool is_expanded;
    int64_t revision;
    time_us created_at, updated_at;
    struct list layers;
};
extern const struct shape scene_answer_shape;
MUST_USE error scene_answer(struct api_call *call, const struct scene *scene, struct scene_answer *ret_answer);

// How a change is merged with those of others (struct merging), beside the members that it changes.
#define MERGING_FIELDS(type)                                                                                           \
    FIELD(type, base_revision, .doc = "The revision that the change was made on"),                                     \
        FIELD(type, strict, .doc = "409 where a property has changed since; otherwise the last writer wins [false]")

struct pagination {
    int64_t current_page, total_pages, total_items, items_per_page;
};
extern const struct shape pagination_shape;

struct page_query { // `page` and `limit` of document 001
    struct opt_int page, limit;
};
extern const struct shape page_query_shape;
// Above 100 is clamped to 100; the answer's pagination follows from the total.
void page_settle(const struct page_query *query, int64_t *ret_offset, int64_t *ret_limit);
struct pagination *page_answer(struct arena *arena, const struct page_query *query, int64_t total);
