// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "engine/paint.h"

enum kind { SUBJECT, TIME, WEATHER, SEASON, MOOD, STYLE, FUTURISTIC, HUE, AURORA };

static const struct {
    const char *words; // separated by blanks
    enum kind kind;
    int value;
} table[] = {
    { "mountain mountains mountainous alps alpine peak peaks summit himalaya rocky cliff cliffs volcano glacier",
        SUBJECT, PAINT_MOUNTAINS },
    { "forest forests woods wood woodland jungle trees tree pine pines taiga grove", SUBJECT, PAINT_FOREST },
    { "sea ocean seaside beach coast coastal shore waves wave harbor harbour island marine bay", SUBJECT, PAINT_SEA },
    { "lake lakes river pond lagoon fjord reflection water waterfront", SUBJECT, PAINT_LAKE },
    { "desert dune dunes sahara sand sandy pyramids pyramid oasis canyon mars", SUBJECT, PAINT_DESERT },
    { "city cityscape skyline urban town downtown metropolis skyscraper skyscrapers buildings building street office",
        SUBJECT, PAINT_CITY },
    { "field fields meadow meadows hill hills farm countryside grass grassland prairie village valley garden flowers "
      "flower savanna",
        SUBJECT, PAINT_FIELD },
    { "space galaxy nebula planet planets cosmos cosmic universe astronaut orbit interstellar stellar", SUBJECT,
        PAINT_SPACE },
    { "abstract pattern gradient shapes geometric background texture waveform concept fluid", SUBJECT, PAINT_ABSTRACT },
    { "day daylight noon midday daytime afternoon", TIME, PAINT_DAY },
    { "dawn sunrise morning daybreak", TIME, PAINT_DAWN },
    { "sunset dusk evening twilight sundown golden", TIME, PAINT_SUNSET },
    { "night midnight nighttime moonlit moonlight moon starry stars nocturnal", TIME, PAINT_NIGHT },
    { "clear sunny cloudless", WEATHER, PAINT_CLEAR },
    { "cloudy clouds cloud overcast grey gray", WEATHER, PAINT_CLOUDY },
    { "rain rainy raining drizzle shower wet monsoon", WEATHER, PAINT_RAIN },
    { "snow snowy snowing snowfall blizzard", WEATHER, PAINT_SNOW },
    { "fog foggy mist misty haze hazy", WEATHER, PAINT_FOG },
    { "storm stormy thunder thunderstorm lightning tempest", WEATHER, PAINT_STORM },
    { "spring blossom blossoms bloom", SEASON, PAINT_SPRING },
    { "autumn fall autumnal october", SEASON, PAINT_AUTUMN },
    { "winter wintry icy frozen ice arctic christmas", SEASON, PAINT_WINTER },
    { "calm peaceful quiet serene tranquil relaxing gentle", MOOD, PAINT_CALM },
    { "dramatic epic majestic powerful intense", MOOD, PAINT_DRAMATIC },
    { "happy bright cheerful joyful vibrant vivid colorful colourful", MOOD, PAINT_HAPPY },
    { "dark gloomy sad scary mysterious moody ominous lonely melancholy", MOOD, PAINT_DARK },
    { "dreamy dream magical fantasy surreal soft pastel", MOOD, PAINT_DREAMY },
    { "cinematic film movie photographic photorealistic realistic", STYLE, PAINT_CINEMATIC },
    { "watercolor watercolour painting painted oil impressionist sketch", STYLE, PAINT_WATERCOLOUR },
    { "minimal minimalist minimalistic simple flat vector cartoon", STYLE, PAINT_MINIMAL },
    { "neon cyberpunk synthwave", STYLE, PAINT_NEON },
    { "noir monochrome black-and-white grayscale greyscale bw", STYLE, PAINT_MONOCHROME },
    { "retro vintage sepia nostalgic", STYLE, PAINT_RETRO },
    { "futuristic future sci-fi scifi cyberpunk neon", FUTURISTIC, 1 },
    { "aurora borealis", AURORA, 1 },
    { "red crimson scarlet", HUE, 0xD8343A },
    { "orange amber", HUE, 0xF08A24 },
    { "yellow gold", HUE, 0xF2C230 },
    { "green emerald", HUE, 0x2FA45A },
    { "teal turquoise cyan aqua", HUE, 0x1FB0B0 },
    { "blue azure navy", HUE, 0x2F6BDB },
    { "purple violet lavender", HUE, 0x8A4FD0 },
    { "pink magenta rose", HUE, 0xE85CA0 },
};
enum { ROWS = sizeof table / sizeof *table };

static bool stands_in(const char *words, str word)
{
    str rest = str_of(words), one;
    while (str_split(&rest, ' ', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || c == '-';
}

static bool take(struct paint_words *words, enum kind kind, int value)
{
    switch (kind) {
    case SUBJECT:
        words->subjects |= (unsigned)value;
        break;
    case TIME:
        words->time = (enum paint_time)value;
        break;
    case WEATHER:
        words->weather = (enum paint_weather)value;
        break;
    case SEASON:
        words->season = (enum paint_season)value;
        break;
    case MOOD:
        words->mood = (enum paint_mood)value;
        break;
    case STYLE:
        words->style = (enum paint_style)value;
        break;
    case FUTURISTIC:
        words->is_futuristic = true;
        break;
    case AURORA:
        words->has_aurora = true;
        words->time = PAINT_NIGHT;
        break;
    case HUE:
        words->has_hue = true;
        words->hue = (struct paint_colour) { (value >> 16) / 255.0, (value >> 8 & 255) / 255.0, (value & 255) / 255.0 };
        break;
    }
    return true;
}

static void read_text(struct arena *arena, str text, struct paint_words *words)
{
    str lower = str_lower(arena, text);
    for (size_t at = 0, end; at < lower.size; at = end + 1) {
        for (end = at; end < lower.size && is_letter(lower.data[end]);)
            end++;
        str word = str_sub(lower, at, end - at);
        bool counts = false;
        for (size_t i = 0; word.size && i < ROWS; i++)
            if (stands_in(table[i].words, word))
                counts = take(words, table[i].kind, table[i].value);
        if (counts)
            json_array_append_new(words->understood, json_str(word));
    }
}

void paint_words_read(struct arena *arena, str prompt, str style, uint64_t seed, struct paint_words *ret_words)
{
    static const unsigned choices[] = { PAINT_MOUNTAINS, PAINT_MOUNTAINS | PAINT_LAKE, PAINT_SEA, PAINT_FIELD,
        PAINT_FOREST | PAINT_MOUNTAINS, PAINT_ABSTRACT };
    *ret_words = (struct paint_words) { .understood = json_keep(arena, json_array()) };
    read_text(arena, prompt, ret_words);
    read_text(arena, style, ret_words);
    if (!ret_words->subjects)
        ret_words->subjects = ret_words->has_aurora ? PAINT_MOUNTAINS | PAINT_LAKE : choices[seed % 6];
}
