// SPDX-License-Identifier: GPL-3.0-or-later
// Blobs: immutable byte strings kept in 8 MB chunks, each compressed when that helps and sealed with
// AES-256-GCM under the blob's own data key (docs/blob-format.md). The store knows ids and bytes, no users
// and no database: the caller keeps `struct blob_info`, the sealed data key included.
#pragma once

#include "base/error.h"
#include "crypt/crypt.h"

enum { BLOB_CHUNK_SIZE = 8 << 20, BLOB_SEALED_KEY_SIZE = CRYPT_KEY_SIZE + CRYPT_SEAL_OVERHEAD };

// Where blobs are kept. The words stand in the database.
enum blob_place { BLOB_LOCAL, BLOB_S3, BLOB_PLACE_COUNT };
const char *blob_place_name(enum blob_place place); // "local", "s3"
bool blob_place_parse(str name, enum blob_place *ret_place);

struct blob_store;
struct blob_writer;
struct blob_reader;

struct blob_info {
    char id[37];
    enum blob_place place;
    int64_t size;                                   // plain bytes
    int64_t stored_size;                            // bytes in the store
    unsigned char sha256[32];                       // of the plain content
    unsigned char sealed_key[BLOB_SEALED_KEY_SIZE]; // data key sealed by the master key, bound to the id
};

// A local directory (made when absent) with fan-out folders and a folder for what is under way.
MUST_USE error blob_store_open(const char *directory, const struct keyring *keyring, struct blob_store **ret_store);
void blob_store_close(struct blob_store *store);
// Adds an object store that speaks S3 to the local directory, which goes on to keep what is under way. Blobs of both
// are read and removed; with `for_new` new ones go there. USAGE names an option that cannot be; the store is not asked.
struct s3_options {
    const char *endpoint; // "https://host:port"
    const char *bucket, *region, *access_key, *secret_key;
    const char *session_token, *prefix; // of every key; may be empty
    const char *ca_file;                // certificates to trust (PEM); empty: the system's
    bool host_style;                    // the bucket is part of the host's name, not of the path
    int64_t timeout_s;                  // without a byte, until a request is tried again
};
MUST_USE error blob_store_add_s3(struct blob_store *store, const struct s3_options *options, bool for_new);
enum blob_place blob_store_place_of_new(const struct blob_store *store);
bool blob_store_has(const struct blob_store *store, enum blob_place place);
// One short question to the object store, if there is one, or the answer to that of the last 5 s: USAGE when its
// settings are wrong (which only the operator can mend), UNAVAILABLE when it does not answer.
MUST_USE error blob_store_check(struct blob_store *store);
const struct keyring *blob_store_keyring(const struct blob_store *store); // lives as long as the store

// Writing: memory is bounded by a piece of 256 KB. `id` is a UUID, or NULL for a new one.
MUST_USE error blob_writer_open(struct blob_store *store, const char *id, struct blob_writer **ret_writer);
MUST_USE error blob_write(struct blob_writer *writer, const void *bytes, size_t size);
// On disk (fsync of file and folder; or confirmed by the object store) under its final name before this returns; the
// writer is closed in any case. FILE_EXISTS when that id is taken.
MUST_USE error blob_writer_commit(struct blob_writer *writer, struct blob_info *ret_info);
void blob_writer_abort(struct blob_writer *writer); // leaves nothing; NULL is allowed
int64_t blob_writer_size(const struct blob_writer *writer);

// The data key, to be sealed to those who may read the blob and wiped. DATA_CORRUPT when it was not sealed for this id.
MUST_USE error blob_data_key(const struct blob_store *store, const char *id,
    const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE], unsigned char ret_key[static CRYPT_KEY_SIZE]);

// Reading, from any offset, decrypting only the chunks touched (one is kept). Damage is DATA_CORRUPT, absence
// NOT_FOUND.
MUST_USE error blob_reader_open(struct blob_store *store, const char *id,
    const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE], struct blob_reader **ret_reader);
// The stored bytes as they are (docs/blob-format.md), to be opened elsewhere. The same calls read them.
MUST_USE error blob_reader_open_stored(struct blob_store *store, const char *id, struct blob_reader **ret_reader);
// The same of a file outside of any store that holds stored bytes. UNSUPPORTED_MEDIA when it does not begin like one.
MUST_USE error blob_reader_open_file(
    const char *path, const unsigned char key[static CRYPT_KEY_SIZE], struct blob_reader **ret_reader);
int64_t blob_reader_size(const struct blob_reader *reader);
MUST_USE error blob_read(struct blob_reader *reader, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
void blob_reader_close(struct blob_reader *reader); // NULL is allowed

// From where it is found first, the disk; a copy that a move left elsewhere is the sweeper's. Absent is OK.
MUST_USE error blob_remove(struct blob_store *store, const char *id);
MUST_USE error blob_remove_at(struct blob_store *store, enum blob_place place, const char *id);
// The size of what is stored at that place; NOT_FOUND.
MUST_USE error blob_stored_size(struct blob_store *store, enum blob_place place, const char *id, int64_t *ret_size);
// Copies the sealed bytes to another place and reads them back: `target` has them, bit for bit, when this returns OK;
// the source is left. A copy that an earlier run left is used when it is whole. `tell` (may be NULL) hears of the
// bytes done; anything but OK ends the copying and is returned, with nothing half-made left at the target.
MUST_USE error blob_copy(struct blob_store *store, const char *id, enum blob_place source, enum blob_place target,
    error (*tell)(void *context, int64_t bytes), void *context);
// The same into another store, at its place for new ones, from wherever `source` has it; *ret_sha256 is that of the
// sealed bytes.
MUST_USE error blob_copy_to(struct blob_store *source, const char *id, struct blob_store *target,
    error (*tell)(void *context, int64_t bytes), void *context, unsigned char ret_sha256[static 32]);
// Reads the sealed bytes, wherever they are. NOT_FOUND.
MUST_USE error blob_stored_sha256(struct blob_store *store, const char *id, error (*tell)(void *context, int64_t bytes),
    void *context, unsigned char ret_sha256[static 32]);
// Opens all of it: DATA_CORRUPT unless the plain content has this size and hash. NOT_FOUND.
MUST_USE error blob_check(struct blob_store *store, const char *id,
    const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE], int64_t size, const unsigned char sha256[static 32]);
// What is done with each blob of a place: anything but OK ends the walk and is returned.
struct blob_visitor {
    error (*visit)(void *context, const char *id, int64_t stored_size, int64_t changed_us);
    void *context;
};
// A place that is not there has none.
MUST_USE error blob_each(struct blob_store *store, enum blob_place place, const struct blob_visitor *visitor);
// Removes what writers left behind when the program was killed and is older than `age_us`: files under way, uploads in
// parts. On the disk writers that live are spared; an object store cannot tell, so be patient there.
MUST_USE error blob_sweep_unfinished(
    struct blob_store *store, enum blob_place place, int64_t age_us, int64_t *ret_removed);

// Another folder for the blobs of this disk, absolute: new ones go there at once, those of before are found where they
// are. The directory of blob_store_open then leads there. CONFLICT while an earlier move is under way.
MUST_USE error blob_move_root(struct blob_store *store, const char *directory);
// Moves those of before, also after a restart; OK at once when there are none. `tell` hears of each one's stored bytes,
// and says false to end early (CANCELLED).
MUST_USE error blob_move_rest(struct blob_store *store, bool (*tell)(void *context, int64_t bytes), void *context);

// Scratch: a temporary file of random access, sealed page by page under a key that is never stored, without
// a name in the file system. For muxers that rewrite; never outlives the process.
struct scratch;
MUST_USE error scratch_open(const char *directory, struct scratch **ret_scratch);
MUST_USE error scratch_write(struct scratch *scratch, int64_t offset, const void *bytes, size_t size);
MUST_USE error scratch_read(struct scratch *scratch, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
int64_t scratch_size(const struct scratch *scratch);
void scratch_close(struct scratch *scratch);
