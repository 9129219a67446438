// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/shape_path.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS_MAX = 7, NUMBER_SIZE = 32 };
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
    return error_make(
        ERROR_VALIDATION_ERROR, "path", "The path must be SVG path data of M, L, H, V, C, S, Q, T, A and Z");
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

// The flags of an arc are one digit each, and may stand right before the next number: 0 01.5 is 0, 0, 1.5.
static error flag(struct path *path, double *ret_value)
{
    skip(path);
    if (path->at == path->end || (*path->at != '0' && *path->at != '1'))
        return wrong();
    *ret_value = *path->at++ - '0';
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
    case 'A':
        return 7;
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

// An ellipse around its centre: a point at `angle`, and how it goes on from there.
struct ellipse {
    double x, y, across, down, cosine, sine;
};

static void on_ellipse(const struct ellipse *ellipse, double across, double down, double *ret_x, double *ret_y)
{
    *ret_x = ellipse->across * across * ellipse->cosine - ellipse->down * down * ellipse->sine;
    *ret_y = ellipse->across * across * ellipse->sine + ellipse->down * down * ellipse->cosine;
}

// A part of it of at most a quarter, as a cubic curve.
static void arc_part(struct path *path, const struct ellipse *ellipse, double from, double sweep)
{
    double to = from + sweep, pull = 4.0 / 3 * tan(sweep / 4), x1, y1, x2, y2, x, y;
    on_ellipse(ellipse, cos(from) - pull * sin(from), sin(from) + pull * cos(from), &x1, &y1);
    on_ellipse(ellipse, cos(to) + pull * sin(to), sin(to) - pull * cos(to), &x2, &y2);
    on_ellipse(ellipse, cos(to), sin(to), &x, &y);
    curve(path, (double[NUMBERS_MAX]) { ellipse->x + x1, ellipse->y + y1, ellipse->x + x2, ellipse->y + y2,
                    ellipse->x + x, ellipse->y + y });
}

// From two points to a centre and angles: SVG 2, Implementation Notes, B.2.4; radii that are too small grow (B.2.5).
static void arc(struct path *path, const double p[NUMBERS_MAX])
{
    double goal_x = p[5], goal_y = p[6], half_x = (path->x - goal_x) / 2, half_y = (path->y - goal_y) / 2;
    struct ellipse ellipse = { .across = fabs(p[0]), .down = fabs(p[1]), .cosine = 1 };
    if (ellipse.across < 1e-9 || ellipse.down < 1e-9) {
        line(path, goal_x, goal_y);
        return;
    }
    if (half_x == 0 && half_y == 0)
        return;
    ellipse.cosine = cos(p[2] * M_PI / 180);
    ellipse.sine = sin(p[2] * M_PI / 180);
    double x = (ellipse.cosine * half_x + ellipse.sine * half_y) / ellipse.across;
    double y = (ellipse.cosine * half_y - ellipse.sine * half_x) / ellipse.down, far = x * x + y * y;
    if (far > 1) {
        ellipse.across *= sqrt(far);
        ellipse.down *= sqrt(far);
        x /= sqrt(far);
        y /= sqrt(far);
        far = 1;
    }
    double turn = (p[3] != p[4] ? 1 : -1) * sqrt(1 / far - 1), centre_x = turn * y, centre_y = -turn * x;
    double from = atan2(y - centre_y, x - centre_x), sweep = atan2(-y - centre_y, -x - centre_x) - from;
    if (p[4] != 0 && sweep < 0)
        sweep += 2 * M_PI;
    else if (p[4] == 0 && sweep > 0)
        sweep -= 2 * M_PI;
    on_ellipse(&ellipse, centre_x, centre_y, &ellipse.x, &ellipse.y);
    ellipse.x += (path->x + goal_x) / 2;
    ellipse.y += (path->y + goal_y) / 2;
    int parts = (int)ceil(fabs(sweep) / M_PI_2 - 1e-9);
    for (int i = 0; i < parts; i++)
        arc_part(path, &ellipse, from + sweep * i / parts, sweep / parts);
    path->x = goal_x;
    path->y = goal_y;
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
    case 'A':
        arc(path, p);
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
    int place = command == 'A' ? 5 : 0; // what stands before it is no coordinate
    for (int i = 0; i < count; i++) {
        if (command == 'A' && (i == 3 || i == 4))
            TRY(flag(path, &p[i]));
        else
            TRY(number(path, &p[i]));
        bool down = command == 'V' || (command != 'H' && (i - place) % 2);
        if (relative && i >= place)
            p[i] += down ? path->y : path->x;
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
