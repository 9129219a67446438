// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at a pack as those do who use it: reads every file back. All that is wrong is told, not only the first.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "av/video_reader.h"
#include "base/clock.h"
#include "engine/loudness.h"
#include "motion.h"
#include "music.h"
#include "output.h"
#include "pack.h"

static const double lufs_target = -16, lufs_tolerance = 1;
static const int64_t pack_bytes_max = 150 * 1000 * 1000, duration_tolerance_us = 45000;
enum {
    MUSIC_MIN = 40,
    EFFECTS_MIN = 60,
    IMAGES_MIN = 120,
    VIDEOS_MIN = 30,
    GIFS_MIN = 10,
    SEAM_FRAMES = 2400,
    SMALL_WIDTH = 64,
    SMALL_HEIGHT = 36
};

struct check {
    const char *folder;
    struct arena *arena; // of the thing under way
    const char *slug;
    int wrong, counts[ITEM_KIND_COUNT], premium[ITEM_KIND_COUNT];
    int64_t bytes;
    json_t *seen; // ids, digests of files and of thumbnails
};

static void tell(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct check *check, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s: ", check->slug);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    check->wrong++;
}

static void once(struct check *check, const char *what, str value)
{
    const char *key = str_format(check->arena, "%s %.*s", what, STR_ARGS(value)).data;
    if (json_object_get(check->seen, key))
        tell(check, "its %s is that of another thing", what);
    json_object_set_new(check->seen, key, json_true());
}

// The step from the last sample to the first, beside the steps around it.
static void check_seam(struct check *check, const float *samples, size_t frames)
{
    double around = 1e-4;
    if (frames < 2 * SEAM_FRAMES)
        return;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 1; i < SEAM_FRAMES; i++) {
            around = fmax(around, fabs(samples[2 * i + (size_t)side] - samples[2 * (i - 1) + (size_t)side]));
            around = fmax(
                around, fabs(samples[2 * (frames - i) + (size_t)side] - samples[2 * (frames - i - 1) + (size_t)side]));
        }
    }
    for (size_t side = 0; side < 2; side++) {
        double step = fabs(samples[side] - samples[2 * (frames - 1) + side]);
        if (step > 1.6 * around + 0.004)
            tell(check, "clicks where the loop closes: a step of %.3f, others are at most %.3f", step, around);
    }
}

static void check_sound(struct check *check, const json_t *entry, const struct buffer *file)
{
    float *samples;
    size_t frames;
    error failed = output_decode_sound(check->arena, file, &samples, &frames);
    if (error_is(failed)) {
        tell(check, "%s", failed.message);
        return;
    }
    int64_t length = (int64_t)frames * 1000000 / AUDIO_RATE, said = json_get_int(entry, "duration_us", 0);
    if (llabs(length - said) > duration_tolerance_us)
        tell(check, "lasts %.3f s, not %.3f", (double)length / 1e6, (double)said / 1e6);
    double peak = 0;
    for (size_t i = 0; i < 2 * frames; i++)
        peak = fmax(peak, fabs(samples[i]));
    if (peak < 0.05 || peak > 1) // what the encoder adds must not clip
        tell(check, "its highest sample is %.2f", peak);
    size_t whole = (size_t)((said * AUDIO_RATE + 999999) / 1000000);
    if (json_get_bool(entry, "is_loop", false))
        check_seam(check, samples, whole < frames ? whole : frames);
    if (!str_equal_c(json_get_str(entry, "type"), "music"))
        return;
    struct loudness *loudness = loudness_new(check->arena);
    loudness_add(loudness, samples, frames);
    double lufs = loudness_value(loudness);
    if (!(fabs(lufs - lufs_target) <= lufs_tolerance))
        tell(check, "is at %.1f LUFS", lufs);
    if (said < 30 * SECOND_US || said > 180 * SECOND_US)
        tell(check, "lasts %.1f s", (double)said / 1e6);
}

static double difference(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < SMALL_WIDTH * SMALL_HEIGHT * 4; i++)
        sum += abs(a[i] - b[i]);
    return sum / (SMALL_WIDTH * SMALL_HEIGHT * 3);
}

// From the last picture to the first may be no larger a step than between others.
static error check_pictures(struct check *check, const struct buffer *file, int64_t duration_us)
{
    enum { PICTURES = 4 };
    uint8_t *pictures[PICTURES];
    struct source_io io = output_source(file);
    struct video_reader *reader;
    TRY(video_reader_open(&io, &reader));
    arena_defer(check->arena, video_reader_free, reader);
    const int64_t step = 1000000 / 25,
                  at[PICTURES] = { 1000, step + 1000, duration_us - 2 * step + 1000, duration_us - step + 1000 };
    for (int i = 0; i < PICTURES; i++) {
        int64_t number;
        pictures[i] = arena_alloc(check->arena, SMALL_WIDTH * SMALL_HEIGHT * 4 + 64);
        TRY(video_reader_at(reader, at[i], false, &number));
        TRY(video_reader_argb(
            reader, (struct frame_box) { 0 }, SMALL_WIDTH, SMALL_HEIGHT, pictures[i], SMALL_WIDTH * 4));
    }
    double seam = difference(pictures[3], pictures[0]),
           usual = fmax(difference(pictures[0], pictures[1]), difference(pictures[2], pictures[3]));
    if (seam > 2.5 * usual + 1.5)
        tell(check, "jumps where the loop closes: %.2f, else %.2f", seam, usual);
    return OK;
}

static error check_film(struct check *check, const json_t *entry, const struct buffer *file, bool video)
{
    struct source_io io = output_source(file);
    SOURCE_AUTO struct source *source = NULL;
    TRY(source_open(&io, &source));
    const struct source_info *info = source_info(source);
    int64_t said = json_get_int(entry, "duration_us", 0);
    if (info->width != json_get_int(entry, "width", 0) || info->height != json_get_int(entry, "height", 0))
        tell(check, "is %d by %d pixels", info->width, info->height);
    if (video && strcmp(info->video_codec, "h264") != 0)
        tell(check, "is encoded as %s", info->video_codec);
    if (llabs(info->duration_us - said) > duration_tolerance_us && info->duration_us >= 0)
        tell(check, "lasts %.2f s, not %.2f", (double)info->duration_us / 1e6, (double)said / 1e6);
    return video ? check_pictures(check, file, said) : OK;
}

static error check_image(struct check *check, const json_t *entry, const struct buffer *file, int width, int height)
{
    struct source_io io = output_source(file);
    SOURCE_AUTO struct source *source = NULL;
    TRY(source_open(&io, &source));
    TRY(source_look(source));
    const struct source_info *info = source_info(source);
    if (info->width != width || (height && info->height != height) || info->kind != SOURCE_IMAGE)
        tell(check, "has a picture of %d by %d pixels", info->width, info->height);
    if (entry && (json_get_int(entry, "width", 0) != width || json_get_int(entry, "height", 0) != height))
        tell(check, "is listed with another size");
    return OK;
}

static error check_beside(struct check *check, const json_t *entry, bool sound)
{
    BUFFER_AUTO struct buffer bytes = { 0 };
    str name = json_get_str(entry, sound ? "waveform" : "thumbnail");
    json_t *waveform;
    if (!name.data)
        return error_make(ERROR_DATA_CORRUPT, NULL, "has no %s", sound ? "waveform" : "thumbnail");
    TRY(pack_read(check->folder, name.data, &bytes));
    check->bytes += (int64_t)bytes.size;
    once(check, sound ? "waveform" : "thumbnail", pack_sha256(check->arena, bytes.data, bytes.size));
    if (!sound)
        return check_image(check, NULL, &bytes, THUMBNAIL_SIDE, 0);
    TRY(json_read(check->arena, buffer_str(&bytes), &waveform));
    if (json_get_int(waveform, "version", 0) != 2
        || json_get_int(waveform, "length", 0) * 2 != (int64_t)json_array_size(json_object_get(waveform, "data")))
        tell(check, "has a waveform that is none");
    return OK;
}

static int kind_of(const json_t *entry)
{
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        if (str_equal_c(json_get_str(entry, "kind"), item_kind_name((enum item_kind)kind))
            && (kind > ITEM_EFFECT
                || str_equal_c(json_get_str(entry, "type"), kind == ITEM_MUSIC ? "music" : "effect")))
            return kind;
    return -1;
}

static error check_entry(struct check *check, const json_t *entry)
{
    BUFFER_AUTO struct buffer file = { 0 };
    int kind = kind_of(entry);
    str name = json_get_str(entry, "file");
    if (kind < 0 || !name.data || !json_get_str(entry, "title").size || !json_get_str(entry, "artist").size
        || !json_get_str(entry, "category").size || !json_array_size(json_object_get(entry, "tags")))
        return error_make(ERROR_DATA_CORRUPT, NULL, "lacks a kind, file, title, artist, category or tags");
    const char *base = strrchr(name.data, '/') + 1;
    check->slug = str_to_c(check->arena, str_sub(str_of(base), 0, strcspn(base, ".")));
    TRY(pack_read(check->folder, name.data, &file));
    check->bytes += (int64_t)file.size;
    check->counts[kind]++;
    check->premium[kind] += json_get_bool(entry, "is_premium", false);
    once(check, "id", json_get_str(entry, "id"));
    once(check, "content", json_get_str(entry, "sha256"));
    if (!str_equal(pack_id(check->arena, (enum item_kind)kind, check->slug), json_get_str(entry, "id")))
        tell(check, "has an id that is not its own");
    if (!str_equal(pack_sha256(check->arena, file.data, file.size), json_get_str(entry, "sha256"))
        || (int64_t)file.size != json_get_int(entry, "size_bytes", -1))
        tell(check, "is not the file that was made");
    bool sound = kind == ITEM_MUSIC || kind == ITEM_EFFECT;
    if (sound)
        check_sound(check, entry, &file);
    else if (kind == ITEM_IMAGE)
        TRY(check_image(check, entry, &file, PAINT_WIDTH, PAINT_HEIGHT));
    else
        TRY(check_film(check, entry, &file, kind == ITEM_VIDEO));
    return check_beside(check, entry, sound);
}

// What is asked of the whole.
static void check_whole(struct check *check, size_t count)
{
    static const int least[] = { MUSIC_MIN, EFFECTS_MIN, IMAGES_MIN, VIDEOS_MIN, GIFS_MIN };
    size_t all = 0;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        all += item_sources[kind].count();
    check->slug = "the pack";
    for (int kind = 0; kind < ITEM_KIND_COUNT && count == all; kind++)
        if (check->counts[kind] < least[kind] || !check->premium[kind])
            tell(
                check, "has %d things of kind %d, %d of them premium", check->counts[kind], kind, check->premium[kind]);
    if (check->bytes > pack_bytes_max)
        tell(check, "is %.1f MB large", (double)check->bytes / 1e6);
    fprintf(stderr, "%d pieces of music, %d effects, %d images, %d videos, %d GIFs%s; %.1f MB; %d wrong\n",
        check->counts[0], check->counts[1], check->counts[2], check->counts[3], check->counts[4],
        count == all ? "" : " (a sample)", (double)check->bytes / 1e6, check->wrong);
}

error pack_verify(const char *folder)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    BUFFER_AUTO struct buffer bytes = { 0 };
    struct check check = { .folder = folder, .seen = json_keep(arena, json_object()) };
    json_t *list;
    size_t index;
    json_t *entry;
    TRY(pack_read(folder, "stock.json", &bytes));
    TRY(json_read(arena, buffer_str(&bytes), &list));
    const json_t *items = json_object_get(list, "items");
    if (json_get_int(list, "version", 0) != 1 || !json_array_size(items))
        return error_make(ERROR_DATA_CORRUPT, NULL, "%s/stock.json lists nothing", folder);
    json_array_foreach (items, index, entry) {
        ARENA_AUTO struct arena *scratch = arena_new((size_t)1 << 30);
        check.arena = scratch;
        check.slug = "an entry";
        error failed = check_entry(&check, entry);
        if (error_is(failed))
            tell(&check, "%s", failed.message);
    }
    check_whole(&check, json_array_size(items));
    return check.wrong
               ? error_make(ERROR_DATA_CORRUPT, NULL, "%d things are wrong with the pack in %s", check.wrong, folder)
               : OK;
}
