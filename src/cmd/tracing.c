// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/tracing.h"

#include <string.h>
#include <unistd.h>

#include "api/router.h"
#include "base/settings.h"

enum { PAIRS_MAX = 64 };

// NAME=VALUE,NAME=VALUE with percent-escapes in the values, as OpenTelemetry writes lists.
static error read_pairs(
    struct arena *arena, const char *setting, const char *text, struct http_header *pairs, size_t *count)
{
    str rest = str_trim(str_of(text ? text : "")), pair, value;
    while (rest.size && str_split(&rest, ',', &pair)) {
        ptrdiff_t equals = str_index(pair, '=');
        if (*count == PAIRS_MAX || equals < 1
            || !router_decode(arena, str_trim(str_sub(pair, (size_t)equals + 1, pair.size)), false, &value))
            return error_make(
                ERROR_USAGE, setting, "%s must be NAME=VALUE,NAME=VALUE with at most %d of them", setting, PAIRS_MAX);
        pairs[(*count)++] = (struct http_header) { str_trim(str_sub(pair, 0, (size_t)equals)), value };
    }
    return OK;
}

static error read_sampler(struct otlp_options *options)
{
    str name = str_of(settings.otel_sampler);
    const str prefix = STR("parentbased_");
    double share;
    options->by_parent = str_starts(name, prefix);
    if (options->by_parent)
        name = str_sub(name, prefix.size, name.size);
    if (str_equal(name, STR("always_on")) || str_equal(name, STR("always_off"))) {
        options->keep_ppm = str_equal(name, STR("always_on")) ? 1000000 : 0;
        return OK;
    }
    if (!str_equal(name, STR("traceidratio")))
        return error_make(ERROR_USAGE, "otel_sampler",
            "OTEL_TRACES_SAMPLER must be always_on, always_off or traceidratio, with or without parentbased_ in front");
    if (!str_to_number(str_of(settings.otel_sampler_arg), &share) || share < 0 || share > 1)
        return error_make(ERROR_USAGE, "otel_sampler_arg", "OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1");
    options->keep_ppm = (int64_t)(share * 1e6);
    return OK;
}

static const char *url_of(struct arena *arena)
{
    if (*settings.otel_traces_endpoint)
        return settings.otel_traces_endpoint;
    str base = str_of(settings.otel_endpoint);
    while (str_ends(base, STR("/")))
        base.size--;
    return str_format(arena, "%.*s/v1/traces", STR_ARGS(base)).data;
}

error tracing_start(struct arena *arena, struct otlp **ret_otlp)
{
    *ret_otlp = NULL;
    if (settings.otel_disabled || (!*settings.otel_endpoint && !*settings.otel_traces_endpoint))
        return OK;
    struct http_header *headers = ARENA_ARRAY(arena, struct http_header, PAIRS_MAX);
    struct http_header *resource = ARENA_ARRAY(arena, struct http_header, PAIRS_MAX);
    size_t header_count = 0, resource_count = 0;
    char host[256] = "";
    TRY(read_pairs(arena, "OTEL_EXPORTER_OTLP_HEADERS", settings.otel_headers, headers, &header_count));
    resource[resource_count++] = (struct http_header) { STR("service.name"), str_of(settings.otel_service_name) };
    resource[resource_count++] = (struct http_header) { STR("service.version"), STR(KINORA_VERSION) };
    if (gethostname(host, sizeof host - 1) == 0)
        resource[resource_count++] = (struct http_header) { STR("host.name"), str_copy(arena, str_of(host)) };
    TRY(read_pairs(arena, "OTEL_RESOURCE_ATTRIBUTES", settings.otel_resource_attributes, resource, &resource_count));
    struct otlp_options options = { .url = url_of(arena),
        .headers = headers,
        .header_count = header_count,
        .resource = resource,
        .resource_count = resource_count,
        .timeout_us = settings.otel_timeout_ms * 1000,
        .delay_us = settings.otel_delay_ms * 1000,
        .queue_max = (int)settings.otel_queue,
        .batch_max = (int)settings.otel_batch };
    TRY(read_sampler(&options));
    return otlp_start(&options, ret_otlp);
}
