// SPDX-License-Identifier: GPL-3.0-or-later
// The tables and every statement of the program, on both databases.
#include "library_help.h"
#include "postgres_cluster.h"

static void prepare_all(const char *postgres_url)
{
    struct library library;
    size_t count, failures = 0;
    library_open(&library, postgres_url);
    const struct db_statement *const *statements = db_statements(&count);
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        error result = db_prepare(library.scope.db, statements[i]);
        if (error_is(result)) {
            print_error("%s: %s\n", statements[i]->name, result.message);
            failures++;
        }
    }
    library_close(&library);
    assert_int_equal(failures, 0);
}

static void every_statement_is_prepared_on_sqlite(void **state)
{
    (void)state;
    prepare_all(NULL);
}

static void every_statement_is_prepared_on_postgresql(void **state)
{
    (void)state;
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    assert_non_null(cluster);
    prepare_all(postgres_cluster_url(cluster));
    postgres_cluster_stop(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_is_prepared_on_sqlite),
        cmocka_unit_test(every_statement_is_prepared_on_postgresql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
