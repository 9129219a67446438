// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/route.h"

// clang-format off
#define GROUPS(use) \
    use(api_keys) \
    use(audit) \
    use(avatar_content) \
    use(avatars) \
    use(captions) \
    use(content) \
    use(database) \
    use(download_history) \
    use(drafts) \
    use(events) \
    use(exchange_export) \
    use(exchange_import) \
    use(history) \
    use(images) \
    use(jobs) \
    use(keys) \
    use(layers) \
    use(libraries) \
    use(library_upload) \
    use(links) \
    use(login) \
    use(media) \
    use(members) \
    use(metrics) \
    use(openai_models) \
    use(openai_speech) \
    use(openai_transcribe) \
    use(openapi) \
    use(overview) \
    use(password_reset) \
    use(renders) \
    use(scenes) \
    use(search) \
    use(segments) \
    use(sessions) \
    use(settings) \
    use(stock_content) \
    use(system) \
    use(takeout) \
    use(transcribe) \
    use(transcriptions) \
    use(tus) \
    use(users) \
    use(videos) \
    use(voice_content) \
    use(voices) \
    use(web) \
    use(workers)
// clang-format on

#define DECLARE(name) extern const struct route_group route_group_##name;
GROUPS(DECLARE)

const struct route_group *const route_groups[] = {
#define LIST(name) &route_group_##name,
    GROUPS(LIST) NULL
};
