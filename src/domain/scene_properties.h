// SPDX-License-Identifier: GPL-3.0-or-later
// The properties of layers, scenes and videos: one table says of each its kind, range, default and meaning. Checks,
// defaults, the JSON Schema and the reference page all come from it. Pure: no database, no clock.
//
// An unknown property is kept and gives a warning; a wrong kind or range is a problem that names it
// ("properties.font_size"); JSON null counts as absent.
#pragma once

#include "base/shape.h"
#include "domain/warnings.h"

enum property_owner {
    ON_VIDEO = 1 << 0,
    ON_SCENE = 1 << 1,
    ON_TEXT = 1 << 2,
    ON_MEDIA = 1 << 3,
    ON_AVATAR = 1 << 4,
    ON_SHAPE = 1 << 5,
    ON_EFFECT = 1 << 6,
    ON_AUDIO = 1 << 7,
    ON_VOICEOVER = 1 << 8,
    ON_VISIBLE = ON_TEXT | ON_MEDIA | ON_AVATAR | ON_SHAPE,
    ON_LAYER = ON_VISIBLE | ON_EFFECT | ON_AUDIO | ON_VOICEOVER,
};

enum property_kind {
    PROPERTY_TEXT,     // min and max count code points
    PROPERTY_NUMBER,   // min and max bound the value
    PROPERTY_BOOLEAN,  //
    PROPERTY_COLOR,    // #RGB, #RRGGBB or #RRGGBBAA
    PROPERTY_CHOICE,   // one of `choices`
    PROPERTY_WEIGHT,   // a font weight: one of `choices`, or 100 to 1000
    PROPERTY_OBJECT,   // its members are rows named "object.member"
    PROPERTY_FILL,     // a colour, or an object like PROPERTY_OBJECT
    PROPERTY_GRADIENT, // [colour, colour, angle in degrees]
    PROPERTY_POINTS,   // [[x, y] or {x, y}, ...] in percent, `max` of them at most
    PROPERTY_WORDS,    // [{"text", "start", "end"}, ...] in seconds, `max` of them at most
};

struct scene_property {
    unsigned owners;  // of enum property_owner
    const char *name; // "font_size"; members of an object as "stroke.width"
    enum property_kind kind;
    double min, max;
    const char *choices;     // "left|center|right"
    const char *fallback;    // the default as JSON text, or NULL
    bool required;           // must be there, or `alternative` in its place
    const char *alternative; // may be NULL
    const char *doc;
};
extern const struct scene_property scene_properties[]; // ends with a row without name

// 0 for a type that does not exist.
enum property_owner scene_layer_owner(str layer_type);
// "text", ...; NULL for what is no single owner.
const char *scene_owner_name(enum property_owner owner);

// Checks the `properties` object of a layer (NULL counts as {}). `layer_type` must be one of the types.
void scene_properties_check(struct arena *arena, const char *layer_type, const json_t *properties,
    struct problems *problems, struct warnings *warnings);
// Checks the table's members in a video or scene object; other members (id, title, ...) are the caller's business and
// pass unseen.
void scene_options_check(
    struct arena *arena, enum property_owner owner, const json_t *object, struct problems *problems);
// A deep copy with the table's defaults filled in and nulls left out; freed with the arena.
json_t *scene_properties_fill(struct arena *arena, enum property_owner owner, const json_t *properties);

// The JSON Schema of an owner's properties, and the reference page of all of them in Markdown.
void scene_properties_schema(struct json_out *out, enum property_owner owner);
void scene_properties_page(struct buffer *out);
// True for #RGB, #RRGGBB, #RRGGBBAA.
bool scene_color_is_valid(str color);
