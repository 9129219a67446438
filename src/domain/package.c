// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/package.h"

#include <errno.h>
#include <string.h>
#include <zip.h>

enum { PIECE_BYTES = 256 << 10 };

struct package {
    struct arena *arena;
    struct package_source source;
    int64_t at;   // where libzip reads next
    error failed; // of the source
    zip_error_t zip_failed;
    zip_t *zip;
    int64_t extracted; // bytes so far, of PACKAGE_BYTES_MAX
    json_t *document;  // NULL until it was read
};

static void done(void *pointer)
{
    struct package *package = pointer;
    if (package->zip)
        zip_discard(package->zip);
}

static zip_int64_t read_source(struct package *package, void *bytes, zip_uint64_t size)
{
    size_t got = 0;
    package->failed = package->source.read(package->source.context, (uint64_t)package->at, bytes, size, &got);
    if (error_is(package->failed)) {
        zip_error_set(&package->zip_failed, ZIP_ER_READ, EIO);
        return -1;
    }
    package->at += (int64_t)got;
    return (zip_int64_t)got;
}

static zip_int64_t seek_source(struct package *package, void *bytes, zip_uint64_t size)
{
    zip_int64_t at = zip_source_seek_compute_offset(
        (zip_uint64_t)package->at, package->source.size, bytes, size, &package->zip_failed);
    if (at < 0)
        return -1;
    package->at = at;
    return 0;
}

static zip_int64_t stat_source(const struct package *package, void *bytes)
{
    zip_stat_t *stat = bytes;
    zip_stat_init(stat);
    stat->size = package->source.size;
    stat->valid = ZIP_STAT_SIZE;
    return sizeof *stat;
}

// libzip's view of the source (zip_source_function(3)).
static zip_int64_t on_source(void *context, void *bytes, zip_uint64_t size, zip_source_cmd_t command)
{
    struct package *package = context;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        package->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_source(package, bytes, size);
    case ZIP_SOURCE_SEEK:
        return seek_source(package, bytes, size);
    case ZIP_SOURCE_TELL:
        return package->at;
    case ZIP_SOURCE_STAT:
        return stat_source(package, bytes);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&package->zip_failed, bytes, size);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
            ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    default: // closing and freeing: the source is the caller's
        return 0;
    }
}

bool package_is(str first_bytes)
{
    return str_starts(first_bytes, STR("PK\x03\x04"));
}

static error wrong(struct package *package, const char *what)
{
    if (error_is(package->failed))
        return package->failed;
    return error_make(ERROR_VALIDATION_ERROR, "file", "The zip file cannot be read: %s", what);
}

error package_open(struct arena *arena, const struct package_source *source, struct package **ret_package)
{
    struct package *package = ARENA_NEW(arena, struct package);
    zip_error_t failed;
    package->arena = arena;
    package->source = *source;
    zip_error_init(&failed);
    arena_defer(arena, done, package);
    zip_source_t *bytes = zip_source_function_create(on_source, package, &failed);
    package->zip = bytes ? zip_open_from_source(bytes, ZIP_RDONLY | ZIP_CHECKCONS, &failed) : NULL;
    if (!package->zip) {
        str reason = str_copy(arena, str_of(zip_error_strerror(&failed)));
        if (bytes)
            zip_source_free(bytes);
        zip_error_fini(&failed);
        return wrong(package, reason.data);
    }
    zip_error_fini(&failed);
    if (zip_get_num_entries(package->zip, 0) > PACKAGE_ENTRIES_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "file", "A project has at most %d files", PACKAGE_ENTRIES_MAX);
    *ret_package = package;
    return OK;
}

static void close_entry(zip_file_t **entry)
{
    if (*entry)
        zip_fclose(*entry);
}

// What an entry says of its size is not believed: it is counted.
static error extract(struct package *package, const char *name, int64_t size_max,
    error (*sink)(void *context, const void *bytes, size_t size), void *context)
{
    __attribute__((cleanup(close_entry))) zip_file_t *entry = zip_fopen(package->zip, name, 0);
    if (!entry && zip_error_code_zip(zip_get_error(package->zip)) == ZIP_ER_NOENT)
        return error_make(ERROR_NOT_FOUND, NULL, "The project's file has no \"%.60s\"", name);
    if (!entry)
        return wrong(package, zip_strerror(package->zip));
    char *piece = arena_alloc_raw(package->arena, PIECE_BYTES);
    for (int64_t size = 0;;) {
        zip_int64_t got = zip_fread(entry, piece, PIECE_BYTES);
        if (got < 0)
            return wrong(package, zip_file_strerror(entry));
        if (got == 0)
            return OK;
        size += got;
        package->extracted += got;
        if (size > size_max || package->extracted > PACKAGE_BYTES_MAX)
            return error_make(ERROR_LIMIT_EXCEEDED, "file", "\"%.60s\" of the project's file is too large", name);
        TRY(sink(context, piece, (size_t)got));
    }
}

static error into_buffer(void *context, const void *bytes, size_t size)
{
    buffer_append(context, bytes, size);
    return OK;
}

error package_document(struct package *package, json_t **ret_document)
{
    if (!package->document) {
        BUFFER_AUTO struct buffer text = { 0 };
        error result = extract(package, PACKAGE_DOCUMENT, PACKAGE_DOCUMENT_MAX, into_buffer, &text);
        if (result.code == ERROR_NOT_FOUND)
            return error_make(
                ERROR_VALIDATION_ERROR, "file", "The zip file has no %s: it is no project", PACKAGE_DOCUMENT);
        TRY(result);
        result = json_read(package->arena, buffer_str(&text), &package->document);
        if (error_is(result))
            return error_make(ERROR_VALIDATION_ERROR, "file", "%s is no valid JSON: %s", PACKAGE_DOCUMENT,
                str_copy(package->arena, str_of(result.message)).data);
    }
    *ret_document = package->document;
    return OK;
}

const json_t *package_asset(const struct package *package, str reference)
{
    const json_t *asset;
    size_t i;
    json_array_foreach (json_object_get(package->document, "assets"), i, asset)
        if (str_equal(json_get_str(asset, "id"), reference))
            return asset;
    return NULL;
}

error package_extract(
    struct package *package, str reference, error (*sink)(void *context, const void *bytes, size_t size), void *context)
{
    str file = json_get_str(package_asset(package, reference), "file");
    return extract(package, str_to_c(package->arena, file.size ? file : reference), PACKAGE_BYTES_MAX, sink, context);
}
