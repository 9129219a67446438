// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/library.h"

static const struct field fields[] = {
    FIELD(struct stock_item, id),
    FIELD(struct stock_item, folder),
    FIELD(struct stock_item, media_type),
    FIELD(struct stock_item, mime_type),
    FIELD(struct stock_item, title),
    FIELD(struct stock_item, file),
    FIELD(struct stock_item, thumbnail),
    FIELD(struct stock_item, waveform),
    FIELD(struct stock_item, size_bytes),
    FIELD(struct stock_item, duration),
    FIELD(struct stock_item, sha256),
    FIELD(struct stock_item, is_premium),
    FIELD(struct stock_item, is_loop),
};
static const struct shape row_shape = SHAPE("StockRow", struct stock_item, fields);

// Files

const char *stock_folder(struct arena *arena)
{
    char own[4096];
    if (settings_has(settings.stock))
        return settings.stock;
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    str folder = size > 0 ? (str) { own, (size_t)size } : STR(".");
    while (folder.size && folder.data[folder.size - 1] != '/')
        folder.size--;
    const char *beside = str_format(arena, "%.*sstock", STR_ARGS(folder)).data;
    bool is_there = access(str_format(arena, "%s/stock.json", beside).data, R_OK) == 0;
    return is_there ? beside : "/usr/share/kinora/stock";
}

static error open_regular(const char *path, int *ret_file, int64_t *ret_size_bytes)
{
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool regular = file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    if (!regular) {
        if (file >= 0)
            close(file);
        return error_make(ERROR_NOT_FOUND, NULL, "This file of the stock is not there");
    }
    *ret_file = file;
    *ret_size_bytes = facts.st_size;
    return OK;
}

error stock_open(
    struct arena *arena, const struct stock_item *item, enum stock_part part, int *ret_file, int64_t *ret_size_bytes)
{
    str name = part == STOCK_CONTENT ? item->file : part == STOCK_THUMBNAIL ? item->thumbnail : item->waveform;
    if (!name.size)
        return error_make(ERROR_NOT_FOUND, NULL, "This item of the stock has no such file");
    str folder = item->folder.size ? item->folder : str_of(stock_folder(arena));
    str path = str_format(arena, "%.*s/%.*s", STR_ARGS(folder), STR_ARGS(name));
    return open_regular(path.data, ret_file, ret_size_bytes);
}

static error read_text(struct arena *arena, const char *path, str *ret_text)
{
    int file;
    int64_t size;
    error missing = open_regular(path, &file, &size);
    if (error_is(missing))
        return error_make(ERROR_NOT_FOUND, "stock", "There is no %s", path);
    char *bytes = size <= STOCK_JSON_BYTES_MAX ? arena_alloc_raw(arena, (size_t)size + 1) : NULL;
    ssize_t got = bytes ? read(file, bytes, (size_t)size) : -1;
    close(file);
    if (got != (ssize_t)size)
        return error_make(ERROR_VALIDATION_ERROR, "stock", "%s cannot be read, or is larger than %d bytes", path,
            STOCK_JSON_BYTES_MAX);
    bytes[size] = 0;
    *ret_text = (str) { bytes, (size_t)size };
    return OK;
}

// Checks

static error wrong(const json_t *item, size_t index, const char *what)
{
    str title = json_get_str(item, "title");
    return error_make(ERROR_VALIDATION_ERROR, "stock", "Item %zu of stock.json%s%.*s%s: %s", index + 1,
        title.size ? " (\"" : "", STR_ARGS(str_cut_utf8(title, 60)), title.size ? "\")" : "", what);
}

static bool is_one_of(str text, const char *const *names)
{
    for (; *names; names++)
        if (str_equal_c(text, *names))
            return true;
    return false;
}

static bool is_there(struct arena *arena, const char *path, str name, int64_t size_bytes)
{
    int file;
    int64_t size;
    str full = str_format(arena, "%s/%.*s", path, STR_ARGS(name));
    if (error_is(media_check_path(name)) || error_is(open_regular(full.data, &file, &size)))
        return false;
    close(file);
    return size_bytes < 0 || size == size_bytes;
}

static const char *problem_of(struct arena *arena, const char *path, const json_t *item)
{
    static const char *const kinds[] = { "audio", "video", "image", "gif", NULL };
    static const char *const types[] = { "music", "effect", NULL };
    str kind = json_get_str(item, "kind"), title = json_get_str(item, "title"), hash = json_get_str(item, "sha256");
    str thumbnail = json_get_str(item, "thumbnail"), waveform = json_get_str(item, "waveform");
    unsigned char bytes[32];
    if (!id_is_valid(json_get_str(item, "id")))
        return "its id must be a UUID";
    if (!is_one_of(kind, kinds))
        return "its kind must be audio, video, image or gif";
    if (str_equal_c(kind, "audio") && !is_one_of(json_get_str(item, "type"), types))
        return "its type must be music or effect";
    if (!title.size || str_length_utf8(title) > 255 || str_length_utf8(json_get_str(item, "artist")) > 255)
        return "it needs a title; title and artist have at most 255 characters";
    if (str_length_utf8(json_get_str(item, "category")) > 100)
        return "its category has more than 100 characters";
    if (!json_get_str(item, "mime_type").size || hash.size != 64 || !str_from_hex(hash, bytes, sizeof bytes))
        return "it needs a mime_type and a sha256";
    if (!is_there(arena, path, json_get_str(item, "file"), json_get_int(item, "size_bytes", -2)))
        return "its file is not there, or has not size_bytes bytes";
    if ((thumbnail.size && !is_there(arena, path, thumbnail, -1))
        || (waveform.size && !is_there(arena, path, waveform, -1)))
        return "its thumbnail or waveform is not there";
    if (!str_equal_c(kind, "audio") && !thumbnail.size)
        return "a picture or film needs a thumbnail";
    for (size_t i = 0; i < json_array_size(json_object_get(item, "tags")); i++)
        if (!json_is_string(json_array_get(json_object_get(item, "tags"), i)))
            return "its tags must be texts";
    return NULL;
}

error stock_read(struct arena *arena, const char *path, str folder, struct stock_reading *ret_reading)
{
    str text;
    json_t *root;
    unsigned char hash[32];
    const char *file = str_format(arena, "%s/stock.json", path).data;
    TRY(read_text(arena, file, &text));
    if (error_is(json_read(arena, text, &root)) || json_get_int(root, "version", 0) != 1)
        return error_make(ERROR_VALIDATION_ERROR, "stock", "%s is not a description of a stock, version 1", file);
    const json_t *items = json_object_get(root, "items");
    size_t count = json_array_size(items);
    if (!json_is_array(items) || count > STOCK_ITEMS_MAX)
        return error_make(
            ERROR_VALIDATION_ERROR, "stock", "%s has no list of items, or more than %d of them", file, STOCK_ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *problem = problem_of(arena, path, json_array_get(items, i));
        if (problem)
            return wrong(json_array_get(items, i), i, problem);
    }
    crypt_sha256(text.data, text.size, hash);
    *ret_reading = (struct stock_reading) { folder, str_hex(arena, hash, sizeof hash), items };
    return OK;
}

// Rows

DB_STATEMENT(hash_of, "SELECT sha256 FROM stock_pack WHERE folder = $1");

error stock_is_current(struct scope *scope, const struct stock_reading *reading, bool *ret_current)
{
    str hash;
    TRY(db_string(scope->db, scope->arena, &hash_of, DB_ARGS(db_text(reading->folder)), &hash));
    *ret_current = str_equal(hash, reading->sha256);
    return OK;
}

DB_STATEMENT(put_pack, "INSERT INTO stock_pack (id, folder, sha256, created_at) VALUES ($1, $2, $3, $4)"
                       " ON CONFLICT (folder) DO UPDATE SET sha256 = excluded.sha256");
DB_STATEMENT(pack_id, "SELECT id FROM stock_pack WHERE folder = $1");
DB_STATEMENT(items_of, "SELECT id FROM stock_item WHERE pack_id = $1");
DB_STATEMENT(drop_item, "DELETE FROM stock_item WHERE id = $1");
DB_STATEMENT(put_item,
    "INSERT INTO stock_item (id, pack_id, media_type, mime_type, title, file, thumbnail, waveform, size_bytes,"
    " duration, sha256, is_premium, is_loop) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    " ON CONFLICT (id) DO UPDATE SET media_type = excluded.media_type, mime_type = excluded.mime_type,"
    " title = excluded.title, file = excluded.file, thumbnail = excluded.thumbnail, waveform = excluded.waveform,"
    " size_bytes = excluded.size_bytes, duration = excluded.duration, sha256 = excluded.sha256,"
    " is_premium = excluded.is_premium, is_loop = excluded.is_loop WHERE stock_item.pack_id = excluded.pack_id");
// An item that became another kind stands in the other library.
DB_STATEMENT(drop_sound, "DELETE FROM audio_library WHERE id = $1 AND source = 'stock'");
DB_STATEMENT(drop_picture, "DELETE FROM media_library WHERE id = $1 AND source = 'stock'");

static struct db_value text_or_null(const json_t *item, const char *key)
{
    str text = json_get_str(item, key);
    return text.size ? db_text(text) : db_null();
}

// The tags, and of a sound its genre too: document 001 knows two categories of sounds only.
static json_t *tags_of(struct arena *arena, const json_t *item, bool is_audio)
{
    const json_t *given = json_object_get(item, "tags");
    json_t *tags = json_keep(arena, json_is_array(given) ? json_deep_copy(given) : json_array());
    str genre = json_get_str(item, "category");
    bool there = !genre.size;
    for (size_t i = 0; i < json_array_size(tags); i++)
        there = there || str_equal_fold(genre, str_of(json_string_value(json_array_get(tags, i))));
    if (is_audio && !there)
        json_array_append_new(tags, json_str(genre));
    return tags;
}

static error put_row(struct scope *scope, const json_t *item, str id, int64_t place)
{
    struct arena *arena = scope->arena;
    bool is_audio = str_equal_c(json_get_str(item, "kind"), "audio");
    double duration = (double)json_get_int(item, "duration_us", 0) / 1e6;
    struct library_item row = { .id = id,
        .title = json_get_str(item, "title"),
        .artist = json_get_str(item, "artist"),
        .type = json_get_str(item, "kind"),
        .category = json_get_str(item, "category"),
        .duration = { is_audio || duration > 0, duration },
        .stock_thumbnail = json_get_str(item, "thumbnail"),
        .stock_waveform = json_get_str(item, "waveform"),
        .is_premium = json_get_bool(item, "is_premium", false) };
    int64_t width = json_get_int(item, "width", 0), height = json_get_int(item, "height", 0);
    if (is_audio)
        row.category = str_equal_c(json_get_str(item, "type"), "music") ? STR("music") : STR("sound_effects");
    if (width > 0 && height > 0)
        row.dimensions.text = str_format(
            arena, "{\"height\":%lld,\"width\":%lld}", (long long)height, (long long)width);
    TRY(db_run(scope->db, is_audio ? &drop_picture : &drop_sound, DB_ARGS(db_text(id)), NULL));
    return library_put_stock(
        scope, is_audio ? LIBRARY_AUDIO : LIBRARY_MEDIA, &row, tags_of(arena, item, is_audio), place);
}

static error put_one(struct scope *scope, str pack, const json_t *item, size_t index, str id)
{
    int64_t changed;
    double duration = (double)json_get_int(item, "duration_us", 0) / 1e6;
    TRY(db_run(scope->db, &put_item,
        DB_ARGS(db_text(id), db_text(pack), text_or_null(item, "kind"), text_or_null(item, "mime_type"),
            text_or_null(item, "title"), text_or_null(item, "file"), text_or_null(item, "thumbnail"),
            text_or_null(item, "waveform"), db_int(json_get_int(item, "size_bytes", 0)),
            duration > 0 ? db_number(duration) : db_null(), text_or_null(item, "sha256"),
            db_bool(json_get_bool(item, "is_premium", false)), db_bool(json_get_bool(item, "is_loop", false))),
        &changed));
    if (!changed)
        return error_make(ERROR_CONFLICT, "stock", "Item %zu of stock.json has the id of another pack's: %.*s",
            index + 1, STR_ARGS(id));
    return put_row(scope, item, id, (int64_t)index + 1);
}

struct id_row {
    str id;
};
static const struct field id_fields[] = { FIELD(struct id_row, id) };
static const struct shape id_shape = SHAPE("StockId", struct id_row, id_fields);

static error drop_gone(struct scope *scope, str pack, const json_t *kept)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &items_of, DB_ARGS(db_text(pack)), &id_shape, 0, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        str id = ((const struct id_row *)rows.items)[i].id;
        if (!json_object_get(kept, id.data))
            TRY(db_run(scope->db, &drop_item, DB_ARGS(db_text(id)), NULL));
    }
    return OK;
}

error stock_put(struct scope *scope, const struct stock_reading *reading)
{
    struct arena *arena = scope->arena;
    json_t *kept = json_keep(arena, json_object());
    str pack;
    TRY(db_run(scope->db, &put_pack,
        DB_ARGS(db_text(id_new(arena)), db_text(reading->folder), db_text(reading->sha256), db_int(clock_now_us())),
        NULL));
    TRY(db_string(scope->db, arena, &pack_id, DB_ARGS(db_text(reading->folder)), &pack));
    for (size_t i = 0; i < json_array_size(reading->items); i++) {
        const json_t *item = json_array_get(reading->items, i);
        str id = str_lower(arena, json_get_str(item, "id"));
        if (json_object_get(kept, id.data))
            return wrong(item, i, "its id stands twice in the pack");
        TRY(put_one(scope, pack, item, i, id));
        json_object_set_new(kept, id.data, json_true());
    }
    return drop_gone(scope, pack, kept);
}

DB_STATEMENT(packs, "SELECT p.id, p.folder, (SELECT count(*) FROM stock_item i WHERE i.pack_id = p.id) AS item_count"
                    " FROM stock_pack p ORDER BY p.folder");
static const struct field pack_fields[] = {
    FIELD(struct stock_pack, id),
    FIELD(struct stock_pack, folder),
    FIELD(struct stock_pack, item_count),
};
static const struct shape pack_shape = SHAPE("StockPackRow", struct stock_pack, pack_fields);

error stock_packs(struct scope *scope, struct list *ret_packs)
{
    return db_all(scope->db, scope->arena, &packs, DB_NO_ARGS, &pack_shape, 0, ret_packs);
}

DB_STATEMENT(remove_pack, "DELETE FROM stock_pack WHERE folder = $1");

error stock_remove(struct scope *scope, str folder)
{
    int64_t changed;
    TRY(db_run(scope->db, &remove_pack, DB_ARGS(db_text(folder)), &changed));
    return changed ? OK
                   : error_make(ERROR_NOT_FOUND, "stock", "No stock of the folder %.*s was imported", STR_ARGS(folder));
}

DB_STATEMENT(by_id,
    "SELECT i.id, p.folder, i.media_type, i.mime_type, i.title, i.file, i.thumbnail, i.waveform, i.size_bytes,"
    " i.duration, i.sha256, i.is_premium, i.is_loop FROM stock_item i JOIN stock_pack p ON p.id = i.pack_id"
    " WHERE i.id = $1");

error stock_find(struct scope *scope, str id, struct stock_item *ret_item, bool *ret_found)
{
    *ret_found = false;
    if (!id_is_valid(id))
        return OK;
    return db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(str_lower(scope->arena, id))), &row_shape, ret_item,
        ret_found);
}

error stock_may_use(const struct scope *scope, const struct stock_item *item, const char *field)
{
    if (item->is_premium && !scope->actor.is_superuser && str_equal(scope->actor.plan, STR("free")))
        return error_make(ERROR_PLAN_REQUIRED, field, "\"%.*s\" needs the plan pro or business", STR_ARGS(item->title));
    return OK;
}
