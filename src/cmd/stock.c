// SPDX-License-Identifier: GPL-3.0-or-later
// kinora stock: packs of sounds, pictures and films for everybody.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/stock_start.h"
#include "cmd/upgrade.h"

struct request {
    struct arena *arena;
    str folder;
};

static error packs_of(struct arena *arena, struct db_pool *pool, struct list *ret_packs)
{
    struct db *db;
    TRY(db_connect(pool, &db));
    struct scope scope = { .arena = arena, .db = db };
    error result = stock_packs(&scope, ret_packs);
    db_disconnect(db);
    return result;
}

static error list(struct arena *arena, struct db_pool *pool)
{
    struct list packs;
    TRY(packs_of(arena, pool, &packs));
    for (size_t i = 0; i < packs.count; i++) {
        const struct stock_pack *pack = &((struct stock_pack *)packs.items)[i];
        str folder = pack->folder.size ? pack->folder : str_of(stock_folder(arena));
        printf("%lld\t%.*s\n", (long long)pack->item_count, STR_ARGS(folder));
    }
    return OK;
}

// The whole path, since the server runs in another folder.
static str whole_path(struct arena *arena, const char *path)
{
    char *whole = realpath(path, NULL);
    str result = str_copy(arena, str_of(whole ? whole : path));
    free(whole);
    return result;
}

static error import(struct arena *arena, struct db_pool *pool, str folder)
{
    struct list packs;
    TRY(stock_take(arena, pool, folder.data, folder));
    TRY(packs_of(arena, pool, &packs));
    for (size_t i = 0; i < packs.count; i++) {
        const struct stock_pack *pack = &((struct stock_pack *)packs.items)[i];
        if (str_equal(pack->folder, folder))
            fprintf(stderr, "Everybody has the %lld items of %.*s now; the folder must stay where it is\n",
                (long long)pack->item_count, STR_ARGS(folder));
    }
    return OK;
}

static error forget(struct db *db, void *context)
{
    struct request *request = context;
    struct scope scope = { .arena = request->arena, .db = db };
    return stock_remove(&scope, request->folder);
}

static error run_on(const struct call *call, struct db_pool *pool)
{
    struct arena *arena = call->arena;
    const char *what = call->operands[0];
    TRY(upgrade_database(arena, pool));
    if (!strcmp(what, "list") && call->operand_count == 1)
        return list(arena, pool);
    if (call->operand_count == 2 && !strcmp(what, "import"))
        return import(arena, pool, whole_path(arena, call->operands[1]));
    if (call->operand_count != 2 || strcmp(what, "remove") != 0)
        return error_make(ERROR_USAGE, NULL, "kinora stock import DIR, kinora stock remove DIR or kinora stock list");
    struct request request = { .arena = arena, .folder = whole_path(arena, call->operands[1]) };
    TRY(db_write(pool, forget, &request));
    fprintf(stderr, "Nobody has the stock of %.*s any more; its files stay\n", STR_ARGS(request.folder));
    return OK;
}

static error run(const struct call *call)
{
    struct db_pool *pool;
    TRY(data_folder_make(settings.data));
    TRY(crypt_init());
    TRY(db_open(&(struct db_options) { data_folder_database(call->arena) }, &pool));
    error result = run_on(call, pool);
    db_close(pool);
    return result;
}

const struct command stock_command = {
    .name = "stock",
    .operands = "import|remove|list [DIR]",
    .operand_least = 1,
    .operand_most = 2,
    .summary = "Add folders of sounds, pictures and films for everybody",
    .help = "import: makes what DIR/stock.json describes known to the data folder --data (./data), whether the server\n"
            "runs or not. The files are used where they are: DIR must stay, and a server on another machine must have\n"
            "it under the same path. A changed stock.json is read again when the server starts, or by import.\n"
            "remove: forgets a folder; layers that use its files then stop renders. list: items and folders.\n\n"
            "Example: kinora stock import /srv/sounds",
    .run = run,
};
