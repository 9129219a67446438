// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes: tables that describe C structs once, for reading JSON, forms and queries into them, writing
// them as JSON, filling them from database rows, and printing their JSON Schema.
//
//   struct user { int64_t number; str username; bool is_active; struct opt_number score; };
//   static const struct field user_fields[] = {
//       FIELD(struct user, number, .doc = "Integer id"),
//       FIELD(struct user, username, .required = true, .min = 1, .max = 64, .doc = "..."),
//   };
//   const struct shape user_shape = SHAPE("User", struct user, user_fields);
//
// The field's kind follows from the C type of the member:
//   str text | int64_t integer | double number | bool boolean | struct opt_* the same, may be absent (null)
//   time_us a UTC time (0 is null) | struct raw_json JSON text as it is | json_t * any JSON (input)
//   struct list of structs (.shape) or of str (no .shape) | struct X * one nested object (.shape)
#pragma once

#include "base/json.h"

struct opt_int {
    bool set;
    int64_t value;
};
struct opt_number {
    bool set;
    double value;
};
struct opt_bool {
    bool set, value;
};
typedef struct time_us {
    int64_t us; // microseconds since 1970 UTC; 0 means none
} time_us;
struct raw_json {
    str text; // no data: null
};
struct list {
    void *items;
    size_t count;
};

enum field_kind {
    FIELD_TEXT,
    FIELD_INTEGER,
    FIELD_NUMBER,
    FIELD_BOOLEAN,
    FIELD_OPT_INTEGER,
    FIELD_OPT_NUMBER,
    FIELD_OPT_BOOLEAN,
    FIELD_TIME,
    FIELD_RAW,
    FIELD_JSON,
    FIELD_LIST,
    FIELD_OBJECT,
};

enum field_format {
    FORMAT_NONE,
    FORMAT_UUID,
    FORMAT_EMAIL,
    FORMAT_URI,
    FORMAT_DATE_TIME_MS, // times with milliseconds (document 003)
    FORMAT_BASE64,
};

struct field {
    const char *name;   // in JSON
    const char *member; // in C, and the database column
    const char *doc;
    enum field_kind kind;
    enum field_format format;
    size_t offset;
    bool required;              // input: must be there
    bool omit_null;             // output: left out instead of null
    bool hidden;                // never in JSON: only in C and the database
    double min, max;            // numbers: range; text: code points; lists: items. Both 0: the default limits
    const char *const *allowed; // NULL-terminated enumeration of texts
    const char *json_type;      // JSON Schema type of a raw_json or json_t *; NULL: object; "any" of a json_t *
    const struct shape *shape;  // of the object or of the list's items
};

struct shape {
    const char *name; // of the schema in the API documents
    const struct field *fields;
    size_t count, size;
    bool open; // input: unknown keys are allowed and ignored (default) or refused
};

#define FIELD_KIND(expression)                                                                                         \
    _Generic((expression),                \
        str: FIELD_TEXT,                  \
        int64_t: FIELD_INTEGER,           \
        double: FIELD_NUMBER,             \
        bool: FIELD_BOOLEAN,              \
        struct opt_int: FIELD_OPT_INTEGER, \
        struct opt_number: FIELD_OPT_NUMBER, \
        struct opt_bool: FIELD_OPT_BOOLEAN, \
        time_us: FIELD_TIME,              \
        struct raw_json: FIELD_RAW,       \
        json_t *: FIELD_JSON,             \
        struct list: FIELD_LIST,          \
        default: FIELD_OBJECT)
#define FIELD_AS(type, c_member, json_name, ...)                                                                       \
    {                                                                                                                  \
        .name = json_name, .member = #c_member, .offset = offsetof(type, c_member),                                    \
        .kind = FIELD_KIND(((type *)0)->c_member), __VA_ARGS__                                                         \
    }
#define FIELD(type, c_member, ...) FIELD_AS(type, c_member, #c_member, __VA_ARGS__)
#define SHAPE(shape_name, type, table)                                                                                 \
    {                                                                                                                  \
        .name = shape_name, .fields = table, .count = sizeof(table) / sizeof *(table), .size = sizeof(type)            \
    }

// What was wrong with an input, one entry a field, at most PROBLEMS_MAX.
enum { PROBLEMS_MAX = 16 };
struct problem {
    str place;   // "body", "query", "path", "form"
    str field;   // "layers.2.name"
    str reason;  // one sentence
    str type;    // "missing", "type_error.integer", "value_error.email", ...
    str current; // JSON text of the value that is there; STR_NONE: it is not about that
    bool range;  // well-formed but outside of what is allowed (422 in the detail face)
};
struct problems {
    struct problem items[PROBLEMS_MAX];
    size_t count;
};
void problem_add(struct problems *problems, struct problem problem);
// VALIDATION_ERROR (or UNPROCESSABLE when all are range problems) about the first, OK when there is none.
MUST_USE error problems_error(const struct problems *problems);

// Fills the struct from a JSON object; texts are copied into the arena. NUL characters are refused.
// Adds to *problems and goes on, so that one answer names everything; absent members stay as they are.
void shape_read(struct arena *arena, const struct shape *shape, const json_t *object, const char *place,
    void *ret_struct, struct problems *problems);
// Sets one member from text (query, path, form field): numbers and booleans are parsed, texts checked.
void shape_read_text(struct arena *arena, const struct shape *shape, const char *place, str name, str text,
    void *ret_struct, struct problems *problems);
// Adds a problem for each required text field that is still absent (after shape_read_text).
void shape_require(const struct shape *shape, const char *place, const void *in_struct, struct problems *problems);
// Writes the struct as a JSON object.
void shape_write(struct json_out *out, const struct shape *shape, const void *in_struct);
// The struct as a new json_t object in the arena.
json_t *shape_json(struct arena *arena, const struct shape *shape, const void *in_struct);
// Writes the JSON Schema (2020-12) of the shape; nested shapes become $refs under #/components/schemas/.
void shape_schema(struct json_out *out, const struct shape *shape, bool input);
const struct field *shape_field(const struct shape *shape, str json_name);
