// SPDX-License-Identifier: GPL-3.0-or-later
// Grooves. 'X' is loud, 'x' normal, 'o' soft. A row plays from its energy on; before a new section comes a fill.
#include <math.h>
#include <string.h>

#include "music.h"

enum { ROWS_MAX = 9, STEPS_MAX = 16 };

enum drum {
    KICK = 36,
    STICK = 37,
    SNARE = 38,
    CLAP = 39,
    SNARE2 = 40,
    TOM_LOW = 43,
    HAT = 42,
    HAT_PEDAL = 44,
    TOM_MIDDLE = 47,
    HAT_OPEN = 46,
    CRASH = 49,
    TOM_HIGH = 50,
    RIDE = 51,
    BELL = 53,
    TAMBOURINE = 54,
    SPLASH = 55,
    COWBELL = 56,
    BONGO_HIGH = 60,
    BONGO_LOW = 61,
    CONGA_MUTE = 62,
    CONGA_HIGH = 63,
    CONGA_LOW = 64,
    CABASA = 69,
    MARACAS = 70,
    CLAVES = 75,
    BLOCK = 76,
    TRIANGLE = 81,
    SHAKER = 82,
    TAIKO = 41
};

struct groove {
    const char *name;
    bool fills;
    struct row {
        int key, from;
        const char *steps; // a bar, or two with '|'
    } rows[ROWS_MAX];
};

static const struct groove grooves[] = {
    { "lofi", true,
        { { KICK, 1, "X.....x..x......|X.....x...x.x..." }, { SNARE, 1, "....X.......X..o" },
            { HAT, 2, "x.o.x.o.x.o.x.oo" }, { STICK, 4, "..........o....." }, { HAT_OPEN, 4, "..............x." } } },
    { "dusty", true,
        { { KICK, 1, "X..x......x....." }, { STICK, 1, "....X.......X..." }, { HAT, 1, "o.x.o.x.o.x.o.x." },
            { SHAKER, 3, "oxoxoxoxoxoxoxox" }, { SNARE, 4, "....x..o....x..." } } },
    { "boombap", true,
        { { KICK, 1, "X.x....x..X.....|X.x....x..X..x.." }, { SNARE, 1, "....X.......X..." },
            { HAT, 2, "x.x.x.x.x.x.x.x." }, { HAT_OPEN, 3, "......x........." } } },
    { "four", true,
        { { KICK, 2, "X...X...X...X..." }, { CLAP, 3, "....X.......X..." }, { HAT_OPEN, 3, "..x...x...x...x." },
            { HAT, 2, "o.o.o.o.o.o.o.oo" }, { SHAKER, 4, "xoxoxoxoxoxoxoxo" } } },
    { "house", true,
        { { KICK, 2, "X...X...X...X..." }, { SNARE2, 3, "....x.......x..." }, { HAT_OPEN, 2, "..X...X...X...X." },
            { CONGA_HIGH, 3, "...x..x....x..x." }, { CABASA, 4, "xoxoxoxoxoxoxoxo" } } },
    { "breaks", true,
        { { KICK, 2, "X.....X...X.....|X..X......X....." }, { SNARE, 2, "....X..o.o..X..." },
            { HAT, 2, "x.xxx.xxx.xxx.xx" }, { RIDE, 4, "x...x...x...x..." } } },
    { "garage", true,
        { { KICK, 2, "X.....x...x.....|X......x..x....." }, { CLAP, 2, "....X.......X..." },
            { HAT, 2, "..x..xx...x..xx." }, { STICK, 3, ".......o......x." } } },
    { "electro", true,
        { { KICK, 2, "X..X..X...X..X.." }, { SNARE2, 2, "....X.......X..." }, { HAT, 2, "xxoxxxoxxxoxxxox" },
            { COWBELL, 4, "..o...o....o..o." } } },
    { "pop", true,
        { { KICK, 2, "X.......X.x....." }, { SNARE, 3, "....X.......X..." }, { HAT, 2, "x.x.x.x.x.x.x.x." },
            { TAMBOURINE, 4, "..x...x...x...x." } } },
    { "drive", true,
        { { KICK, 2, "X...x...X.x.x..." }, { SNARE, 2, "....X.......X..." }, { HAT, 2, "x.x.x.x.x.x.x.x." },
            { CRASH, 4, "x...............|................" } } },
    { "rock", true,
        { { KICK, 2, "X.x.....X.x.....|X.x....xX......." }, { SNARE, 2, "....X.......X..." },
            { HAT_OPEN, 4, "x...x...x...x..." }, { HAT, 2, "X.x.X.x.X.x.X.x." } } },
    { "halftime", true,
        { { KICK, 2, "X.....x........." }, { SNARE, 2, "........X......." }, { RIDE, 3, "x...x...x...x..." },
            { HAT, 2, "x.x.x.x.x.x.x.x." } } },
    { "punk", true,
        { { KICK, 2, "X..x..x.X..x..x." }, { SNARE, 2, "..X...X...X...X." }, { HAT_OPEN, 2, "x.x.x.x.x.x.x.x." } } },
    { "stomp", true,
        { { KICK, 1, "X...X...X...X..." }, { CLAP, 2, "....X.......X..." }, { TAMBOURINE, 3, "x.xxx.xxx.xxx.xx" },
            { TOM_LOW, 4, "X.....X.X.....X." } } },
    { "swing", false,
        { { RIDE, 1, "X...x..ox...x..o" }, { HAT_PEDAL, 1, "....x.......x..." }, { KICK, 2, "o.......o......." },
            { SNARE, 3, ".......o......o.|..o........o...." } } },
    { "brushes", false,
        { { SNARE2, 1, "o...x...o...x..o" }, { HAT_PEDAL, 1, "....x.......x..." }, { KICK, 2, "x.........o....." } } },
    { "bossa", false,
        { { KICK, 1, "X..xX..xX..xX..x" }, { STICK, 1, "X..X..X...X..X..|..X..X..X..X..X." },
            { HAT, 2, "x.x.x.x.x.x.x.x." }, { SHAKER, 3, "xooxxooxxooxxoox" } } },
    { "funk", true,
        { { KICK, 2, "X..x......x..x..|X.x.......x....." }, { SNARE, 2, "....X..o.o..X..o" },
            { HAT, 2, "xoxxxoxoxoxxxoxo" }, { HAT_OPEN, 4, "......x........." } } },
    { "shuffle", true,
        { { KICK, 2, "X...x...X...x..." }, { SNARE, 2, "....X.......X..o" }, { RIDE, 2, "X..xX..xX..xX..x" } } },
    { "folk", false,
        { { KICK, 2, "X.......X......." }, { TAMBOURINE, 2, "....x.......x..." }, { SHAKER, 3, "x.o.x.o.x.o.x.o." },
            { CLAP, 4, "....x.......x..." } } },
    { "cajon", true,
        { { KICK, 1, "X.....x.X......." }, { STICK, 1, "....X..o....X.o." }, { SHAKER, 2, "x.o.x.o.x.o.x.o." },
            { TAMBOURINE, 4, "....x.......x..." } } },
    { "afro", true,
        { { KICK, 2, "X..x..x.X..x..x." }, { CLAVES, 2, "x..x...x..x.x..." }, { CONGA_LOW, 2, "..x....xx.x....x" },
            { CONGA_HIGH, 3, "x..ox.o...ox..o." }, { SHAKER, 3, "xooxxooxxooxxoox" } } },
    { "samba", true,
        { { KICK, 2, "X..xX..xX..xX..x" }, { SNARE, 3, "x.oxx.oxox.xx.ox" }, { MARACAS, 2, "xoxxxoxxxoxxxoxx" },
            { CONGA_HIGH, 3, "..x.x...x.x.x..." }, { BLOCK, 4, "x.x..x.xx.x.x.x." } } },
    { "reggae", true,
        { { KICK, 2, "........X......." }, { STICK, 2, "........x......." }, { HAT, 2, "x.xox.xox.xox.xo" },
            { BONGO_HIGH, 3, "..o..x....o..x.." } } },
    { "latin", true,
        { { KICK, 2, "X.....x.X.....x." }, { CONGA_MUTE, 2, "x.x.x.x.x.x.x.x." }, { CONGA_HIGH, 2, "......xx......xx" },
            { CLAVES, 3, "x..x..x...x.x...|..x.x...x..x..x." }, { BELL, 4, "x.x.xx.xx.x.xx.x" } } },
    { "desert", false,
        { { TOM_LOW, 1, "X.....x.X......." }, { BONGO_HIGH, 1, "..x.x..x..x.x.xx" },
            { TAMBOURINE, 3, "....x.......x..x" }, { CLAP, 4, "....x.......x..." } } },
    { "taiko", true,
        { { TAIKO, 2, "X.....x.X..x..x.|X.....x.X.xxx.x." }, { TOM_LOW, 3, "X...x...X...x..." },
            { KICK, 3, "X.......X......." }, { SNARE, 4, "oxoxXxoxoxoxXxxx" } } },
    { "march", true,
        { { KICK, 3, "X.......X......." }, { SNARE, 2, "X.o.x.xxX.o.xxxx" }, { TRIANGLE, 4, "........x......." } } },
    { "pulse", false,
        { { TOM_LOW, 2, "X.......x......." }, { KICK, 3, "X..x....X..x...." }, { HAT, 3, "o.o.o.o.o.o.o.o." } } },
    { "ticking", false,
        { { STICK, 1, "o...o...o...o..." }, { HAT, 2, "o.x.o.x.o.x.o.x." }, { KICK, 3, "X..........x...." },
            { TOM_LOW, 4, "X.......X.x....." } } },
    { "heart", false,
        { { KICK, 1, "X..x............" }, { TRIANGLE, 3, "........o......." }, { SHAKER, 3, "o.x.o.x.o.x.o.x." } } },
    { "waltz", false, { { KICK, 2, "X..........." }, { STICK, 2, "....x...x..." }, { TRIANGLE, 4, "x..........." } } },
    { "waltzkit", true, { { KICK, 2, "X..........." }, { SNARE2, 2, "....x...x..o" }, { RIDE, 3, "x...x.x.x..." } } },
    { "jig", true,
        { { KICK, 1, "X.....X....." }, { TAMBOURINE, 2, "..x..x..x..x" }, { BONGO_LOW, 3, "x.xx.xx.xx.x" },
            { CLAP, 4, "......X....." } } },
};

static const struct groove *find(const char *name)
{
    for (size_t i = 0; i < sizeof grooves / sizeof *grooves; i++)
        if (strcmp(name, grooves[i].name) == 0)
            return &grooves[i];
    return NULL;
}

bool music_groove_exists(const char *name)
{
    return find(name) != NULL;
}

static void hit(struct score *score, int part, double beat, int key, int velocity)
{
    score_add(score, (struct note) { beat, 0.2, part, key, velocity, false });
}

static void play_bar(struct score *score, int part, const struct groove *groove, const struct span *span, double until)
{
    for (int i = 0; i < ROWS_MAX && groove->rows[i].key; i++) {
        const struct row *row = &groove->rows[i];
        if (span->energy < row->from)
            continue;
        str rest = str_of(row->steps), bar, second = STR_NONE;
        (void)str_split(&rest, '|', &bar);
        if (span->bar % 2 && str_split(&rest, '|', &second))
            bar = second;
        for (size_t step = 0; step < bar.size; step++) {
            double at = (double)step * score->piece->beats / (double)bar.size;
            int loud = bar.data[step] == 'X' ? 104 : bar.data[step] == 'x' ? 84 : bar.data[step] == 'o' ? 52 : 0;
            if (loud && at < until)
                hit(score, part, span->start + at, row->key, loud - 10 + 4 * span->energy);
        }
    }
}

// A run over snare and toms, drawn from four.
static void fill(struct score *score, int part, const struct span *span, double from, struct chance *chance)
{
    static const int runs[4][8] = { { SNARE, SNARE, TOM_HIGH, TOM_HIGH, TOM_MIDDLE, TOM_MIDDLE, TOM_LOW, TOM_LOW },
        { SNARE, 0, SNARE, SNARE, 0, SNARE, SNARE, SNARE },
        { TOM_HIGH, 0, TOM_MIDDLE, TOM_HIGH, 0, TOM_MIDDLE, TOM_LOW, TOM_LOW },
        { SNARE, TOM_HIGH, KICK, SNARE, TOM_MIDDLE, KICK, SNARE, TOM_LOW } };
    const int *run = runs[chance_below(chance, 4)];
    double end = span->start + score->piece->beats, step = 0.25;
    int number = 0;
    for (double at = span->start + from; at < end - 0.01; at += step, number++)
        if (run[number % 8])
            hit(score, part, at, run[number % 8], 70 + 4 * number + 3 * span->energy);
}

void music_drums(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    const struct groove *groove = find(what->pattern);
    struct chance chance = chance_of(score->piece->slug, "drums");
    int before = 0;
    for (size_t i = 0; i < score->span_count; i++) {
        const struct span *span = &score->spans[i];
        if (!span->first)
            continue;
        bool plays = part_plays(what, span);
        const struct span *next = score_span(score, span->start + score->piece->beats + 0.01);
        bool ends = span->bar == span->bars - 1 && groove->fills && span->energy >= 2 && part_plays(what, next);
        double until = ends ? score->piece->beats - (chance_of_one(&chance, 0.5) ? 1 : 2) : score->piece->beats;
        if (plays) {
            play_bar(score, part, groove, span, until);
            if (ends)
                fill(score, part, span, until, &chance);
            if (span->bar == 0 && groove->fills && span->energy >= 3 && before)
                hit(score, part, span->start, CRASH, 74 + 6 * span->energy);
        }
        before = plays;
    }
}
