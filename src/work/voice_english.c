// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_english.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static const char *const small[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };
static const char *const tens[] = { "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
    "ninety" };
static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December" };

static const struct {
    const char *written, *said;
    bool wants_capital; // only before a name
    bool wants_number;  // only before a number
} abbreviations[] = {
    { "mr", "mister", true, false },
    { "mrs", "missus", true, false },
    { "ms", "miz", true, false },
    { "dr", "doctor", true, false },
    { "prof", "professor", true, false },
    { "st", "saint", true, false },
    { "sen", "senator", true, false },
    { "gen", "general", true, false },
    { "capt", "captain", true, false },
    { "jr", "junior", false, false },
    { "sr", "senior", false, false },
    { "e.g", "for example", false, false },
    { "i.e", "that is", false, false },
    { "etc", "et cetera", false, false },
    { "vs", "versus", false, false },
    { "approx", "approximately", false, false },
    { "dept", "department", false, false },
    { "a.m", "a m", false, false },
    { "p.m", "p m", false, false },
    { "no", "number", false, true },
    { "fig", "figure", false, true },
    { "vol", "volume", false, true },
    { "jan", "January", false, true },
    { "feb", "February", false, true },
    { "mar", "March", false, true },
    { "apr", "April", false, true },
    { "jun", "June", false, true },
    { "jul", "July", false, true },
    { "aug", "August", false, true },
    { "sep", "September", false, true },
    { "sept", "September", false, true },
    { "oct", "October", false, true },
    { "nov", "November", false, true },
    { "dec", "December", false, true },
};
enum { ABBREVIATIONS = sizeof abbreviations / sizeof *abbreviations };

static const struct {
    const char *written, *one, *many;
} units[] = {
    { "km", "kilometer", "kilometers" },
    { "m", "meter", "meters" },
    { "cm", "centimeter", "centimeters" },
    { "mm", "millimeter", "millimeters" },
    { "kg", "kilogram", "kilograms" },
    { "g", "gram", "grams" },
    { "mg", "milligram", "milligrams" },
    { "l", "liter", "liters" },
    { "ml", "milliliter", "milliliters" },
    { "lb", "pound", "pounds" },
    { "oz", "ounce", "ounces" },
    { "ft", "foot", "feet" },
    { "mph", "mile per hour", "miles per hour" },
    { "km/h", "kilometer per hour", "kilometers per hour" },
    { "kb", "kilobyte", "kilobytes" },
    { "mb", "megabyte", "megabytes" },
    { "gb", "gigabyte", "gigabytes" },
    { "tb", "terabyte", "terabytes" },
    { "hz", "hertz", "hertz" },
    { "khz", "kilohertz", "kilohertz" },
    { "ghz", "gigahertz", "gigahertz" },
    { "\xC2\xB0"
      "c",
        "degree Celsius", "degrees Celsius" },
    { "\xC2\xB0"
      "f",
        "degree Fahrenheit", "degrees Fahrenheit" },
    { "\xC2\xB0", "degree", "degrees" },
    { "%", "percent", "percent" },
};
enum { UNITS = sizeof units / sizeof *units };

// Numbers

static void put_below_thousand(struct buffer *out, int number)
{
    if (number >= 100)
        buffer_format(out, "%s hundred%s", small[number / 100], number % 100 ? " " : "");
    number %= 100;
    if (number >= 20)
        buffer_format(out, "%s%s%s", tens[number / 10], number % 10 ? " " : "", number % 10 ? small[number % 10] : "");
    else if (number)
        buffer_append_c(out, small[number]);
}

static void put_cardinal(struct buffer *out, int64_t number)
{
    static const struct {
        int64_t size;
        const char *name;
    } steps[] = { { 1000000000000, "trillion" }, { 1000000000, "billion" }, { 1000000, "million" },
        { 1000, "thousand" } };
    if (number == 0)
        buffer_append_c(out, small[0]);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (number < steps[i].size)
            continue;
        put_below_thousand(out, (int)(number / steps[i].size % 1000));
        number %= steps[i].size;
        buffer_format(out, " %s%s", steps[i].name, number ? " " : "");
    }
    put_below_thousand(out, (int)number);
}

// "twenty first": the last word of the cardinal in its other form.
static void put_ordinal(struct buffer *out, int64_t number)
{
    static const char *const odd[][2] = { { "one", "first" }, { "two", "second" }, { "three", "third" },
        { "five", "fifth" }, { "eight", "eighth" }, { "nine", "ninth" }, { "twelve", "twelfth" } };
    put_cardinal(out, number);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        size_t size = strlen(odd[i][0]);
        bool whole = out->size == size || (out->size > size && out->data[out->size - size - 1] == ' ');
        if (whole && str_ends(buffer_str(out), str_of(odd[i][0]))) {
            out->size -= size;
            buffer_append_c(out, odd[i][1]);
            return;
        }
    }
    if (out->data[out->size - 1] == 'y') {
        out->size--;
        buffer_append_c(out, "ie");
    }
    buffer_append_c(out, "th");
}

static void put_year(struct buffer *out, int year)
{
    if (year % 1000 < 10 || year < 1000) {
        put_cardinal(out, year);
        return;
    }
    put_below_thousand(out, year / 100);
    if (year % 100 == 0)
        buffer_append_c(out, " hundred");
    else if (year % 100 < 10)
        buffer_format(out, " oh %s", small[year % 100]);
    else {
        buffer_append_byte(out, ' ');
        put_below_thousand(out, year % 100);
    }
}

static size_t digits(str text)
{
    size_t size = 0;
    while (size < text.size && isdigit((unsigned char)text.data[size]))
        size++;
    return size;
}

static int64_t value_of(str text)
{
    int64_t value = 0;
    for (size_t i = 0; i < text.size; i++)
        if (isdigit((unsigned char)text.data[i]))
            value = value * 10 + (text.data[i] - '0');
    return value;
}

struct number {
    str whole, fraction; // with their commas
    bool is_negative, has_commas;
    size_t size; // bytes of the text
};

// A number at the front: digits, or groups of three with commas, and a fraction. Up to 15 digits are said as one.
static bool read_number(str text, struct number *ret_number)
{
    struct number number = { 0 };
    if (text.size > 1 && text.data[0] == '-') {
        number.is_negative = true;
        number.size = 1;
    }
    size_t begin = number.size, size = digits(str_sub(text, begin, text.size));
    if (!size || size > 15)
        return false;
    size_t end = begin + size;
    while (size <= 3 && end + 4 <= text.size && text.data[end] == ',' && digits(str_sub(text, end + 1, text.size)) == 3
           && end - begin < 16) {
        number.has_commas = true;
        end += 4;
    }
    number.whole = str_sub(text, begin, end - begin);
    size_t part = end + 1 < text.size && text.data[end] == '.' ? digits(str_sub(text, end + 1, text.size)) : 0;
    if (part) {
        number.fraction = str_sub(text, end + 1, part);
        end += part + 1;
    }
    number.size = end;
    *ret_number = number;
    return true;
}

static bool is_year(const struct number *number)
{
    int64_t value = value_of(number->whole);
    return number->whole.size == 4 && !number->fraction.data && !number->is_negative && !number->has_commas
           && value >= 1100 && value <= 2099;
}

// A number that begins with a nought is a name of digits, as are those too long to be counted.
static void put_number(struct buffer *out, const struct number *number, bool may_be_year)
{
    if (number->is_negative)
        buffer_append_c(out, "minus ");
    bool by_digits = number->whole.size > 1 && number->whole.data[0] == '0';
    if (by_digits)
        for (size_t i = 0; i < number->whole.size; i++)
            buffer_format(out, "%s%s", i ? " " : "", small[number->whole.data[i] - '0']);
    else if (may_be_year && is_year(number))
        put_year(out, (int)value_of(number->whole));
    else
        put_cardinal(out, value_of(number->whole));
    if (!number->fraction.data)
        return;
    buffer_append_c(out, " point");
    for (size_t i = 0; i < number->fraction.size; i++)
        buffer_format(out, " %s", small[number->fraction.data[i] - '0']);
}

// Dates and times

static void put_date(struct buffer *out, const struct english_word *word, int year, int month, int day)
{
    if (word->is_british) {
        buffer_append_c(out, "the ");
        put_ordinal(out, day);
        buffer_format(out, " of %s ", months[month - 1]);
    } else {
        buffer_format(out, "%s ", months[month - 1]);
        struct buffer ordinal = { 0 };
        put_ordinal(&ordinal, day);
        buffer_append_str(out, buffer_str(&ordinal));
        buffer_done(&ordinal);
        buffer_append_c(out, ", ");
    }
    put_year(out, year);
}

// 2026-11-21, 11/21/2026 (21/11/2026 in British English, and where only that can be meant).
static bool say_date(const struct english_word *word, struct buffer *out)
{
    str rest = word->word, parts[3];
    char separator = str_index(rest, '-') == 4 ? '-' : '/';
    for (size_t i = 0; i < 3; i++)
        if (!str_split(&rest, separator, &parts[i]) || !parts[i].size || digits(parts[i]) != parts[i].size)
            return false;
    if (rest.data)
        return false;
    bool iso = separator == '-';
    if (parts[iso ? 0 : 2].size != 4 || parts[1].size > 2 || parts[iso ? 2 : 0].size > 2)
        return false;
    int year = (int)value_of(parts[iso ? 0 : 2]), month = (int)value_of(parts[iso ? 1 : 0]);
    int day = (int)value_of(parts[iso ? 2 : 1]);
    if (!iso && (word->is_british || month > 12)) {
        int other = month;
        month = day;
        day = other;
    }
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    put_date(out, word, year, month, day);
    return true;
}

static bool say_time(str word, struct buffer *out)
{
    size_t hour_size = digits(word);
    if (!hour_size || hour_size > 2 || word.size < hour_size + 3 || word.data[hour_size] != ':')
        return false;
    str rest = str_sub(word, hour_size + 1, word.size);
    int64_t hour = value_of(str_sub(word, 0, hour_size)), minute = value_of(str_sub(rest, 0, 2));
    if (digits(rest) != 2 || hour > 24 || minute > 59)
        return false;
    str half = str_sub(rest, 2, rest.size);
    bool named = str_equal_fold(half, STR("am")) || str_equal_fold(half, STR("pm"));
    if (half.size && !named)
        return false;
    put_cardinal(out, hour);
    if (minute == 0)
        buffer_append_c(out, named ? "" : hour > 12 || hour == 0 ? " hundred" : " o'clock");
    else {
        buffer_append_c(out, minute < 10 ? " oh " : " ");
        put_cardinal(out, minute);
    }
    if (named)
        buffer_format(out, " %c m", tolower((unsigned char)half.data[0]));
    return true;
}

// Money and measures

static bool say_money(str word, str after, struct buffer *out, bool *ret_eats_after)
{
    static const struct {
        const char *sign, *one, *many, *cent, *cents;
    } coins[] = { { "$", "dollar", "dollars", "cent", "cents" }, { "\xE2\x82\xAC", "euro", "euros", "cent", "cents" },
        { "\xC2\xA3", "pound", "pounds", "penny", "pence" } };
    static const char *const large[][2] = { { "k", "thousand" }, { "m", "million" }, { "b", "billion" } };
    struct number number;
    for (size_t i = 0; i < sizeof coins / sizeof *coins; i++) {
        str sign = str_of(coins[i].sign);
        if (!str_starts(word, sign) || !read_number(str_sub(word, sign.size, word.size), &number))
            continue;
        str rest = str_sub(word, sign.size + number.size, word.size);
        const char *scale = NULL;
        for (size_t k = 0; k < 3; k++)
            if (str_equal_fold(rest, str_of(large[k][0])) || (!rest.size && str_equal_fold(after, str_of(large[k][1]))))
                scale = large[k][1];
        if (rest.size && !scale)
            return false;
        *ret_eats_after = scale && !rest.size;
        bool cents = !scale && number.fraction.size == 2;
        struct number whole = number;
        if (cents)
            whole.fraction = STR_NONE;
        put_number(out, &whole, false);
        bool one = value_of(number.whole) == 1 && !scale && (cents || !number.fraction.data);
        buffer_format(out, "%s%s %s", scale ? " " : "", scale ? scale : "", one ? coins[i].one : coins[i].many);
        int64_t cent = cents ? value_of(number.fraction) : 0;
        if (cent) {
            buffer_append_c(out, " and ");
            put_cardinal(out, cent);
            buffer_format(out, " %s", cent == 1 ? coins[i].cent : coins[i].cents);
        }
        return true;
    }
    return false;
}

static const char *unit_of(str written, bool one)
{
    for (size_t i = 0; i < UNITS; i++)
        if (str_equal_fold(written, str_of(units[i].written)))
            return one ? units[i].one : units[i].many;
    return NULL;
}

// What may follow the digits: an ordinal's ending, a decade's s, a unit, a second number.
static bool say_count(const struct english_word *word, struct buffer *out, bool *ret_eats_after)
{
    struct number number, second;
    str text = word->word;
    if (text.size > 1 && text.data[0] == '#') {
        buffer_append_c(out, "number ");
        text = str_sub(text, 1, text.size);
    }
    if (!read_number(text, &number))
        return false;
    str rest = str_sub(text, number.size, text.size);
    bool one = value_of(number.whole) == 1 && !number.fraction.data, plain = !number.fraction.data;
    const char *unit = rest.size ? unit_of(rest, one) : unit_of(word->after, one);
    // "a m" of a meeting is no meter: a single letter counts only where it cannot be a word.
    if (!rest.size && word->after.size == 1 && word->after.data[0] != '%' && word->after.data[0] != 'm')
        unit = NULL;
    if (unit) {
        *ret_eats_after = !rest.size;
        put_number(out, &number, false);
        buffer_format(out, " %s", unit);
        return true;
    }
    if (!rest.size) {
        put_number(out, &number, true);
        return true;
    }
    static const char *const endings[] = { "st", "nd", "rd", "th" };
    for (size_t i = 0; plain && i < 4; i++)
        if (str_equal_fold(rest, str_of(endings[i]))) {
            put_ordinal(out, value_of(number.whole));
            return true;
        }
    if (plain && str_equal_c(rest, "s")) {
        put_number(out, &number, true);
        bool y = out->data[out->size - 1] == 'y';
        out->size -= y;
        buffer_append_c(out, y ? "ies" : "s");
        return true;
    }
    str dash = str_starts(rest, STR("\xE2\x80\x93")) ? str_sub(rest, 3, rest.size)
               : str_starts(rest, STR("-"))          ? str_sub(rest, 1, rest.size)
                                                     : STR("");
    if (!read_number(dash, &second) || second.size != dash.size)
        return false;
    put_number(out, &number, true);
    buffer_append_c(out, " to ");
    put_number(out, &second, true);
    return true;
}

// Abbreviations

static bool is_capital(str word)
{
    return word.size && (isupper((unsigned char)word.data[0]) || (unsigned char)word.data[0] >= 0xC0);
}

static const char *abbreviation(const struct english_word *word)
{
    for (size_t i = 0; i < ABBREVIATIONS; i++) {
        if (!str_equal_fold(word->word, str_of(abbreviations[i].written)))
            continue;
        bool number = word->after.size && isdigit((unsigned char)word->after.data[0]);
        bool fits = (!abbreviations[i].wants_capital || is_capital(word->after))
                    && (!abbreviations[i].wants_number || number)
                    && (word->ends_with_dot || (abbreviations[i].wants_capital && is_capital(word->word)));
        if (fits)
            return abbreviations[i].said;
    }
    bool is_street = str_equal_c(word->word, "St") && word->ends_with_dot && is_capital(word->before);
    return is_street ? "Street" : NULL;
}

bool english_is_abbreviation(str word, bool before_number)
{
    for (size_t i = 0; i < ABBREVIATIONS; i++)
        if (str_equal_fold(word, str_of(abbreviations[i].written)) && (before_number || !abbreviations[i].wants_number))
            return true;
    return word.size == 1 && isupper((unsigned char)word.data[0]) && word.data[0] != 'I';
}

struct english_said english_say(struct arena *arena, const struct english_word *word)
{
    static const char *const signs[][2] = { { "&", "and" }, { "@", "at" }, { "+", "plus" }, { "=", "equals" },
        { "%", "percent" } };
    BUFFER_AUTO struct buffer out = { 0 };
    struct english_said said = { 0 };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_equal_c(word->word, signs[i][0]))
            return (struct english_said) { .words = str_of(signs[i][1]) };
    const char *long_form = abbreviation(word);
    if (long_form)
        return (struct english_said) { .words = str_of(long_form), .eats_dot = word->ends_with_dot };
    if (!say_date(word, &out) && !say_time(word->word, &out)
        && !say_money(word->word, word->after, &out, &said.eats_after)) {
        buffer_clear(&out);
        if (!say_count(word, &out, &said.eats_after))
            return said;
    }
    said.words = str_copy(arena, buffer_str(&out));
    return said;
}
