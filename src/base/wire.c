// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static error gone(void)
{
    return error_of(ERROR_ENGINE_CRASHED);
}

static error send_all(int fd, struct iovec *parts, int count)
{
    while (count) {
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return gone();
        size_t left = (size_t)sent;
        while (count && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return OK;
}

error wire_send(int fd, enum wire_type type, unsigned index, uint64_t offset, const void *payload, size_t size)
{
    ASSERT(size <= WIRE_PAYLOAD_MAX && index < 65536);
    unsigned char header[WIRE_HEADER_SIZE] = { 0 };
    uint32_t size32 = (uint32_t)size;
    uint16_t index16 = (uint16_t)index;
    memcpy(header, &size32, 4);
    header[4] = (unsigned char)type;
    memcpy(header + 6, &index16, 2);
    memcpy(header + 8, &offset, 8);
    struct iovec parts[2] = { { header, sizeof header }, { (void *)payload, size } };
    return send_all(fd, parts, size ? 2 : 1);
}

error wire_payload(int fd, void *ret_bytes, size_t size)
{
    char *at = ret_bytes;
    while (size) {
        ssize_t got = recv(fd, at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return gone();
        at += got;
        size -= (size_t)got;
    }
    return OK;
}

error wire_receive(int fd, int timeout_ms, struct wire_frame *ret_frame)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    int ready;
    do
        ready = poll(&poller, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return error_of(ERROR_TIMED_OUT);
    unsigned char header[WIRE_HEADER_SIZE];
    TRY(wire_payload(fd, header, sizeof header));
    struct wire_frame frame = { .type = (enum wire_type)header[4] };
    uint16_t index16;
    memcpy(&frame.size, header, 4);
    memcpy(&index16, header + 6, 2);
    memcpy(&frame.offset, header + 8, 8);
    frame.index = index16;
    if (frame.size > WIRE_PAYLOAD_MAX)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The engine sent a frame of %u bytes", frame.size);
    *ret_frame = frame;
    return OK;
}
