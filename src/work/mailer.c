// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/mailer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/password_reset.h"
#include "net/mail.h"

static const int64_t LOOK_US = SECOND_US / 2;
static const size_t MEMORY_MAX = 1 << 20;

struct mailer {
    struct db_pool *db;
    struct blob_store *blobs;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
};

struct task {
    struct scope scope;
    struct reset_request request;
    struct user user;
    str token;
    bool found, sent;
};

static error make_token(struct db *db, void *context)
{
    struct task *task = context;
    struct scope scope = task->scope;
    scope.db = db;
    return password_reset_token(&scope, &task->request, &task->user, &task->token, &task->found);
}

static error settle(struct db *db, void *context)
{
    struct task *task = context;
    struct scope scope = task->scope;
    scope.db = db;
    return password_reset_settle(&scope, &task->request, task->sent);
}

// The web page as people reach it.
static str origin(struct arena *arena)
{
    str url = str_of(SETTING_NOW(public_url));
    while (url.size && url.data[url.size - 1] == '/')
        url = str_sub(url, 0, url.size - 1);
    return url.size ? url
                    : str_format(arena, "%s://%s", settings_has(settings.tls_cert) ? "https" : "http", settings.listen);
}

static str sender(struct arena *arena)
{
    str from = str_of(SETTING_NOW(smtp_from));
    char host[256] = "localhost";
    (void)gethostname(host, sizeof host - 1);
    return from.size ? from : str_format(arena, "kinora@%s", host);
}

static struct mail write_mail(const struct task *task)
{
    struct arena *arena = task->scope.arena;
    str link = str_format(arena, "%.*s/#/reset-password?token=%.*s", STR_ARGS(origin(arena)), STR_ARGS(task->token));
    str text = str_format(arena,
        "Hello,\n\nsomebody, hopefully you, asked for a new password for your account on Kinora.\n\n"
        "Choose one here within 30 minutes:\n%.*s\n\nOr give this token where you are asked for it:\n%.*s\n\n"
        "If it was not you, do nothing: your password stays as it is.\n",
        STR_ARGS(link), STR_ARGS(task->token));
    str html = str_format(arena,
        "<!doctype html><html lang=\"en\"><body style=\"font-family: sans-serif\"><p>Hello,</p>"
        "<p>somebody, hopefully you, asked for a new password for your account on Kinora.</p>"
        "<p><a href=\"%.*s\">Choose a new password</a> within 30 minutes, or give this token where you are asked for "
        "it:</p><p><code>%.*s</code></p><p>If it was not you, do nothing: your password stays as it "
        "is.</p></body></html>",
        STR_ARGS(link), STR_ARGS(task->token));
    return (struct mail) { sender(arena), task->user.email, STR("A new password for Kinora"), text, html };
}

// Without a mail server, where the administrator finds it; the log tells of the file, not of what stands in it.
static error put_into_outbox(struct arena *arena, const struct mail *mail)
{
    str message;
    char id[37];
    const char *folder = str_format(arena, "%s/outbox", settings.data).data;
    id_write(id);
    const char *path = str_format(arena, "%s/%s.eml", folder, id).data;
    TRY(mail_write(arena, mail, &message));
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return error_system("make the folder", "outbox", errno);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, message.data, message.size) == (ssize_t)message.size;
    error result = good ? OK : error_system("write", "a mail", errno);
    if (fd >= 0)
        close(fd);
    if (good)
        log_event(LOG_WARN, NULL, "mail", "No mail server is set (KINORA_SMTP_URL), so a mail was put into the outbox",
            LOG_TEXT("subject", mail->subject), LOG_TEXT("file", str_of(path)));
    return result;
}

static error send(struct task *task)
{
    struct mail mail = write_mail(task);
    const char *url = SETTING_NOW(smtp_url);
    return settings_has(url) ? mail_send(task->scope.arena, url, &mail) : put_into_outbox(task->scope.arena, &mail);
}

static error answer_next(struct mailer *mailer, struct arena *arena, struct db *db, bool *ret_found)
{
    struct task task = { .scope = { .arena = arena, .db = db, .blobs = mailer->blobs } };
    TRY(password_reset_next(&task.scope, &task.request, ret_found));
    if (!*ret_found)
        return OK;
    TRY(db_write(mailer->db, make_token, &task));
    error result = task.found ? send(&task) : OK;
    if (error_is(result))
        log_event(LOG_ERROR, NULL, "mail", "A mail could not be sent; it will be tried again",
            LOG_TEXT("reason", str_of(result.message)));
    task.sent = !error_is(result);
    return db_write(mailer->db, settle, &task);
}

static bool sleep_well(struct mailer *mailer)
{
    int64_t until = clock_mono_us() + LOOK_US;
    struct timespec time = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
    pthread_mutex_lock(&mailer->lock);
    int result = 0;
    while (!mailer->stopping && !result)
        result = pthread_cond_timedwait(&mailer->stop, &mailer->lock, &time);
    bool stopping = mailer->stopping;
    pthread_mutex_unlock(&mailer->lock);
    return !stopping;
}

// A database that is away is waited for; the runner tells of it.
static void *run(void *context)
{
    struct mailer *mailer = context;
    struct arena *arena = arena_new(MEMORY_MAX);
    struct db *db = NULL;
    while (sleep_well(mailer)) {
        bool found = false;
        error result = db ? OK : db_connect(mailer->db, &db);
        if (!error_is(result))
            result = answer_next(mailer, arena, db, &found);
        (void)error_is(result);
        arena_reset(arena);
    }
    db_disconnect(db);
    arena_free(arena);
    return NULL;
}

void mailer_start(struct db_pool *db, struct blob_store *blobs, struct mailer **ret_mailer)
{
    struct mailer *mailer = calloc(1, sizeof *mailer);
    pthread_condattr_t monotonic;
    ASSERT_MEMORY(mailer);
    mailer->db = db;
    mailer->blobs = blobs;
    pthread_mutex_init(&mailer->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&mailer->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ASSERT_MEMORY(!pthread_create(&mailer->thread, NULL, run, mailer));
    *ret_mailer = mailer;
}

void mailer_stop(struct mailer *mailer)
{
    if (!mailer)
        return;
    pthread_mutex_lock(&mailer->lock);
    mailer->stopping = true;
    pthread_cond_signal(&mailer->stop);
    pthread_mutex_unlock(&mailer->lock);
    pthread_join(mailer->thread, NULL);
    pthread_mutex_destroy(&mailer->lock);
    pthread_cond_destroy(&mailer->stop);
    free(mailer);
}
