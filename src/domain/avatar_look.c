// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/avatar_look.h"

#include <ctype.h>

#include "base/json.h"

#define AMY                                                                                                            \
    "\"figure\":\"adult\",\"hair\":\"bun\",\"hair_color\":\"#6B3A22\",\"skin_color\":\"#F6CFAE\",\"lashes\":true,"     \
    "\"eye_color\":\"#3E6B4F\""
#define BEN                                                                                                            \
    "\"figure\":\"adult\",\"hair\":\"short\",\"hair_color\":\"#3B2A20\",\"skin_color\":\"#E3AE84\",\"beard\":"         \
    "\"full\",\"eye_color\":\"#5B3A24\""
#define MIA                                                                                                            \
    "\"figure\":\"child\",\"hair\":\"pigtails\",\"hair_color\":\"#E0A03C\",\"skin_color\":\"#F9D7BC\",\"eye_color\":"  \
    "\"#3D7BB8\",\"lashes\":true"
#define WALTER                                                                                                         \
    "\"figure\":\"elder\",\"hair\":\"sides\",\"hair_color\":\"#D9DBDF\",\"skin_color\":\"#EBBE9C\",\"beard\":"         \
    "\"moustache\",\"eye_color\":\"#5C7080\""
#define ZARA                                                                                                           \
    "\"figure\":\"adult\",\"hair\":\"afro\",\"hair_color\":\"#2A1C19\",\"skin_color\":\"#8D5636\",\"lashes\":true,"    \
    "\"eye_color\":\"#3A2115\""
#define LEILA                                                                                                          \
    "\"figure\":\"adult\",\"hat\":\"scarf\",\"hair_color\":\"#2B201C\",\"skin_color\":\"#D9A577\",\"lashes\":true,"    \
    "\"eye_color\":\"#4A2F1C\""
#define KENJI                                                                                                          \
    "\"figure\":\"adult\",\"hair\":\"short\",\"hair_color\":\"#17171C\",\"skin_color\":\"#EFC39A\",\"glasses\":"       \
    "\"square\",\"eye_color\":\"#2B1B12\""
#define BOLT "\"figure\":\"robot\",\"clothes\":\"armour\""
#define FINN "\"figure\":\"fox\""

const struct avatar_stock avatar_stock[] = {
    { "avatar-amy-casual", "Amy", "female", "casual", NULL, false,
        "{" AMY ",\"clothes\":\"sweater\",\"clothes_color\":\"#D9634C\",\"accent_color\":\"#F7E3C6\"}" },
    { "avatar-amy-professional", "Amy (Professional)", "female", "professional", "avatar-amy-casual", false,
        "{" AMY ",\"clothes\":\"blazer\",\"clothes_color\":\"#2F4A73\",\"accent_color\":\"#D9634C\"}" },
    { "avatar-amy-evening", "Amy (Blonde)", "female", "casual", "avatar-amy-casual", false,
        "{\"figure\":\"adult\",\"hair\":\"long\",\"hair_color\":\"#D8A24A\",\"skin_color\":\"#F6CFAE\",\"lashes\":true,"
        "\"eye_color\":\"#3D7BB8\",\"clothes\":\"tee\",\"clothes_color\":\"#5A8F7B\",\"accent_color\":\"#FFFFFF\"}" },
    { "avatar-ben-casual", "Ben", "male", "casual", NULL, false,
        "{" BEN ",\"hat\":\"cap\",\"accent_color\":\"#2E7D6B\",\"clothes\":\"hoodie\",\"clothes_color\":\"#F2B441\"}" },
    { "avatar-ben-professional", "Ben (Professional)", "male", "professional", "avatar-ben-casual", false,
        "{" BEN ",\"clothes\":\"blazer\",\"clothes_color\":\"#4A4E5A\",\"accent_color\":\"#2E7D6B\"}" },
    { "avatar-mia-casual", "Mia", "female", "casual", NULL, false,
        "{" MIA ",\"clothes\":\"overall\",\"clothes_color\":\"#4B78B8\",\"accent_color\":\"#EE6C8A\"}" },
    { "avatar-mia-party", "Mia (Party)", "female", "playful", "avatar-mia-casual", false,
        "{" MIA ",\"clothes\":\"tee\",\"clothes_color\":\"#8E5BB5\",\"accent_color\":\"#FFD54A\"}" },
    { "avatar-walter-casual", "Walter", "male", "casual", NULL, false,
        "{" WALTER
        ",\"glasses\":\"round\",\"clothes\":\"sweater\",\"clothes_color\":\"#3F6F6A\",\"accent_color\":\"#C9A45C\"}" },
    { "avatar-walter-professor", "Walter (Professor)", "male", "professional", "avatar-walter-casual", true,
        "{" WALTER
        ",\"glasses\":\"square\",\"clothes\":\"blazer\",\"clothes_color\":\"#6B4A35\",\"accent_color\":\"#8C2F39\"}" },
    { "avatar-zara-casual", "Zara", "female", "casual", NULL, false,
        "{" ZARA ",\"clothes\":\"tee\",\"clothes_color\":\"#F2C14E\",\"accent_color\":\"#E4572E\"}" },
    { "avatar-zara-professional", "Zara (Professional)", "female", "professional", "avatar-zara-casual", false,
        "{" ZARA
        ",\"glasses\":\"round\",\"clothes\":\"blazer\",\"clothes_color\":\"#7A2E4D\",\"accent_color\":\"#F2C14E\"}" },
    { "avatar-leila-casual", "Leila", "female", "casual", NULL, false,
        "{" LEILA ",\"clothes\":\"sweater\",\"clothes_color\":\"#EFE4D2\",\"accent_color\":\"#3F7F93\"}" },
    { "avatar-leila-professional", "Leila (Professional)", "female", "professional", "avatar-leila-casual", false,
        "{" LEILA ",\"clothes\":\"blazer\",\"clothes_color\":\"#333B4F\",\"accent_color\":\"#B86B77\"}" },
    { "avatar-kenji-professional", "Kenji", "male", "professional", NULL, false,
        "{" KENJI ",\"clothes\":\"blazer\",\"clothes_color\":\"#23395B\",\"accent_color\":\"#8FC0E8\"}" },
    { "avatar-kenji-casual", "Kenji (Casual)", "male", "casual", "avatar-kenji-professional", false,
        "{" KENJI ",\"clothes\":\"tee\",\"clothes_color\":\"#E8ECF1\",\"accent_color\":\"#D64545\"}" },
    { "avatar-bolt", "Bolt", "neutral", "playful", NULL, false,
        "{" BOLT ",\"skin_color\":\"#C9D6E4\",\"clothes_color\":\"#8FA6BF\",\"accent_color\":\"#FF7A45\",\"eye_color\":"
        "\"#5CE1E6\"}" },
    { "avatar-bolt-gold", "Bolt (Gold)", "neutral", "playful", "avatar-bolt", true,
        "{" BOLT ",\"skin_color\":\"#F1CF7A\",\"clothes_color\":\"#C79A3B\",\"accent_color\":\"#3D7BD9\",\"eye_color\":"
        "\"#8CFF9E\"}" },
    { "avatar-finn", "Finn", "neutral", "playful", NULL, false,
        "{" FINN
        ",\"skin_color\":\"#E8793A\",\"clothes\":\"hoodie\",\"clothes_color\":\"#3C6E91\",\"eye_color\":\"#6B3F1D\"}" },
    { "avatar-finn-arctic", "Finn (Arctic)", "neutral", "playful", "avatar-finn", false,
        "{" FINN ",\"skin_color\":\"#B9C7D6\",\"clothes\":\"sweater\",\"clothes_color\":\"#A63D40\",\"accent_color\":"
        "\"#F4EBDD\",\"eye_color\":\"#2F7FA3\"}" },
    { 0 },
};

const struct avatar_stock *avatar_stock_find(str id)
{
    for (const struct avatar_stock *row = avatar_stock; row->id; row++)
        if (str_equal_c(id, row->id) || str_equal_fold(id, str_of(row->name)))
            return row;
    return NULL;
}

static const struct {
    const char *key, *allowed; // between bars; NULL: a colour; "": true or false
} members[] = {
    { "figure", "|adult|elder|child|robot|fox|" },
    { "hair", "|none|bun|short|pigtails|afro|bob|long|sides|" },
    { "beard", "|none|full|moustache|" },
    { "glasses", "|none|round|square|" },
    { "hat", "|none|cap|scarf|" },
    { "clothes", "|blazer|sweater|tee|hoodie|overall|armour|" },
    { "lashes", "" },
    { "skin_color", NULL },
    { "hair_color", NULL },
    { "clothes_color", NULL },
    { "accent_color", NULL },
    { "eye_color", NULL },
};

static bool is_colour(str text)
{
    if ((text.size != 4 && text.size != 7) || text.data[0] != '#')
        return false;
    for (size_t i = 1; i < text.size; i++)
        if (!isxdigit((unsigned char)text.data[i]))
            return false;
    return true;
}

static bool is_choice(const char *allowed, str value)
{
    str rest = str_of(allowed), name;
    while (str_split(&rest, '|', &name))
        if (name.size && str_equal(name, value))
            return true;
    return false;
}

static str reason_for(const char *key, const json_t *value)
{
    str text = json_is_string(value) ? (str) { json_string_value(value), json_string_length(value) } : STR("");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const char *allowed = members[i].allowed;
        if (!str_equal_c(str_of(key), members[i].key))
            continue;
        if (!allowed)
            return is_colour(text) ? STR_NONE : STR("must be a colour like #4C8DFF");
        if (!*allowed)
            return json_is_boolean(value) ? STR_NONE : STR("must be true or false");
        return is_choice(allowed, text) ? STR_NONE : str_of(allowed);
    }
    return STR("is no part of a look");
}

void avatar_look_check(struct arena *arena, const json_t *look, struct problems *problems)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)look, key, value) {
        str reason = reason_for(key, value);
        if (!reason.data)
            continue;
        if (reason.data[0] == '|')
            reason = str_format(arena, "must be one of: %.*s", (int)reason.size - 2, reason.data + 1);
        problem_add(problems, (struct problem) { .place = STR("body"),
                                  .field = str_format(arena, "look.%s", key),
                                  .reason = reason,
                                  .type = STR("value_error") });
    }
}
