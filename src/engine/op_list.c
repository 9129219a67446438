// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the engine can be asked. docs/engine-ops.md says what each takes and gives.
#include "engine/ops.h"

const struct engine_op *const engine_ops[] = {
    &probe_op,
    &tts_voices_op,
    &tts_speak_op,
    &render_segment_op,
    &render_mix_op,
    &render_join_op,
    &render_gif_op,
    &render_frame_op,
    &picture_thumbnail_op,
    &picture_paint_op,
    &sound_waveform_op,
    &proxy_pictures_op,
    &proxy_sound_op,
    &asr_split_op,
    &asr_decode_op,
    &asr_audio_op,
    &asr_speakers_op,
    &audio_encode_op,
    &audio_stream_op,
    &feed_op,
    &text_fonts_op,
    NULL,
};
