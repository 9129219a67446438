// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/stock_start.h"

#include <sys/stat.h>

struct taking {
    struct arena *arena;
    struct stock_reading reading;
};

static error put(struct db *db, void *context)
{
    struct taking *taking = context;
    struct scope scope = { .arena = taking->arena, .db = db };
    bool current;
    TRY(stock_is_current(&scope, &taking->reading, &current));
    return current ? OK : stock_put(&scope, &taking->reading);
}

error stock_take(struct arena *arena, struct db_pool *pool, const char *path, str folder)
{
    struct taking taking = { .arena = arena };
    TRY(stock_read(arena, path, folder, &taking.reading));
    return db_write(pool, put, &taking);
}

static error list(struct arena *arena, struct db_pool *pool, struct list *ret_packs)
{
    struct db *db;
    TRY(db_connect(pool, &db));
    struct scope scope = { .arena = arena, .db = db };
    error result = stock_packs(&scope, ret_packs);
    db_disconnect(db);
    return result;
}

struct stock_stamp stock_stamp(struct arena *arena)
{
    struct stat file;
    if (stat(str_format(arena, "%s/stock.json", stock_folder(arena)).data, &file) != 0)
        return (struct stock_stamp) { 0 };
    return (struct stock_stamp) { (int64_t)file.st_mtim.tv_sec * 1000000000 + file.st_mtim.tv_nsec, file.st_size };
}

static void tell(const char *path, error problem)
{
    log_event(LOG_WARN, NULL, "stock", "A stock cannot be read; what is known of it stays as it was",
        LOG_TEXT("folder", str_of(path)), LOG_TEXT("reason", str_of(problem.message)));
}

error stock_take_all(struct arena *arena, struct db_pool *pool)
{
    struct list packs;
    TRY(list(arena, pool, &packs));
    const char *own = stock_folder(arena);
    bool had_own = false;
    for (size_t i = 0; i < packs.count; i++) {
        const struct stock_pack *pack = &((struct stock_pack *)packs.items)[i];
        if (!pack->folder.size) {
            had_own = true;
            continue;
        }
        error problem = stock_take(arena, pool, str_to_c(arena, pack->folder), pack->folder);
        if (error_is(problem))
            tell(pack->folder.data, problem);
    }
    error problem = stock_take(arena, pool, own, STR(""));
    if (problem.code == ERROR_NOT_FOUND && !had_own) // an installation without a stock
        return OK;
    if (error_is(problem))
        tell(own, problem);
    return OK;
}
