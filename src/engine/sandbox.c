// SPDX-License-Identifier: GPL-3.0-or-later
// Three walls, each enough against most of what a hostile file could try: resource limits, landlock (which files),
// seccomp (which system calls). A child of root becomes nobody first.
#include "engine/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/wall.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0 // a sanitizer's shadow memory counts as terabytes of address space
#endif

static const int64_t memory_default = INT64_C(2) << 30;
enum { CPU_SECONDS_DEFAULT = 3600, DESCRIPTORS_MAX = 64, NOBODY = 65534 };
// Of programs: the largest models take 10 GiB; a transcript takes far less than 256 MiB.
static const int64_t program_data = INT64_C(16) << 30, program_output = 256 << 20, downloader_data = INT64_C(4) << 30;
enum { PROGRAM_CPU_SECONDS = 48 * 3600 }; // on many cores; the asker's own deadline is nearer

// Read only. What is not there is passed over.
static const char *const readable[] = {
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/var/cache/fontconfig",
    "/usr/share/pocketsphinx/model",
    "/usr/share/sounds/sf2",
    "/usr/share/mime",
    "/usr/lib",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/dev/urandom",
};

// What a program of somebody else's may also run: itself, its interpreter, its libraries.
static const char *const runnable[] = {
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/bin",
    "/lib",
    "/lib64",
};
// And read. Programs ask for little of this, but some stop when it is not there.
static const char *const usual[] = {
    "/usr/share",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/ssl/openssl.cnf",
    "/sys/devices/system/cpu",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/dev/null",
    "/dev/urandom",
};

static error limit(int resource, const char *name, int64_t value)
{
    struct rlimit limits = { .rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value };
    if (setrlimit((__rlimit_resource_t)resource, &limits) < 0)
        return error_system("limit", name, errno);
    return OK;
}

static error set_limits(const struct sandbox_limits *limits)
{
    TRY(limit(RLIMIT_CORE, "core", 0));
    TRY(limit(RLIMIT_NOFILE, "descriptors", DESCRIPTORS_MAX));
    TRY(limit(RLIMIT_CPU, "processor time", limits->cpu_seconds ? limits->cpu_seconds : CPU_SECONDS_DEFAULT));
    if (SANITIZED)
        return OK;
    return limit(RLIMIT_AS, "memory", limits->memory_bytes ? limits->memory_bytes : memory_default);
}

static error become_nobody(void)
{
    if (geteuid() != 0)
        return OK;
    pid_t parent = getppid();
    if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
        return error_system("become", "nobody", errno);
    prctl(PR_SET_PDEATHSIG, SIGKILL); // changing the user cleared it
    if (getppid() != parent)
        _exit(1);
    return OK;
}

static void allow(int ruleset, const char *path, uint64_t rights)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    struct landlock_path_beneath_attr rule = { .allowed_access = rights | LANDLOCK_ACCESS_FS_READ_DIR,
        .parent_fd = fd };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
        rule.allowed_access = rights; // a file has nothing to list
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(fd);
}

// Every right that this kernel's landlock knows is withheld; what is to be allowed is added to *ret_ruleset. -1: a
// kernel without landlock leaves the work to the other walls.
static error open_ruleset(int *ret_ruleset)
{
    enum { RIGHTS_ABI_1 = (1 << 13) - 1, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEVICE = 1 << 15 };
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *ret_ruleset = -1;
    if (abi < 1)
        return OK;
    struct landlock_ruleset_attr rights = { .handled_access_fs = RIGHTS_ABI_1 | (abi >= 2 ? REFER : 0)
                                                                 | (abi >= 3 ? TRUNCATE : 0)
                                                                 | (abi >= 5 ? IOCTL_DEVICE : 0) };
    *ret_ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    return *ret_ruleset < 0 ? error_system("make", "landlock rules", errno) : OK;
}

static error enter_ruleset(int ruleset)
{
    if (ruleset < 0)
        return OK;
    long result = syscall(SYS_landlock_restrict_self, ruleset, 0);
    int error_number = errno;
    close(ruleset);
    return result < 0 ? error_system("enter", "landlock", error_number) : OK;
}

static error restrict_files(void)
{
    int ruleset;
    TRY(open_ruleset(&ruleset));
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        allow(ruleset, readable[i], LANDLOCK_ACCESS_FS_READ_FILE);
    return enter_ruleset(ruleset);
}

// What a downloader needs to know of the system: certificates, names of types, the clock's zone.
static const char *const web[] = {
    "/etc/ssl",
    "/usr/local/share/ca-certificates",
    "/etc/mime.types",
    "/etc/localtime",
    "/etc/passwd",
    "/etc/python3",
};

static void allow_writing(int ruleset, const char *path)
{
    enum {
        MAKING = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE
                 | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG,
        TRUNCATE = 1 << 14
    };
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    allow(ruleset, path, LANDLOCK_ACCESS_FS_READ_FILE | MAKING | (abi >= 3 ? TRUNCATE : 0));
}

// `writable` may be NULL.
static error restrict_program_files(const char *const *paths, const char *writable)
{
    const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE, running = reading | LANDLOCK_ACCESS_FS_EXECUTE;
    int ruleset;
    TRY(open_ruleset(&ruleset));
    for (size_t i = 0; i < sizeof runnable / sizeof *runnable; i++)
        allow(ruleset, runnable[i], running);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        allow(ruleset, usual[i], reading);
    for (; *paths; paths++)
        allow(ruleset, *paths, running);
    for (size_t i = 0; writable && i < sizeof web / sizeof *web; i++)
        allow(ruleset, web[i], reading);
    if (writable)
        allow_writing(ruleset, writable);
    return enter_ruleset(ruleset);
}

// No pipes: espeak-ng's sound library would wait for a sound server through one.
#define CALL(name) SCMP_SYS(name)
static const int allowed[] = {
    // descriptors it has
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(pread64),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(sendmsg),
    CALL(sendto),
    CALL(poll),
    CALL(ppoll),
    CALL(close),
    CALL(lseek),
    CALL(fcntl),
    CALL(dup),
    CALL(dup2),
    // looking at files, as far as landlock lets it
    CALL(fstat),
    CALL(newfstatat),
    CALL(stat),
    CALL(lstat),
    CALL(statx),
    CALL(statfs),
    CALL(fstatfs),
    CALL(getdents64),
    CALL(readlink),
    CALL(readlinkat),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(getcwd),
    // memory
    CALL(mmap),
    CALL(munmap),
    CALL(mremap),
    CALL(mprotect),
    CALL(madvise),
    CALL(brk),
    // its own threads, signals and time
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(futex),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(sched_getattr),
    CALL(sched_getparam),
    CALL(sched_getscheduler),
    CALL(sched_get_priority_max),
    CALL(sched_get_priority_min),
    CALL(restart_syscall),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),
    CALL(exit),
    CALL(exit_group),
    // who and where it is
    CALL(getpid),
    CALL(getppid),
    CALL(gettid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(uname),
    CALL(sysinfo),
    CALL(getrusage),
    CALL(getrlimit),
    CALL(times),
    CALL(getcpu),
};

// Calls that are allowed with some arguments only. The rest answers EACCES, which libraries know how to take.
static int add_conditions(scmp_filter_ctx filter)
{
    enum { WRITING = O_ACCMODE | O_CREAT | O_TRUNC | O_TMPFILE };
    // O_TMPFILE holds the bit of O_DIRECTORY, which listing folders needs.
    const scmp_datum_t writing = WRITING & ~O_DIRECTORY;
    int result = 0;
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
    result |= seccomp_rule_add(
        filter, SCMP_ACT_ALLOW, CALL(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    // Its flags stand in memory, out of a filter's sight; the C library falls back to clone.
    result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
    // abort() ends with a signal to itself
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    return result;
}

static error restrict_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
    if (!filter)
        return error_of(ERROR_INTERNAL_ERROR);
    int result = 0;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    result |= add_conditions(filter);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result < 0 ? error_system("load", "seccomp rules", -result) : OK;
}

// What no program needs that only computes.
static const int refused[] = {
    // the network, and other processes
    CALL(bind),
    CALL(listen),
    CALL(accept),
    CALL(accept4),
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(kill),
    CALL(tkill),
    CALL(rt_sigqueueinfo),
    CALL(rt_tgsigqueueinfo),
    CALL(pidfd_open),
    CALL(pidfd_send_signal),
    CALL(pidfd_getfd),
    CALL(kcmp),
    CALL(shmget),
    CALL(msgget),
    CALL(semget),
    CALL(mq_open),
    // the system
    CALL(mount),
    CALL(umount2),
    CALL(move_mount),
    CALL(open_tree),
    CALL(fsopen),
    CALL(fsmount),
    CALL(pivot_root),
    CALL(chroot),
    CALL(unshare),
    CALL(setns),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(keyctl),
    CALL(add_key),
    CALL(request_key),
    CALL(open_by_handle_at),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    CALL(reboot),
    CALL(swapon),
    CALL(swapoff),
    CALL(acct),
    CALL(quotactl),
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(adjtimex),
    CALL(syslog),
    CALL(personality),
};

// TCP over IPv4 by socket and connect is what is left: other kinds of sockets would pass by landlock's rules, and so
// would data sent with the opening of a connection.
static int refuse_sockets(scmp_filter_ctx filter)
{
    enum { KIND = 15, FAST_OPEN = 0x20000000, TCP = 6 };
    static const int kinds[] = { SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, 6 /* DCCP */, 10 /* packets */ };
    const uint32_t no = SCMP_ACT_ERRNO(EACCES);
    int result = seccomp_rule_add(filter, no, CALL(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_INET));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        result |= seccomp_rule_add(
            filter, no, CALL(socket), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, KIND, (scmp_datum_t)kinds[i]));
    result |= seccomp_rule_add(filter, no, CALL(socket), 1, SCMP_A2(SCMP_CMP_GT, TCP));
    for (scmp_datum_t protocol = 1; protocol < TCP; protocol++)
        result |= seccomp_rule_add(filter, no, CALL(socket), 1, SCMP_A2(SCMP_CMP_EQ, protocol));
    result |= seccomp_rule_add(filter, no, CALL(sendto), 1, SCMP_A3(SCMP_CMP_MASKED_EQ, FAST_OPEN, FAST_OPEN));
    result |= seccomp_rule_add(filter, no, CALL(sendmsg), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, FAST_OPEN, FAST_OPEN));
    result |= seccomp_rule_add(filter, no, CALL(sendmmsg), 1, SCMP_A3(SCMP_CMP_MASKED_EQ, FAST_OPEN, FAST_OPEN));
    return result;
}

static error refuse_calls(bool networked)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return error_of(ERROR_INTERNAL_ERROR);
    int result = 0;
    if (networked) {
        result |= refuse_sockets(filter);
    } else {
        result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), CALL(socket), 0);
        result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), CALL(connect), 0);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        result |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result < 0 ? error_system("load", "seccomp rules", -result) : OK;
}

static error set_program_limits(int64_t data_bytes, int64_t file_bytes)
{
    TRY(limit(RLIMIT_CORE, "core", 0));
    TRY(limit(RLIMIT_NOFILE, "descriptors", 4 * DESCRIPTORS_MAX));
    TRY(limit(RLIMIT_CPU, "processor time", PROGRAM_CPU_SECONDS));
    TRY(limit(RLIMIT_FSIZE, "output", file_bytes));
    return SANITIZED ? OK : limit(RLIMIT_DATA, "memory", data_bytes);
}

static error give_up_privileges(void)
{
    TRY(become_nobody());
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? error_system("give up", "new privileges", errno) : OK;
}

error sandbox_enter_program(const char *const *paths)
{
    TRY(set_program_limits(program_data, program_output));
    TRY(give_up_privileges());
    TRY(restrict_program_files(paths, NULL));
    return refuse_calls(false);
}

error sandbox_enter_downloader(const struct sandbox_downloader *wishes)
{
    TRY(set_program_limits(downloader_data, wishes->file_bytes));
    TRY(give_up_privileges());
    TRY(restrict_program_files(wishes->readable, wishes->writable));
    if (wishes->wall_port)
        TRY(wall_enter_landlock(wishes->wall_port));
    return refuse_calls(true);
}

error sandbox_enter(const struct sandbox_limits *limits)
{
    TRY(set_limits(limits));
    TRY(give_up_privileges());
    TRY(restrict_files());
    return restrict_calls();
}
