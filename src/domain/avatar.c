// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/avatar.h"

#include <ctype.h>

#include "base/id.h"
#include "domain/avatar_look.h"
#include "domain/library.h"

static const struct field fields[] = {
    FIELD(struct avatar, id),
    FIELD(struct avatar, name),
    FIELD(struct avatar, gender),
    FIELD(struct avatar, style),
    FIELD(struct avatar, source),
    FIELD(struct avatar, is_premium),
    FIELD(struct avatar, user_id),
    FIELD(struct avatar, parent_avatar_id),
    FIELD(struct avatar, look),
    FIELD(struct avatar, media_id),
};
static const struct shape row_shape = SHAPE("AvatarRow", struct avatar, fields);

#define SELECT                                                                                                         \
    "SELECT a.id, a.name, a.gender, a.style, a.source, a.is_premium, a.user_id, a.parent_avatar_id, a.look,"           \
    " a.media_id FROM avatars a "
DB_STATEMENT(by_id, SELECT "WHERE a.id = $1 AND a.user_id = $2");
DB_STATEMENT(of_video_people, SELECT "WHERE a.id = $1 AND (a.user_id IN (SELECT user_id FROM video WHERE id = $2)"
                                     " OR a.user_id IN (SELECT user_id FROM video_member WHERE video_id = $2))");

static struct avatar of_stock(struct arena *arena, const struct avatar_stock *row)
{
    return (struct avatar) { .id = str_of(row->id),
        .name = str_of(row->name),
        .gender = str_of(row->gender),
        .style = str_of(row->style),
        .source = STR("stock"),
        .is_premium = row->is_premium,
        .parent_avatar_id = row->parent ? str_of(row->parent) : STR_NONE,
        .look = { str_copy(arena, str_of(row->look)) } };
}

static error not_found(str id)
{
    return error_make(
        ERROR_AVATAR_NOT_FOUND, "avatar_id", "Avatar with ID '%.*s' not found", STR_ARGS(str_cut_utf8(id, 80)));
}

// Letters, digits and hyphens, as UUIDs and the ids of everybody's avatars are written.
static bool is_written_as_id(str id)
{
    for (size_t i = 0; i < id.size; i++)
        if (!isalnum((unsigned char)id.data[i]) && id.data[i] != '-')
            return false;
    return id.size > 0;
}

error avatar_get(struct scope *scope, str id, struct avatar *ret_avatar)
{
    bool found;
    const struct avatar_stock *stock = avatar_stock_find(id);
    if (stock) {
        *ret_avatar = of_stock(scope->arena, stock);
        return OK;
    }
    if (!is_written_as_id(id))
        return error_make(ERROR_INVALID_ID, "avatar_id", "An avatar id is a UUID or one of the library's names");
    if (!id_is_valid(id))
        return not_found(id);
    TRY(db_one(scope->db, scope->arena, &by_id,
        DB_ARGS(db_text(str_lower(scope->arena, id)), db_text(scope->actor.user_id)), &row_shape, ret_avatar, &found));
    return found ? OK : not_found(id);
}

error avatar_get_for_video(struct scope *scope, str id, str video_id, struct avatar *ret_avatar)
{
    bool found;
    error own = avatar_get(scope, id, ret_avatar);
    if (own.code != ERROR_AVATAR_NOT_FOUND || !id_is_valid(id) || !video_id.size)
        return own;
    TRY(db_one(scope->db, scope->arena, &of_video_people,
        DB_ARGS(db_text(str_lower(scope->arena, id)), db_text(video_id)), &row_shape, ret_avatar, &found));
    return found ? OK : not_found(id);
}

void avatar_variations(struct arena *arena, str id, struct list *ret_avatars)
{
    size_t count = 0;
    for (const struct avatar_stock *row = avatar_stock; row->id; row++)
        count++;
    struct avatar *avatars = ARENA_ARRAY(arena, struct avatar, count);
    *ret_avatars = (struct list) { avatars, 0 };
    for (const struct avatar_stock *row = avatar_stock; row->id; row++)
        if (row->parent && str_equal_c(id, row->parent))
            avatars[ret_avatars->count++] = of_stock(arena, row);
}

static bool says(struct arena *arena, const char *text, str search)
{
    return str_find(library_fold(arena, str_of(text)), search) >= 0;
}

// The character or one of its variations.
static bool matches(struct arena *arena, const struct avatar_stock *character, str search)
{
    for (const struct avatar_stock *row = avatar_stock; row->id; row++) {
        bool belongs = row == character || (row->parent && str_equal_c(str_of(row->parent), character->id));
        if (belongs && (says(arena, row->name, search) || says(arena, row->style, search)))
            return true;
    }
    return false;
}

static size_t list_stock(
    struct scope *scope, const struct avatar_filter *filter, str search, struct avatar *ret_avatars)
{
    size_t count = 0;
    if (filter->source.size && !str_equal(filter->source, STR("stock")))
        return 0;
    for (const struct avatar_stock *row = avatar_stock; row->id; row++)
        if (!row->parent && (!filter->gender.size || str_equal_c(filter->gender, row->gender))
            && (!search.size || matches(scope->arena, row, search)))
            ret_avatars[count++] = of_stock(scope->arena, row);
    return count;
}

#define OWN                                                                                                            \
    "WHERE a.user_id = $1 AND ($2 = '' OR a.gender = $2) AND ($3 = '' OR a.source = $3)"                               \
    " AND a.search_key LIKE $4 ESCAPE '!' "
DB_STATEMENT(list_own, SELECT OWN "ORDER BY a.created_at DESC, a.id LIMIT $5 OFFSET $6");
DB_STATEMENT(count_own, "SELECT count(*) FROM avatars a " OWN);

error avatar_list(struct scope *scope, const struct avatar_filter *filter, int64_t offset, int64_t limit,
    struct list *ret_avatars, int64_t *ret_total)
{
    size_t room = 0;
    int64_t own;
    struct list rows = { 0 };
    while (avatar_stock[room].id)
        room++;
    struct avatar *avatars = ARENA_ARRAY(scope->arena, struct avatar, room + (size_t)limit);
    str search = filter->search.size ? library_fold(scope->arena, filter->search) : STR("");
    str gender = filter->gender.size ? filter->gender : STR(""),
        source = filter->source.size ? filter->source : STR("");
    int64_t stock = (int64_t)list_stock(scope, filter, search, avatars);
    struct db_value user = db_text(scope->actor.user_id), like = db_text(library_pattern(scope->arena, search));
    TRY(db_integer(scope->db, &count_own, DB_ARGS(user, db_text(gender), db_text(source), like), &own, NULL));
    int64_t from = offset < stock ? offset : stock, taken = stock - from < limit ? stock - from : limit;
    int64_t skip = offset > stock ? offset - stock : 0;
    TRY(db_all(scope->db, scope->arena, &list_own,
        DB_ARGS(user, db_text(gender), db_text(source), like, db_int(limit - taken), db_int(skip)), &row_shape, 0,
        &rows));
    for (int64_t i = 0; i < taken; i++)
        avatars[i] = avatars[from + i];
    for (size_t i = 0; i < rows.count; i++)
        avatars[(size_t)taken + i] = ((struct avatar *)rows.items)[i];
    *ret_avatars = (struct list) { avatars, (size_t)taken + rows.count };
    *ret_total = stock + own;
    return OK;
}

DB_STATEMENT(insert,
    "INSERT INTO avatars (id, name, gender, style, thumbnail_url, preview_url, video_url, source,"
    " user_id, look, media_id, search_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");

error avatar_add(struct scope *scope, const struct avatar *wanted, const json_t *look, struct avatar *ret_avatar)
{
    struct arena *arena = scope->arena;
    str id = id_new(arena), base = str_format(arena, "/content/avatar/%.*s", STR_ARGS(id));
    str key = str_format(arena, "%.*s\n%.*s", STR_ARGS(wanted->name), STR_ARGS(wanted->style));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(wanted->name), db_text(wanted->gender), db_text(wanted->style),
            db_text(str_format(arena, "%.*s/thumbnail.png", STR_ARGS(base))),
            db_text(str_format(arena, "%.*s/preview.png", STR_ARGS(base))),
            db_text(str_format(arena, "%.*s/talking.mp4", STR_ARGS(base))), db_text(wanted->source),
            db_text(scope->actor.user_id), db_text(look ? json_text(arena, look) : STR_NONE), db_text(wanted->media_id),
            db_text(library_fold(arena, key))),
        NULL));
    return avatar_get(scope, id, ret_avatar);
}

DB_STATEMENT(delete_one, "DELETE FROM avatars WHERE id = $1");

error avatar_delete(struct scope *scope, str id)
{
    struct avatar avatar;
    TRY(avatar_get(scope, id, &avatar));
    if (str_equal(avatar.source, STR("stock")))
        return error_make(ERROR_READ_ONLY, "avatar_id", "This avatar belongs to everybody and cannot be deleted");
    return db_run(scope->db, &delete_one, DB_ARGS(db_text(avatar.id)), NULL);
}

error avatar_may_use(const struct scope *scope, const struct avatar *avatar)
{
    if (avatar->is_premium && !scope->actor.is_superuser && str_equal(scope->actor.plan, STR("free")))
        return error_make(
            ERROR_PLAN_REQUIRED, "avatar_id", "The avatar %.*s needs the plan pro or business", STR_ARGS(avatar->name));
    return OK;
}
