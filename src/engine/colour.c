// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/colour.h"

bool colour_parse(str text, struct colour *ret_colour)
{
    if (text.size < 1 || text.data[0] != '#')
        return false;
    str digits = str_sub(text, 1, text.size);
    char wide[8] = "000000ff";
    if (digits.size == 3) {
        for (size_t i = 0; i < 6; i++)
            wide[i] = digits.data[i / 2];
    } else if (digits.size == 6 || digits.size == 8) {
        for (size_t i = 0; i < digits.size; i++)
            wide[i] = digits.data[i];
    } else {
        return false;
    }
    uint8_t bytes[4];
    if (!str_from_hex((str) { wide, 8 }, bytes, 4))
        return false;
    *ret_colour = (struct colour) { bytes[0] / 255.0, bytes[1] / 255.0, bytes[2] / 255.0, bytes[3] / 255.0 };
    return true;
}

error colour_get(const json_t *object, const char *key, const char *fallback, struct colour *ret_colour)
{
    str text = json_get_str(object, key);
    if (!text.data)
        text = str_of(fallback);
    if (!colour_parse(text, ret_colour))
        return error_make(ERROR_VALIDATION_ERROR, key, "%.40s is not a colour (#RGB, #RRGGBB or #RRGGBBAA)", text.data);
    return OK;
}
