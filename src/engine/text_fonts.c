// SPDX-License-Identifier: GPL-3.0-or-later
// What typefaces there are: which of those wished for are missing, and one number for all that texts may be drawn with.
#include <fontconfig/fontconfig.h>
#include <stdlib.h>

#include "engine/ops.h"

enum { FAMILIES_MAX = 1000, HASH_TEXT_SIZE = 17 };

// What is looked for under a family's name: one of that name, not its nearest relation.
static bool is_there(const FcFontSet *fonts, const char *family)
{
    for (int i = 0; i < fonts->nfont; i++) {
        FcChar8 *name;
        for (int n = 0; FcPatternGetString(fonts->fonts[i], FC_FAMILY, n, &name) == FcResultMatch; n++)
            if (FcStrCmpIgnoreCase(name, (const FcChar8 *)family) == 0)
                return true;
    }
    return false;
}

// Names that stand for whatever the machine has of the kind.
static bool is_generic(const char *family)
{
    static const char *const names[] = { "sans", "sans-serif", "serif", "monospace", "mono", "system-ui" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (FcStrCmpIgnoreCase((const FcChar8 *)names[i], (const FcChar8 *)family) == 0)
            return true;
    return false;
}

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv
static uint64_t hash_of(const FcPattern *font)
{
    FcChar8 *file = (FcChar8 *)"";
    int version = 0;
    FcPatternGetString(font, FC_FILE, 0, &file);
    FcPatternGetInteger(font, FC_FONTVERSION, 0, &version);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *file; file++)
        hash = (hash ^ *file) * UINT64_C(1099511628211);
    return (hash ^ (unsigned)version) * UINT64_C(1099511628211);
}

static error run(struct engine_call *call, json_t **ret_result)
{
    const json_t *families = json_object_get(engine_params(call), "families"), *family;
    const FcFontSet *fonts = FcInit() ? FcConfigGetFonts(NULL, FcSetSystem) : NULL;
    char text[HASH_TEXT_SIZE];
    uint64_t all = 0; // a sum: in whatever order the machine lists them
    size_t i;
    if (!fonts || json_array_size(families) > FAMILIES_MAX)
        return error_make(ERROR_ENGINE_FAILED, "families", "The typefaces of this machine cannot be listed");
    for (int font = 0; font < fonts->nfont; font++)
        all += hash_of(fonts->fonts[font]);
    json_t *missing = json_array();
    json_array_foreach (families, i, family)
        if (json_is_string(family) && !is_generic(json_string_value(family))
            && !is_there(fonts, json_string_value(family)))
            json_array_append(missing, (json_t *)family);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)all);
    *ret_result = json_pack("{s:o, s:s}", "missing", missing, "key", text);
    return OK;
}

const struct engine_op text_fonts_op = { "text.fonts", run };
