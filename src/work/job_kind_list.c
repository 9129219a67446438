// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/job_kind.h"

const struct job_kind *const job_kind_list[] = {
    &backup_kind,
    &derive_kind,
    &download_kind,
    &move_media_kind,
    &draft_kind,
    &image_kind,
    &import_kind,
    &proxy_kind,
    &rekey_kind,
    &render_kind,
    &transcribe_kind,
    &voice_kind,
    NULL,
};
