// SPDX-License-Identifier: GPL-3.0-or-later
// Golden frames: what layers, animations, effects and transitions look like, from the document to the pixels. A frame
// passes when its pixels are those of the machine that made the references (their checksums stand in checksums.txt),
// or else when it looks the same: other versions of libraries draw other edges, and nothing else.
//
//   golden                     the tests
//   golden --write             makes all references anew
//   golden --sheet FILE.png    all frames with their names, large, to look at
#include <cairo.h>
#include <math.h>
#include <stdlib.h>

#include "../unit/test.h"
#include "engine/compositor.h"
#include "engine/overlay.h"
#include "work/film.h"

enum { WIDTH = 160, BLOCK = 16, CASES_MAX = 300, SHEET_COLUMNS = 8, SHEET_WIDTH = 240, FILE_MAX = 1 << 20 };
// Edges may differ by some levels, as between versions of cairo, pango and FreeType; the last test shows that this lets
// no other word, colour or place pass.
static const double alike_db = 36, block_db = 18;

struct golden_case {
    const char *name;
    json_t *document;
    double at; // seconds
};

struct file {
    char *data;
    size_t size;
};

struct world {
    struct arena *arena;
    struct golden_case cases[CASES_MAX];
    size_t count;
    struct file picture, film, gif;
};

static struct file read_file(struct arena *arena, const char *path)
{
    struct file file = { .data = arena_alloc_raw(arena, FILE_MAX) };
    FILE *stream = fopen(path, "rb");
    if (!stream)
        fail_msg("%s cannot be read", path);
    file.size = fread(file.data, 1, FILE_MAX, stream);
    fclose(stream);
    return file;
}

// Cases

// The family's text with its value in it: "$" within texts, "#$" for a number.
static json_t *with_value(struct arena *arena, const json_t *family, const char *value)
{
    str rest = json_text(arena, family);
    BUFFER_AUTO struct buffer text = { 0 };
    ptrdiff_t at;
    while ((at = str_index(rest, '$')) >= 0) {
        bool number = at >= 2 && rest.data[at - 1] == '#' && rest.data[at - 2] == '"';
        buffer_append(&text, rest.data, (size_t)at - (number ? 2 : 0));
        buffer_append_str(&text, str_of(value));
        rest = str_sub(rest, (size_t)at + (number ? 2 : 1), rest.size);
    }
    buffer_append_str(&text, rest);
    json_t *result = NULL;
    assert_ok(json_read(arena, buffer_str(&text), &result));
    return result;
}

static const char *name_of(struct arena *arena, str family, const char *value, size_t index)
{
    bool plain = strlen(value) <= 20;
    for (const char *c = value; *c; c++)
        plain &= (*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z') || *c == '_' || *c == '-';
    return plain ? str_format(arena, "%.*s-%s", STR_ARGS(family), value).data
                 : str_format(arena, "%.*s-%zu", STR_ARGS(family), index + 1).data;
}

static json_t *document_of(struct arena *arena, const json_t *base, json_t *family)
{
    json_t *video = json_merge(arena, base, json_object_get(family, "video"));
    json_t *scene = json_pack(
        "{s:s,s:f,s:O}", "text", "", "duration", 2.0, "layers", json_object_get(family, "layers"));
    json_t *layer, *background = json_object_get(family, "background"), *scenes = json_array();
    size_t i;
    json_array_foreach (json_object_get(scene, "layers"), i, layer)
        if (!json_object_get(layer, "name"))
            json_object_set_new(layer, "name", json_string("layer"));
    json_array_foreach (json_object_get(scene, "layers"), i, layer)
        json_object_set_new(layer, "duration", json_real(2));
    if (background)
        json_object_set(scene, "background", background);
    if (json_object_get(family, "transition")) {
        json_object_set(scene, "transition", json_object_get(family, "transition"));
        json_array_append_new(scenes, json_pack("{s:s,s:f,s:{s:s},s:[]}", "text", "", "duration", 2.0, "background",
                                          "color", "#D62839", "layers"));
    }
    json_array_append_new(scenes, scene);
    return json_keep(arena, json_pack("{s:O,s:o}", "video", video, "scenes", scenes));
}

static void load(struct world *world)
{
    struct arena *arena = world->arena = arena_new((size_t)1 << 28);
    struct file text = read_file(arena, GOLDEN_FOLDER "/cases.json");
    json_t *all, *family;
    size_t i, k;
    assert_ok(json_read(arena, (str) { text.data, text.size }, &all));
    json_array_foreach (json_object_get(all, "families"), i, family) {
        const json_t *value;
        json_array_foreach (json_object_get(family, "values"), k, value) {
            assert_true(world->count < CASES_MAX);
            json_t *own = with_value(arena, family, json_string_value(value));
            world->cases[world->count++] = (struct golden_case) {
                .name = name_of(arena, json_get_str(family, "name"), json_string_value(value), k),
                .document = document_of(arena, json_object_get(all, "document"), own),
                .at = json_get_number(own, "at", 1),
            };
        }
    }
    world->picture = read_file(arena, GOLDEN_FOLDER "/../../examples/pictures/house.png");
    world->film = read_file(arena, GOLDEN_FOLDER "/film.mp4");
    world->gif = read_file(arena, GOLDEN_FOLDER "/film.gif");
}

// Frames

static error find(void *context, struct film_asset *asset)
{
    struct world *world = context;
    if (asset->kind == FILM_AVATAR)
        return film_stock_avatar(world->arena, asset) ? OK : error_make(ERROR_NOT_FOUND, NULL, "no such avatar");
    struct file *file = str_equal_c(asset->reference, "picture") ? &world->picture
                        : str_equal_c(asset->reference, "film")  ? &world->film
                        : str_equal_c(asset->reference, "gif")   ? &world->gif
                                                                 : NULL;
    if (!file)
        return error_make(ERROR_NOT_FOUND, NULL, "There is no such file");
    asset->handle = file;
    asset->hash = asset->reference;
    asset->is_moving = file != &world->picture;
    return OK;
}

static error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct file *file = context;
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    *ret_got = size < left ? size : left;
    memcpy(ret_bytes, file->data + (left ? offset : 0), *ret_got);
    return OK;
}

struct picture {
    int width, height;
    uint8_t *pixels; // ARGB, as cairo has it; in the arena
};

// The frame of a case. `on_the_way` draws the frames before it too, as a render does.
static struct picture draw(
    struct arena *arena, struct world *world, const struct golden_case *golden, int width, bool on_the_way)
{
    struct film_options options = { .renderer = STR("golden"), .allow_missing = true, .without_speech = true };
    struct film_source source = { world, find };
    struct warnings warnings = { 0 };
    struct film_question question;
    struct composition composition;
    struct film *film;
    const struct frame *frame = NULL;
    bool changed;
    assert_ok(film_plan(arena, golden->document, &options, &source, &warnings, &film));
    assert_ok(film_resolve(film, &warnings));
    film_frame(film, golden->at, width, "png", &question);
    struct source_io *inputs = ARENA_ARRAY(arena, struct source_io, question.input_count);
    for (size_t i = 0; i < question.input_count; i++) {
        struct file *file = film_input_handle(&question.inputs[i]);
        inputs[i] = (struct source_io) { file, file->size, read_bytes };
    }
    const json_t *json = json_object_get(question.params, "composition");
    assert_ok(composition_read(arena, json, width, question.input_count, &composition));
    struct compositor *compositor = compositor_new(arena, &composition, inputs);
    size_t scene = (size_t)json_get_int(question.params, "scene", 0);
    double time = json_get_number(question.params, "time", 0);
    for (double before = 0; on_the_way && before < time - 1e-9; before += 0.1)
        assert_ok(compositor_at(compositor, scene, before, &frame, &changed));
    error failed = compositor_at(compositor, scene, time, &frame, &changed);
    if (error_is(failed))
        fail_msg("%s: %s", golden->name, failed.message);
    struct picture picture = { .width = frame->width, .height = frame->height };
    picture.pixels = arena_alloc_raw(arena, (size_t)frame->width * 4 * (size_t)frame->height);
    overlay_to_argb(frame, picture.pixels, frame->width * 4);
    return picture;
}

// FNV-1a over the colours.
static uint64_t checksum(const struct picture *picture)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < (size_t)picture->width * (size_t)picture->height; i++)
        for (int c = 0; c < 3; c++)
            hash = (hash ^ picture->pixels[4 * i + c]) * UINT64_C(1099511628211);
    return hash;
}

static cairo_surface_t *surface_of(const struct picture *picture)
{
    return cairo_image_surface_create_for_data(
        picture->pixels, CAIRO_FORMAT_RGB24, picture->width, picture->height, picture->width * 4);
}

static double decibels(double squares, double count)
{
    return squares > 0 ? 10 * log10(255 * 255 * count * 3 / squares) : 100;
}

// How alike two pictures are as a whole and in their worst block, in decibels of PSNR; 0 for other sizes.
static void compare(const struct picture *a, const struct picture *b, double *ret_all, double *ret_worst)
{
    *ret_all = *ret_worst = 0;
    if (a->width != b->width || a->height != b->height)
        return;
    double all = 0, worst = 0;
    for (int top = 0; top + BLOCK <= a->height; top += BLOCK)
        for (int left = 0; left + BLOCK <= a->width; left += BLOCK) {
            double squares = 0;
            for (int y = top; y < top + BLOCK; y++)
                for (int x = left; x < left + BLOCK; x++)
                    for (int c = 0; c < 3; c++) {
                        size_t at = 4 * ((size_t)y * (size_t)a->width + (size_t)x) + (size_t)c;
                        double difference = (double)a->pixels[at] - b->pixels[at];
                        squares += difference * difference;
                    }
            all += squares;
            worst = fmax(worst, squares);
        }
    *ret_all = decibels(all, a->width * a->height);
    *ret_worst = decibels(worst, BLOCK * BLOCK);
}

static const char *frame_path(struct arena *arena, const struct golden_case *golden)
{
    return str_format(arena, GOLDEN_FOLDER "/frames/%s.png", golden->name).data;
}

static struct picture read_reference(struct arena *arena, const struct golden_case *golden)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(frame_path(arena, golden));
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        fail_msg("%s has no reference; script/golden makes it", golden->name);
    struct picture picture = { cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), NULL };
    size_t row = (size_t)picture.width * 4;
    picture.pixels = arena_alloc_raw(arena, row * (size_t)picture.height);
    for (int y = 0; y < picture.height; y++)
        memcpy(picture.pixels + (size_t)y * row,
            cairo_image_surface_get_data(surface) + y * cairo_image_surface_get_stride(surface), row);
    cairo_surface_destroy(surface);
    return picture;
}

// Tests

static void every_frame_looks_as_it_is_known(void **state)
{
    struct world *world = *state;
    size_t exact = 0;
    struct file sums = read_file(world->arena, GOLDEN_FOLDER "/checksums.txt");
    for (size_t i = 0; i < world->count; i++) {
        ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 28);
        const struct golden_case *golden = &world->cases[i];
        struct picture now = draw(arena, world, golden, WIDTH, false), known = read_reference(arena, golden);
        double all, worst;
        compare(&now, &known, &all, &worst);
        if (all < alike_db || worst < block_db)
            fail_msg("%s looks different: %.1f dB, %.1f in its worst block; script/golden makes references anew",
                golden->name, all, worst);
        str line = str_format(arena, "%s %016llx\n", golden->name, (unsigned long long)checksum(&now));
        exact += str_find((str) { sums.data, sums.size }, line) >= 0;
    }
    print_message(
        "%zu of %zu frames have the pixels of the references, the others look like them\n", exact, world->count);
}

static void a_frame_is_the_same_alone_and_on_the_way(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < world->count; i++) {
        ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 28);
        struct picture alone = draw(arena, world, &world->cases[i], WIDTH, false);
        struct picture way = draw(arena, world, &world->cases[i], WIDTH, true);
        if (checksum(&alone) != checksum(&way))
            fail_msg("%s differs", world->cases[i].name);
    }
}

// A bound that lets another case pass would let a mistake pass.
static void no_frame_passes_for_another(void **state)
{
    struct world *world = *state;
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 28);
    struct picture *known = ARENA_ARRAY(arena, struct picture, world->count);
    for (size_t i = 0; i < world->count; i++)
        known[i] = read_reference(arena, &world->cases[i]);
    for (size_t i = 0; i < world->count; i++)
        for (size_t k = 0; k < i; k++) {
            double all, worst;
            compare(&known[i], &known[k], &all, &worst);
            if (all >= alike_db && worst >= block_db)
                fail_msg("%s and %s look alike: %.1f dB, %.1f", world->cases[i].name, world->cases[k].name, all, worst);
        }
}

static int set_up(void **state)
{
    static struct world world;
    load(&world);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(((struct world *)*state)->arena);
    return 0;
}

// Commands

static int write_all(struct world *world)
{
    FILE *sums = fopen(GOLDEN_FOLDER "/checksums.txt", "w");
    if (!sums)
        return 1;
    for (size_t i = 0; i < world->count; i++) {
        ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 28);
        struct picture picture = draw(arena, world, &world->cases[i], WIDTH, false);
        cairo_surface_t *surface = surface_of(&picture);
        cairo_surface_write_to_png(surface, frame_path(arena, &world->cases[i]));
        cairo_surface_destroy(surface);
        fprintf(sums, "%s %016llx\n", world->cases[i].name, (unsigned long long)checksum(&picture));
    }
    return fclose(sums);
}

static int write_sheet(struct world *world, const char *path)
{
    enum { ROW = SHEET_WIDTH * 9 / 16 + 18 };
    int rows = (int)(world->count + SHEET_COLUMNS - 1) / SHEET_COLUMNS;
    cairo_surface_t *sheet = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SHEET_COLUMNS * SHEET_WIDTH, rows * ROW);
    cairo_t *cairo = cairo_create(sheet);
    for (size_t i = 0; i < world->count; i++) {
        ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 28);
        struct picture picture = draw(arena, world, &world->cases[i], SHEET_WIDTH * 2, false);
        cairo_surface_t *surface = surface_of(&picture);
        double x = (double)(i % SHEET_COLUMNS) * SHEET_WIDTH, y = (double)(i / SHEET_COLUMNS) * ROW;
        double scale = fmin((SHEET_WIDTH - 6.0) / picture.width, (ROW - 20.0) / picture.height);
        cairo_save(cairo);
        cairo_translate(cairo, x, y);
        cairo_scale(cairo, scale, scale);
        cairo_set_source_surface(cairo, surface, 0, 0);
        cairo_paint(cairo);
        cairo_restore(cairo);
        cairo_set_source_rgb(cairo, 1, 1, 1);
        cairo_move_to(cairo, x + 2, y + ROW - 6);
        cairo_show_text(cairo, world->cases[i].name);
        cairo_surface_destroy(surface);
    }
    cairo_destroy(cairo);
    int failed = cairo_surface_write_to_png(sheet, path) != CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(sheet);
    return failed;
}

int main(int count, char **words)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_looks_as_it_is_known),
        cmocka_unit_test(a_frame_is_the_same_alone_and_on_the_way),
        cmocka_unit_test(no_frame_passes_for_another),
    };
    if (count < 2)
        return cmocka_run_group_tests(tests, set_up, tear_down);
    void *world;
    set_up(&world);
    int result = count > 2 ? write_sheet(world, words[2]) : write_all(world);
    tear_down(&world);
    return result;
}
