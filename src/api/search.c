// SPDX-License-Identifier: GPL-3.0-or-later
// Search over everything that one may see.
#include "domain/search.h"

#include "api/route.h"

static const char *const kinds[] = { "media", "segment", "video", "scene", "layer", NULL };

struct search_query_in {
    str q, kind;
    struct opt_int limit, offset;
};
static const struct field query_fields[] = {
    FIELD(struct search_query_in, q, .required = true, .min = 1, .max = SEARCH_QUERY_LETTERS_MAX,
        .doc =
            "Words that must all be there, in any case and without regard to accents; \"a phrase\", begin*, -without"),
    FIELD(struct search_query_in, kind, .allowed = kinds, .doc = "Only hits of this kind"),
    FIELD(struct search_query_in, limit, .min = 1, .max = SEARCH_HITS_MAX, .doc = "How many at the most [20]"),
    FIELD(struct search_query_in, offset, .max = SEARCH_RANKED_MAX, .doc = "How many to pass over [0]"),
};
static const struct shape query_shape = SHAPE("SearchQuery", struct search_query_in, query_fields);

static const struct field hit_fields[] = {
    FIELD(struct search_hit, kind, .allowed = kinds),
    FIELD(struct search_hit, title, .doc = "File name of the media, or title of the video"),
    FIELD(struct search_hit, snippet, .doc = "Text as safe HTML, what was found between <mark> and </mark>"),
    FIELD(struct search_hit, score, .doc = "Higher is better; 0 to 3"),
    FIELD(struct search_hit, second, .doc = "Where in the recording or video; null for titles"),
    FIELD(struct search_hit, media_id, .format = FORMAT_UUID),
    FIELD(struct search_hit, transcription_id, .format = FORMAT_UUID),
    FIELD(struct search_hit, job_id, .format = FORMAT_UUID, .doc = "Transcription job"),
    FIELD(struct search_hit, segment_id, .format = FORMAT_UUID),
    FIELD(struct search_hit, video_id, .format = FORMAT_UUID),
    FIELD(struct search_hit, scene_id, .format = FORMAT_UUID),
    FIELD(struct search_hit, layer_id, .format = FORMAT_UUID),
};
static const struct shape hit_shape = SHAPE("SearchHit", struct search_hit, hit_fields);

struct search_answer {
    struct list hits;
    int64_t total;
};
static const struct field answer_fields[] = {
    FIELD(struct search_answer, hits, .shape = &hit_shape),
    FIELD(struct search_answer, total, .doc = "All that match; the best 1,000 of them can be had"),
};
static const struct shape answer_shape = SHAPE("SearchAnswer", struct search_answer, answer_fields);

static error find(struct api_call *call)
{
    const struct search_query_in *in = call->query;
    struct search_answer *out = call->output;
    struct search_options options = { in->q, in->kind, in->offset.value, in->limit.set ? in->limit.value : 20 };
    return search(&call->scope, &options, &out->hits, &out->total);
}

static const struct route routes[] = {
    { "GET", "/api/v1/search", "Search", "Search titles, transcripts and scenes", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .query_in = &query_shape, .output = &answer_shape, .handle = find },
};
const struct route_group route_group_search = ROUTE_GROUP(routes);
