// SPDX-License-Identifier: GPL-3.0-or-later
// A project with its assets in one zip file: project.json, whose "assets" say which entry each reference means. Entries
// are read by name from inside of the file and never become paths; all sizes are bounded, whatever the file says of
// itself. Pure but for what `read` does.
#pragma once

#include "base/json.h"

// A document of thousands of layers is a few megabytes. An asset may be as large as an upload; all of them together
// PACKAGE_BYTES_MAX, so that a small file cannot become a large disk.
enum { PACKAGE_DOCUMENT_MAX = 16 << 20, PACKAGE_ENTRIES_MAX = 10000 };
#define PACKAGE_BYTES_MAX (INT64_C(64) << 30)
#define PACKAGE_DOCUMENT "project.json"

struct package;

// Where the zip file's bytes come from: up to `size` at `offset`, fewer only at its end.
struct package_source {
    void *context;
    uint64_t size;
    error (*read)(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
};
bool package_is(str first_bytes); // whether a file that begins so is a zip file

// Lives in the arena. VALIDATION_ERROR when it is no zip file, is damaged, encrypted or too large.
MUST_USE error package_open(struct arena *arena, const struct package_source *source, struct package **ret_package);
// The document. VALIDATION_ERROR when it has none that can be read.
MUST_USE error package_document(struct package *package, json_t **ret_document);
// An asset of the document by what the document calls it: the entry that "assets" names for it, else the entry of that
// very name. NOT_FOUND; `sink` gets its bytes in order.
MUST_USE error package_extract(struct package *package, str reference,
    error (*sink)(void *context, const void *bytes, size_t size), void *context);
// What "assets" says of a reference ({"id", "file", "name", ...}), or NULL. Borrowed.
const json_t *package_asset(const struct package *package, str reference);
