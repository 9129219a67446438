// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/tus_header.h"

#include <string.h>

#include "crypt/checksum.h"

enum { KEYS_MAX = 32 };

static error malformed(const char *why)
{
    return error_make(ERROR_VALIDATION_ERROR, "Upload-Metadata",
        "Upload-Metadata %s; it is a list like \"filename d29ybGQ=,transcribe dHJ1ZQ==\"", why);
}

static bool is_key(str key)
{
    for (size_t i = 0; i < key.size; i++)
        if (key.data[i] <= ' ' || key.data[i] > '~')
            return false;
    return key.size > 0;
}

static error take(struct arena *arena, str key, str encoded, struct tus_metadata *metadata)
{
    str value;
    if (!str_from_base64(arena, encoded, &value))
        return malformed("has a value that is not base64");
    bool is_name = str_equal_c(key, "filename") || (str_equal_c(key, "name") && !metadata->file_name.data);
    if (is_name) {
        if (!str_is_utf8(value) || (value.size && memchr(value.data, 0, value.size)))
            return error_make(ERROR_VALIDATION_ERROR, "Upload-Metadata", "The file's name is not valid UTF-8");
        metadata->file_name = value;
    } else if (str_equal_c(key, "transcribe")) {
        metadata->transcribe = !str_equal_fold(value, STR("false")) && !str_equal_c(value, "0");
    }
    return OK;
}

error tus_header_metadata(struct arena *arena, str header, struct tus_metadata *ret_metadata)
{
    struct tus_metadata metadata = { .transcribe = true };
    str rest = header.size ? header : STR_NONE, pair, keys[KEYS_MAX];
    size_t count = 0;
    if (header.size > TUS_METADATA_MAX)
        return malformed("is too long");
    while (str_split(&rest, ',', &pair)) {
        pair = str_trim(pair);
        ptrdiff_t blank = str_index(pair, ' ');
        str key = blank < 0 ? pair : str_sub(pair, 0, (size_t)blank);
        str value = blank < 0 ? STR("") : str_trim(str_sub(pair, (size_t)blank + 1, pair.size));
        if (!is_key(key))
            return malformed("has a key that is empty or not ASCII");
        for (size_t i = 0; i < count; i++)
            if (str_equal(keys[i], key))
                return malformed("has a key twice");
        if (count == KEYS_MAX)
            return malformed("has too many keys");
        keys[count++] = key;
        TRY(take(arena, key, value, &metadata));
    }
    *ret_metadata = metadata;
    return OK;
}

error tus_header_checksum(struct arena *arena, str header, struct checksum **ret_checksum, str *ret_digest)
{
    str digest;
    ptrdiff_t blank = str_index(header, ' ');
    str name = blank < 0 ? header : str_sub(header, 0, (size_t)blank);
    if (blank < 0 || !str_from_base64(arena, str_trim(str_sub(header, (size_t)blank, header.size)), &digest))
        return error_make(ERROR_VALIDATION_ERROR, "Upload-Checksum",
            "Upload-Checksum is the name of an algorithm, a blank and the digest as base64");
    struct checksum *checksum = checksum_new(name);
    if (!checksum)
        return error_make(ERROR_VALIDATION_ERROR, "Upload-Checksum",
            "The algorithm of Upload-Checksum is unknown; there are " CHECKSUM_NAMES);
    if (checksum_size(checksum) != digest.size) {
        size_t wanted = checksum_size(checksum);
        checksum_free(checksum);
        return error_make(ERROR_VALIDATION_ERROR, "Upload-Checksum", "A digest of %.*s has %zu bytes, not %zu",
            STR_ARGS(name), wanted, digest.size);
    }
    *ret_checksum = checksum;
    *ret_digest = digest;
    return OK;
}
