// SPDX-License-Identifier: GPL-3.0-or-later
// docs/api.md: the same route table as a page to read.
#pragma once

#include "base/buffer.h"

void markdown_write(struct buffer *out);
