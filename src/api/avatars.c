// SPDX-License-Identifier: GPL-3.0-or-later
// The library of avatars: document 001's call, and what makes and removes a user's own.
#include "api/content_url.h"
#include "api/scene_shapes.h"
#include "api/upload.h"
#include "domain/avatar.h"
#include "domain/avatar_look.h"

static const char *const genders[] = { "male", "female", "neutral", NULL };
static const char *const gender_filters[] = { "male", "female", "neutral", "all", NULL };
static const char *const categories[] = { "stock", "my", "generated", NULL };

struct path {
    str avatarId;
};
static const struct field path_fields[] = {
    FIELD(struct path, avatarId, .required = true, .min = 1, .max = 64, .doc = "Avatar"),
};
static const struct shape path_shape = SHAPE("AvatarPath", struct path, path_fields);

struct query {
    struct opt_int page, limit;
    str gender, category, search;
};
static const struct field query_fields[] = {
    FIELD(struct query, gender, .allowed = gender_filters, .doc = "Left out: all"),
    FIELD(struct query, category, .allowed = categories,
        .doc = "Everybody's, your own pictures, or those you had drawn; left out: all"),
    FIELD(struct query, search, .max = 200, .doc = "In name and style, whatever its case"),
    FIELD(struct query, page, .min = 1, .max = 1e9, .doc = "1 is the first [1]"),
    FIELD(struct query, limit, .min = 1, .max = 1e9, .doc = "Items a page, 100 at the most [20]"),
};
static const struct shape query_shape = SHAPE("AvatarQuery", struct query, query_fields);

struct generate_in {
    str name, gender, style;
    json_t *look;
};
static const struct field generate_fields[] = {
    FIELD(struct generate_in, name, .required = true, .min = 1, .max = 255, .doc = "Name"),
    FIELD(struct generate_in, gender, .allowed = genders, .doc = "Decides the voice of its talking film [neutral]"),
    FIELD(struct generate_in, style, .max = 50, .doc = "A word of your own [custom]"),
    FIELD(struct generate_in, look, .required = true,
        .doc = "figure, hair, beard, glasses, hat, clothes, lashes, and skin_color, hair_color, clothes_color, "
               "accent_color, eye_color; each has a default"),
};
static const struct shape generate_shape = SHAPE("AvatarGenerate", struct generate_in, generate_fields);

struct variation {
    str id, name, thumbnail_url;
};
static const struct field variation_fields[] = {
    FIELD(struct variation, id),
    FIELD(struct variation, name),
    FIELD(struct variation, thumbnail_url, .doc = "Works in <img> for 12 hours"),
};
static const struct shape variation_shape = SHAPE("AvatarVariation", struct variation, variation_fields);

struct avatar_answer {
    str id, name, gender, style, source, thumbnail_url, preview_url, video_url;
    bool is_premium;
    struct raw_json look;
    struct list variations;
};
static const struct field answer_fields[] = {
    FIELD(struct avatar_answer, id, .doc = "UUID, or the name of one that everybody has"),
    FIELD(struct avatar_answer, name),
    FIELD(struct avatar_answer, gender, .doc = "male, female or neutral"),
    FIELD(struct avatar_answer, style),
    FIELD(struct avatar_answer, source, .doc = "stock, custom or generated"),
    FIELD(struct avatar_answer, thumbnail_url, .doc = "Works in <img> for 12 hours"),
    FIELD(struct avatar_answer, preview_url, .doc = "The same, larger"),
    FIELD(struct avatar_answer, video_url, .doc = "Says a sentence, works in <video>"),
    FIELD(struct avatar_answer, is_premium, .doc = "Needs the plan pro or business"),
    FIELD(struct avatar_answer, look, .doc = "How it is drawn; null for a picture"),
    FIELD(struct avatar_answer, variations, .shape = &variation_shape),
};
static const struct shape answer_shape = SHAPE("Avatar", struct avatar_answer, answer_fields);

struct one {
    struct avatar_answer *avatar;
};
static const struct field one_fields[] = { FIELD(struct one, avatar, .required = true, .shape = &answer_shape) };
static const struct shape one_shape = SHAPE("AvatarData", struct one, one_fields);

struct many {
    struct list avatars;
    struct pagination *pagination;
};
static const struct field many_fields[] = {
    FIELD(struct many, avatars, .shape = &answer_shape),
    FIELD(struct many, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape many_shape = SHAPE("AvatarPage", struct many, many_fields);

static str url(const struct api_call *call, str id, const char *name)
{
    return content_url(call, CONTENT_AVATAR, id, str_of(name));
}

static void fill(const struct api_call *call, const struct avatar *avatar, struct avatar_answer *ret_answer)
{
    struct list rows;
    avatar_variations(call->scope.arena, avatar->id, &rows);
    struct variation *variations = ARENA_ARRAY(call->scope.arena, struct variation, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct avatar *row = &((struct avatar *)rows.items)[i];
        variations[i] = (struct variation) { row->id, row->name, url(call, row->id, "thumbnail.png") };
    }
    *ret_answer = (struct avatar_answer) { .id = avatar->id,
        .name = avatar->name,
        .gender = avatar->gender,
        .style = avatar->style,
        .source = avatar->source,
        .thumbnail_url = url(call, avatar->id, "thumbnail.png"),
        .preview_url = url(call, avatar->id, "preview.png"),
        .video_url = url(call, avatar->id, "talking.mp4"),
        .is_premium = avatar->is_premium,
        .look = avatar->look,
        .variations = { variations, rows.count } };
}

static error give(struct api_call *call, const struct avatar *avatar)
{
    struct one *out = call->output;
    out->avatar = ARENA_NEW(call->scope.arena, struct avatar_answer);
    fill(call, avatar, out->avatar);
    return OK;
}

static error list_avatars(struct api_call *call)
{
    const struct query *query = call->query;
    struct many *out = call->output;
    struct list rows;
    int64_t offset, limit, total;
    struct avatar_filter filter = { .search = query->search };
    if (!str_equal_c(query->gender, "all"))
        filter.gender = query->gender;
    filter.source = str_equal_c(query->category, "my") ? STR("custom") : query->category;
    struct page_query page = { .page = query->page, .limit = query->limit };
    page_settle(&page, &offset, &limit);
    TRY(avatar_list(&call->scope, &filter, offset, limit, &rows, &total));
    struct avatar_answer *items = ARENA_ARRAY(call->scope.arena, struct avatar_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        fill(call, &((struct avatar *)rows.items)[i], &items[i]);
    out->avatars = (struct list) { items, rows.count };
    out->pagination = page_answer(call->scope.arena, &page, total);
    return OK;
}

static error get(struct api_call *call)
{
    struct avatar avatar;
    TRY(avatar_get(&call->scope, ((struct path *)call->path)->avatarId, &avatar));
    return give(call, &avatar);
}

static error generate(struct api_call *call)
{
    const struct generate_in *in = call->body;
    struct avatar avatar;
    avatar_look_check(call->scope.arena, in->look, &call->problems);
    TRY(problems_error(&call->problems));
    struct avatar wanted = { .name = in->name,
        .gender = in->gender.data ? in->gender : STR("neutral"),
        .style = in->style.size ? in->style : STR("custom"),
        .source = STR("generated") };
    TRY(avatar_add(&call->scope, &wanted, in->look, &avatar));
    return give(call, &avatar);
}

struct form {
    str name, gender, style;
};

static error form_field(struct api_call *call, void *state, str name, str value)
{
    (void)call;
    struct form *form = state;
    if (!str_is_utf8(value) || str_index(value, 0) >= 0)
        return error_make(ERROR_VALIDATION_ERROR, name.data, "The text is not valid UTF-8");
    if (str_equal_c(name, "name"))
        form->name = value;
    else if (str_equal_c(name, "gender"))
        form->gender = value;
    else if (str_equal_c(name, "style"))
        form->style = value;
    return OK;
}

static error form_complete(struct api_call *call, void *state)
{
    (void)call;
    struct form *form = state;
    bool known = !form->gender.size;
    for (size_t i = 0; genders[i]; i++)
        known = known || str_equal_c(form->gender, genders[i]);
    if (!known)
        return error_make(ERROR_VALIDATION_ERROR, "gender", "gender must be male, female or neutral");
    if (form->name.size > 255)
        return error_make(ERROR_VALIDATION_ERROR, "name", "The name may have at most 255 bytes");
    if (form->style.size > 50)
        return error_make(ERROR_VALIDATION_ERROR, "style", "The style may have at most 50 bytes");
    return OK;
}

static str without_ending(str name)
{
    size_t end = name.size;
    while (end > 1 && name.data[end - 1] != '.')
        end--;
    return end > 1 ? str_sub(name, 0, end - 1) : name;
}

// In the change that made the media record.
static error uploaded(struct api_call *call, const struct media *media, str job_id)
{
    (void)job_id;
    const struct form *form = call->body;
    struct avatar avatar;
    if (!str_equal_c(media->media_type, "image"))
        return error_make(ERROR_UNSUPPORTED_MEDIA, "file", "An avatar is made from a picture: PNG, JPEG, WebP, HEIC");
    str name = form->name.size ? form->name : str_cut_utf8(without_ending(media->file_name), 255);
    struct avatar wanted = { .name = name,
        .gender = form->gender.size ? form->gender : STR("neutral"),
        .style = form->style.size ? form->style : STR("custom"),
        .source = STR("custom"),
        .media_id = media->id };
    TRY(avatar_add(&call->scope, &wanted, NULL, &avatar));
    return give(call, &avatar);
}

static error upload(struct api_call *call)
{
    struct form *form = ARENA_NEW(call->scope.arena, struct form);
    call->body = form;
    struct upload_options options = {
        .field = form_field, .complete = form_complete, .state = form, .answer = uploaded
    };
    return upload_start(call, &options);
}

static error delete_avatar(struct api_call *call)
{
    return avatar_delete(&call->scope, ((struct path *)call->path)->avatarId);
}

static const struct route routes[] = {
    { "GET", "/api/v1/avatars", "Avatars", "List avatars: everybody's and your own", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .query_in = &query_shape, .output = &many_shape, .handle = list_avatars },
    { "GET", "/api/v1/avatars/{avatarId}", "Avatars", "Show an avatar", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &one_shape, .errors = ERRORS(ERROR_AVATAR_NOT_FOUND), .handle = get },
    { "POST", "/api/v1/avatars/generate", "Avatars", "Have an avatar drawn by its look", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .body_in = &generate_shape, .output = &one_shape, .status = 201,
        .message = "Avatar created successfully", .handle = generate },
    { "POST", "/api/v1/avatars/upload", "Avatars", "Make an avatar of a picture", FACE_ENVELOPE, ACCESS_USER,
        LANE_STREAM, BODY_UPLOAD, .output = &one_shape, .status = 201, .message = "Avatar uploaded successfully",
        .errors = ERRORS(ERROR_UNSUPPORTED_MEDIA), .handle = upload },
    { "DELETE", "/api/v1/avatars/{avatarId}", "Avatars", "Delete an avatar of yours", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .message = "Avatar deleted successfully",
        .errors = ERRORS(ERROR_AVATAR_NOT_FOUND, ERROR_READ_ONLY), .audit = "avatar.delete", .audit_object = "avatar",
        .handle = delete_avatar },
};
const struct route_group route_group_avatars = ROUTE_GROUP(routes);
