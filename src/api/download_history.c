// SPDX-License-Identifier: GPL-3.0-or-later
// The history of downloads as document 002 has it.
#include "api/route.h"
#include "domain/download_record.h"

struct record_path {
    int64_t history_id;
};
static const struct field path_fields[] = {
    FIELD(struct record_path, history_id, .required = true, .doc = "Integer id"),
};
static const struct shape path_shape = SHAPE("DownloadRecordPath", struct record_path, path_fields);

struct record_query {
    int64_t skip;
    struct opt_int limit, link_id;
    str status;
};
static const struct field query_fields[] = {
    FIELD(struct record_query, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct record_query, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
    FIELD(struct record_query, link_id, .doc = "Only of this link, also of one that was deleted"),
    FIELD(struct record_query, status, .allowed = download_statuses, .doc = "Only those that ended so"),
};
static const struct shape query_shape = SHAPE("DownloadRecordQuery", struct record_query, query_fields);

static const struct field record_fields[] = {
    FIELD_AS(struct download_record, number, "id", .doc = "Integer id"),
    FIELD_AS(struct download_record, link_number, "link_id", .doc = "Integer id of the link"),
    FIELD(struct download_record, link_name),
    FIELD_AS(struct download_record, created_at, "timestamp"),
    FIELD(struct download_record, status, .doc = "success, partial, failure or cancelled"),
    FIELD(struct download_record, message),
    FIELD_AS(struct download_record, files, "downloaded_files", .json_type = "array", .doc = "Names of what is new"),
    FIELD_AS(struct download_record, media_numbers, "media_ids", .json_type = "array", .doc = "Integer ids of it"),
    FIELD(struct download_record, media_uuids, .json_type = "array", .doc = "UUIDs of it"),
    FIELD(struct download_record, failure, .doc = "Class of the failure"),
    FIELD(struct download_record, advice, .doc = "What can be done about it"),
};
static const struct shape record_shape = SHAPE("DownloadRecord", struct download_record, record_fields);

static error list(struct api_call *call)
{
    const struct record_query *query = call->query;
    struct download_filter filter = { .link_number = query->link_id,
        .status = query->status,
        .skip = query->skip,
        .limit = query->limit.set ? query->limit.value : 100 };
    return download_record_list(&call->scope, &filter, call->output);
}

static error get(struct api_call *call)
{
    return download_record_get(&call->scope, ((const struct record_path *)call->path)->history_id, call->output);
}

static const struct route routes[] = {
    { "GET", "/api/v1/history", "Download history", "List how looks at links went", FACE_DETAIL, ACCESS_USER, LANE_READ,
        .query_in = &query_shape, .output = &record_shape, .output_list = true, .errors = ERRORS(ERROR_UNPROCESSABLE),
        .handle = list },
    { "GET", "/api/v1/history/{history_id}", "Download history", "Show a record", FACE_DETAIL, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &record_shape, .errors = ERRORS(ERROR_NOT_FOUND), .handle = get },
};
const struct route_group route_group_download_history = ROUTE_GROUP(routes);
