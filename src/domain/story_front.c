// SPDX-License-Identifier: GPL-3.0-or-later
// Front matter: "---", lines of `key: value`, "---".
#include "domain/scene_properties.h"
#include "domain/story_parts.h"

struct front {
    struct arena *arena;
    struct story_style *style;
    struct warnings *warnings;
    size_t line;
};

static error refuse(const struct front *front, str key, const char *wanted)
{
    return error_make(
        ERROR_VALIDATION_ERROR, "script", "Line %zu: %.*s must be %s", front->line, STR_ARGS(key), wanted);
}

static error take_number(const struct front *front, str key, str value, double least, double most, double *ret_value)
{
    double number;
    if (!str_to_number(value, &number) || number < least || number > most)
        return refuse(front, key, str_format(front->arena, "a number from %g to %g", least, most).data);
    *ret_value = number;
    return OK;
}

static bool one_of(str value, const char *choices)
{
    str rest = str_of(choices), part;
    while (str_split(&rest, ' ', &part))
        if (str_equal(part, value))
            return true;
    return false;
}

static error take_choice(const struct front *front, str key, str value, const char *choices, str *ret_value)
{
    if (!one_of(value, choices))
        return refuse(front, key, str_format(front->arena, "one of %s", choices).data);
    *ret_value = value;
    return OK;
}

// "#101014", "#1B2A49 #0B1020 135" or a picture's file name.
static error take_background(const struct front *front, str value)
{
    json_t *background = json_keep(front->arena, json_object());
    front->style->background = background;
    if (value.size && value.data[0] != '#') {
        json_object_set_new(background, "media_id", json_str(value));
        return OK;
    }
    str rest = value, part, colors[2];
    size_t count = 0;
    double angle = 180;
    while (str_split(&rest, ' ', &part)) {
        if (count < 2 && scene_color_is_valid(part))
            colors[count++] = part;
        else if (part.size && !(count == 2 && str_to_number(part, &angle)))
            return refuse(front, STR("background"), "a colour, two colours and an angle, or a picture");
    }
    if (count == 0)
        return refuse(front, STR("background"), "a colour, two colours and an angle, or a picture");
    if (count == 1)
        json_object_set_new(background, "color", json_str(colors[0]));
    else
        json_object_set_new(
            background, "gradient", json_pack("[o,o,f]", json_str(colors[0]), json_str(colors[1]), angle));
    return OK;
}

// "crossfade" or "crossfade 0.5"
static error take_transition(const struct front *front, str value)
{
    str rest = value, name;
    str_split(&rest, ' ', &name);
    TRY(take_choice(
        front, STR("transition"), name, "cut fade crossfade slide_left slide_up wipe zoom", &front->style->transition));
    if (str_trim(rest).size)
        TRY(take_number(front, STR("transition"), str_trim(rest), 0, 10, &front->style->transition_duration));
    return OK;
}

static error take_captions(const struct front *front, str value)
{
    if (one_of(value, "true yes on"))
        value = STR("plain");
    else if (one_of(value, "false no none"))
        value = STR("off");
    return take_choice(front, STR("captions"), value, "off plain karaoke", &front->style->captions);
}

static error take_pair(const struct front *front, str key, str value)
{
    struct story_style *style = front->style;
    if (str_equal_c(key, "title"))
        style->title = value;
    else if (str_equal_c(key, "voice"))
        style->voice = value;
    else if (str_equal_c(key, "avatar"))
        style->avatar = value;
    else if (str_equal_c(key, "music"))
        style->music = value;
    else if (str_equal_c(key, "music_volume"))
        return take_number(front, key, value, 0, 2, &style->music_volume);
    else if (str_equal_c(key, "aspect") || str_equal_c(key, "aspect_ratio"))
        return take_choice(front, key, value, "16:9 9:16 1:1 4:5", &style->aspect_ratio);
    else if (str_equal_c(key, "captions"))
        return take_captions(front, value);
    else if (str_equal_c(key, "speed"))
        return take_number(front, key, value, 0.5, 2, &style->speed);
    else if (str_equal_c(key, "background"))
        return take_background(front, value);
    else if (str_equal_c(key, "transition"))
        return take_transition(front, value);
    else if (str_equal_c(key, "fps")) {
        str chosen;
        TRY(take_choice(front, key, value, "24 25 30 50 60", &chosen));
        return take_number(front, key, value, 24, 60, &style->fps);
    } else
        warning_add(front->arena, front->warnings, STR("script"),
            "Line %zu: the front matter's key \"%.*s\" is not known", front->line, STR_ARGS(key));
    return OK;
}

static error take_line(const struct front *front, str line)
{
    if (!line.size || line.data[0] == '#')
        return OK;
    ptrdiff_t colon = str_index(line, ':');
    if (colon <= 0)
        return error_make(ERROR_VALIDATION_ERROR, "script",
            "Line %zu: the front matter wants lines like \"voice: flite:slt\"", front->line);
    str key = str_lower(front->arena, str_trim(str_sub(line, 0, (size_t)colon)));
    str value = str_trim(str_sub(line, (size_t)colon + 1, line.size));
    bool quoted = value.size >= 2 && (value.data[0] == '"' || value.data[0] == '\'')
                  && value.data[value.size - 1] == value.data[0];
    if (quoted)
        value = str_sub(value, 1, value.size - 2);
    else if (str_find(value, STR(" # ")) >= 0)
        value = str_trim(str_sub(value, 0, (size_t)str_find(value, STR(" # "))));
    if (!value.size)
        return OK; // as if the key were not there
    return take_pair(front, key, str_copy(front->arena, value));
}

error story_front_matter(
    struct arena *arena, str *rest, size_t *line, struct warnings *warnings, struct story_style *style)
{
    struct front front = { .arena = arena, .style = style, .warnings = warnings };
    str ahead = *rest, text;
    size_t blank = 0;
    while (str_split(&ahead, '\n', &text) && !str_trim(text).size)
        blank++;
    if (!str_equal(str_trim(text), STR("---")))
        return OK;
    size_t opened = blank + 1;
    front.line = opened;
    while (str_split(&ahead, '\n', &text)) {
        front.line++;
        if (str_equal(str_trim(text), STR("---"))) {
            *rest = ahead.data ? ahead : STR("");
            *line = front.line;
            return OK;
        }
        TRY(take_line(&front, str_trim(text)));
    }
    return error_make(ERROR_VALIDATION_ERROR, "script", "Line %zu: the front matter has no closing --- line", opened);
}
