// SPDX-License-Identifier: GPL-3.0-or-later
#include "db/driver.h"
static error o(const char *url, struct db_pool **p)
{
    (void)url;
    (void)p;
    return error_of(ERROR_UNAVAILABLE);
}
const struct db_driver db_postgres_driver = { .kind = DB_POSTGRES, .open = o };
