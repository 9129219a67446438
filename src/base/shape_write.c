// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/shape.h"

static bool is_null(const struct field *field, const void *place)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return !((const str *)place)->data;
    case FIELD_OPT_INTEGER:
        return !((const struct opt_int *)place)->set;
    case FIELD_OPT_NUMBER:
        return !((const struct opt_number *)place)->set;
    case FIELD_OPT_BOOLEAN:
        return !((const struct opt_bool *)place)->set;
    case FIELD_TIME:
        return ((const time_us *)place)->us == 0;
    case FIELD_RAW:
        return !((const struct raw_json *)place)->text.data;
    case FIELD_JSON:
    case FIELD_OBJECT:
        return !*(void *const *)place;
    default:
        return false;
    }
}

static void write_list(struct json_out *out, const struct shape *shape, const struct list *list)
{
    json_array_begin(out);
    for (size_t i = 0; i < list->count; i++) {
        if (shape)
            shape_write(out, shape, (const char *)list->items + i * shape->size);
        else
            json_put_str(out, ((const str *)list->items)[i]);
    }
    json_array_end(out);
}

static void write_member(struct json_out *out, const struct field *field, const void *place)
{
    char time[32];
    switch (field->kind) {
    case FIELD_TEXT:
        json_put_str(out, *(const str *)place);
        break;
    case FIELD_INTEGER:
        json_put_int(out, *(const int64_t *)place);
        break;
    case FIELD_OPT_INTEGER:
        json_put_int(out, ((const struct opt_int *)place)->value);
        break;
    case FIELD_NUMBER:
        json_put_number(out, *(const double *)place);
        break;
    case FIELD_OPT_NUMBER:
        json_put_number(out, ((const struct opt_number *)place)->value);
        break;
    case FIELD_BOOLEAN:
        json_put_bool(out, *(const bool *)place);
        break;
    case FIELD_OPT_BOOLEAN:
        json_put_bool(out, ((const struct opt_bool *)place)->value);
        break;
    case FIELD_TIME:
        clock_write(time, ((const time_us *)place)->us, field->format == FORMAT_DATE_TIME_MS);
        json_put_str(out, str_of(time));
        break;
    case FIELD_RAW:
        json_put_raw(out, ((const struct raw_json *)place)->text);
        break;
    case FIELD_JSON:
        json_put_value(out, *(json_t *const *)place);
        break;
    case FIELD_LIST:
        write_list(out, field->shape, place);
        break;
    case FIELD_OBJECT:
        shape_write(out, field->shape, *(void *const *)place);
        break;
    }
}

void shape_write(struct json_out *out, const struct shape *shape, const void *in_struct)
{
    json_object_begin(out);
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        const void *place = (const char *)in_struct + field->offset;
        bool null = is_null(field, place);
        if (field->hidden || (null && field->omit_null))
            continue;
        json_key(out, field->name);
        if (null)
            json_put_null(out);
        else
            write_member(out, field, place);
    }
    json_object_end(out);
}

json_t *shape_json(struct arena *arena, const struct shape *shape, const void *in_struct)
{
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    shape_write(&out, shape, in_struct);
    json_t *value = json_loadb(buffer.data, buffer.size, JSON_DECODE_ANY, NULL);
    ASSERT(value);
    return json_keep(arena, value);
}
