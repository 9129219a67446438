// SPDX-License-Identifier: GPL-3.0-or-later
// A database with all its tables and one user, and a blob store, in a folder of their own.
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypt/crypt.h"
#include "domain/schema.h"
#include "domain/user.h"
#include "test.h"

struct library {
    char folder[64];
    struct db_pool *pool;
    struct keyring *keyring;
    struct blob_store *blobs;
    struct arena *arena;
    struct scope scope; // for reading, as the user
};

static inline int library_remove(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static inline error library_add_user(struct db *db, void *context)
{
    struct library *library = context;
    struct scope scope = library->scope;
    struct user user;
    scope.db = db;
    struct user_change change = { .username = STR("ann"), .email = STR("ann@example.org"), .password_hash = STR("-") };
    TRY(user_create(&scope, &change, true, &user));
    library->scope.actor = (struct actor) { .user_id = user.id, .number = user.number, .plan = user.plan };
    return OK;
}

// `postgres_url` NULL: SQLite.
static inline void library_open(struct library *library, const char *postgres_url)
{
    assert_ok(crypt_init());
    *library = (struct library) { .arena = arena_new(64 << 20) };
    strcpy(library->folder, "/tmp/kinora-test-XXXXXX");
    assert_non_null(mkdtemp(library->folder));
    char url[128], blobs[128];
    snprintf(url, sizeof url, "sqlite://%s/kinora.db", library->folder);
    snprintf(blobs, sizeof blobs, "%s/blobs", library->folder);
    assert_ok(db_open(&(struct db_options) { postgres_url ? postgres_url : url }, &library->pool));
    assert_ok(db_migrate(library->pool, schema_migrations, schema_migration_count, &(int) { 0 }, &(int) { 0 }));
    assert_ok(keyring_open(library->folder, NULL, &library->keyring));
    assert_ok(blob_store_open(blobs, library->keyring, &library->blobs));
    library->scope = (struct scope) { .arena = library->arena, .blobs = library->blobs };
    assert_ok(db_connect(library->pool, &library->scope.db));
    assert_ok(db_write(library->pool, library_add_user, library));
}

static inline void library_close(struct library *library)
{
    db_disconnect(library->scope.db);
    db_close(library->pool);
    blob_store_close(library->blobs);
    keyring_close(library->keyring);
    arena_free(library->arena);
    nftw(library->folder, library_remove, 16, FTW_DEPTH | FTW_PHYS);
}
