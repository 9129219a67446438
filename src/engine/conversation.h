// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's end of the wire (base/wire.h): answers one question after another.
#pragma once

#include "base/error.h"

// Serves the asker on the socket until it closes it. OK then; else what broke the conversation.
MUST_USE error conversation_run(int fd);
