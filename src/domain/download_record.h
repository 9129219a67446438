// SPDX-License-Identifier: GPL-3.0-or-later
// The history of downloads: one record a run, which outlives its link.
#pragma once

#include "domain/link.h"

struct download_record {
    int64_t number, link_number;
    str link_name, status, message, failure, advice;
    struct raw_json files, media_numbers, media_uuids; // lists
    time_us created_at;
};
extern const char *const download_statuses[]; // NULL-terminated

// How a run ended.
struct download_end {
    const char *status; // one of download_statuses
    enum link_failure failure;
    str message;
    const json_t *files, *media_numbers, *media_uuids; // lists of what is new
};

// In a change, for the link's owner.
MUST_USE error download_record_add(struct scope *scope, const struct link *link, const struct download_end *end);
// The actor's; another user's is NOT_FOUND.
MUST_USE error download_record_get(struct scope *scope, int64_t number, struct download_record *ret_record);
struct download_filter {
    struct opt_int link_number;
    str status;
    int64_t skip, limit;
};
// The actor's, newest first.
MUST_USE error download_record_list(
    struct scope *scope, const struct download_filter *filter, struct list *ret_records);
