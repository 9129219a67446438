// SPDX-License-Identifier: GPL-3.0-or-later
// The libraries of sounds, and of pictures and films, as document 001 has them. library_upload.c adds to them.
#include "api/library_shapes.h"
#include "api/scene_shapes.h"

static const char *const audio_sets[] = { "stock", "my", "favorites", NULL };
static const char *const audio_categories[] = { "music", "sound_effects", NULL };
static const char *const audio_sources[] = { "stock", "uploaded", "generated", NULL };
static const char *const media_types[] = { "all", "image", "video", "gif", NULL };
static const char *const media_sources[] = { "stock", "ai", "uploaded", NULL };

struct query {
    str type, source, category, search;
    struct opt_int page, limit;
};
#define SHARED_QUERY                                                                                                   \
    FIELD(struct query, search, .max = 200, .doc = "In title, artist and tags, whatever its case"),                    \
        FIELD(struct query, page, .min = 1, .max = 1e9, .doc = "1 is the first [1]"),                                  \
        FIELD(struct query, limit, .min = 1, .max = 1e9, .doc = "Items a page, 100 at the most [20]")
static const struct field audio_query_fields[] = {
    FIELD(struct query, type, .allowed = audio_sets, .doc = "Everybody's, your own, your favourites; left out: all"),
    FIELD(struct query, category, .allowed = audio_categories, .doc = "Left out: both"),
    FIELD(struct query, source, .allowed = audio_sources, .doc = "Left out: all"),
    SHARED_QUERY,
};
static const struct shape audio_query_shape = SHAPE("AudioQuery", struct query, audio_query_fields);
static const struct field media_query_fields[] = {
    FIELD(struct query, type, .allowed = media_types, .doc = "[all]"),
    FIELD(struct query, source, .allowed = media_sources, .doc = "Left out: all"),
    FIELD(struct query, category, .max = 100, .doc = "The whole name, whatever its case; left out: all"),
    SHARED_QUERY,
};
static const struct shape media_query_shape = SHAPE("LibraryMediaQuery", struct query, media_query_fields);

struct audio_page {
    struct list audio;
    struct pagination *pagination;
};
static const struct field audio_page_fields[] = {
    FIELD(struct audio_page, audio, .shape = &audio_answer_shape),
    FIELD(struct audio_page, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape audio_page_shape = SHAPE("AudioPage", struct audio_page, audio_page_fields);

struct media_page {
    struct list media;
    struct pagination *pagination;
};
static const struct field media_page_fields[] = {
    FIELD(struct media_page, media, .shape = &media_item_answer_shape),
    FIELD(struct media_page, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape media_page_shape = SHAPE("LibraryMediaPage", struct media_page, media_page_fields);

struct path {
    str audioId, mediaId;
};
static const struct field path_fields[] = {
    FIELD(struct path, audioId, .required = true, .format = FORMAT_UUID, .doc = "Sound"),
};
static const struct shape path_shape = SHAPE("AudioPath", struct path, path_fields);

static const struct field media_path_fields[] = {
    FIELD(struct path, mediaId, .required = true, .format = FORMAT_UUID, .doc = "Picture or film"),
};
static const struct shape media_path_shape = SHAPE("LibraryMediaPath", struct path, media_path_fields);

struct one_audio {
    struct audio_answer *audio;
};
static const struct field one_audio_fields[] = {
    FIELD(struct one_audio, audio, .required = true, .shape = &audio_answer_shape),
};
static const struct shape one_audio_shape = SHAPE("OneAudio", struct one_audio, one_audio_fields);
struct one_media {
    struct media_item_answer *media;
};
static const struct field one_media_fields[] = {
    FIELD(struct one_media, media, .required = true, .shape = &media_item_answer_shape),
};
static const struct shape one_media_shape = SHAPE("OneLibraryMedia", struct one_media, one_media_fields);

struct favorite_in {
    struct opt_bool is_favorite;
};
static const struct field favorite_fields[] = {
    FIELD(struct favorite_in, is_favorite, .required = true, .doc = "Whether it is to be one"),
};
static const struct shape favorite_shape = SHAPE("AudioFavorite", struct favorite_in, favorite_fields);

static error find(
    struct api_call *call, enum library_kind kind, struct list *ret_rows, struct pagination **ret_pagination)
{
    const struct query *query = call->query;
    struct library_filter filter = {
        .kind = kind, .source = query->source, .category = query->category, .search = query->search
    };
    int64_t offset, limit, total;
    if (kind == LIBRARY_AUDIO)
        filter.set = query->type;
    else if (!str_equal_c(query->type, "all"))
        filter.type = query->type;
    struct page_query page = { .page = query->page, .limit = query->limit };
    page_settle(&page, &offset, &limit);
    TRY(library_list(&call->scope, &filter, offset, limit, ret_rows, &total));
    *ret_pagination = page_answer(call->scope.arena, &page, total);
    return OK;
}

static error list_audio(struct api_call *call)
{
    struct audio_page *out = call->output;
    struct list rows;
    TRY(find(call, LIBRARY_AUDIO, &rows, &out->pagination));
    struct audio_answer *items = ARENA_ARRAY(call->scope.arena, struct audio_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        audio_answer(call, &((struct library_item *)rows.items)[i], &items[i]);
    out->audio = (struct list) { items, rows.count };
    return OK;
}

static error list_media(struct api_call *call)
{
    struct media_page *out = call->output;
    struct list rows;
    TRY(find(call, LIBRARY_MEDIA, &rows, &out->pagination));
    struct media_item_answer *items = ARENA_ARRAY(call->scope.arena, struct media_item_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        media_item_answer(call, &((struct library_item *)rows.items)[i], &items[i]);
    out->media = (struct list) { items, rows.count };
    return OK;
}

static error get_audio(struct api_call *call)
{
    struct library_item item;
    TRY(library_get(&call->scope, LIBRARY_AUDIO, ((struct path *)call->path)->audioId, &item));
    struct audio_answer *answer = ARENA_NEW(call->scope.arena, struct audio_answer);
    audio_answer(call, &item, answer);
    ((struct one_audio *)call->output)->audio = answer;
    return OK;
}

static error get_media(struct api_call *call)
{
    struct library_item item;
    TRY(library_get(&call->scope, LIBRARY_MEDIA, ((struct path *)call->path)->mediaId, &item));
    struct media_item_answer *answer = ARENA_NEW(call->scope.arena, struct media_item_answer);
    media_item_answer(call, &item, answer);
    ((struct one_media *)call->output)->media = answer;
    return OK;
}

static error favorite(struct api_call *call)
{
    const struct favorite_in *in = call->body;
    return library_set_favorite(&call->scope, ((struct path *)call->path)->audioId, in->is_favorite.value);
}

static const struct route routes[] = {
    { "GET", "/api/v1/audio/library", "Libraries", "List sounds: everybody's and your own", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .query_in = &audio_query_shape, .output = &audio_page_shape, .handle = list_audio },
    { "GET", "/api/v1/audio/library/{audioId}", "Libraries", "Show a sound: everybody's or your own", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .path_in = &path_shape, .output = &one_audio_shape,
        .errors = ERRORS(ERROR_AUDIO_NOT_FOUND), .handle = get_audio },
    { "GET", "/api/v1/media/library/{mediaId}", "Libraries", "Show a picture or film: everybody's or your own",
        FACE_ENVELOPE, ACCESS_USER, LANE_READ, .path_in = &media_path_shape, .output = &one_media_shape,
        .errors = ERRORS(ERROR_MEDIA_NOT_FOUND), .handle = get_media },
    { "POST", "/api/v1/audio/{audioId}/favorite", "Libraries", "Make a sound a favourite, or no longer", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, BODY_JSON, .path_in = &path_shape, .body_in = &favorite_shape,
        .message = "Audio favorite status updated", .status = 200, .errors = ERRORS(ERROR_AUDIO_NOT_FOUND),
        .handle = favorite },
    { "GET", "/api/v1/media/library", "Libraries", "List pictures and films: everybody's and your own", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .query_in = &media_query_shape, .output = &media_page_shape, .handle = list_media },
};
const struct route_group route_group_libraries = ROUTE_GROUP(routes);
