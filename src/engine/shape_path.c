// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/shape_path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS_MAX = 6, NUMBER_SIZE = 32 };
static const double reach = 1e6; // farther out nothing is seen

struct path {
    const char *at, *end;
    cairo_t *cairo;
    double x, y, start_x, start_y;
    double handle_x, handle_y; // of the curve before, for S and T
    char last;                 // the command before, upper case
};

static error wrong(void)
{
    return error_make(ERROR_VALIDATION_ERROR, "path", "The path must be SVG path data of M, L, H, V, C, S, Q, T and Z");
}

static void skip(struct path *path)
{
    while (path->at < path->end && strchr(" ,\t\r\n", *path->at) && *path->at)
        path->at++;
}

static size_t digits(const char *at, const char *end)
{
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

// The numbers of SVG may follow each other without a space: 1.5.5-2 are three.
static error number(struct path *path, double *ret_value)
{
    char text[NUMBER_SIZE];
    skip(path);
    const char *at = path->at;
    if (at < path->end && (*at == '-' || *at == '+'))
        at++;
    size_t whole = digits(at, path->end), part = 0;
    at += whole;
    if (at < path->end && *at == '.') {
        part = digits(at + 1, path->end);
        at += 1 + part;
    }
    if (!whole && !part)
        return wrong();
    if (at < path->end && (*at == 'e' || *at == 'E')) {
        const char *power = at + 1;
        if (power < path->end && (*power == '-' || *power == '+'))
            power++;
        size_t count = digits(power, path->end);
        at = count ? power + count : at;
    }
    size_t size = (size_t)(at - path->at);
    if (size >= sizeof text)
        return wrong();
    memcpy(text, path->at, size);
    text[size] = '\0';
    double value = strtod(text, NULL);
    if (!(fabs(value) <= reach))
        return wrong();
    path->at = at;
    *ret_value = value;
    return OK;
}

static int numbers_of(char command)
{
    switch (command) {
    case 'M':
    case 'L':
    case 'T':
        return 2;
    case 'H':
    case 'V':
        return 1;
    case 'S':
    case 'Q':
        return 4;
    case 'C':
        return 6;
    case 'Z':
        return 0;
    default:
        return -1;
    }
}

static void curve(struct path *path, const double p[NUMBERS_MAX])
{
    if (path->cairo)
        cairo_curve_to(path->cairo, p[0], p[1], p[2], p[3], p[4], p[5]);
    path->x = p[4];
    path->y = p[5];
}

// A quadratic curve as a cubic one.
static void quadratic(struct path *path, double x1, double y1, double x, double y)
{
    curve(path, (double[NUMBERS_MAX]) { path->x + (x1 - path->x) * 2 / 3, path->y + (y1 - path->y) * 2 / 3,
                    x + (x1 - x) * 2 / 3, y + (y1 - y) * 2 / 3, x, y });
    path->handle_x = x1;
    path->handle_y = y1;
}

static void line(struct path *path, double x, double y)
{
    if (path->cairo)
        cairo_line_to(path->cairo, x, y);
    path->x = x;
    path->y = y;
}

static void begin(struct path *path, double x, double y)
{
    if (path->cairo)
        cairo_move_to(path->cairo, x, y);
    path->x = path->start_x = x;
    path->y = path->start_y = y;
}

// The handle of the curve before, mirrored; the point itself behind anything else.
static void mirror(const struct path *path, char a, char b, double *ret_x, double *ret_y)
{
    bool follows = path->last == a || path->last == b;
    *ret_x = follows ? 2 * path->x - path->handle_x : path->x;
    *ret_y = follows ? 2 * path->y - path->handle_y : path->y;
}

// `p` in absolute coordinates.
static void step(struct path *path, char command, const double p[NUMBERS_MAX])
{
    double x, y;
    switch (command) {
    case 'M':
        begin(path, p[0], p[1]);
        break;
    case 'L':
        line(path, p[0], p[1]);
        break;
    case 'H':
        line(path, p[0], path->y);
        break;
    case 'V':
        line(path, path->x, p[0]);
        break;
    case 'C':
        curve(path, p);
        path->handle_x = p[2];
        path->handle_y = p[3];
        break;
    case 'S':
        mirror(path, 'C', 'S', &x, &y);
        curve(path, (double[NUMBERS_MAX]) { x, y, p[0], p[1], p[2], p[3] });
        path->handle_x = p[0];
        path->handle_y = p[1];
        break;
    case 'Q':
        quadratic(path, p[0], p[1], p[2], p[3]);
        break;
    case 'T':
        mirror(path, 'Q', 'T', &x, &y);
        quadratic(path, x, y, p[0], p[1]);
        break;
    default:
        if (path->cairo)
            cairo_close_path(path->cairo);
        path->x = path->start_x;
        path->y = path->start_y;
    }
    path->last = command;
}

static error take(struct path *path, char command, bool relative)
{
    double p[NUMBERS_MAX] = { 0 };
    int count = numbers_of(command);
    for (int i = 0; i < count; i++) {
        TRY(number(path, &p[i]));
        bool across = command == 'V' || (command != 'H' && i % 2);
        if (relative)
            p[i] += across ? path->y : path->x;
    }
    step(path, command, p);
    return OK;
}

error shape_path_trace(str data, cairo_t *cairo)
{
    struct path path = { .at = data.data, .end = data.data + data.size, .cairo = cairo };
    char letter = 0;
    for (skip(&path); path.at < path.end; skip(&path)) {
        bool is_letter = (*path.at | 32) >= 'a' && (*path.at | 32) <= 'z';
        if (is_letter)
            letter = *path.at++;
        else if (letter == 'M' || letter == 'm') // more points are lines
            letter = letter == 'M' ? 'L' : 'l';
        char command = (char)(letter & ~32);
        bool known = letter && numbers_of(command) >= 0 && (is_letter || command != 'Z');
        if (!known || (!path.last && command != 'M'))
            return wrong();
        TRY(take(&path, command, letter & 32));
    }
    return path.last ? OK : wrong();
}
