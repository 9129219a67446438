// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/zygote.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wire_zygote.h"
#include "engine/conversation.h"
#include "engine/sandbox.h"

enum { FORK_DESCRIPTORS = 2 };

struct descriptors {
    int wire, complaints; // -1: not sent
};

static bool receive(int control_fd, struct zygote_request *ret_request, struct descriptors *ret_descriptors)
{
    union {
        char bytes[CMSG_SPACE(FORK_DESCRIPTORS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = { ret_request, sizeof *ret_request };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    ssize_t got;
    do
        got = recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *ret_request)
        return false;
    *ret_descriptors = (struct descriptors) { -1, -1 };
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof *ret_descriptors))
        memcpy(ret_descriptors, CMSG_DATA(header), sizeof *ret_descriptors);
    return true;
}

static _Noreturn void be_child(const struct zygote_request *request, struct descriptors descriptors, pid_t zygote)
{
    prctl(PR_SET_NAME, "kinora-child");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != zygote)
        _exit(1);
    dup2(descriptors.complaints, STDERR_FILENO);
    close(descriptors.complaints);
    struct sandbox_limits limits = { .memory_bytes = request->memory_bytes, .cpu_seconds = request->cpu_seconds };
    error failure = sandbox_enter(&limits);
    if (!error_is(failure))
        failure = conversation_run(descriptors.wire);
    if (error_is(failure))
        fprintf(stderr, "kinora-engine: %s\n", failure.message);
    _exit(error_is(failure));
}

static struct zygote_reply fork_child(
    int control_fd, const struct zygote_request *request, struct descriptors descriptors)
{
    if (descriptors.wire < 0 || descriptors.complaints < 0)
        return (struct zygote_reply) { .error_number = EBADF };
    pid_t zygote = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(control_fd);
        be_child(request, descriptors, zygote);
    }
    return (struct zygote_reply) { .pid = pid, .error_number = pid < 0 ? errno : 0 };
}

// A child that is not reaped keeps its pid, so waitpid tells whether the pid is still one of ours.
static struct zygote_reply end_child(pid_t pid)
{
    int status = 0;
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == 0) {
        kill(pid, SIGKILL);
        do
            ended = waitpid(pid, &status, 0);
        while (ended < 0 && errno == EINTR);
    }
    return (struct zygote_reply) { .status = status, .error_number = ended < 0 ? errno : 0 };
}

void zygote_run(int control_fd)
{
    struct zygote_request request;
    struct descriptors descriptors;
    while (receive(control_fd, &request, &descriptors)) {
        struct zygote_reply reply = { .error_number = EINVAL };
        if (request.kind == ZYGOTE_FORK)
            reply = fork_child(control_fd, &request, descriptors);
        else if (request.kind == ZYGOTE_END && request.pid > 0)
            reply = end_child(request.pid);
        if (descriptors.wire >= 0)
            close(descriptors.wire);
        if (descriptors.complaints >= 0)
            close(descriptors.complaints);
        if (send(control_fd, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
            return;
    }
}
