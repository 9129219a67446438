// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

// Puts on disk which names the folder has: a file that was made or renamed there outlives a power cut only then.
MUST_USE error folder_sync(const char *path);
