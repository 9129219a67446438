// SPDX-License-Identifier: GPL-3.0-or-later
// Single bits, highest first, and the Exp-Golomb codes of ITU-T H.264, 9.1.
#pragma once

#include "base/buffer.h"

struct bit_reader {
    const uint8_t *bytes;
    size_t size, at; // `at` in bits
    bool failed;     // read past the end, or a code that is too long; what is read then is 0
};

uint32_t bits_read(struct bit_reader *reader, unsigned count); // at most 32
uint32_t bits_read_ue(struct bit_reader *reader);              // unsigned, 0 to 2^32 - 2
int32_t bits_read_se(struct bit_reader *reader);               // signed

struct bit_writer {
    struct buffer *bytes;
    unsigned byte, count; // bits of the last byte, not yet appended
};

void bits_write(struct bit_writer *writer, uint32_t value, unsigned count); // at most 32
void bits_write_ue(struct bit_writer *writer, uint32_t value);
void bits_write_se(struct bit_writer *writer, int32_t value);
void bits_align(struct bit_writer *writer, bool bit); // fills the last byte with it
