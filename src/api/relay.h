// SPDX-License-Identifier: GPL-3.0-or-later
// Progress and presence between the servers and workers that share a PostgreSQL database, by words of the database
// (db_tell). What is lost comes anew with the next progress, or by itself soon after.
#pragma once

#include "api/app.h"

// Tells the other programs of the progress that is published here.
void relay_progress(struct hub *hub, struct db_pool *db);
// Both ways, and presence too. On SQLite nobody else is there.
void relay_start(struct app *app);
void relay_stop(struct app *app); // before hub and realtime end
