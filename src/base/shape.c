// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/shape.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

// Without limits of its own a text may be this long (code points) and a list hold this many items.
enum { TEXT_MAX = 100000, LIST_MAX = 1000 };

void problem_add(struct problems *problems, struct problem problem)
{
    if (problems->count < PROBLEMS_MAX)
        problems->items[problems->count++] = problem;
}

error problems_error(const struct problems *problems)
{
    if (problems->count == 0)
        return OK;
    bool all_range = true;
    for (size_t i = 0; i < problems->count; i++)
        all_range = all_range && problems->items[i].range;
    const struct problem *first = &problems->items[0];
    char field[128];
    size_t size = first->field.size < sizeof field - 1 ? first->field.size : sizeof field - 1;
    if (size)
        memcpy(field, first->field.data, size);
    field[size] = 0;
    return error_make(
        all_range ? ERROR_UNPROCESSABLE : ERROR_VALIDATION_ERROR, field, "%s %.*s", field, STR_ARGS(first->reason));
}

struct reader {
    struct arena *arena;
    const char *place;
    struct problems *problems;
    str path; // of the object being read: "" or "scenes.2."
};

static void complain(const struct reader *reader, const struct field *field, const char *type, bool range, str reason)
{
    problem_add(reader->problems, (struct problem) { .place = str_of(reader->place),
                                      .field = str_format(reader->arena, "%.*s%s", STR_ARGS(reader->path), field->name),
                                      .reason = reason,
                                      .type = str_of(type),
                                      .range = range });
}

static bool is_email(str s)
{
    ptrdiff_t at = str_index(s, '@');
    if (at < 1 || s.size > 254 || str_index(str_sub(s, (size_t)at + 1, s.size), '@') >= 0)
        return false;
    str domain = str_sub(s, (size_t)at + 1, s.size);
    ptrdiff_t dot = str_index(domain, '.');
    if (dot < 1 || str_ends(domain, STR(".")) || str_find(domain, STR("..")) >= 0)
        return false;
    for (size_t i = 0; i < s.size; i++)
        if ((unsigned char)s.data[i] <= 0x20 || strchr("<>()[],;:\\\"", s.data[i]) || s.data[i] == 0x7F)
            return false;
    return true;
}

static void set_text(const struct reader *reader, const struct field *field, str text, str *ret)
{
    struct arena *arena = reader->arena;
    if ((text.size && memchr(text.data, 0, text.size)) || !str_is_utf8(text)) {
        complain(reader, field, "value_error.str", false, STR("must be valid text without NUL characters"));
        return;
    }
    double length = (double)str_length_utf8(text), most = field->max > 0 ? field->max : TEXT_MAX;
    if (length < field->min) {
        complain(reader, field, "value_error.any_str.min_length", false,
            field->min <= 1 ? STR("must not be empty")
                            : str_format(arena, "must have at least %.0f characters", field->min));
        return;
    }
    if (length > most) {
        complain(reader, field, "value_error.any_str.max_length", false,
            str_format(arena, "must have at most %.0f characters", most));
        return;
    }
    if (field->format == FORMAT_EMAIL && !is_email(text)) {
        complain(reader, field, "value_error.email", false, STR("value is not a valid email address"));
        return;
    }
    if (field->format == FORMAT_UUID && !id_is_valid(text)) {
        complain(reader, field, "type_error.uuid", false, STR("value is not a valid UUID"));
        return;
    }
    if (field->allowed) {
        const char *const *allowed = field->allowed;
        while (*allowed && !str_equal_c(text, *allowed))
            allowed++;
        if (!*allowed) {
            BUFFER_AUTO struct buffer list = { 0 };
            for (allowed = field->allowed; *allowed; allowed++)
                buffer_format(&list, "%s%s", list.size ? ", " : "", *allowed);
            complain(reader, field, "value_error.const", true,
                str_format(arena, "must be one of: %.*s", STR_ARGS(buffer_str(&list))));
            return;
        }
    }
    *ret = str_copy(arena, text);
}

static bool in_range(const struct reader *reader, const struct field *field, double value)
{
    bool limited = field->min < field->max;
    if (!limited || (value >= field->min && value <= field->max))
        return true;
    complain(reader, field, "value_error.number.not_in_range", true,
        str_format(reader->arena, "must be between %.15g and %.15g", field->min, field->max));
    return false;
}

static void read_object(const struct reader *reader, const struct shape *shape, const json_t *object, char *ret_struct);

static struct reader inside(const struct reader *reader, const struct field *field, ptrdiff_t index)
{
    struct reader inner = *reader;
    inner.path = index < 0 ? str_format(reader->arena, "%.*s%s.", STR_ARGS(reader->path), field->name)
                           : str_format(reader->arena, "%.*s%s.%td.", STR_ARGS(reader->path), field->name, index);
    return inner;
}

static void set_list(const struct reader *reader, const struct field *field, const json_t *value, struct list *ret)
{
    size_t count = json_array_size(value);
    double most = field->max > 0 ? field->max : LIST_MAX;
    if ((double)count > most || (double)count < field->min) {
        complain(reader, field, "value_error.list.length", false,
            str_format(reader->arena, "must have %.0f to %.0f items", field->min, most));
        return;
    }
    size_t item_size = field->shape ? field->shape->size : sizeof(str);
    struct list list = { ARENA_ARRAY(reader->arena, char, item_size *count), count };
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        char *place = (char *)list.items + i * item_size;
        if (field->shape && json_is_object(item)) {
            struct reader inner = inside(reader, field, (ptrdiff_t)i);
            read_object(&inner, field->shape, item, place);
        } else if (!field->shape && json_is_string(item)) {
            struct field element = { .name = str_format(reader->arena, "%s.%zu", field->name, i).data };
            set_text(reader, &element, (str) { json_string_value(item), json_string_length(item) }, (str *)place);
        } else {
            complain(reader, field, field->shape ? "type_error.dict" : "type_error.str", false,
                str_format(reader->arena, "item %zu must be %s", i, field->shape ? "an object" : "a string"));
        }
    }
    *ret = list;
}

static const char *const kind_words[] = {
    [FIELD_TEXT] = "a string",
    [FIELD_INTEGER] = "an integer",
    [FIELD_OPT_INTEGER] = "an integer",
    [FIELD_NUMBER] = "a number",
    [FIELD_OPT_NUMBER] = "a number",
    [FIELD_BOOLEAN] = "true or false",
    [FIELD_OPT_BOOLEAN] = "true or false",
    [FIELD_TIME] = "a time such as 2026-01-25T12:00:00Z",
    [FIELD_RAW] = "an object",
    [FIELD_JSON] = "an object",
    [FIELD_LIST] = "a list",
    [FIELD_OBJECT] = "an object",
};
static const char *const kind_types[] = {
    [FIELD_TEXT] = "type_error.str",
    [FIELD_INTEGER] = "type_error.integer",
    [FIELD_OPT_INTEGER] = "type_error.integer",
    [FIELD_NUMBER] = "type_error.float",
    [FIELD_OPT_NUMBER] = "type_error.float",
    [FIELD_BOOLEAN] = "type_error.bool",
    [FIELD_OPT_BOOLEAN] = "type_error.bool",
    [FIELD_TIME] = "type_error.datetime",
    [FIELD_RAW] = "type_error.dict",
    [FIELD_JSON] = "type_error.dict",
    [FIELD_LIST] = "type_error.list",
    [FIELD_OBJECT] = "type_error.dict",
};

static bool is_json_list(const struct field *field)
{
    return field->kind == FIELD_JSON && field->json_type && !strcmp(field->json_type, "array");
}

static void wrong_kind(const struct reader *reader, const struct field *field)
{
    enum field_kind kind = is_json_list(field) ? FIELD_LIST : field->kind;
    complain(reader, field, kind_types[kind], false, str_format(reader->arena, "must be %s", kind_words[kind]));
}

static void set_integer(const struct reader *reader, const struct field *field, int64_t value, char *place)
{
    if (!in_range(reader, field, (double)value))
        return;
    if (field->kind == FIELD_INTEGER)
        *(int64_t *)(void *)place = value;
    else
        *(struct opt_int *)(void *)place = (struct opt_int) { true, value };
}

static void set_number(const struct reader *reader, const struct field *field, double value, char *place)
{
    if (!isfinite(value)) {
        wrong_kind(reader, field);
        return;
    }
    if (!in_range(reader, field, value))
        return;
    if (field->kind == FIELD_NUMBER)
        *(double *)(void *)place = value;
    else
        *(struct opt_number *)(void *)place = (struct opt_number) { true, value };
}

static void set_boolean(const struct field *field, bool value, char *place)
{
    if (field->kind == FIELD_BOOLEAN)
        *(bool *)(void *)place = value;
    else
        *(struct opt_bool *)(void *)place = (struct opt_bool) { true, value };
}

// The kinds that JSON gives directly; false when the value is of another kind.
static bool set_value(const struct reader *reader, const struct field *field, const json_t *value, char *place)
{
    switch (field->kind) {
    case FIELD_TEXT:
        if (!json_is_string(value))
            return false;
        set_text(reader, field, (str) { json_string_value(value), json_string_length(value) }, (str *)(void *)place);
        return true;
    case FIELD_INTEGER:
    case FIELD_OPT_INTEGER:
        if (!json_is_integer(value))
            return false;
        set_integer(reader, field, json_integer_value(value), place);
        return true;
    case FIELD_NUMBER:
    case FIELD_OPT_NUMBER:
        if (!json_is_number(value))
            return false;
        set_number(reader, field, json_number_value(value), place);
        return true;
    case FIELD_BOOLEAN:
    case FIELD_OPT_BOOLEAN:
        if (!json_is_boolean(value))
            return false;
        set_boolean(field, json_is_true(value), place);
        return true;
    case FIELD_TIME:
        return json_is_string(value) && clock_parse(str_of(json_string_value(value)), &((time_us *)(void *)place)->us);
    case FIELD_RAW:
        if (!json_is_object(value))
            return false;
        ((struct raw_json *)(void *)place)->text = json_text(reader->arena, value);
        return true;
    case FIELD_JSON:
        if (field->json_type && !strcmp(field->json_type, "any"))
            return *(json_t **)(void *)place = (json_t *)value, true;
        if (is_json_list(field) ? !json_is_array(value) : !json_is_object(value))
            return false;
        *(json_t **)(void *)place = (json_t *)value;
        return true;
    case FIELD_LIST:
        if (!json_is_array(value))
            return false;
        set_list(reader, field, value, (struct list *)(void *)place);
        return true;
    case FIELD_OBJECT:
        if (!json_is_object(value))
            return false;
        struct reader inner = inside(reader, field, -1);
        char *fresh = arena_alloc(reader->arena, field->shape->size);
        read_object(&inner, field->shape, value, fresh);
        *(char **)(void *)place = fresh;
        return true;
    }
    return false;
}

// JSON texts that jansson keeps as references (FIELD_JSON) live as long as the document in the arena.
static void read_object(const struct reader *reader, const struct shape *shape, const json_t *object, char *ret_struct)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (field->hidden)
            continue;
        const json_t *value = json_object_get(object, field->name);
        if (!value || (json_is_null(value) && !field->required)) {
            if (field->required)
                complain(reader, field, "value_error.missing", false, STR("is required"));
            continue;
        }
        if (!set_value(reader, field, value, ret_struct + field->offset))
            wrong_kind(reader, field);
    }
}

static bool has_nul(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    if (json_is_string(value))
        return strlen(json_string_value(value)) != json_string_length(value);
    json_array_foreach ((json_t *)value, i, item)
        if (has_nul(item))
            return true;
    json_object_foreach ((json_t *)value, key, item)
        if (has_nul(item))
            return true;
    return false;
}

void shape_read(struct arena *arena, const struct shape *shape, const json_t *object, const char *place,
    void *ret_struct, struct problems *problems)
{
    struct reader reader = { arena, place, problems, STR("") };
    if (!json_is_object(object)) {
        problem_add(problems, (struct problem) { .place = str_of(place),
                                  .field = str_of(place),
                                  .reason = STR("must be a JSON object"),
                                  .type = STR("type_error.dict") });
        return;
    }
    if (has_nul(object)) {
        problem_add(problems, (struct problem) { .place = str_of(place),
                                  .field = str_of(place),
                                  .reason = STR("must not contain NUL characters"),
                                  .type = STR("value_error.str") });
        return;
    }
    read_object(&reader, shape, object, ret_struct);
}

void shape_read_text(struct arena *arena, const struct shape *shape, const char *place, str name, str text,
    void *ret_struct, struct problems *problems)
{
    struct reader reader = { arena, place, problems, STR("") };
    const struct field *field = shape_field(shape, name);
    if (!field)
        return;
    char *target = (char *)ret_struct + field->offset;
    int64_t integer;
    double number;
    switch (field->kind) {
    case FIELD_TEXT:
        set_text(&reader, field, text, (str *)(void *)target);
        return;
    case FIELD_INTEGER:
    case FIELD_OPT_INTEGER:
        if (str_to_int(text, &integer))
            set_integer(&reader, field, integer, target);
        else
            wrong_kind(&reader, field);
        return;
    case FIELD_NUMBER:
    case FIELD_OPT_NUMBER:
        if (str_to_number(text, &number))
            set_number(&reader, field, number, target);
        else
            wrong_kind(&reader, field);
        return;
    case FIELD_BOOLEAN:
    case FIELD_OPT_BOOLEAN:
        if (str_equal_fold(text, STR("true")) || str_equal(text, STR("1")))
            set_boolean(field, true, target);
        else if (str_equal_fold(text, STR("false")) || str_equal(text, STR("0")))
            set_boolean(field, false, target);
        else
            wrong_kind(&reader, field);
        return;
    case FIELD_TIME:
        if (!clock_parse(text, &((time_us *)(void *)target)->us))
            wrong_kind(&reader, field);
        return;
    default:
        wrong_kind(&reader, field);
    }
}

void shape_require(const struct shape *shape, const char *place, const void *in_struct, struct problems *problems)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (!field->required || field->kind != FIELD_TEXT)
            continue;
        if (!((const str *)(const void *)((const char *)in_struct + field->offset))->data)
            problem_add(problems, (struct problem) { .place = str_of(place),
                                      .field = str_of(field->name),
                                      .reason = STR("is required"),
                                      .type = STR("value_error.missing") });
    }
}

const struct field *shape_field(const struct shape *shape, str json_name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (!shape->fields[i].hidden && str_equal_c(json_name, shape->fields[i].name))
            return &shape->fields[i];
    return NULL;
}
