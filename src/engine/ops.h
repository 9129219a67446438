// SPDX-License-Identifier: GPL-3.0-or-later
// The abilities, one line each; op_list.c puts them into the list.
#pragma once

#include "engine/call.h"

extern const struct engine_op probe_op;
extern const struct engine_op tts_voices_op;
extern const struct engine_op tts_speak_op;
extern const struct engine_op render_segment_op;
extern const struct engine_op render_mix_op;
extern const struct engine_op render_join_op;
extern const struct engine_op render_gif_op;
extern const struct engine_op render_frame_op;
extern const struct engine_op picture_thumbnail_op, picture_paint_op;
extern const struct engine_op sound_waveform_op;
extern const struct engine_op proxy_pictures_op;
extern const struct engine_op proxy_sound_op;
extern const struct engine_op asr_split_op;
extern const struct engine_op asr_decode_op;
extern const struct engine_op asr_audio_op;
extern const struct engine_op audio_encode_op, audio_stream_op;
extern const struct engine_op asr_speakers_op;
extern const struct engine_op text_fonts_op;
extern const struct engine_op feed_op;
