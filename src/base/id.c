// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/id.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"

static void from_system(unsigned char *at, size_t size)
{
    while (size) {
        ssize_t got = getrandom(at, size, 0);
        ASSERT(got > 0);
        at += got;
        size -= (size_t)got;
    }
}

// Every request needs some, and the system is asked for those of many at once; none is given twice.
void id_random(void *ret_bytes, size_t size)
{
    static _Thread_local struct {
        unsigned char bytes[512];
        size_t left;
    } stock;
    if (size > sizeof stock.bytes / 8) {
        from_system(ret_bytes, size);
        return;
    }
    if (stock.left < size) {
        from_system(stock.bytes, sizeof stock.bytes);
        stock.left = sizeof stock.bytes;
    }
    stock.left -= size;
    memcpy(ret_bytes, stock.bytes + stock.left, size);
    explicit_bzero(stock.bytes + stock.left, size);
}

// RFC 9562 section 5.7: 48 bits of Unix milliseconds, version, 12 random bits (here the microseconds
// within the millisecond, method 3 of section 6.2), variant, 62 random bits.
void id_write(char out[static 37])
{
    unsigned char b[16];
    id_random(b, sizeof b);
    int64_t now_us = clock_now_us();
    uint64_t ms = (uint64_t)(now_us / 1000);
    unsigned fraction = (unsigned)(now_us % 1000 * 4096 / 1000);
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | fraction >> 8);
    b[7] = (unsigned char)fraction;
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
        b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

str id_new(struct arena *arena)
{
    char text[37];
    id_write(text);
    return str_copy(arena, (str) { text, 36 });
}

bool id_is_valid(str text)
{
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.data[i] != '-' : !isxdigit((unsigned char)text.data[i]))
            return false;
    }
    return true;
}
