// SPDX-License-Identifier: GPL-3.0-or-later
// Names, digests and documents of the things of a pack.
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack.h"

enum { FILE_MAX = 64 << 20 };

str pack_id(struct arena *arena, enum item_kind kind, const char *slug)
{
    // The space of our names: the UUID of "kinora stock" below the URL name space.
    static const unsigned char space[16] = { 0x8f, 0x1c, 0x5e, 0x2a, 0x30, 0x7b, 0x5d, 0x4e, 0x9a, 0x61, 0x6b, 0x69,
        0x6e, 0x6f, 0x72, 0x61 };
    unsigned char digest[EVP_MAX_MD_SIZE];
    str name = str_format(arena, "%.16s%s/%s", "................", item_kind_name(kind), slug);
    char *bytes = (char *)name.data;
    memcpy(bytes, space, sizeof space);
    EVP_Digest(bytes, name.size, digest, NULL, EVP_sha1(), NULL);
    digest[6] = (unsigned char)((digest[6] & 0x0F) | 0x50);
    digest[8] = (unsigned char)((digest[8] & 0x3F) | 0x80);
    const char *hex = str_hex(arena, digest, 16).data;
    return str_format(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

str pack_sha256(struct arena *arena, const void *bytes, size_t size)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL);
    return str_hex(arena, digest, sizeof digest);
}

static error read_all(int file, const char *name, struct buffer *bytes)
{
    struct stat about;
    if (fstat(file, &about) < 0)
        return error_system("look at", name, errno);
    if (about.st_size > FILE_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "%s is too large for a stock file", name);
    char *room = buffer_reserve(bytes, (size_t)about.st_size + 1);
    for (ssize_t got = 1; got > 0 && bytes->size < (size_t)about.st_size; bytes->size += (size_t)got)
        if ((got = read(file, room + bytes->size, (size_t)about.st_size - bytes->size)) < 0)
            return error_system("read", name, errno);
    return OK;
}

error pack_read(const char *folder, const char *name, struct buffer *ret_bytes)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 16);
    const char *path = str_format(arena, "%s/%s", folder, name).data;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? error_make(ERROR_NOT_FOUND, NULL, "%s is not there", path)
                               : error_system("open", path, errno);
    error failed = read_all(file, path, ret_bytes);
    close(file);
    return failed;
}

static error write_all(int file, const char *path, str bytes)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t put = write(file, bytes.data + done, bytes.size - done);
        if (put < 0)
            return error_system("write", path, errno);
        done += (size_t)put;
    }
    return OK;
}

error pack_write(const char *folder, const char *name, str bytes)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 16);
    const char *path = str_format(arena, "%s/%s", folder, name).data;
    const char *draft = str_format(arena, "%s.new", path).data;
    int file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return error_system("make", draft, errno);
    error failed = write_all(file, draft, bytes);
    if (close(file) < 0 && !error_is(failed))
        failed = error_system("close", draft, errno);
    TRY(failed);
    return rename(draft, path) < 0 ? error_system("name", path, errno) : OK;
}

static json_t *tags_of(const char *tags)
{
    json_t *list = json_array();
    str rest = str_of(tags), tag;
    while (str_split(&rest, ',', &tag))
        json_array_append_new(list, json_str(str_trim(tag)));
    return list;
}

static json_t *whole(int64_t value)
{
    return value ? json_integer(value) : json_null();
}

error pack_describe(
    struct arena *arena, enum item_kind kind, size_t index, const struct product *product, json_t **ret_entry)
{
    const struct item_source *source = &item_sources[kind];
    struct item item = source->item(index);
    json_t *entry = json_keep(arena, json_object());
    const char *file = str_format(arena, "%s/%s.%s", source->folder, item.slug, source->extension).data;
    str sha256 = pack_sha256(arena, product->file.data, product->file.size);
    json_object_set_new(entry, "id", json_str(pack_id(arena, kind, item.slug)));
    json_object_set_new(entry, "kind", json_string(item_kind_name(kind)));
    if (kind == ITEM_MUSIC || kind == ITEM_EFFECT)
        json_object_set_new(entry, "type", json_string(kind == ITEM_MUSIC ? "music" : "effect"));
    json_object_set_new(entry, "title", json_string(item.title));
    json_object_set_new(entry, "artist", json_string(item.artist));
    json_object_set_new(entry, "tags", tags_of(item.tags));
    json_object_set_new(entry, "category", json_string(item.category));
    json_object_set_new(entry, "file", json_string(file));
    json_object_set_new(entry, "thumbnail",
        product->thumbnail.size ? json_str(str_format(arena, "thumbnails/%s.jpg", item.slug)) : json_null());
    json_object_set_new(entry, "waveform",
        product->waveform.size ? json_str(str_format(arena, "waveforms/%s.json", item.slug)) : json_null());
    json_object_set_new(entry, "mime_type", json_string(source->mime_type));
    json_object_set_new(entry, "duration_us", whole(product->duration_us));
    json_object_set_new(entry, "width", whole(product->width));
    json_object_set_new(entry, "height", whole(product->height));
    json_object_set_new(entry, "size_bytes", json_integer((json_int_t)product->file.size));
    json_object_set_new(entry, "sha256", json_str(sha256));
    json_object_set_new(entry, "is_premium", json_boolean(item.premium));
    json_object_set_new(entry, "is_loop", json_boolean(item.loop));
    json_object_set_new(entry, "made_by", json_string(item.made_by));
    *ret_entry = entry;
    return OK;
}
