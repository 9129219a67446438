// SPDX-License-Identifier: GPL-3.0-or-later
// The metrics of the process itself, for every program that shows some.
#pragma once

// Reads processor, memory, descriptors, threads and the free room of that folder's disk into their metrics.
void metrics_process_read(const char *data_directory);
