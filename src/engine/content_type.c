// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/content_type.h"

#include <magic.h>

// Where Debian's libmagic1 has it; by its own name, since the sandbox shows /usr/lib but not /usr/share/misc.
static const char database[] = "/usr/lib/file/magic.mgc";
enum { HEAD_BYTES = 64 << 10 };

error content_type_guess(struct engine_call *call, unsigned input, str *ret_type)
{
    size_t got = 0;
    struct arena *arena = engine_arena(call);
    char *head = arena_alloc_raw(arena, HEAD_BYTES);
    TRY(engine_read(call, input, 0, head, HEAD_BYTES, &got));
    magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF);
    const char *type = magic && magic_load(magic, database) == 0 ? magic_buffer(magic, head, got) : NULL;
    if (type)
        *ret_type = str_copy(arena, str_of(type));
    if (magic)
        magic_close(magic);
    return type ? OK : error_make(ERROR_ENGINE_FAILED, NULL, "The database of libmagic cannot be read");
}

bool content_type_is_media(str type)
{
    static const char *const families[] = { "audio/", "video/", "image/", "application/octet-stream", "application/ogg",
        "application/mxf", "application/x-matroska", "application/vnd.rn-realmedia", "application/vnd.ms-asf", NULL };
    for (const char *const *family = families; *family; family++)
        if (str_starts(type, str_of(*family)))
            return true;
    return false;
}
