// SPDX-License-Identifier: GPL-3.0-or-later
// Queries of SQLite: one that fails says what a disk error would, until the thread's next one.
#include <sqlite3.h>

#include "preload.h"

static _Thread_local bool failed;

static bool query_fails(const char *name)
{
    failed = call_fails(CALL_QUERY, name);
    return failed;
}

int sqlite3_step(sqlite3_stmt *statement)
{
    return query_fails("sqlite3_step") ? SQLITE_IOERR : NEXT(sqlite3_step)(statement);
}

int sqlite3_exec(
    sqlite3 *handle, const char *sql, int (*row)(void *, int, char **, char **), void *context, char **ret_message)
{
    return query_fails("sqlite3_exec") ? SQLITE_IOERR : NEXT(sqlite3_exec)(handle, sql, row, context, ret_message);
}

int sqlite3_prepare_v2(sqlite3 *handle, const char *sql, int size, sqlite3_stmt **ret_statement, const char **ret_rest)
{
    if (!query_fails("sqlite3_prepare_v2"))
        return NEXT(sqlite3_prepare_v2)(handle, sql, size, ret_statement, ret_rest);
    *ret_statement = NULL;
    return SQLITE_IOERR;
}

int sqlite3_prepare_v3(
    sqlite3 *handle, const char *sql, int size, unsigned int flags, sqlite3_stmt **ret_statement, const char **ret_rest)
{
    if (!query_fails("sqlite3_prepare_v3"))
        return NEXT(sqlite3_prepare_v3)(handle, sql, size, flags, ret_statement, ret_rest);
    *ret_statement = NULL;
    return SQLITE_IOERR;
}

int sqlite3_errcode(sqlite3 *handle)
{
    return failed ? SQLITE_IOERR : NEXT(sqlite3_errcode)(handle);
}

int sqlite3_extended_errcode(sqlite3 *handle)
{
    return failed ? SQLITE_IOERR_READ : NEXT(sqlite3_extended_errcode)(handle);
}

const char *sqlite3_errmsg(sqlite3 *handle)
{
    return failed ? "disk I/O error" : NEXT(sqlite3_errmsg)(handle);
}
