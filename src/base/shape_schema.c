// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/shape.h"

static void put(struct json_out *out, const char *key, const char *value)
{
    json_key(out, key);
    json_put_str(out, str_of(value));
}

static void put_ref(struct json_out *out, const struct shape *shape)
{
    BUFFER_AUTO struct buffer ref = { 0 };
    buffer_format(&ref, "#/components/schemas/%s", shape->name);
    json_key(out, "$ref");
    json_put_str(out, buffer_str(&ref));
}

static const char *type_name(const struct field *field)
{
    if (field->json_type)
        return field->json_type;
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_TIME:
        return "string";
    case FIELD_INTEGER:
    case FIELD_OPT_INTEGER:
        return "integer";
    case FIELD_NUMBER:
    case FIELD_OPT_NUMBER:
        return "number";
    case FIELD_BOOLEAN:
    case FIELD_OPT_BOOLEAN:
        return "boolean";
    case FIELD_LIST:
        return "array";
    case FIELD_RAW:
    case FIELD_JSON:
    case FIELD_OBJECT:
        return "object";
    }
    return "string";
}

static bool can_be_null(const struct field *field, bool input)
{
    if (input)
        return !field->required;
    switch (field->kind) {
    case FIELD_INTEGER:
    case FIELD_NUMBER:
    case FIELD_BOOLEAN:
    case FIELD_LIST:
        return false;
    default:
        return !field->required && !field->omit_null;
    }
}

static void put_limits(struct json_out *out, const struct field *field)
{
    bool number = field->kind == FIELD_INTEGER || field->kind == FIELD_NUMBER || field->kind == FIELD_OPT_INTEGER
                  || field->kind == FIELD_OPT_NUMBER;
    if (number && field->min < field->max) {
        json_key(out, "minimum");
        json_put_number(out, field->min);
        json_key(out, "maximum");
        json_put_number(out, field->max);
    }
    if (field->kind == FIELD_TEXT && field->min > 0) {
        json_key(out, "minLength");
        json_put_int(out, (int64_t)field->min);
    }
    if (field->kind == FIELD_TEXT && field->max > 0) {
        json_key(out, "maxLength");
        json_put_int(out, (int64_t)field->max);
    }
}

static void put_type(struct json_out *out, const struct field *field, bool null)
{
    if (field->json_type && !strcmp(field->json_type, "any"))
        return;
    json_key(out, "type");
    if (null) {
        json_array_begin(out);
        json_put_str(out, str_of(type_name(field)));
        json_put_str(out, STR("null"));
        json_array_end(out);
    } else {
        json_put_str(out, str_of(type_name(field)));
    }
}

static void put_enumeration(struct json_out *out, const struct field *field, bool null)
{
    json_key(out, "enum");
    json_array_begin(out);
    for (const char *const *allowed = field->allowed; *allowed; allowed++)
        json_put_str(out, str_of(*allowed));
    if (null)
        json_put_null(out);
    json_array_end(out);
}

static void put_field(struct json_out *out, const struct field *field, bool input)
{
    static const char *const formats[] = { [FORMAT_UUID] = "uuid", [FORMAT_EMAIL] = "email", [FORMAT_URI] = "uri" };
    bool null = can_be_null(field, input);
    json_object_begin(out);
    if (field->kind == FIELD_OBJECT && null) {
        json_key(out, "anyOf");
        json_array_begin(out);
        json_object_begin(out);
        put_ref(out, field->shape);
        json_object_end(out);
        json_object_begin(out);
        put(out, "type", "null");
        json_object_end(out);
        json_array_end(out);
    } else if (field->kind == FIELD_OBJECT) {
        put_ref(out, field->shape);
    } else {
        put_type(out, field, null);
    }
    if (field->kind == FIELD_TIME)
        put(out, "format", "date-time");
    else if (field->format == FORMAT_UUID || field->format == FORMAT_EMAIL || field->format == FORMAT_URI)
        put(out, "format", formats[field->format]);
    if (field->allowed)
        put_enumeration(out, field, null);
    put_limits(out, field);
    if (field->kind == FIELD_LIST) {
        json_key(out, "items");
        json_object_begin(out);
        if (field->shape)
            put_ref(out, field->shape);
        else
            put(out, "type", "string");
        json_object_end(out);
    }
    if (field->doc)
        put(out, "description", field->doc);
    json_object_end(out);
}

void shape_schema(struct json_out *out, const struct shape *shape, bool input)
{
    json_object_begin(out);
    put(out, "type", "object");
    json_key(out, "properties");
    json_object_begin(out);
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].hidden)
            continue;
        json_key(out, shape->fields[i].name);
        put_field(out, &shape->fields[i], input);
    }
    json_object_end(out);
    size_t required = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (field->hidden || (input ? !field->required : field->omit_null))
            continue;
        if (required++ == 0) {
            json_key(out, "required");
            json_array_begin(out);
        }
        json_put_str(out, str_of(field->name));
    }
    if (required)
        json_array_end(out);
    json_object_end(out);
}
