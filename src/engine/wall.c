// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/wall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ABI_FILES = 1, ABI_NETWORK = 4 };

static error unavailable(const char *what)
{
    return error_make(ERROR_UNAVAILABLE, NULL, "%s: %s", what, strerror(errno));
}

static error write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    error failure = done ? OK : unavailable(path);
    if (fd >= 0)
        close(fd);
    return failure;
}

// Root needs no user namespace where it may do without; others stay who they are in one of their own.
static error leave_network(void)
{
    char map[64];
    unsigned uid = geteuid(), gid = getegid();
    if (uid == 0 && unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0)
        return OK;
    if (uid == 0)
        return unavailable("a network namespace cannot be made");
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // else the files below would be root's
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) < 0)
        return unavailable("a user and network namespace cannot be made");
    TRY(write_file("/proc/self/setgroups", "deny"));
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    TRY(write_file("/proc/self/uid_map", map));
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    return write_file("/proc/self/gid_map", map);
}

static error listen_alone(int *ret_listener)
{
    struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(WALL_PORT), .sin_addr = { htonl(INADDR_LOOPBACK) }
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return unavailable("no socket");
    bool good = ioctl(fd, SIOCSIFFLAGS, &loopback) == 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0
                && listen(fd, SOMAXCONN) == 0;
    if (!good) {
        error failure = unavailable("the loopback of the namespace");
        close(fd);
        return failure;
    }
    *ret_listener = fd;
    return OK;
}

static error hand_out(int handout, int listener)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    char byte = 0;
    struct iovec piece = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr) { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
    return sendmsg(handout, &message, MSG_NOSIGNAL) == 1 ? OK : unavailable("the socket cannot be handed out");
}

error wall_enter_namespace(int handout)
{
    int listener = -1;
    TRY(leave_network());
    TRY(listen_alone(&listener));
    error result = hand_out(handout, listener);
    close(listener);
    close(handout);
    return result;
}

// As of the kernel's landlock.h; Debian 12's own is older than these.
struct network_ruleset {
    uint64_t handled_files, handled_network;
};
struct port_rule {
    uint64_t allowed, port;
};
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1, RULE_PORT = 2 };

error wall_enter_landlock(int port)
{
    struct network_ruleset rights = { 0, BIND_TCP | CONNECT_TCP };
    struct port_rule rule = { CONNECT_TCP, (uint64_t)port };
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < ABI_NETWORK)
        return error_make(ERROR_UNAVAILABLE, NULL, "this kernel's landlock has no rules for networks (Linux 6.7 has)");
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    bool good = ruleset >= 0 && syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0) == 0
                && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    error result = good ? OK : unavailable("landlock");
    if (ruleset >= 0)
        close(ruleset);
    return result;
}

// Files are landlock's business with either wall.
static error check_files(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi >= ABI_FILES ? OK
                            : error_make(ERROR_UNAVAILABLE, NULL, "this kernel has no landlock, which guards files");
}

static error try_namespace(void)
{
    int pair[2];
    TRY(check_files());
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return unavailable("no sockets");
    error result = wall_enter_namespace(pair[0]);
    close(pair[1]);
    return result;
}

static error try_landlock(void)
{
    TRY(check_files());
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return unavailable("new privileges cannot be given up");
    return wall_enter_landlock(WALL_PORT);
}

static void print(const char *name, error (*try)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        error failure = try();
        printf("%s %s\n", name, error_is(failure) ? failure.message : "ok");
        fflush(stdout);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
    else
        printf("%s %s\n", name, strerror(errno));
}

int wall_print(void)
{
    print("namespace", try_namespace);
    print("landlock", try_landlock);
    return 0;
}
