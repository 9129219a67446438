// SPDX-License-Identifier: GPL-3.0-or-later
// Files of this machine as inputs and outputs of engine children.
#pragma once

#include "net/child.h"

struct local_file;

// Opens a file to read. NOT_FOUND with a sentence for what is absent, a folder, or not readable.
MUST_USE error local_file_open(const char *path, struct local_file **ret_file);
// A file without a name in `folder`: gone with its handle, however the program ends.
MUST_USE error local_file_new(const char *folder, struct local_file **ret_file);
void local_file_close(struct local_file *file); // NULL is allowed

// Gives a new file its name, on disk before this returns, replacing what was there in one step; then closes it. On
// failure what was there stays.
MUST_USE error local_file_keep(struct local_file *file, const char *path);
// A new file that can be kept as `path`. Says before any work is done that `path` is a folder or its folder takes no
// files.
MUST_USE error local_file_new_for(const char *path, struct local_file **ret_file);

MUST_USE error local_file_write(struct local_file *file, const void *bytes, size_t size); // at the end
uint64_t local_file_size(const struct local_file *file);
MUST_USE error local_file_read_all(struct arena *arena, struct local_file *file, size_t size_max, str *ret_bytes);
// SHA-256 in hexadecimal.
MUST_USE error local_file_hash(struct arena *arena, struct local_file *file, str *ret_hex);

// Borrow the file.
struct child_input local_file_input(struct local_file *file);
struct child_output local_file_output(struct local_file *file);

#define LOCAL_FILE_AUTO __attribute__((cleanup(local_file_cleanup)))
void local_file_cleanup(struct local_file **file);
