// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/shape.h"
#include "test.h"

struct pet {
    str name;
    int64_t legs;
};
static const struct field pet_fields[] = {
    FIELD(struct pet, name, .required = true, .min = 1, .max = 8),
    FIELD(struct pet, legs, .max = 100),
};
static const struct shape pet_shape = SHAPE("Pet", struct pet, pet_fields);

static const char *const colours[] = { "red", "green", NULL };
struct person {
    str name, email, colour, secret;
    int64_t age;
    struct opt_number height;
    struct opt_bool active;
    time_us born;
    struct raw_json extra;
    struct list tags, pets;
    struct pet *best;
};
static const struct field person_fields[] = {
    FIELD(struct person, name, .required = true, .min = 1, .max = 10),
    FIELD(struct person, email, .format = FORMAT_EMAIL),
    FIELD(struct person, colour, .allowed = colours),
    FIELD(struct person, secret, .hidden = true),
    FIELD_AS(struct person, age, "ageInYears", .min = 0, .max = 150),
    FIELD(struct person, height),
    FIELD(struct person, active),
    FIELD(struct person, born),
    FIELD(struct person, extra, .omit_null = true),
    FIELD(struct person, tags, .max = 3),
    FIELD(struct person, pets, .shape = &pet_shape),
    FIELD(struct person, best, .shape = &pet_shape),
};
static const struct shape person_shape = SHAPE("Person", struct person, person_fields);

static struct problems read_person(struct arena *arena, const char *json, struct person *person)
{
    struct problems problems = { 0 };
    json_t *value;
    assert_ok(json_read(arena, str_of(json), &value));
    shape_read(arena, &person_shape, value, "body", person, &problems);
    return problems;
}

static void a_struct_is_filled_from_json(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct person person = { .height = { true, 1 } };
    struct problems problems = read_person(arena,
        "{\"name\":\"Ada\",\"email\":\"ada@example.org\",\"colour\":\"red\",\"ageInYears\":36,\"active\":false,"
        "\"born\":\"1815-12-10T00:00:00Z\",\"extra\":{\"b\":1,\"a\":2},\"tags\":[\"x\",\"y\"],"
        "\"pets\":[{\"name\":\"Rex\",\"legs\":4}],\"best\":{\"name\":\"Tom\"},\"unknown\":1}",
        &person);
    assert_int_equal(problems.count, 0);
    assert_string_equal(person.name.data, "Ada");
    assert_int_equal(person.age, 36);
    assert_true(person.active.set && !person.active.value);
    assert_true(person.height.set); // absent: stays as it was
    assert_true(person.born.us < 0);
    assert_string_equal(person.extra.text.data, "{\"a\":2,\"b\":1}");
    assert_int_equal(person.tags.count, 2);
    assert_int_equal(((struct pet *)person.pets.items)[0].legs, 4);
    assert_string_equal(person.best->name.data, "Tom");
}

static void every_wrong_field_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *field;
    } cases[] = {
        { "{}", "name" },
        { "{\"name\":null}", "name" },
        { "{\"name\":\"\"}", "name" },
        { "{\"name\":\"eleven chars\"}", "name" },
        { "{\"name\":7}", "name" },
        { "{\"name\":\"a\",\"email\":\"no at\"}", "email" },
        { "{\"name\":\"a\",\"email\":\"a@b\"}", "email" },
        { "{\"name\":\"a\",\"email\":\"a@b..c\"}", "email" },
        { "{\"name\":\"a\",\"colour\":\"blue\"}", "colour" },
        { "{\"name\":\"a\",\"ageInYears\":151}", "ageInYears" },
        { "{\"name\":\"a\",\"ageInYears\":1.5}", "ageInYears" },
        { "{\"name\":\"a\",\"ageInYears\":\"3\"}", "ageInYears" },
        { "{\"name\":\"a\",\"height\":true}", "height" },
        { "{\"name\":\"a\",\"active\":1}", "active" },
        { "{\"name\":\"a\",\"born\":\"yesterday\"}", "born" },
        { "{\"name\":\"a\",\"extra\":[]}", "extra" },
        { "{\"name\":\"a\",\"tags\":[\"1\",\"2\",\"3\",\"4\"]}", "tags" },
        { "{\"name\":\"a\",\"tags\":[1]}", "tags" },
        { "{\"name\":\"a\",\"pets\":[{\"name\":\"b\"},{\"legs\":1}]}", "pets.1.name" },
        { "{\"name\":\"a\",\"best\":{\"name\":\"much too long\"}}", "best.name" },
        { "[]", "body" },
    };
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct person person = { 0 };
        struct problems problems = read_person(arena, cases[i].json, &person);
        assert_int_equal(problems.count, 1);
        assert_true(str_equal_c(problems.items[0].field, cases[i].field));
        assert_true(problems.items[0].reason.size > 0);
    }
}

static void all_problems_come_at_once_and_hidden_members_are_out_of_reach(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct person person = { 0 };
    struct problems problems = read_person(arena, "{\"email\":\"x\",\"ageInYears\":-1,\"secret\":\"mine\"}", &person);
    assert_int_equal(problems.count, 3);
    assert_null(person.secret.data);
    assert_error(problems_error(&problems), ERROR_VALIDATION_ERROR);
}

static void texts_of_forms_and_queries_are_converted(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct person person = { 0 };
    struct problems problems = { 0 };
    shape_read_text(arena, &person_shape, "query", STR("ageInYears"), STR("42"), &person, &problems);
    shape_read_text(arena, &person_shape, "query", STR("height"), STR("1.8"), &person, &problems);
    shape_read_text(arena, &person_shape, "query", STR("active"), STR("true"), &person, &problems);
    shape_read_text(arena, &person_shape, "query", STR("unknown"), STR("x"), &person, &problems);
    assert_int_equal(problems.count, 0);
    assert_int_equal(person.age, 42);
    assert_true(person.height.value > 1.79 && person.active.value);
    shape_read_text(arena, &person_shape, "query", STR("ageInYears"), STR("forty"), &person, &problems);
    shape_require(&person_shape, "query", &person, &problems);
    assert_int_equal(problems.count, 2);
    assert_true(str_equal(problems.items[1].field, STR("name")));
}

static void a_struct_is_written_as_json(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    str tags[] = { STR("x") };
    struct pet pet = { STR("Rex"), 4 };
    struct person person = { .name = STR("Ada"),
        .secret = STR("mine"),
        .age = 3,
        .tags = { tags, 1 },
        .pets = { &pet, 1 },
        .born = { 1500000 } };
    shape_write(&out, &person_shape, &person);
    buffer_append_byte(&buffer, 0);
    assert_string_equal(buffer.data,
        "{\"name\":\"Ada\",\"email\":null,\"colour\":null,\"ageInYears\":3,\"height\":null,\"active\":null,"
        "\"born\":\"1970-01-01T00:00:01Z\",\"tags\":[\"x\"],\"pets\":[{\"name\":\"Rex\",\"legs\":4}],\"best\":null}");
}

static void the_schema_says_what_is_read(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    shape_schema(&out, &pet_shape, true);
    buffer_append_byte(&buffer, 0);
    assert_string_equal(buffer.data,
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":8},"
        "\"legs\":{\"type\":[\"integer\",\"null\"],\"minimum\":0.0,\"maximum\":100.0}},\"required\":[\"name\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_struct_is_filled_from_json),
        cmocka_unit_test(every_wrong_field_is_named),
        cmocka_unit_test(all_problems_come_at_once_and_hidden_members_are_out_of_reach),
        cmocka_unit_test(texts_of_forms_and_queries_are_converted),
        cmocka_unit_test(a_struct_is_written_as_json),
        cmocka_unit_test(the_schema_says_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
