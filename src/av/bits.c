// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/bits.h"

uint32_t bits_read(struct bit_reader *reader, unsigned count)
{
    uint64_t value = 0;
    if (reader->failed || count > reader->size * 8 - reader->at) {
        reader->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < count; i++, reader->at++)
        value = value << 1 | (reader->bytes[reader->at / 8] >> (7 - reader->at % 8) & 1);
    return (uint32_t)value;
}

uint32_t bits_read_ue(struct bit_reader *reader)
{
    unsigned zeros = 0;
    while (!reader->failed && !bits_read(reader, 1))
        if (++zeros > 31)
            reader->failed = true;
    uint64_t value = (UINT64_C(1) << zeros) - 1 + bits_read(reader, zeros);
    return reader->failed ? 0 : (uint32_t)value;
}

int32_t bits_read_se(struct bit_reader *reader)
{
    int64_t code = bits_read_ue(reader);
    return (int32_t)(code & 1 ? (code + 1) / 2 : -(code / 2));
}

void bits_write(struct bit_writer *writer, uint32_t value, unsigned count)
{
    while (count-- > 0) {
        writer->byte = writer->byte << 1 | (value >> count & 1);
        if (++writer->count == 8) {
            buffer_append_byte(writer->bytes, (char)writer->byte);
            writer->byte = writer->count = 0;
        }
    }
}

void bits_write_ue(struct bit_writer *writer, uint32_t value)
{
    uint64_t code = (uint64_t)value + 1;
    unsigned length = 0;
    while (code >> length > 1)
        length++;
    bits_write(writer, 0, length);
    bits_write(writer, 1, 1);
    bits_write(writer, (uint32_t)(code & ((UINT64_C(1) << length) - 1)), length);
}

void bits_write_se(struct bit_writer *writer, int32_t value)
{
    int64_t wide = value;
    bits_write_ue(writer, (uint32_t)(wide > 0 ? 2 * wide - 1 : -2 * wide));
}

void bits_align(struct bit_writer *writer, bool bit)
{
    while (writer->count)
        bits_write(writer, bit, 1);
}
