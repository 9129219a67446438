// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/id.h"
#include "crypt/crypt.h"

enum { NONCE_SIZE = 12 };

struct keyring {
    unsigned char key[CRYPT_KEY_SIZE]; // seals
    bool is_changing;
    unsigned char old_key[CRYPT_KEY_SIZE]; // while it is changed: opens what was sealed before
};

// Reads the key from an open file after checking that nobody else can.
static error read_key(int fd, const char *path, unsigned char *key)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_system("examine", path, errno);
    if (!S_ISREG(status.st_mode))
        return error_make(ERROR_INTERNAL_ERROR, path, "The master key %s is not a regular file", path);
    if (status.st_mode & 077)
        return error_make(ERROR_INTERNAL_ERROR, path,
            "The master key %s is open to other users of this machine; mend it with: chmod 600 %s", path, path);
    if (status.st_size != CRYPT_KEY_SIZE)
        return error_make(ERROR_INTERNAL_ERROR, path,
            "The master key %s has %lld bytes in place of %d; put the original back from your backup", path,
            (long long)status.st_size, CRYPT_KEY_SIZE);
    ssize_t got = pread(fd, key, CRYPT_KEY_SIZE, 0);
    if (got != CRYPT_KEY_SIZE)
        return error_system("read", path, got < 0 ? errno : EIO);
    return OK;
}

// *ret_found is false when there is no such file.
static error load(const char *path, unsigned char *key, bool *ret_found)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // NONBLOCK: a FIFO must not hold up the start
    if (fd < 0 && errno == ENOENT) {
        *ret_found = false;
        return OK;
    }
    if (fd < 0)
        return error_system("open", path, errno);
    error e = read_key(fd, path, key);
    close(fd);
    if (!error_is(e))
        *ret_found = true;
    return e;
}

static error prepare_folder(const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return error_system("make the folder", directory, errno);
    struct stat status;
    if (stat(directory, &status) != 0)
        return error_system("examine", directory, errno);
    if (status.st_mode & 022)
        return error_make(ERROR_INTERNAL_ERROR, directory,
            "Other users of this machine can change the key folder %s; mend it with: chmod 700 %s", directory,
            directory);
    return OK;
}

// Writes a key under a name of its own and links it to `path`. Link, not rename, since of two programs
// that start at once the second must not replace the key that the first already uses.
static error create(const char *directory, const char *path, const unsigned char key[static CRYPT_KEY_SIZE])
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return error_system("make", path, ENAMETOOLONG);
    int fd = mkostemp(temporary, O_CLOEXEC); // made with mode 0600
    if (fd < 0)
        return error_system("make", temporary, errno);
    ssize_t put = write(fd, key, CRYPT_KEY_SIZE);
    error e = OK;
    if (put != CRYPT_KEY_SIZE)
        e = error_system("write", temporary, put < 0 ? errno : ENOSPC);
    else if (fsync(fd) != 0)
        e = error_system("sync", temporary, errno);
    close(fd);
    if (!error_is(e) && link(temporary, path) != 0 && errno != EEXIST)
        e = error_system("make", path, errno);
    unlink(temporary);
    TRY(e);
    return folder_sync(directory);
}

static error create_new(const char *directory, const char *path)
{
    unsigned char key[CRYPT_KEY_SIZE];
    id_random(key, sizeof key);
    error e = create(directory, path, key);
    sodium_memzero(key, sizeof key);
    return e;
}

// Where the key is, and the next one while it is changed.
struct places {
    char now[PATH_MAX], next[PATH_MAX];
};

static error find_places(const char *directory, const char *path, struct places *ret_places)
{
    struct places *places = ret_places;
    int size = path ? snprintf(places->now, sizeof places->now, "%s", path)
                    : snprintf(places->now, sizeof places->now, "%s/master.key", directory);
    bool fits = size < (int)sizeof places->now
                && snprintf(places->next, sizeof places->next, "%s.new", places->now) < (int)sizeof places->next;
    return fits ? OK : error_system("open", path ? path : directory, ENAMETOOLONG);
}

static error load_or_create(const char *directory, const char *path, unsigned char *key)
{
    TRY(prepare_folder(directory));
    bool found = false;
    TRY(load(path, key, &found));
    if (found)
        return OK;
    TRY(create_new(directory, path));
    TRY(load(path, key, &found));
    return found ? OK : error_system("open", path, ENOENT);
}

static error load_keys(const char *directory, const char *path, struct keyring *keyring)
{
    struct places places;
    bool found = true;
    TRY(find_places(directory, path, &places));
    TRY(path ? load(path, keyring->key, &found) : load_or_create(directory, places.now, keyring->key));
    if (!found)
        return error_make(ERROR_INTERNAL_ERROR, path, "The master key file %s does not exist", path);
    unsigned char next[CRYPT_KEY_SIZE];
    TRY(load(places.next, next, &keyring->is_changing));
    if (keyring->is_changing) {
        memcpy(keyring->old_key, keyring->key, CRYPT_KEY_SIZE);
        memcpy(keyring->key, next, CRYPT_KEY_SIZE);
        sodium_memzero(next, sizeof next);
    }
    return OK;
}

error keyring_open(const char *directory, const char *path, struct keyring **ret_keyring)
{
    // Guarded pages that are kept out of swap and wiped when they are freed.
    struct keyring *keyring = sodium_malloc(sizeof *keyring);
    if (!keyring)
        return error_system("hold", "master key", ENOMEM);
    sodium_memzero(keyring, sizeof *keyring);
    error e = load_keys(directory, path, keyring);
    if (error_is(e)) {
        sodium_free(keyring);
        return e;
    }
    sodium_mprotect_readonly(keyring);
    *ret_keyring = keyring;
    return OK;
}

error keyring_of(const unsigned char key[static CRYPT_KEY_SIZE], struct keyring **ret_keyring)
{
    struct keyring *keyring = sodium_malloc(sizeof *keyring);
    if (!keyring)
        return error_system("hold", "master key", ENOMEM);
    sodium_memzero(keyring, sizeof *keyring);
    memcpy(keyring->key, key, CRYPT_KEY_SIZE);
    sodium_mprotect_readonly(keyring);
    *ret_keyring = keyring;
    return OK;
}

void keyring_key(const struct keyring *keyring, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    memcpy(ret_key, keyring->key, CRYPT_KEY_SIZE);
}

void keyring_close(struct keyring *keyring)
{
    sodium_free(keyring);
}

str keyring_fingerprint(struct arena *arena, const struct keyring *keyring)
{
    static const char label[] = "kinora master key fingerprint";
    unsigned char hash[32];
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, label, sizeof label - 1);
    hasher_add(hasher, keyring->key, sizeof keyring->key);
    hasher_finish(hasher, hash);
    return str_hex(arena, hash, 8);
}

// HKDF-SHA256 (RFC 5869) without salt; info is "kinora " and the purpose.
static void derive(const unsigned char master[static CRYPT_KEY_SIZE], const char *purpose,
    unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    char info[128];
    int info_size = snprintf(info, sizeof info, "kinora %s", purpose);
    ASSERT(info_size > 0 && info_size < (int)sizeof info);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ASSERT_MEMORY(kdf);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    ASSERT_MEMORY(context);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]) { "SHA256" }, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)master, CRYPT_KEY_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)info_size),
        OSSL_PARAM_construct_end(),
    };
    ASSERT_MEMORY(EVP_KDF_derive(context, ret_key, CRYPT_KEY_SIZE, parameters) == 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
}

str keyring_seal(struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str plain)
{
    unsigned char key[CRYPT_KEY_SIZE];
    char *sealed = arena_alloc(arena, plain.size + CRYPT_SEAL_OVERHEAD + 1);
    unsigned char *nonce = (unsigned char *)sealed;
    id_random(nonce, NONCE_SIZE);
    derive(keyring->key, purpose, key);
    aead_seal(key, nonce, bound.data, bound.size, plain.data, plain.size, nonce + NONCE_SIZE);
    sodium_memzero(key, sizeof key);
    return (str) { sealed, plain.size + CRYPT_SEAL_OVERHEAD };
}

// False when `master` did not seal it for this purpose and bound. `plain` has room for what was sealed.
static bool open_with(
    const unsigned char master[static CRYPT_KEY_SIZE], const char *purpose, str bound, str sealed, unsigned char *plain)
{
    unsigned char key[CRYPT_KEY_SIZE];
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    derive(master, purpose, key);
    bool genuine = aead_open(key, bytes, bound.data, bound.size, bytes + NONCE_SIZE, sealed.size - NONCE_SIZE, plain);
    sodium_memzero(key, sizeof key);
    return genuine;
}

static error open_any(struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str sealed,
    str *ret_plain, bool *ret_by_old)
{
    if (!sealed.data || sealed.size < CRYPT_SEAL_OVERHEAD)
        return error_make(ERROR_DATA_CORRUPT, NULL, "A sealed value is too short");
    size_t size = sealed.size - CRYPT_SEAL_OVERHEAD;
    char *plain = arena_alloc(arena, size + 1);
    bool fresh = open_with(keyring->key, purpose, bound, sealed, (unsigned char *)plain);
    if (!fresh
        && !(keyring->is_changing && open_with(keyring->old_key, purpose, bound, sealed, (unsigned char *)plain)))
        return error_make(ERROR_DATA_CORRUPT, NULL, "A sealed value was not sealed by this master key for this use");
    *ret_by_old = !fresh;
    *ret_plain = (str) { plain, size };
    return OK;
}

error keyring_open_sealed(
    struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str sealed, str *ret_plain)
{
    bool by_old;
    return open_any(arena, keyring, purpose, bound, sealed, ret_plain, &by_old);
}

bool keyring_is_changing(const struct keyring *keyring)
{
    return keyring->is_changing;
}

// The folder of a key file that was named by itself.
static void folder_of(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int size = !slash ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(out, PATH_MAX, "%.*s", size, slash ? path : ".");
}

error keyring_change_begin(const char *directory, const char *path)
{
    struct places places;
    char folder[PATH_MAX];
    unsigned char key[CRYPT_KEY_SIZE];
    bool found = false;
    TRY(find_places(directory, path, &places));
    TRY(load(places.next, key, &found));
    sodium_memzero(key, sizeof key);
    if (found)
        return OK;
    folder_of(places.now, folder);
    return create_new(folder, places.next);
}

error keyring_change_finish(const char *directory, const char *path)
{
    struct places places;
    char folder[PATH_MAX];
    TRY(find_places(directory, path, &places));
    if (rename(places.next, places.now) != 0)
        return error_system("put the next master key in place", places.now, errno);
    folder_of(places.now, folder);
    return folder_sync(folder);
}

error keyring_put(const struct keyring *keyring, const char *directory, const char *path)
{
    struct places places;
    char folder[PATH_MAX];
    unsigned char there[CRYPT_KEY_SIZE];
    bool found = false;
    TRY(find_places(directory, path, &places));
    if (!path)
        TRY(prepare_folder(directory));
    folder_of(places.now, folder);
    TRY(load(places.now, there, &found));
    if (!found)
        return create(folder, places.now, keyring->key);
    bool same = sodium_memcmp(there, keyring->key, sizeof there) == 0;
    sodium_memzero(there, sizeof there);
    return same ? OK : error_make(ERROR_FILE_EXISTS, NULL, "Another master key is in %s", places.now);
}

error keyring_reseal(
    struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str sealed, str *ret_sealed)
{
    str plain;
    bool by_old;
    TRY(open_any(arena, keyring, purpose, bound, sealed, &plain, &by_old));
    *ret_sealed = by_old ? keyring_seal(arena, keyring, purpose, bound, plain) : STR_NONE;
    sodium_memzero((char *)plain.data, plain.size);
    return OK;
}
