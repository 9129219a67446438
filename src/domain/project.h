// SPDX-License-Identifier: GPL-3.0-or-later
// Project documents as files: which assets one refers to, and reading one from what a file holds. Pure.
#pragma once

#include "base/json.h"
#include "domain/warnings.h"

enum project_asset { PROJECT_MEDIA, PROJECT_AVATAR };

// Calls `visit` for each reference to an asset; it stands in object[key] and may be changed there. An error ends the
// walk and is returned.
typedef error (*project_visit)(void *context, enum project_asset kind, json_t *object, const char *key);
MUST_USE error project_each_asset(json_t *document, project_visit visit, void *context);
// The document that a file of JSON holds: a project, or a timeline of OpenTimelineIO. MALFORMED_JSON, VALIDATION_ERROR.
MUST_USE error project_read(struct arena *arena, str text, struct warnings *warnings, json_t **ret_document);
