// SPDX-License-Identifier: GPL-3.0-or-later
// Blobs and scratch files as what the engine reads and writes.
#pragma once

#include "blob/blob.h"
#include "net/child.h"

// Borrow the reader or scratch; valid while it is open.
struct child_input child_input_of_blob(struct blob_reader *reader);
struct child_input child_input_of_scratch(struct scratch *scratch);
struct child_output child_output_of_scratch(struct scratch *scratch);
