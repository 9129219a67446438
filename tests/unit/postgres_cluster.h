// SPDX-License-Identifier: GPL-3.0-or-later
// A private PostgreSQL cluster for tests: in a folder of its own under /tmp, on a Unix socket only.
//
// A guardian process owns it. It stops the server and deletes the folder when postgres_cluster_stop is
// called, and also when the test ends in any other way (a failed assert, a crash, SIGKILL). As PostgreSQL
// refuses to run as root, the guardian of a root process becomes the user postgres, or nobody.
#pragma once

#include <stdbool.h>

struct postgres_cluster;

// Whether PostgreSQL's server programs are installed; tests skip otherwise.
bool postgres_cluster_possible(void);
// Creates and starts one (about two seconds); NULL when that fails, with the reason on standard error. Where the
// environment names the folder of a cluster's socket (KINORA_TEST_POSTGRES) it is a database of its own there.
struct postgres_cluster *postgres_cluster_start(void);
// For db_open and libpq: a superuser's connection to the database "postgres".
const char *postgres_cluster_url(const struct postgres_cluster *cluster);
void postgres_cluster_stop(struct postgres_cluster *cluster); // NULL is allowed
