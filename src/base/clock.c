// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static struct tm broken_down(int64_t time_us, int64_t *ret_rest_us)
{
    int64_t seconds = time_us / SECOND_US, rest = time_us % SECOND_US;
    if (rest < 0) {
        rest += SECOND_US;
        seconds--;
    }
    time_t at = (time_t)seconds;
    struct tm tm = { 0 };
    gmtime_r(&at, &tm);
    if (ret_rest_us)
        *ret_rest_us = rest;
    return tm;
}

static char *put_digits(char *at, unsigned value, size_t count)
{
    for (size_t i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

// By hand, since answers hold many times and strftime costs more than all else about them.
void clock_write(char out[static 32], int64_t time_us, bool milliseconds)
{
    int64_t rest;
    struct tm tm = broken_down(time_us, &rest);
    const struct {
        int value;
        size_t digits;
        char after;
    } parts[] = { { tm.tm_year + 1900, 4, '-' }, { tm.tm_mon + 1, 2, '-' }, { tm.tm_mday, 2, 'T' },
        { tm.tm_hour, 2, ':' }, { tm.tm_min, 2, ':' }, { tm.tm_sec, 2, milliseconds ? '.' : 'Z' } };
    char *at = out;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        at = put_digits(at, (unsigned)parts[i].value, parts[i].digits);
        *at++ = parts[i].after;
    }
    if (milliseconds) {
        at = put_digits(at, (unsigned)(rest / 1000), 3);
        *at++ = 'Z';
    }
    *at = 0;
}

str clock_text(struct arena *arena, int64_t time_us)
{
    char text[32];
    clock_write(text, time_us, false);
    return str_copy(arena, str_of(text));
}

str clock_text_ms(struct arena *arena, int64_t time_us)
{
    char text[32];
    clock_write(text, time_us, true);
    return str_copy(arena, str_of(text));
}

bool clock_parse(str text, int64_t *ret_time_us)
{
    char copy[48];
    if (text.size < 19 || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    if (copy[10] == ' ')
        copy[10] = 'T';
    struct tm tm = { 0 };
    const char *end = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end)
        return false;
    int64_t rest = 0, unit = 100000;
    if (*end == '.')
        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
            rest += (*end - '0') * unit;
    if (*end && strcmp(end, "Z") && strcmp(end, "+00:00") && strcmp(end, "+00"))
        return false;
    *ret_time_us = (int64_t)timegm(&tm) * SECOND_US + rest;
    return true;
}

str clock_http_date(struct arena *arena, int64_t time_us)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
        "Dec" };
    struct tm tm = broken_down(time_us, NULL);
    return str_format(arena, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
        tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool clock_read_http_date(str text, int64_t *ret_time_us)
{
    static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y" };
    char copy[48];
    if (text.size == 0 || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(copy, forms[i], &tm);
        if (!end || *end)
            continue;
        *ret_time_us = (int64_t)timegm(&tm) * SECOND_US;
        return true;
    }
    return false;
}
