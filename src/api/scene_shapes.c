// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/scene_shapes.h"

#include "api/content_url.h"
#include "domain/film_file.h"
#include "domain/scene_properties.h"

static const struct field video_fields[] = {
    FIELD(struct video_answer, id, .format = FORMAT_UUID),
    FIELD(struct video_answer, title),
    FIELD(struct video_answer, aspect_ratio, .doc = "16:9, 9:16, 1:1 or 4:5"),
    FIELD(struct video_answer, fps, .doc = "Frames a second"),
    FIELD(struct video_answer, background, .json_type = "string"),
    FIELD(struct video_answer, captions),
    FIELD(struct video_answer, music),
    FIELD(struct video_answer, watermark),
    FIELD(struct video_answer, brand),
    FIELD(struct video_answer, revision, .doc = "Raised by every change"),
    FIELD(struct video_answer, scene_count),
    FIELD(struct video_answer, duration, .doc = "Seconds"),
    FIELD(struct video_answer, video_url, .doc = "The newest finished render, by signed link"),
    FIELD(struct video_answer, created_at),
    FIELD(struct video_answer, updated_at),
};
const struct shape video_answer_shape = SHAPE("Video", struct video_answer, video_fields);

static const struct field scene_fields[] = {
    FIELD(struct scene_answer, id, .format = FORMAT_UUID),
    FIELD(struct scene_answer, video_id, .format = FORMAT_UUID),
    FIELD(struct scene_answer, scene_number, .doc = "1 is the first"),
    FIELD(struct scene_answer, text, .doc = "Narration"),
    FIELD(struct scene_answer, duration, .doc = "Seconds"),
    FIELD(struct scene_answer, start_time, .doc = "Seconds on the video's clock"),
    FIELD(struct scene_answer, end_time, .doc = "Seconds on the video's clock"),
    FIELD(struct scene_answer, duration_mode, .doc = "fixed or voice"),
    FIELD(struct scene_answer, background),
    FIELD(struct scene_answer, transition),
    FIELD(struct scene_answer, is_expanded),
    FIELD(struct scene_answer, revision, .doc = "Raised by every change"),
    FIELD(struct scene_answer, created_at),
    FIELD(struct scene_answer, updated_at),
    FIELD(struct scene_answer, layers, .shape = &layer_shape),
};
const struct shape scene_answer_shape = SHAPE("Scene", struct scene_answer, scene_fields);

static const struct field pagination_fields[] = {
    FIELD(struct pagination, current_page),
    FIELD(struct pagination, total_pages),
    FIELD(struct pagination, total_items),
    FIELD(struct pagination, items_per_page),
};
const struct shape pagination_shape = SHAPE("Pagination", struct pagination, pagination_fields);

static const struct field page_fields[] = {
    FIELD(struct page_query, page, .min = 1, .max = 1e9, .doc = "1 is the first [1]"),
    FIELD(struct page_query, limit, .min = 1, .max = 1e9, .doc = "Items a page, 100 at the most [20]"),
};
const struct shape page_query_shape = SHAPE("PageQuery", struct page_query, page_fields);

static struct raw_json member(struct arena *arena, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return (struct raw_json) { value && !json_is_null(value) ? json_text(arena, value) : STR_NONE };
}

error video_answer(struct api_call *call, const struct video *video, struct video_answer *ret_answer)
{
    struct arena *arena = call->scope.arena;
    struct film_file film;
    json_t *set;
    bool found;
    TRY(json_read(arena, video->properties.text, &set));
    TRY(film_file_newest(&call->scope, video->id, &film, &found));
    str ratio = json_get_str(set, "aspect_ratio");
    *ret_answer = (struct video_answer) { .id = video->id,
        .title = video->title,
        .aspect_ratio = ratio.data ? ratio : STR("16:9"),
        .fps = json_get_number(set, "fps", 30),
        .background = member(arena, set, "background"),
        .captions = member(arena, set, "captions"),
        .music = member(arena, set, "music"),
        .watermark = member(arena, set, "watermark"),
        .brand = member(arena, set, "brand"),
        .revision = video->revision,
        .scene_count = video->scene_count,
        .duration = video->duration,
        .video_url = found ? content_url(call, CONTENT_RENDER, film.job_id, STR("video.mp4")) : STR_NONE,
        .created_at = video->created_at,
        .updated_at = video->updated_at };
    return OK;
}

error scene_answer(struct api_call *call, const struct scene *scene, struct scene_answer *ret_answer)
{
    struct arena *arena = call->scope.arena;
    json_t *set;
    TRY(json_read(arena, scene->properties.text, &set));
    *ret_answer = (struct scene_answer) { .id = scene->id,
        .video_id = scene->video_id,
        .scene_number = scene->scene_number,
        .text = scene->text,
        .duration = scene->duration,
        .start_time = scene->start_time,
        .end_time = scene->end_time,
        .duration_mode = str_copy(arena, json_get_str(set, "duration_mode")),
        .background = member(arena, set, "background"),
        .transition = member(arena, set, "transition"),
        .is_expanded = scene->is_expanded,
        .revision = scene->revision,
        .created_at = scene->created_at,
        .updated_at = scene->updated_at,
        .layers = scene->layers };
    return OK;
}

static int64_t limit_of(const struct page_query *query)
{
    int64_t limit = query->limit.set ? query->limit.value : 20;
    return limit > 100 ? 100 : limit;
}

void page_settle(const struct page_query *query, int64_t *ret_offset, int64_t *ret_limit)
{
    *ret_limit = limit_of(query);
    *ret_offset = ((query->page.set ? query->page.value : 1) - 1) * *ret_limit;
}

struct pagination *page_answer(struct arena *arena, const struct page_query *query, int64_t total)
{
    int64_t limit = limit_of(query);
    struct pagination *answer = ARENA_NEW(arena, struct pagination);
    *answer = (struct pagination) { query->page.set ? query->page.value : 1, (total + limit - 1) / limit, total,
        limit };
    return answer;
}
