// SPDX-License-Identifier: GPL-3.0-or-later
// Time: microseconds since 1970-01-01 UTC for what is stored, monotonic microseconds for deadlines.
#pragma once

#include <stdint.h>

#include "base/str.h"

#define SECOND_US INT64_C(1000000)

int64_t clock_now_us(void);  // wall clock
int64_t clock_mono_us(void); // never goes back
// "2026-01-25T12:00:00Z" (RFC 3339, UTC, whole seconds rounded down) and with milliseconds.
str clock_text(struct arena *arena, int64_t time_us);
str clock_text_ms(struct arena *arena, int64_t time_us);
// Writes the same into 32 bytes.
void clock_write(char out[static 32], int64_t time_us, bool milliseconds);
// Parses either form, fraction and "Z" or "+00:00" optional; false on anything else.
bool clock_parse(str text, int64_t *ret_time_us);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
str clock_http_date(struct arena *arena, int64_t time_us);
// Reads the same, and the two older forms that a server must know; false on anything else.
bool clock_read_http_date(str text, int64_t *ret_time_us);
