// SPDX-License-Identifier: GPL-3.0-or-later
// Pages of 64 KB, each stored as nonce, ciphertext and tag in a slot of its own. A few pages are kept open in
// memory and sealed when another needs their place, so that writing in order seals each page once. Every
// sealing draws a new nonce: a page is rewritten under the same key. A hole in the file is a page of zeros.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "blob/blob.h"

enum { PAGE_SIZE = 64 << 10, NONCE_SIZE = 12, SLOT_SIZE = PAGE_SIZE + CRYPT_SEAL_OVERHEAD, PAGES_OPEN = 4 };

struct page {
    int64_t number; // -1 when it holds none
    uint64_t used;  // time of the last use, for choosing which to give up
    bool changed;
    unsigned char bytes[PAGE_SIZE];
};

struct scratch {
    int fd;
    int64_t size;
    int64_t stored_count; // pages up to the highest that is in the file
    uint64_t time;
    unsigned char key[CRYPT_KEY_SIZE];
    unsigned char slot[SLOT_SIZE];
    struct page pages[PAGES_OPEN];
};

static error open_unnamed(const char *directory, int *ret_fd)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        // A file system without O_TMPFILE, such as NFS: the name lives for a moment.
        char path[4096];
        if (snprintf(path, sizeof path, "%s/scratch.XXXXXX", directory) >= (int)sizeof path)
            return error_system("make a temporary file in", directory, ENAMETOOLONG);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return error_system("make a temporary file in", directory, errno);
    *ret_fd = fd;
    return OK;
}

error scratch_open(const char *directory, struct scratch **ret_scratch)
{
    int fd;
    TRY(open_unnamed(directory, &fd));
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) {
        close(fd);
        return error_system("make a temporary file in", directory, ENOMEM);
    }
    scratch->fd = fd;
    id_random(scratch->key, sizeof scratch->key);
    for (size_t i = 0; i < PAGES_OPEN; i++)
        scratch->pages[i].number = -1;
    *ret_scratch = scratch;
    return OK;
}

static error store_page(struct scratch *scratch, struct page *page)
{
    unsigned char *slot = scratch->slot;
    id_random(slot, NONCE_SIZE);
    aead_seal(scratch->key, slot, &page->number, sizeof page->number, page->bytes, PAGE_SIZE, slot + NONCE_SIZE);
    for (size_t done = 0; done < SLOT_SIZE;) {
        ssize_t put = pwrite(scratch->fd, slot + done, SLOT_SIZE - done, page->number * SLOT_SIZE + (off_t)done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return error_system("write", "temporary file", put < 0 ? errno : ENOSPC);
        done += (size_t)put;
    }
    if (page->number >= scratch->stored_count)
        scratch->stored_count = page->number + 1;
    page->changed = false;
    return OK;
}

static bool is_hole(const unsigned char *slot)
{
    unsigned char any = 0;
    for (size_t i = 0; i < SLOT_SIZE; i++)
        any |= slot[i];
    return any == 0;
}

static error load_page(struct scratch *scratch, struct page *page, int64_t number)
{
    unsigned char *slot = scratch->slot;
    for (size_t done = 0; number < scratch->stored_count && done < SLOT_SIZE;) {
        ssize_t got = pread(scratch->fd, slot + done, SLOT_SIZE - done, number * SLOT_SIZE + (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_system("read", "temporary file", got < 0 ? errno : EIO);
        done += (size_t)got;
    }
    if (number >= scratch->stored_count || is_hole(slot))
        memset(page->bytes, 0, PAGE_SIZE);
    else if (!aead_open(
                 scratch->key, slot, &number, sizeof number, slot + NONCE_SIZE, SLOT_SIZE - NONCE_SIZE, page->bytes))
        return error_make(ERROR_DATA_CORRUPT, NULL, "A temporary file was changed from outside");
    page->number = number;
    return OK;
}

static error page_of(struct scratch *scratch, int64_t number, struct page **ret_page)
{
    struct page *page = &scratch->pages[0];
    for (size_t i = 0; i < PAGES_OPEN; i++) {
        if (scratch->pages[i].number == number) {
            page = &scratch->pages[i];
            break;
        }
        if (scratch->pages[i].used < page->used)
            page = &scratch->pages[i];
    }
    if (page->number != number) {
        if (page->changed)
            TRY(store_page(scratch, page));
        page->number = -1;
        TRY(load_page(scratch, page, number));
    }
    page->used = ++scratch->time;
    *ret_page = page;
    return OK;
}

error scratch_write(struct scratch *scratch, int64_t offset, const void *bytes, size_t size)
{
    if (offset < 0 || size > INT64_MAX / 4 || offset > INT64_MAX / 4)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "A write lies outside of what a temporary file can hold");
    const unsigned char *at = bytes;
    while (size) {
        struct page *page;
        size_t from = (size_t)(offset % PAGE_SIZE), part = PAGE_SIZE - from < size ? PAGE_SIZE - from : size;
        TRY(page_of(scratch, offset / PAGE_SIZE, &page));
        memcpy(page->bytes + from, at, part);
        page->changed = true;
        at += part;
        size -= part;
        offset += (int64_t)part;
        if (offset > scratch->size)
            scratch->size = offset;
    }
    return OK;
}

error scratch_read(struct scratch *scratch, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    unsigned char *at = ret_bytes;
    size_t got = 0;
    if (offset < 0)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "A read begins before the temporary file");
    if (offset < scratch->size && (int64_t)size > scratch->size - offset)
        size = (size_t)(scratch->size - offset);
    while (got < size && offset < scratch->size) {
        struct page *page;
        size_t from = (size_t)(offset % PAGE_SIZE), part = PAGE_SIZE - from;
        if (part > size - got)
            part = size - got;
        TRY(page_of(scratch, offset / PAGE_SIZE, &page));
        memcpy(at + got, page->bytes + from, part);
        got += part;
        offset += (int64_t)part;
    }
    *ret_got = got;
    return OK;
}

int64_t scratch_size(const struct scratch *scratch)
{
    return scratch->size;
}

void scratch_close(struct scratch *scratch)
{
    if (!scratch)
        return;
    close(scratch->fd);
    explicit_bzero(scratch, sizeof *scratch);
    free(scratch);
}
