// SPDX-License-Identifier: GPL-3.0-or-later
// One list of tests run on SQLite and then on PostgreSQL, each time with a fresh library.
#pragma once

#include "library_help.h"
#include "postgres_cluster.h"

static struct library library;                   // of the run under way
static void (*library_opened)(void);             // NULL: nothing more is to be done with it before the tests
static struct postgres_cluster *library_cluster; // NULL: SQLite

static int open_on_sqlite(void **state)
{
    (void)state;
    library_open(&library, NULL);
    if (library_opened)
        library_opened();
    return 0;
}

static int open_on_postgres(void **state)
{
    (void)state;
    library_cluster = postgres_cluster_start();
    assert_non_null(library_cluster);
    library_open(&library, postgres_cluster_url(library_cluster));
    if (library_opened)
        library_opened();
    return 0;
}

static int close_on_both(void **state)
{
    (void)state;
    library_close(&library);
    postgres_cluster_stop(TAKE(library_cluster));
    return 0;
}

// How many failed. `name` is a literal, `tests` an array.
#define RUN_ON_BOTH_DATABASES(name, tests)                                                                             \
    (cmocka_run_group_tests_name(name " on SQLite", tests, open_on_sqlite, close_on_both)                              \
        + (postgres_cluster_possible()                                                                                 \
                ? cmocka_run_group_tests_name(name " on PostgreSQL", tests, open_on_postgres, close_on_both)           \
                : 0))
