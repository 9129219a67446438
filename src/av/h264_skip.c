// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/h264_skip.h"

#include <string.h>

#include "av/bits.h"
#include "av/cabac_skip.h"

// Table 7-1: kinds of NAL units; 7.4.3: kinds of slices, of which 5 to 9 say that all of the picture are so.
enum { NAL_SLICE = 1, NAL_IDR = 5, NAL_SPS = 7, NAL_PPS = 8 };
enum { SLICE_P = 0, SLICE_B = 1, SLICE_I = 2, SLICE_KINDS = 5, ALL_P = 5 };
enum { MACROBLOCKS_MAX = 139264, REFS_MAX = 32 }; // of level 6.2; 7.4.3
enum { COARSEST_QP = 51 };

static error refused(const char *why)
{
    return error_make(ERROR_ENGINE_FAILED, NULL, "A film's stream has %s", why);
}

// NAL units in a byte stream (Annex B).

struct unit {
    const uint8_t *bytes; // with the byte of its kind
    size_t size;
    unsigned ref_idc, kind;
};

static size_t start_code(const uint8_t *bytes, size_t from, size_t size)
{
    for (size_t i = from; i + 3 <= size; i++)
        if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1)
            return i;
    return size;
}

// *at begins at 0. False at the end.
static bool next_unit(const uint8_t *bytes, size_t size, size_t *at, struct unit *ret_unit)
{
    size_t start = start_code(bytes, *at, size);
    if (size - start < 4)
        return false;
    start += 3;
    size_t end = start_code(bytes, start, size);
    *at = end;
    while (end > start + 1 && bytes[end - 1] == 0) // of a longer start code, or after the unit
        end--;
    *ret_unit = (struct unit) { bytes + start, end - start, bytes[start] >> 5 & 3, bytes[start] & 31 };
    return true;
}

// What the unit says, without its first byte and the bytes that keep start codes out of it (7.4.1.1).
static error payload_of(const struct unit *unit, struct buffer *ret_payload)
{
    buffer_clear(ret_payload);
    uint8_t *to = (uint8_t *)buffer_reserve(ret_payload, unit->size);
    if (!to)
        return error_of(ERROR_LIMIT_EXCEEDED);
    size_t zeros = 0, size = 0;
    for (size_t i = 1; i < unit->size; i++) {
        uint8_t byte = unit->bytes[i];
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte ? 0 : zeros + 1;
        to[size++] = byte;
    }
    ret_payload->size = size;
    return OK;
}

static void append_unit(unsigned ref_idc, unsigned kind, const struct buffer *payload, struct buffer *bytes)
{
    static const uint8_t code[] = { 0, 0, 0, 1 };
    const uint8_t *from = (const uint8_t *)payload->data;
    size_t zeros = 0, size = 0;
    buffer_append(bytes, code, sizeof code);
    buffer_append_byte(bytes, (char)(ref_idc << 5 | kind));
    uint8_t *to = (uint8_t *)buffer_reserve(bytes, payload->size / 2 * 3 + 2); // at most one more for two
    if (!to)
        return;
    for (size_t i = 0; i < payload->size; i++) {
        if (zeros == 2 && from[i] <= 3) {
            to[size++] = 3;
            zeros = 0;
        }
        zeros = from[i] ? 0 : zeros + 1;
        to[size++] = from[i];
    }
    bytes->size += size;
}

// Parameter sets.

static bool is_high(unsigned profile)
{
    return profile == 100 || profile == 110 || profile == 122 || profile == 244;
}

static error read_sps(struct bit_reader *from, struct h264_sets *sets)
{
    unsigned profile = bits_read(from, 8);
    bits_read(from, 16); // constraints, level
    bits_read_ue(from);  // seq_parameter_set_id
    if (is_high(profile)) {
        if (bits_read_ue(from) != 1)
            return refused("colours of another resolution than 4:2:0");
        if (bits_read_ue(from) || bits_read_ue(from))
            return refused("more than 8 bits a sample");
        bits_read(from, 1); // qpprime_y_zero_transform_bypass_flag
        if (bits_read(from, 1))
            return refused("scaling lists");
    } else if (profile != 66 && profile != 77) {
        return refused("an unknown profile");
    }
    sets->frame_num_bits = bits_read_ue(from) + 4;
    unsigned order = bits_read_ue(from);
    sets->poc_bits = order == 0 ? bits_read_ue(from) + 4 : 0;
    if (sets->frame_num_bits > 16 || sets->poc_bits > 16 || (order != 0 && order != 2))
        return refused("an unknown order of pictures");
    bits_read_ue(from);             // max_num_ref_frames
    bool gaps = bits_read(from, 1); // gaps_in_frame_num_value_allowed_flag
    uint64_t width = bits_read_ue(from), height = bits_read_ue(from);
    if (from->failed || width >= MACROBLOCKS_MAX || height >= MACROBLOCKS_MAX)
        return refused("a damaged parameter set");
    width++, height++;
    if (!bits_read(from, 1) || gaps)
        return refused("interlaced pictures or gaps");
    if (width * height > MACROBLOCKS_MAX)
        return refused("pictures that are too large");
    sets->macroblocks = (unsigned)(width * height);
    return from->failed ? refused("a damaged parameter set") : OK;
}

static error read_pps(struct bit_reader *from, struct h264_sets *sets)
{
    sets->pps_id = bits_read_ue(from);
    bits_read_ue(from); // seq_parameter_set_id
    sets->cabac = bits_read(from, 1);
    sets->poc_bottom = bits_read(from, 1);
    if (bits_read_ue(from))
        return refused("groups of slices");
    uint32_t refs_l0 = bits_read_ue(from), refs_l1 = bits_read_ue(from);
    sets->weighted = bits_read(from, 1);
    sets->weighted_bi = bits_read(from, 2);
    int32_t qp = bits_read_se(from);
    bits_read_se(from); // pic_init_qs
    bits_read_se(from); // chroma_qp_index_offset
    sets->deblocking_control = bits_read(from, 1);
    bits_read(from, 1); // constrained_intra_pred_flag
    if (bits_read(from, 1))
        return refused("redundant pictures");
    if (from->failed || sets->pps_id > 255 || refs_l0 >= REFS_MAX || refs_l1 >= REFS_MAX || qp < -26 || qp > 25)
        return refused("a damaged parameter set");
    sets->refs_l0 = refs_l0 + 1;
    sets->refs_l1 = refs_l1 + 1;
    sets->init_qp = qp + 26;
    return OK;
}

error h264_skip_sets(const uint8_t *bytes, size_t size, struct h264_sets *ret_sets)
{
    BUFFER_AUTO struct buffer payload = { 0 };
    struct h264_sets sets = { 0 };
    struct unit unit;
    unsigned sps = 0, pps = 0;
    for (size_t at = 0; next_unit(bytes, size, &at, &unit);) {
        if (unit.kind != NAL_SPS && unit.kind != NAL_PPS)
            continue;
        TRY(payload_of(&unit, &payload));
        struct bit_reader reader = { .bytes = (uint8_t *)payload.data, .size = payload.size };
        TRY((unit.kind == NAL_SPS ? read_sps : read_pps)(&reader, &sets));
        *(unit.kind == NAL_SPS ? &sps : &pps) += 1;
    }
    if (sps != 1 || pps != 1)
        return refused("not one parameter set of each kind");
    *ret_sets = sets;
    return OK;
}

// Slices: what is read is written again, but for the numbers.

struct copy {
    const struct h264_sets *sets;
    struct bit_reader from;
    struct bit_writer to;
};

static uint32_t same(struct copy *copy, unsigned count)
{
    uint32_t value = bits_read(&copy->from, count);
    bits_write(&copy->to, value, count);
    return value;
}

static uint32_t same_ue(struct copy *copy)
{
    uint32_t value = bits_read_ue(&copy->from);
    bits_write_ue(&copy->to, value);
    return value;
}

static uint32_t moved(struct copy *copy, unsigned count, uint32_t by)
{
    uint32_t value = (bits_read(&copy->from, count) + by) & ((UINT32_C(1) << count) - 1);
    bits_write(&copy->to, value, count);
    return value;
}

// 7.3.3.2, for one list.
static void copy_weights(struct copy *copy, unsigned refs)
{
    for (unsigned i = 0; i < refs && !copy->from.failed; i++) {
        for (unsigned j = same(copy, 1) ? 2 : 0; j > 0; j--)
            same_ue(copy); // a signed code is copied as well as an unsigned one
        for (unsigned j = same(copy, 1) ? 4 : 0; j > 0; j--)
            same_ue(copy);
    }
}

// From num_ref_idx_active_override_flag to dec_ref_pic_marking (7.3.3).
static error copy_references(struct copy *copy, unsigned kind, const struct unit *unit)
{
    const struct h264_sets *sets = copy->sets;
    unsigned l0 = sets->refs_l0, l1 = sets->refs_l1;
    if (kind != SLICE_I && same(copy, 1)) {
        uint32_t more = same_ue(copy), more_l1 = kind == SLICE_B ? same_ue(copy) : 0;
        if (more >= REFS_MAX || more_l1 >= REFS_MAX)
            return refused("a damaged slice");
        l0 = more + 1;
        l1 = more_l1 + 1;
    }
    if (kind == SLICE_P && l0 != 1)
        return refused("more than one reference a slice");
    for (unsigned lists = kind == SLICE_I ? 0 : kind == SLICE_B ? 2 : 1; lists > 0; lists--)
        if (same(copy, 1))
            return refused("references in an order of their own");
    if ((sets->weighted && kind == SLICE_P) || (sets->weighted_bi == 1 && kind == SLICE_B)) {
        same_ue(copy);
        same_ue(copy);
        copy_weights(copy, l0);
        if (kind == SLICE_B)
            copy_weights(copy, l1);
    }
    if (unit->ref_idc && unit->kind == NAL_IDR)
        same(copy, 2);
    else if (unit->ref_idc && same(copy, 1))
        return refused("references that are marked by number");
    return OK;
}

static error copy_header(
    struct copy *copy, const struct unit *unit, const struct h264_shift *shift, struct h264_picture *picture)
{
    const struct h264_sets *sets = copy->sets;
    bool idr = unit->kind == NAL_IDR;
    if (same_ue(copy)) // first_mb_in_slice
        return refused("more than one slice a picture");
    uint32_t kind = same_ue(copy);
    if (kind >= 2 * SLICE_KINDS || kind % SLICE_KINDS > SLICE_I || same_ue(copy) != sets->pps_id)
        return refused("an unknown kind of slice");
    kind %= SLICE_KINDS;
    *picture = (struct h264_picture) { .is_idr = idr, .is_reference = unit->ref_idc };
    picture->frame_num = moved(copy, sets->frame_num_bits, shift->pictures);
    if (idr) {
        bits_read_ue(&copy->from);
        bits_write_ue(&copy->to, shift->idr_id);
    }
    if (sets->poc_bits)
        picture->poc_lsb = moved(copy, sets->poc_bits, 2 * shift->pictures);
    if (sets->poc_bits && sets->poc_bottom)
        same_ue(copy);
    if (kind == SLICE_B)
        same(copy, 1); // direct_spatial_mv_pred_flag
    TRY(copy_references(copy, kind, unit));
    if (sets->cabac && kind != SLICE_I)
        same_ue(copy); // cabac_init_idc
    same_ue(copy);     // slice_qp_delta
    if (sets->deblocking_control && same_ue(copy) != 1) {
        same_ue(copy);
        same_ue(copy);
    }
    return copy->from.failed ? refused("a damaged slice") : OK;
}

static void copy_rest(struct copy *copy)
{
    struct bit_reader *from = &copy->from;
    if (copy->sets->cabac) {
        // cabac_alignment_one_bit: the data begin at whole bytes (7.3.4).
        size_t start = (from->at + 7) / 8;
        bits_align(&copy->to, true);
        buffer_append(copy->to.bytes, from->bytes + start, from->size - start);
        return;
    }
    while (from->at < from->size * 8)
        bits_write(&copy->to, bits_read(from, 1), 1);
    bits_align(&copy->to, false);
    struct buffer *bytes = copy->to.bytes;
    while (bytes->size && bytes->data[bytes->size - 1] == 0) // of the padding behind the stop bit
        bytes->size--;
}

static error shift_slice(const struct h264_sets *sets, const struct unit *unit, const struct h264_shift *shift,
    struct buffer *bytes, struct h264_picture *picture)
{
    BUFFER_AUTO struct buffer payload = { 0 }, moved_payload = { 0 };
    TRY(payload_of(unit, &payload));
    struct copy copy = { .sets = sets,
        .from = { .bytes = (uint8_t *)payload.data, .size = payload.size },
        .to = { .bytes = &moved_payload } };
    buffer_reserve(&moved_payload, payload.size + 8);
    TRY(copy_header(&copy, unit, shift, picture));
    copy_rest(&copy);
    if (moved_payload.failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    append_unit(unit->ref_idc, unit->kind, &moved_payload, bytes);
    return OK;
}

error h264_skip_shift(const struct h264_sets *sets, const uint8_t *bytes, size_t size, const struct h264_shift *shift,
    struct buffer *ret_bytes, struct h264_picture *ret_picture)
{
    static const uint8_t code[] = { 0, 0, 0, 1 };
    struct unit unit;
    bool seen = false;
    for (size_t at = 0; next_unit(bytes, size, &at, &unit);) {
        if (unit.kind != NAL_SLICE && unit.kind != NAL_IDR) {
            buffer_append(ret_bytes, code, sizeof code);
            buffer_append(ret_bytes, unit.bytes, unit.size);
            continue;
        }
        if (seen)
            return refused("more than one slice a picture");
        TRY(shift_slice(sets, &unit, shift, ret_bytes, ret_picture));
        seen = true;
    }
    if (ret_bytes->failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    return seen ? OK : refused("no picture where one should be");
}

// The header of 7.3.3 with the shortest of everything. Its quantizer is the coarsest: nothing is quantized, but the
// entropy coder begins the surer of skipped macroblocks.
static void write_header(const struct h264_sets *sets, const struct h264_picture *picture, struct bit_writer *to)
{
    bits_write_ue(to, 0); // first_mb_in_slice
    bits_write_ue(to, ALL_P);
    bits_write_ue(to, sets->pps_id);
    bits_write(to, picture->frame_num, sets->frame_num_bits);
    bits_write(to, picture->poc_lsb, sets->poc_bits);
    if (sets->poc_bits && sets->poc_bottom)
        bits_write_se(to, 0);
    bits_write(to, sets->refs_l0 != 1, 1); // num_ref_idx_active_override_flag
    if (sets->refs_l0 != 1)
        bits_write_ue(to, 0);
    bits_write(to, 0, 1); // ref_pic_list_modification_flag_l0
    if (sets->weighted) {
        bits_write_ue(to, 0); // luma_log2_weight_denom
        bits_write_ue(to, 0); // chroma_log2_weight_denom
        bits_write(to, 0, 2); // neither has a weight
    }
    bits_write(to, 0, 1); // adaptive_ref_pic_marking_mode_flag
    if (sets->cabac)
        bits_write_ue(to, CABAC_SKIP_INIT);
    bits_write_se(to, COARSEST_QP - sets->init_qp);
    if (sets->deblocking_control)
        bits_write_ue(to, 1); // disable_deblocking_filter_idc
}

void h264_skip_append(const struct h264_sets *sets, struct h264_picture *picture, struct buffer *ret_bytes)
{
    BUFFER_AUTO struct buffer payload = { 0 };
    struct bit_writer to = { .bytes = &payload };
    ASSERT(picture->is_reference);
    picture->is_idr = false;
    picture->frame_num = (picture->frame_num + 1) & ((1u << sets->frame_num_bits) - 1);
    picture->poc_lsb = sets->poc_bits ? (picture->poc_lsb + 2) & ((1u << sets->poc_bits) - 1) : 0;
    write_header(sets, picture, &to);
    if (sets->cabac) {
        bits_align(&to, true);
        cabac_skip_write(&to, sets->macroblocks);
    } else {
        bits_write_ue(&to, sets->macroblocks); // mb_skip_run
        bits_write(&to, 1, 1);                 // rbsp_stop_one_bit
    }
    bits_align(&to, false);
    const unsigned ref_idc = 2;
    append_unit(ref_idc, NAL_SLICE, &payload, ret_bytes);
    ret_bytes->failed |= payload.failed;
}
