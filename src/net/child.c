// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing that a child sends is trusted: sizes and indexes are checked, texts are parsed strictly, and a child that
// stops in the middle of a frame is given up after some seconds.
#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "base/wire.h"
#include "base/wire_zygote.h"

enum {
    STALL_SECONDS = 10,       // within a frame
    ZYGOTE_SECONDS = 30,      // for a reply, loading included
    LOOK_MS = 250,            // how often cancellation and deadline are looked at
    COMPLAINT_SIZE_MAX = 160, // of a dying child's last words, bytes
};

struct zygote {
    atomic_int references; // the starter's and each child's
    char *engine_path;
    enum zygote_kind kind;
    pthread_mutex_t lock; // held for a request and its reply
    int control;          // -1: it does not run
    pid_t pid;
    unsigned generation; // rises with each start, so that children of a dead zygote are known
    bool stopped;        // for good
};

struct child {
    struct zygote *zygote;
    unsigned generation;
    pid_t pid;
    int wire, complaints; // our ends; complaints is its standard error
    bool ended;
};

static void set_timeouts(int fd, time_t seconds)
{
    struct timeval timeout = { .tv_sec = seconds };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

// The zygote

static error spawn(const struct zygote *zygote, int control, pid_t *ret_pid)
{
    char number[16];
    snprintf(number, sizeof number, "%d", control);
    char *arguments[] = { "kinora-engine", "--zygote", zygote->kind == ZYGOTE_SPEECH ? "speech" : "plain", "--fd",
        number, NULL };
    char *environment[] = { "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent", NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, control, control); // takes close-on-exec off
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int result = posix_spawn(ret_pid, zygote->engine_path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result ? error_system("start", zygote->engine_path, result) : OK;
}

static error start(struct zygote *zygote)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_system("make", "a socket pair", errno);
    error failure = spawn(zygote, pair[1], &zygote->pid);
    close(pair[1]);
    if (error_is(failure)) {
        close(pair[0]);
        return failure;
    }
    set_timeouts(pair[0], ZYGOTE_SECONDS);
    zygote->control = pair[0];
    zygote->generation++;
    return OK;
}

static void stop(struct zygote *zygote)
{
    if (zygote->control < 0)
        return;
    close(zygote->control);
    zygote->control = -1;
    kill(zygote->pid, SIGKILL); // its children go with it
    while (waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void release(struct zygote *zygote)
{
    if (atomic_fetch_sub(&zygote->references, 1) > 1)
        return;
    pthread_mutex_destroy(&zygote->lock);
    free(zygote->engine_path);
    free(zygote);
}

error zygote_start(const char *engine_path, enum zygote_kind kind, struct zygote **ret_zygote)
{
    struct zygote *zygote = calloc(1, sizeof *zygote);
    ASSERT_MEMORY(zygote);
    *zygote = (struct zygote) { .references = 1, .engine_path = strdup(engine_path), .kind = kind, .control = -1 };
    ASSERT_MEMORY(zygote->engine_path);
    pthread_mutex_init(&zygote->lock, NULL);
    error failure = start(zygote);
    if (error_is(failure)) {
        release(zygote);
        return failure;
    }
    *ret_zygote = zygote;
    return OK;
}

void zygote_stop(struct zygote *zygote)
{
    if (!zygote)
        return;
    pthread_mutex_lock(&zygote->lock);
    stop(zygote);
    zygote->stopped = true;
    pthread_mutex_unlock(&zygote->lock);
    release(zygote);
}

const char *zygote_path(const struct zygote *zygote)
{
    return zygote->engine_path;
}

// One request and its reply; the caller holds the lock. False when the zygote is gone.
static bool exchange(
    int control, const struct zygote_request *request, const int descriptors[2], struct zygote_reply *ret_reply)
{
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr align;
    } attached = { 0 };
    struct iovec part = { (void *)request, sizeof *request };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (descriptors) {
        message.msg_control = attached.bytes;
        message.msg_controllen = sizeof attached.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(2 * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, 2 * sizeof(int));
    }
    ssize_t moved;
    do
        moved = sendmsg(control, &message, MSG_NOSIGNAL);
    while (moved < 0 && errno == EINTR);
    if (moved < 0)
        return false;
    do
        moved = recv(control, ret_reply, sizeof *ret_reply, 0);
    while (moved < 0 && errno == EINTR);
    return moved == (ssize_t)sizeof *ret_reply;
}

// Forks in the zygote, which is started again when it has died.
static error fork_in_zygote(
    struct zygote *zygote, const struct zygote_request *request, const int descriptors[2], struct child *child)
{
    struct zygote_reply reply;
    for (int attempt = 0; attempt < 2 && !zygote->stopped; attempt++) {
        if (zygote->control < 0)
            TRY(start(zygote));
        if (exchange(zygote->control, request, descriptors, &reply)) {
            if (reply.error_number)
                return error_system("fork", "an engine", reply.error_number);
            child->pid = reply.pid;
            child->generation = zygote->generation;
            return OK;
        }
        stop(zygote);
    }
    return error_make(ERROR_ENGINE_CRASHED, NULL, "%s does not start", zygote->engine_path);
}

// The child

static error make_channels(int wire[2], int complaints[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire) < 0)
        return error_system("make", "a socket pair", errno);
    // Not blocking: nobody reads while the child lives, and a full pipe must not stop it.
    if (pipe2(complaints, O_CLOEXEC | O_NONBLOCK) < 0) {
        int error_number = errno;
        close(wire[0]);
        close(wire[1]);
        return error_system("make", "a pipe", error_number);
    }
    int size = WIRE_BLOCK;
    for (int i = 0; i < 2; i++)
        setsockopt(wire[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    set_timeouts(wire[0], STALL_SECONDS);
    return OK;
}

error child_fork(struct zygote *zygote, const struct child_limits *limits, struct child **ret_child)
{
    int wire[2], complaints[2];
    TRY(make_channels(wire, complaints));
    struct zygote_request request = { .kind = ZYGOTE_FORK };
    if (limits) {
        request.memory_bytes = limits->memory_bytes;
        request.cpu_seconds = limits->cpu_seconds;
    }
    struct child *child = calloc(1, sizeof *child);
    ASSERT_MEMORY(child);
    *child = (struct child) { .zygote = zygote, .wire = wire[0], .complaints = complaints[0] };
    pthread_mutex_lock(&zygote->lock);
    error failure = fork_in_zygote(zygote, &request, (int[]) { wire[1], complaints[1] }, child);
    pthread_mutex_unlock(&zygote->lock);
    close(wire[1]);
    close(complaints[1]);
    if (error_is(failure)) {
        close(child->wire);
        close(child->complaints);
        free(child);
        return failure;
    }
    atomic_fetch_add(&zygote->references, 1);
    *ret_child = child;
    return OK;
}

// Kills it if it still runs. Returns its wait status, 0 when that is not known.
static int end(struct child *child)
{
    if (child->ended)
        return 0;
    child->ended = true;
    struct zygote *zygote = child->zygote;
    struct zygote_request request = { .kind = ZYGOTE_END, .pid = child->pid };
    struct zygote_reply reply = { 0 };
    pthread_mutex_lock(&zygote->lock);
    if (zygote->control >= 0 && zygote->generation == child->generation
        && !exchange(zygote->control, &request, NULL, &reply))
        stop(zygote);
    pthread_mutex_unlock(&zygote->lock);
    return reply.error_number ? 0 : reply.status;
}

void child_end(struct child *child)
{
    if (!child)
        return;
    end(child);
    close(child->wire);
    close(child->complaints);
    release(child->zygote);
    free(child);
}

int child_pid(const struct child *child)
{
    return child->pid;
}

bool child_alive(const struct child *child)
{
    return !child->ended;
}

// The last line that the child wrote to standard error, made printable; empty when it wrote none.
static void last_words(const struct child *child, char out[static COMPLAINT_SIZE_MAX + 1])
{
    char block[4096];
    str text = { block, 0 };
    ssize_t got;
    // A pipe holds 64 KB; its end is what matters.
    while ((got = read(child->complaints, block, sizeof block)) > 0)
        text.size = (size_t)got;
    text = str_trim(text);
    size_t line = text.size;
    while (line > 0 && text.data[line - 1] != '\n' && text.size - line < COMPLAINT_SIZE_MAX)
        line--;
    size_t size = 0;
    for (size_t i = line; i < text.size; i++)
        out[size++] = text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : '?';
    out[size] = 0;
}

static error crashed(struct child *child)
{
    int status = end(child);
    char words[COMPLAINT_SIZE_MAX + 1];
    last_words(child, words);
    char how[64] = "";
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, " (signal %d)", WTERMSIG(status));
    else if (WEXITSTATUS(status))
        snprintf(how, sizeof how, " (status %d)", WEXITSTATUS(status));
    return error_make(ERROR_ENGINE_CRASHED, NULL, "%s%s%s%s", error_info(ERROR_ENGINE_CRASHED)->sentence, how,
        *words ? ": " : "", words);
}

// The conversation

struct talk {
    struct child *child;
    struct arena *arena;
    const struct child_call *call;
    char *block; // WIRE_PAYLOAD_MAX
};

static error send_question(const struct talk *talk)
{
    const struct child_call *call = talk->call;
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    json_object_begin(&out);
    json_key(&out, "op");
    json_put_str(&out, str_of(call->op));
    json_key(&out, "params");
    if (call->params)
        json_put_value(&out, call->params);
    else
        json_put_raw(&out, STR("{}"));
    json_key(&out, "inputs");
    json_array_begin(&out);
    for (size_t i = 0; i < call->input_count; i++) {
        json_object_begin(&out);
        json_key(&out, "size");
        json_put_int(&out, (int64_t)call->inputs[i].size);
        if (call->inputs[i].name) {
            json_key(&out, "name");
            json_put_str(&out, str_of(call->inputs[i].name));
        }
        json_object_end(&out);
    }
    json_array_end(&out);
    json_key(&out, "outputs");
    json_put_int(&out, (int64_t)call->output_count);
    json_object_end(&out);
    if (buffer.failed || buffer.size > WIRE_PAYLOAD_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The question to the engine is larger than allowed");
    return wire_send(talk->child->wire, WIRE_START, 0, 0, buffer.data, buffer.size);
}

static error misbehaved(const char *what)
{
    return error_make(ERROR_ENGINE_FAILED, NULL, "The engine %s", what);
}

static error serve_read(const struct talk *talk, const struct wire_frame *frame)
{
    uint32_t wanted;
    const struct child_call *call = talk->call;
    bool back = frame->type == WIRE_READ_BACK;
    if (frame->size != sizeof wanted || frame->index >= (back ? call->output_count : call->input_count))
        return misbehaved("asked for what is not there");
    memcpy(&wanted, talk->block, sizeof wanted);
    if (wanted > WIRE_PAYLOAD_MAX)
        return misbehaved("asked for too much at once");
    size_t got = 0;
    if (back) {
        const struct child_output *output = &call->outputs[frame->index];
        if (!output->read)
            return misbehaved("read an output that cannot be read");
        TRY(output->read(output->context, frame->offset, talk->block, wanted, &got));
    } else {
        const struct child_input *input = &call->inputs[frame->index];
        if (frame->offset < input->size)
            TRY(input->read(input->context, frame->offset, talk->block, wanted, &got));
    }
    ASSERT(got <= wanted);
    return wire_send(talk->child->wire, WIRE_DATA, frame->index, frame->offset, talk->block, got);
}

static error serve_write(const struct talk *talk, const struct wire_frame *frame)
{
    if (frame->index >= talk->call->output_count || frame->offset > INT64_MAX - WIRE_PAYLOAD_MAX)
        return misbehaved("wrote to what is not there");
    const struct child_output *output = &talk->call->outputs[frame->index];
    return output->write(output->context, frame->offset, talk->block, frame->size);
}

static error read_answer(const struct talk *talk, const struct wire_frame *frame, json_t **ret_object)
{
    json_t *object;
    if (error_is(json_read(talk->arena, (str) { talk->block, frame->size }, &object)) || !json_is_object(object))
        return misbehaved("gave an answer that is not JSON");
    *ret_object = object;
    return OK;
}

static error report_progress(const struct talk *talk, const struct wire_frame *frame)
{
    // Its own arena: there may be many of these.
    ARENA_AUTO struct arena *arena = arena_new(4096);
    struct talk small = { .arena = arena, .block = talk->block };
    json_t *object;
    TRY(read_answer(&small, frame, &object));
    double done = json_get_number(object, "progress", 0);
    if (talk->call->progress)
        talk->call->progress(talk->call->context, done > 1 ? 1 : done > 0 ? done : 0);
    return OK;
}

static error answered_failure(const json_t *object)
{
    str code = json_get_str(object, "code");
    str message = str_cut_utf8(json_get_str(object, "message"), 250);
    str field = str_cut_utf8(json_get_str(object, "field"), 100);
    char name[101];
    snprintf(name, sizeof name, "%.*s", STR_ARGS(field));
    enum error_code found = ERROR_ENGINE_FAILED;
    for (enum error_code i = ERROR_NONE + 1; i < ERROR_CODE_COUNT; i++)
        if (str_equal_c(code, error_info(i)->name))
            found = i;
    return error_make(found, field.size ? name : NULL, "%.*s", STR_ARGS(message));
}

static error check_time(const struct child_call *call)
{
    if (call->cancelled && atomic_load(call->cancelled))
        return error_of(ERROR_CANCELLED);
    if (call->deadline_us && clock_mono_us() >= call->deadline_us)
        return error_of(ERROR_TIMED_OUT);
    return OK;
}

// Waits for the next frame and its payload.
static error next_frame(const struct talk *talk, struct wire_frame *ret_frame)
{
    for (;;) {
        TRY(check_time(talk->call));
        int wait_ms = LOOK_MS;
        if (talk->call->deadline_us) {
            int64_t left_ms = (talk->call->deadline_us - clock_mono_us()) / 1000 + 1;
            wait_ms = left_ms < 0 ? 0 : left_ms < LOOK_MS ? (int)left_ms : LOOK_MS;
        }
        struct wire_frame frame;
        error failure = wire_receive(talk->child->wire, wait_ms, &frame);
        if (failure.code == ERROR_TIMED_OUT)
            continue;
        TRY(failure);
        TRY(wire_payload(talk->child->wire, talk->block, frame.size));
        *ret_frame = frame;
        return OK;
    }
}

// Serves one frame after another. *ret_answered is set when the op itself answered, with success or failure.
static error serve(const struct talk *talk, json_t **ret_result, bool *ret_answered)
{
    TRY(send_question(talk));
    for (;;) {
        struct wire_frame frame;
        json_t *object;
        TRY(next_frame(talk, &frame));
        switch (frame.type) {
        case WIRE_READ:
        case WIRE_READ_BACK:
            TRY(serve_read(talk, &frame));
            break;
        case WIRE_WRITE:
            TRY(serve_write(talk, &frame));
            break;
        case WIRE_PROGRESS:
            TRY(report_progress(talk, &frame));
            break;
        case WIRE_RESULT:
        case WIRE_FAIL:
            TRY(read_answer(talk, &frame, &object));
            *ret_answered = true;
            if (frame.type == WIRE_FAIL)
                return answered_failure(object);
            *ret_result = object;
            return OK;
        default:
            return misbehaved("said something unknown");
        }
    }
}

static error ask(struct child *child, struct arena *arena, const struct child_call *call, json_t **ret_result)
{
    if (child->ended)
        return error_of(ERROR_ENGINE_CRASHED);
    struct talk talk = { .child = child, .arena = arena, .call = call, .block = malloc(WIRE_PAYLOAD_MAX) };
    ASSERT_MEMORY(talk.block);
    bool answered = false;
    error failure = serve(&talk, ret_result, &answered);
    free(talk.block);
    if (!error_is(failure) || answered)
        return failure;
    if (failure.code == ERROR_ENGINE_CRASHED)
        return crashed(child);
    end(child);
    return failure;
}

error child_ask(struct child *child, struct arena *arena, const struct child_call *call, json_t **ret_result)
{
    SPAN_AUTO struct span span;
    span_begin(&span, SPAN_CLIENT, "engine", str_of(call->op));
    error result = ask(child, arena, call, ret_result);
    span_result(&span, result);
    return result;
}
