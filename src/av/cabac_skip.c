// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/cabac_skip.h"

// mb_skip_flag has context 11 when no neighbour is there that is not skipped (9.3.3.1.1.1). Table 9-13 gives it m = 23
// and n = 33 for cabac_init_idc 0; at quantizer 51 it begins in state 42 with 1, skipped, as the likelier (9.3.1.1).
// Since nothing else is coded, it only becomes surer, to state 62 (Table 9-45).
enum { FIRST_STATE = 42, LAST_STATE = 62 };

// Rows 42 to 62 of Table 9-44, rangeTabLPS.
static const uint8_t range_of_unlikely[LAST_STATE - FIRST_STATE + 1][4] = {
    { 16, 20, 23, 27 },
    { 15, 19, 22, 25 },
    { 14, 18, 21, 24 },
    { 14, 17, 20, 23 },
    { 13, 16, 19, 22 },
    { 12, 15, 18, 21 },
    { 12, 14, 17, 20 },
    { 11, 14, 16, 19 },
    { 11, 13, 15, 18 },
    { 10, 12, 15, 17 },
    { 10, 12, 14, 16 },
    { 9, 11, 13, 15 },
    { 9, 11, 12, 14 },
    { 8, 10, 12, 14 },
    { 8, 9, 11, 13 },
    { 7, 9, 11, 12 },
    { 7, 9, 10, 12 },
    { 7, 8, 10, 11 },
    { 6, 8, 9, 11 },
    { 6, 7, 9, 10 },
    { 6, 7, 8, 9 },
};

struct coder {
    struct bit_writer *to;
    unsigned low, range, outstanding;
    bool begun; // the very first bit is not written
};

// 9.3.4.3
static void put(struct coder *coder, bool bit)
{
    if (coder->begun)
        bits_write(coder->to, bit, 1);
    coder->begun = true;
    for (; coder->outstanding > 0; coder->outstanding--)
        bits_write(coder->to, !bit, 1);
}

static void renormalize(struct coder *coder)
{
    for (; coder->range < 256; coder->range <<= 1, coder->low <<= 1) {
        if (coder->low < 256) {
            put(coder, false);
        } else if (coder->low >= 512) {
            coder->low -= 512;
            put(coder, true);
        } else {
            coder->low -= 256;
            coder->outstanding++;
        }
    }
}

// 9.3.4.5: end_of_slice_flag
static void end_slice(struct coder *coder, bool ends)
{
    coder->range -= 2;
    if (ends) {
        coder->low += coder->range;
        coder->range = 2;
    }
    renormalize(coder);
    if (!ends)
        return;
    put(coder, coder->low >> 9 & 1);
    bits_write(coder->to, (coder->low >> 7 & 3) | 1, 2); // the last of them is the stop bit
}

void cabac_skip_write(struct bit_writer *to, unsigned macroblocks)
{
    struct coder coder = { .to = to, .range = 510 };
    unsigned state = FIRST_STATE;
    for (unsigned i = 0; i < macroblocks; i++) {
        coder.range -= range_of_unlikely[state - FIRST_STATE][coder.range >> 6 & 3];
        state += state < LAST_STATE;
        renormalize(&coder);
        end_slice(&coder, i + 1 == macroblocks);
    }
}
