// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/captions.h"

#include <math.h>

#include "engine/text_block.h"

enum { LINES = 2 };
static const double pause = 0.8;      // seconds; a longer one ends a group
static const double linger = 0.7;     // a group stays that long after its last word
static const double letter = 0.52;    // mean width of a letter, of the font's size
static const double area_share = 0.8; // of the canvas's width
static const double edge = 0.07;      // distance from the canvas's edge, of its height

// Words shown together.
struct group {
    size_t first, end; // words
    double hide;       // seconds
};

struct captions {
    struct arena *arena;
    const struct composition *composition;
    const struct composition_scene *scene;
    struct group *groups;
    size_t group_count;
    struct text_block *block; // of group `blocked`
    struct arena *block_arena;
    size_t blocked;
    size_t *starts; // byte at which each word begins in its group's text
    struct overlay overlay;
    int64_t drawn;
};

static void done(void *pointer)
{
    struct captions *captions = pointer;
    overlay_done(&captions->overlay);
    arena_free(captions->block_arena);
}

static bool ends_sentence(str word)
{
    return str_ends(word, STR(".")) || str_ends(word, STR("?")) || str_ends(word, STR("!"));
}

static void make_groups(struct captions *captions, double most_letters)
{
    const struct composition_word *words = captions->scene->words;
    size_t count = captions->scene->word_count;
    captions->groups = ARENA_ARRAY(captions->arena, struct group, count);
    captions->starts = ARENA_ARRAY(captions->arena, size_t, count);
    size_t letters = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = str_length_utf8(words[i].text) + 1;
        struct group *group = captions->group_count ? &captions->groups[captions->group_count - 1] : NULL;
        if (!group || (double)(letters + length) > most_letters || words[i].start > words[i - 1].end + pause
            || ends_sentence(words[i - 1].text)) {
            group = &captions->groups[captions->group_count++];
            group->first = i;
            letters = 0;
        }
        letters += length;
        group->end = i + 1;
        group->hide = words[i].end + linger;
    }
}

error captions_new(struct arena *arena, const struct composition *composition, const struct composition_scene *scene,
    struct captions **ret_captions)
{
    if (!composition->captions.shown || scene->word_count == 0) {
        *ret_captions = NULL;
        return OK;
    }
    for (size_t i = 0; i < scene->word_count; i++)
        if (!str_is_utf8(scene->words[i].text))
            return error_make(ERROR_VALIDATION_ERROR, "caption_words", "A caption word is not valid UTF-8");
    struct captions *captions = ARENA_NEW(arena, struct captions);
    captions->arena = arena;
    captions->composition = composition;
    captions->scene = scene;
    captions->drawn = -1;
    arena_defer(arena, done, captions);
    double size = composition->captions.font_size * composition->unit;
    make_groups(captions, LINES * area_share * composition->width / (size * letter) * 0.9);
    *ret_captions = captions;
    return OK;
}

int64_t captions_version(const struct captions *captions, double time)
{
    const struct composition_word *words = captions->scene->words;
    const double early = 1e-6; // frame times are rounded
    int64_t version = -1;
    for (size_t i = 0; i < captions->group_count; i++) {
        const struct group *group = &captions->groups[i];
        if (words[group->first].start > time + early)
            break;
        version = -1;
        if (time >= group->hide)
            continue;
        size_t word = group->first;
        while (word + 1 < group->end && words[word + 1].start <= time + early)
            word++;
        version = (int64_t)(captions->composition->captions.karaoke ? word : group->first);
    }
    return version;
}

static error make_block(struct captions *captions, size_t index)
{
    const struct composition *composition = captions->composition;
    const struct composition_captions *look = &composition->captions;
    const struct group *group = &captions->groups[index];
    arena_free(TAKE(captions->block_arena));
    captions->block = NULL;
    captions->block_arena = arena_new(4 << 20);
    BUFFER_AUTO struct buffer text = { 0 };
    for (size_t i = group->first; i < group->end; i++) {
        if (i > group->first)
            buffer_append_byte(&text, ' ');
        captions->starts[i] = text.size;
        buffer_append_str(&text, captions->scene->words[i].text);
    }
    double size = look->font_size * composition->unit;
    struct text_style style = {
        .family = look->font_family,
        .size = size,
        .weight = 600,
        .colour = look->colour,
        .align = TEXT_CENTER,
        .line_height = 1.3,
        .wrap_width = composition->width * area_share,
        .balanced = true,
        .box = look->background,
        .padding = size * 0.4,
        .radius = size * 0.3,
        .zoom = 1,
        .most_width = composition->width,
        .most_height = composition->height,
    };
    TRY(text_block_new(captions->block_arena, buffer_str(&text), &style, &captions->block));
    captions->blocked = index;
    return OK;
}

static error draw(struct captions *captions, size_t word, struct raster *raster)
{
    const struct composition *composition = captions->composition;
    double width, height;
    text_block_size(captions->block, &width, &height);
    double x = composition->width / 2.0, y = composition->height * (1 - edge) - height / 2;
    if (str_equal_c(composition->captions.position, "top"))
        y = composition->height * edge + height / 2;
    else if (str_equal_c(composition->captions.position, "middle"))
        y = composition->height / 2.0;
    struct text_look look = { .typed = TEXT_ALL };
    if (composition->captions.karaoke) {
        look.mark_from = captions->starts[word];
        look.mark_end = look.mark_from + captions->scene->words[word].text.size;
        look.mark = composition->captions.highlight;
    }
    struct frame_box box = raster_box(raster, x - width / 2, y - height / 2, x + width / 2, y + height / 2);
    if (box.width <= 0)
        return OK;
    cairo_t *cairo = raster_begin(raster, box);
    cairo_translate(cairo, x, y);
    error failed = text_block_paint(captions->block, &look, cairo);
    error ended = raster_end(raster, &captions->overlay);
    return error_is(failed) ? failed : ended;
}

error captions_draw(
    struct captions *captions, int64_t version, struct raster *raster, const struct overlay **ret_overlay)
{
    ASSERT(version >= 0 && (size_t)version < captions->scene->word_count);
    size_t word = (size_t)version, index = 0;
    while (captions->groups[index].end <= word)
        index++;
    if (captions->drawn != version) {
        if (!captions->block || captions->blocked != index)
            TRY(make_block(captions, index));
        TRY(draw(captions, word, raster));
        captions->drawn = version;
    }
    *ret_overlay = &captions->overlay;
    return OK;
}
