// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/library_shapes.h"

#include "api/content_url.h"
#include "api/media_shapes.h"

static const struct field audio_fields[] = {
    FIELD(struct audio_answer, id, .format = FORMAT_UUID, .doc = "Also the audio_id of layers"),
    FIELD(struct audio_answer, title),
    FIELD(struct audio_answer, artist),
    FIELD(struct audio_answer, duration, .doc = "Seconds"),
    FIELD(struct audio_answer, category, .doc = "music or sound_effects"),
    FIELD(struct audio_answer, source, .doc = "stock, uploaded or generated"),
    FIELD(struct audio_answer, tags, .json_type = "array"),
    FIELD(struct audio_answer, url, .doc = "Works in <audio> for 12 hours; Range is supported"),
    FIELD(struct audio_answer, waveform_url, .doc = "JSON of audiowaveform's version 2; null until it is made"),
    FIELD(struct audio_answer, thumbnail_url, .doc = "Works in <img> for 12 hours"),
    FIELD(struct audio_answer, is_premium, .doc = "Needs the plan pro or business"),
    FIELD(struct audio_answer, is_favorite, .doc = "Of the caller"),
};
const struct shape audio_answer_shape = SHAPE("Audio", struct audio_answer, audio_fields);

static const struct field media_fields[] = {
    FIELD(struct media_item_answer, id, .format = FORMAT_UUID, .doc = "Also the media_id of layers"),
    FIELD(struct media_item_answer, type, .doc = "image, video or gif"),
    FIELD(struct media_item_answer, title),
    FIELD(struct media_item_answer, url, .doc = "Works in <img> and <video> for 12 hours; Range is supported"),
    FIELD(struct media_item_answer, thumbnail_url, .doc = "The same, small; null until a film's is made"),
    FIELD(struct media_item_answer, source, .doc = "stock, ai or uploaded"),
    FIELD(struct media_item_answer, category),
    FIELD(struct media_item_answer, tags, .json_type = "array"),
    FIELD(struct media_item_answer, dimensions, .doc = "width and height in pixels"),
    FIELD(struct media_item_answer, duration, .doc = "Seconds; null for a still picture"),
    FIELD(struct media_item_answer, is_premium, .doc = "Needs the plan pro or business"),
    FIELD(struct media_item_answer, ai_prompt, .doc = "What it was generated from"),
};
const struct shape media_item_answer_shape = SHAPE("LibraryMedia", struct media_item_answer, media_fields);

// "content.mp3": the ending of the file it stands for.
static str stock_url(const struct api_call *call, str id, const char *part, str file)
{
    if (!file.size)
        return STR_NONE;
    size_t dot = file.size;
    while (dot > 0 && file.data[dot - 1] != '.' && file.data[dot - 1] != '/')
        dot--;
    bool has_ending = dot > 0 && file.data[dot - 1] == '.';
    str ending = has_ending ? str_sub(file, dot - 1, file.size) : STR("");
    return content_url(call, CONTENT_STOCK, id, str_format(call->scope.arena, "%s%.*s", part, STR_ARGS(ending)));
}

static str main_url(const struct api_call *call, const struct library_item *item)
{
    return item->stock_id.data ? stock_url(call, item->stock_id, "content", item->stock_file)
                               : content_url(call, CONTENT_MEDIA, item->media_id, item->file_name);
}

static str thumbnail_url(const struct api_call *call, const struct library_item *item)
{
    if (item->stock_id.data)
        return stock_url(call, item->stock_id, "thumbnail", item->stock_thumbnail);
    str made = derivative_url(call, item->media_id, DERIVATIVE_THUMBNAIL, item->thumbnail_type);
    bool is_still = str_equal_c(item->type, "image") || str_equal_c(item->type, "gif");
    return made.data || !is_still ? made : main_url(call, item);
}

static struct raw_json tags_of(const struct library_item *item)
{
    return item->tags.text.data ? item->tags : (struct raw_json) { STR("[]") };
}

void audio_answer(const struct api_call *call, const struct library_item *item, struct audio_answer *ret_answer)
{
    *ret_answer = (struct audio_answer) { .id = item->id,
        .title = item->title,
        .artist = item->artist,
        .duration = item->duration,
        .category = item->category,
        .source = item->source,
        .tags = tags_of(item),
        .url = main_url(call, item),
        .waveform_url = item->stock_id.data
                            ? stock_url(call, item->stock_id, "waveform", item->stock_waveform)
                            : derivative_url(call, item->media_id, DERIVATIVE_WAVEFORM, item->waveform_type),
        .thumbnail_url = thumbnail_url(call, item),
        .is_premium = item->is_premium,
        .is_favorite = item->is_favorite };
}

void media_item_answer(
    const struct api_call *call, const struct library_item *item, struct media_item_answer *ret_answer)
{
    *ret_answer = (struct media_item_answer) { .id = item->id,
        .type = item->type,
        .title = item->title,
        .url = main_url(call, item),
        .thumbnail_url = thumbnail_url(call, item),
        .source = item->source,
        .category = item->category,
        .tags = tags_of(item),
        .dimensions = item->dimensions,
        .duration = item->duration,
        .is_premium = item->is_premium,
        .ai_prompt = item->ai_prompt };
}
