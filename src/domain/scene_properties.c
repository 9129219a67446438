// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/scene_properties.h"

#include <math.h>
#include <string.h>

static const struct {
    enum property_owner owner;
    const char *name;
} owner_names[] = {
    { ON_VIDEO, "video" },
    { ON_SCENE, "scene" },
    { ON_TEXT, "text" },
    { ON_MEDIA, "media" },
    { ON_AVATAR, "avatar" },
    { ON_SHAPE, "shape" },
    { ON_EFFECT, "effect" },
    { ON_AUDIO, "audio" },
    { ON_VOICEOVER, "voiceover" },
};
enum { OWNER_COUNT = sizeof owner_names / sizeof *owner_names };

enum property_owner scene_layer_owner(str layer_type)
{
    for (size_t i = 0; i < OWNER_COUNT; i++)
        if ((owner_names[i].owner & ON_LAYER) && str_equal_c(layer_type, owner_names[i].name))
            return owner_names[i].owner;
    return (enum property_owner)0;
}

const char *scene_owner_name(enum property_owner owner)
{
    for (size_t i = 0; i < OWNER_COUNT; i++)
        if (owner_names[i].owner == owner)
            return owner_names[i].name;
    return NULL;
}

bool scene_color_is_valid(str color)
{
    if (color.size != 4 && color.size != 7 && color.size != 9)
        return false;
    for (size_t i = 1; i < color.size; i++)
        if (!strchr("0123456789abcdefABCDEF", color.data[i]) || !color.data[i])
            return false;
    return color.data[0] == '#';
}

// One walk over an object: what is checked, where it stands, where findings go.
struct check {
    struct arena *arena;
    enum property_owner owner;
    const char *prefix; // of the field in messages: "properties." or ""
    struct problems *problems;
    struct warnings *warnings; // NULL: unknown members pass unseen
};

static const struct scene_property *find(enum property_owner owner, str path)
{
    for (const struct scene_property *row = scene_properties; row->name; row++)
        if ((row->owners & owner) && str_equal_c(path, row->name))
            return row;
    return NULL;
}

static void complain(const struct check *check, str path, const char *type, bool range, str reason)
{
    problem_add(check->problems, (struct problem) {
                                     .place = STR("body"),
                                     .field = str_format(check->arena, "%s%.*s", check->prefix, STR_ARGS(path)),
                                     .reason = reason,
                                     .type = str_of(type),
                                     .range = range,
                                 });
}

static bool chosen(const char *choices, str value)
{
    str rest = str_of(choices), part;
    while (str_split(&rest, '|', &part))
        if (str_equal(part, value))
            return true;
    return false;
}

static str choice_text(struct arena *arena, const char *choices)
{
    char text[400];
    size_t size = 0;
    for (const char *at = choices; *at && size < sizeof text - 3; at++) {
        text[size++] = *at == '|' ? ',' : *at;
        if (*at == '|')
            text[size++] = ' ';
    }
    return str_copy(arena, (str) { text, size });
}

static str string_of(const json_t *value)
{
    return json_is_string(value) ? (str) { json_string_value(value), json_string_length(value) } : STR_NONE;
}

static void check_text(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    if (!json_is_string(value)) {
        complain(check, path, "type_error.str", false, STR("must be a text"));
        return;
    }
    size_t length = str_length_utf8(string_of(value));
    if ((double)length < row->min)
        complain(check, path, "value_error.any_str.min_length", true, STR("must not be empty"));
    else if ((double)length > row->max)
        complain(check, path, "value_error.any_str.max_length", true,
            str_format(check->arena, "must have at most %.0f characters", row->max));
}

static void check_number(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    if (!json_is_number(value))
        complain(check, path, "type_error.float", false, STR("must be a number"));
    else if (json_number_value(value) < row->min || json_number_value(value) > row->max)
        complain(check, path, "value_error.number.range", true,
            str_format(check->arena, "must be a number from %g to %g", row->min, row->max));
}

static void check_choice(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    str text = string_of(value);
    if (json_is_number(value) && json_number_value(value) == floor(json_number_value(value)))
        text = str_format(check->arena, "%.0f", json_number_value(value));
    if (row->kind == PROPERTY_WEIGHT && json_is_number(value) && json_number_value(value) >= 100
        && json_number_value(value) <= 1000)
        return;
    if (!text.data || !chosen(row->choices, text))
        complain(check, path, text.data ? "value_error.const" : "type_error.enum", text.data != NULL,
            str_format(check->arena, "must be one of: %s", choice_text(check->arena, row->choices).data));
}

static void check_color(const struct check *check, str path, const json_t *value)
{
    if (!json_is_string(value) || !scene_color_is_valid(string_of(value)))
        complain(check, path, json_is_string(value) ? "value_error.color" : "type_error.str", json_is_string(value),
            STR("must be a colour like #RGB, #RRGGBB or #RRGGBBAA"));
}

static void check_gradient(const struct check *check, str path, const json_t *value)
{
    bool good = json_array_size(value) == 3 && scene_color_is_valid(string_of(json_array_get(value, 0)))
                && scene_color_is_valid(string_of(json_array_get(value, 1)))
                && json_is_number(json_array_get(value, 2));
    if (!good)
        complain(check, path, "type_error.list", false, STR("must be [colour, colour, angle in degrees]"));
}

static bool point_is_valid(const json_t *point)
{
    if (json_is_array(point))
        return json_array_size(point) == 2 && json_is_number(json_array_get(point, 0))
               && json_is_number(json_array_get(point, 1));
    return json_is_number(json_object_get(point, "x")) && json_is_number(json_object_get(point, "y"));
}

static void check_points(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    bool good = json_is_array(value) && (double)json_array_size(value) <= row->max;
    for (size_t i = 0; good && i < json_array_size(value); i++)
        good = point_is_valid(json_array_get(value, i));
    if (!good)
        complain(check, path, "type_error.list", false,
            str_format(check->arena, "must be a list of at most %.0f points [x, y]", row->max));
}

static void check_words(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    bool good = json_is_array(value) && (double)json_array_size(value) <= row->max;
    for (size_t i = 0; good && i < json_array_size(value); i++) {
        const json_t *word = json_array_get(value, i);
        double start = json_get_number(word, "start", -1);
        good = json_get_str(word, "text").size && start >= 0 && json_get_number(word, "end", -1) >= start;
    }
    if (!good)
        complain(check, path, "type_error.list", false,
            str_format(check->arena, "must be a list of at most %.0f words {text, start, end}", row->max));
}

static void check_object(const struct check *check, str path, const json_t *object);

static void check_value(const struct check *check, str path, const struct scene_property *row, const json_t *value)
{
    switch (row->kind) {
    case PROPERTY_TEXT:
        check_text(check, path, row, value);
        return;
    case PROPERTY_NUMBER:
        check_number(check, path, row, value);
        return;
    case PROPERTY_BOOLEAN:
        if (!json_is_boolean(value))
            complain(check, path, "type_error.bool", false, STR("must be true or false"));
        return;
    case PROPERTY_COLOR:
        check_color(check, path, value);
        return;
    case PROPERTY_CHOICE:
    case PROPERTY_WEIGHT:
        check_choice(check, path, row, value);
        return;
    case PROPERTY_FILL:
    case PROPERTY_OBJECT:
        if (json_is_object(value))
            check_object(check, path, value);
        else if (row->kind == PROPERTY_FILL)
            check_color(check, path, value);
        else
            complain(check, path, "type_error.dict", false, STR("must be an object"));
        return;
    case PROPERTY_GRADIENT:
        check_gradient(check, path, value);
        return;
    case PROPERTY_POINTS:
        check_points(check, path, row, value);
        return;
    case PROPERTY_WORDS:
        check_words(check, path, row, value);
        return;
    }
}

static void check_object(const struct check *check, str path, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        str inner = path.size ? str_format(check->arena, "%.*s.%s", STR_ARGS(path), key) : str_of(key);
        const struct scene_property *row = find(check->owner, inner);
        if (json_is_null(value))
            continue;
        if (row)
            check_value(check, inner, row, value);
        else if (check->warnings)
            warning_add(check->arena, check->warnings,
                str_format(check->arena, "%s%.*s", check->prefix, STR_ARGS(inner)),
                "This property is not known for %s; it is kept but has no effect", scene_owner_name(check->owner));
    }
}

static bool present(const json_t *object, const char *name)
{
    const json_t *value = name ? json_object_get(object, name) : NULL;
    return value && !json_is_null(value);
}

void scene_properties_check(struct arena *arena, const char *layer_type, const json_t *properties,
    struct problems *problems, struct warnings *warnings)
{
    struct check check = { arena, scene_layer_owner(str_of(layer_type)), "properties.", problems, warnings };
    ASSERT(check.owner);
    if (properties && !json_is_object(properties) && !json_is_null(properties)) {
        check.prefix = "";
        complain(&check, STR("properties"), "type_error.dict", false, STR("must be an object"));
        return;
    }
    for (const struct scene_property *row = scene_properties; row->name; row++) {
        bool here = present(properties, row->name) || present(properties, row->alternative);
        if (row->required && (row->owners & check.owner) && !here)
            complain(&check, str_of(row->name), "missing", false,
                row->alternative ? str_format(arena, "is required (or %s)", row->alternative) : STR("is required"));
    }
    if (properties)
        check_object(&check, STR(""), properties);
}

void scene_options_check(
    struct arena *arena, enum property_owner owner, const json_t *object, struct problems *problems)
{
    struct check check = { arena, owner, "", problems, NULL };
    check_object(&check, STR(""), object);
}

static void drop_nulls(json_t *object)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, key, value)
    {
        if (json_is_null(value))
            json_object_del(object, key);
        else if (json_is_object(value))
            drop_nulls(value);
    }
}

// Defaults of an object's members are filled only where the object is there: no stroke stays no stroke.
json_t *scene_properties_fill(struct arena *arena, enum property_owner owner, const json_t *properties)
{
    json_t *filled = json_keep(arena, json_is_object(properties) ? json_deep_copy(properties) : json_object());
    drop_nulls(filled);
    for (const struct scene_property *row = scene_properties; row->name; row++) {
        if (!(row->owners & owner) || !row->fallback)
            continue;
        json_t *target = filled;
        const char *name = strchr(row->name, '.');
        if (name) {
            str outer = { row->name, (size_t)(name - row->name) };
            target = json_object_getn(filled, outer.data, outer.size);
        }
        name = name ? name + 1 : row->name;
        if (json_is_object(target) && !json_object_get(target, name))
            json_object_set_new(target, name, json_loads(row->fallback, JSON_DECODE_ANY, NULL));
    }
    return filled;
}
