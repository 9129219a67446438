// SPDX-License-Identifier: GPL-3.0-or-later
// Answers requests for new passwords by mail, on a thread of its own: how long it takes is nobody's business who asked.
#pragma once

#include "blob/blob.h"
#include "db/db.h"

struct mailer;
// `db` and `blobs` are borrowed and outlive it.
void mailer_start(struct db_pool *db, struct blob_store *blobs, struct mailer **ret_mailer);
void mailer_stop(struct mailer *mailer); // NULL is allowed
