// SPDX-License-Identifier: GPL-3.0-or-later
#include "filter.h"

#include <math.h>

#include "av/audio_encoder.h"

static void shelf(struct filter *f, double cosine, double sine, double gain_db, double side)
{
    double a = pow(10, gain_db / 40), root = 2 * sqrt(a) * sine / 2 * M_SQRT2;
    double a0 = (a + 1) + side * (a - 1) * cosine + root;
    f->b0 = a * ((a + 1) - side * (a - 1) * cosine + root) / a0;
    f->b1 = side * 2 * a * ((a - 1) - side * (a + 1) * cosine) / a0;
    f->b2 = a * ((a + 1) - side * (a - 1) * cosine - root) / a0;
    f->a1 = side * -2 * ((a - 1) + side * (a + 1) * cosine) / a0;
    f->a2 = ((a + 1) + side * (a - 1) * cosine - root) / a0;
}

void filter_tune(struct filter *f, enum filter_kind kind, double hertz, double q)
{
    double omega = 2 * M_PI * fmin(fmax(hertz, 5), AUDIO_RATE * 0.47) / AUDIO_RATE;
    double cosine = cos(omega), sine = sin(omega), alpha = sine / (2 * q), a0 = 1 + alpha;
    if (kind == FILTER_SHELF_LOW || kind == FILTER_SHELF_HIGH) {
        shelf(f, cosine, sine, q, kind == FILTER_SHELF_LOW ? 1 : -1);
        return;
    }
    if (kind == FILTER_LOW) {
        f->b1 = (1 - cosine) / a0;
        f->b0 = f->b2 = f->b1 / 2;
    } else if (kind == FILTER_HIGH) {
        f->b1 = -(1 + cosine) / a0;
        f->b0 = f->b2 = -f->b1 / 2;
    } else {
        f->b0 = alpha / a0;
        f->b1 = 0;
        f->b2 = -f->b0;
    }
    f->a1 = -2 * cosine / a0;
    f->a2 = (1 - alpha) / a0;
}

struct filter filter_of(enum filter_kind kind, double hertz, double q)
{
    struct filter filter = { 0 };
    filter_tune(&filter, kind, hertz, q);
    return filter;
}
