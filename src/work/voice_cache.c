// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_cache.h"

#include "domain/cache.h"
#include "domain/media.h"

static error read_all(struct blob_reader *reader, struct buffer *ret_samples)
{
    size_t size = (size_t)blob_reader_size(reader), got = 1;
    char *place = buffer_reserve(ret_samples, size ? size : 1);
    if (!place)
        return error_of(ERROR_LIMIT_EXCEEDED);
    for (size_t done = 0; done < size && got; done += got) {
        TRY(blob_read(reader, (int64_t)done, place + done, size - done, &got));
        ret_samples->size += got;
    }
    return OK;
}

error voice_cache_find(struct scope *scope, str key, struct voice_sound *ret_sound, bool *ret_found)
{
    struct cache_entry entry;
    struct media_blob blob;
    struct blob_reader *reader;
    json_t *facts;
    struct buffer samples = { 0 };
    TRY(cache_get(scope, key, &entry, ret_found));
    if (!*ret_found)
        return OK;
    TRY(json_read(scope->arena, entry.facts.text, &facts));
    TRY(media_blob_get(scope, entry.blob_id, &blob));
    TRY(blob_reader_open(scope->blobs, blob.id.data, (const unsigned char *)blob.sealed_key.data, &reader));
    error result = read_all(reader, &samples);
    blob_reader_close(reader);
    if (error_is(result))
        buffer_done(&samples);
    else
        *ret_sound = (struct voice_sound) { samples, facts };
    return result;
}

error voice_cache_store(struct scope *scope, const struct voice_sound *sound, struct blob_info *ret_blob)
{
    struct blob_writer *writer;
    TRY(blob_writer_open(scope->blobs, NULL, &writer));
    error failed = blob_write(writer, sound->samples.data, sound->samples.size);
    if (error_is(failed)) {
        blob_writer_abort(writer);
        return failed;
    }
    return blob_writer_commit(writer, ret_blob);
}
