// SPDX-License-Identifier: GPL-3.0-or-later
// The table printed: as JSON Schema for the API document, as Markdown for the reference page.
#include <string.h>

#include "domain/scene_properties.h"

static bool member_of(const struct scene_property *row, const char *object, const char **ret_name)
{
    size_t size = strlen(object);
    if (!size) {
        *ret_name = row->name;
        return !strchr(row->name, '.');
    }
    *ret_name = row->name + size + 1;
    return !strncmp(row->name, object, size) && row->name[size] == '.';
}

static void put_pair(struct json_out *out, const char *key, const char *value)
{
    json_key(out, key);
    json_put_str(out, str_of(value));
}

static void put_choices(struct json_out *out, const struct scene_property *row)
{
    json_key(out, "enum");
    json_array_begin(out);
    str rest = str_of(row->choices), part;
    bool numbers = row->fallback && row->fallback[0] != '"';
    while (str_split(&rest, '|', &part)) {
        if (numbers)
            json_put_raw(out, part);
        else
            json_put_str(out, part);
    }
    json_array_end(out);
}

static void put_range(struct json_out *out, const char *least, const char *most, const struct scene_property *row)
{
    json_key(out, least);
    json_put_number(out, row->min);
    json_key(out, most);
    json_put_number(out, row->max);
}

static void put_members(struct json_out *out, enum property_owner owner, const char *object);

static void put_object(struct json_out *out, enum property_owner owner, const char *name)
{
    put_pair(out, "type", "object");
    json_key(out, "properties");
    put_members(out, owner, name);
}

static void put_type(struct json_out *out, enum property_owner owner, const struct scene_property *row)
{
    static const char color[] = "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$";
    switch (row->kind) {
    case PROPERTY_TEXT:
        put_pair(out, "type", "string");
        json_key(out, "maxLength");
        json_put_int(out, (int64_t)row->max);
        return;
    case PROPERTY_NUMBER:
        put_pair(out, "type", "number");
        put_range(out, "minimum", "maximum", row);
        return;
    case PROPERTY_BOOLEAN:
        put_pair(out, "type", "boolean");
        return;
    case PROPERTY_COLOR:
        put_pair(out, "type", "string");
        put_pair(out, "pattern", color);
        return;
    case PROPERTY_CHOICE:
        put_choices(out, row);
        return;
    case PROPERTY_WEIGHT:
        json_key(out, "type");
        json_put_raw(out, STR("[\"string\",\"number\"]"));
        return;
    case PROPERTY_OBJECT:
        put_object(out, owner, row->name);
        return;
    case PROPERTY_FILL:
        json_key(out, "oneOf");
        json_array_begin(out);
        json_object_begin(out);
        put_pair(out, "type", "string");
        put_pair(out, "pattern", color);
        json_object_end(out);
        json_object_begin(out);
        put_object(out, owner, row->name);
        json_object_end(out);
        json_array_end(out);
        return;
    case PROPERTY_GRADIENT:
    case PROPERTY_POINTS:
    case PROPERTY_WORDS:
        put_pair(out, "type", "array");
        json_key(out, "items");
        json_put_raw(out, STR("{}"));
        return;
    }
}

static void put_members(struct json_out *out, enum property_owner owner, const char *object)
{
    json_object_begin(out);
    for (const struct scene_property *row = scene_properties; row->name; row++) {
        const char *name;
        if (!(row->owners & owner) || !member_of(row, object, &name))
            continue;
        json_key(out, name);
        json_object_begin(out);
        put_type(out, owner, row);
        if (row->fallback) {
            json_key(out, "default");
            json_put_raw(out, str_of(row->fallback));
        }
        put_pair(out, "description", row->doc);
        json_object_end(out);
    }
    json_object_end(out);
}

void scene_properties_schema(struct json_out *out, enum property_owner owner)
{
    json_object_begin(out);
    put_object(out, owner, "");
    json_key(out, "required");
    json_array_begin(out);
    for (const struct scene_property *row = scene_properties; row->name; row++)
        if ((row->owners & owner) && row->required && !row->alternative)
            json_put_str(out, str_of(row->name));
    json_array_end(out);
    json_object_end(out);
}

static void page_value(struct buffer *out, const struct scene_property *row)
{
    static const char *const names[] = {
        [PROPERTY_TEXT] = "text",
        [PROPERTY_NUMBER] = "number",
        [PROPERTY_BOOLEAN] = "true or false",
        [PROPERTY_COLOR] = "colour",
        [PROPERTY_OBJECT] = "object",
        [PROPERTY_FILL] = "colour or object",
        [PROPERTY_GRADIENT] = "gradient",
        [PROPERTY_POINTS] = "points",
        [PROPERTY_WORDS] = "words",
    };
    if (row->choices) {
        for (const char *at = row->choices; *at; at++)
            buffer_append_byte(out, *at == '|' ? ' ' : *at);
        return;
    }
    buffer_append_c(out, names[row->kind]);
    if (row->kind == PROPERTY_NUMBER)
        buffer_format(out, ", %g to %g", row->min, row->max);
}

void scene_properties_page(struct buffer *out)
{
    for (unsigned owner = ON_VIDEO; owner <= ON_VOICEOVER; owner <<= 1) {
        buffer_format(out, "\n## %s\n\n| property | value | default | meaning |\n|---|---|---|---|\n",
            scene_owner_name((enum property_owner)owner));
        for (const struct scene_property *row = scene_properties; row->name; row++) {
            if (!(row->owners & owner))
                continue;
            buffer_format(out, "| `%s`%s | ", row->name, row->required ? " *" : "");
            page_value(out, row);
            buffer_format(out, " | %s | %s |\n", row->fallback ? row->fallback : "", row->doc);
        }
    }
}
