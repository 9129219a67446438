// SPDX-License-Identifier: GPL-3.0-or-later
// The audit log, for superusers.
#include "domain/audit.h"

#include "api/route.h"
#include "api/scene_shapes.h"

struct query {
    str actor, action;
    time_us since;
    struct opt_int page, limit;
};
static const struct field query_fields[] = {
    FIELD(struct query, actor, .min = 1, .max = 64, .doc = "Integer id or name of who did it"),
    FIELD(struct query, action, .min = 1, .max = 64, .doc = "Such as member.add, or member for all of these"),
    FIELD(struct query, since, .doc = "Not older than this time"),
    FIELD(struct query, page, .min = 1, .max = 1e9, .doc = "1 is the first [1]"),
    FIELD(struct query, limit, .min = 1, .max = 1e9, .doc = "Items a page, 100 at the most [20]"),
};
static const struct shape query_shape = SHAPE("AuditQuery", struct query, query_fields);

struct many {
    struct list entries;
    struct pagination *pagination;
};
static const struct field many_fields[] = {
    FIELD(struct many, entries, .shape = &audit_entry_shape),
    FIELD(struct many, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape many_shape = SHAPE("AuditPage", struct many, many_fields);

static error list_entries(struct api_call *call)
{
    const struct query *query = call->query;
    struct many *out = call->output;
    struct page_query page = { query->page, query->limit };
    struct audit_filter filter = { query->actor, query->action, query->since, 0, 0 };
    int64_t total;
    page_settle(&page, &filter.offset, &filter.limit);
    TRY(audit_list(&call->scope, &filter, &out->entries, &total));
    out->pagination = page_answer(call->scope.arena, &page, total);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/admin/audit", "Administration", "Who did what, newest first", FACE_ENVELOPE, ACCESS_SUPERUSER,
        LANE_READ, .query_in = &query_shape, .output = &many_shape, .handle = list_entries },
};
const struct route_group route_group_audit = ROUTE_GROUP(routes);
