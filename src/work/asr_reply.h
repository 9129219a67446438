// SPDX-License-Identifier: GPL-3.0-or-later
// What other programs and servers answer, read into the result of a task. Three kinds are known: the full JSON of
// whisper.cpp's program (-ojf), the verbose_json of whisper.cpp's server, and OpenAI's, whose words stand beside the
// segments and have no confidence: they get that of their segment. Tokens become words at leading spaces; marks such as
// [BLANK_AUDIO] and segments that the engine itself takes for silence are left out.
#pragma once

#include "work/asr_pack.h"

// `who` is named in the error. ENGINE_FAILED for what is none of the three, with the reply's own {"error"} where it has
// one. Times are those of the recording.
MUST_USE error asr_reply_read(
    const struct asr_task *task, const struct asr_pack *pack, const char *who, str text, json_t **ret_result);
