// SPDX-License-Identifier: GPL-3.0-or-later
// kinora api-document: what the HTTP API is, from the route table.
#include <stdio.h>
#include <string.h>

#include "api/markdown.h"
#include "api/openapi.h"
#include "cmd/commands.h"

struct values {
    const char *format;
};

static error run(const struct call *call)
{
    const struct values *values = call->values;
    BUFFER_AUTO struct buffer text = { 0 };
    bool page = !strcmp(values->format, "markdown");
    if (page)
        markdown_write(&text);
    else
        openapi_write(&text);
    if (text.failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    fwrite(text.data, 1, text.size, stdout);
    if (!page)
        putchar('\n');
    return OK;
}

static const struct option options[] = {
    { "format", 0, "FORMAT", OPTION_TEXT, offsetof(struct values, format), "markdown|openapi", 0, 0,
        "A page to read, or OpenAPI 3.1 as JSON [markdown]" },
    { 0 },
};

const struct command api_document_command = {
    .name = "api-document",
    .summary = "Print the description of the HTTP API",
    .help = "Every call with its input, its answer and its errors, as this program declares them.\n\n"
            "Example: kinora api-document --format openapi > openapi.json",
    .options = options,
    .defaults = &(const struct values) { "markdown" },
    .values_size = sizeof(struct values),
    .run = run,
};
