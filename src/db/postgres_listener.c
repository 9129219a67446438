// SPDX-License-Identifier: GPL-3.0-or-later
// How one program hears of the commits of others on the same database: LISTEN and NOTIFY on a connection of its own. A
// NOTIFY inside of every change would take a lock of the whole cluster, so one thread sends them, at most every 50 ms.
// Who misses one looks by itself every second. Words between the programs (db_tell) go the same way, as the payload:
// one a line.
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/postgres.h"

static const int64_t NOTIFY_EVERY_US = SECOND_US / 20, TELL_EVERY_US = SECOND_US / 4, AGAIN_US = SECOND_US;
enum {
    PAYLOAD_BYTES_MAX = 7900, // PostgreSQL takes less than 8000
    WORDS_MAX = 1000,         // waiting; while the database is away the newest are dropped
};

// What waits to be told.
struct word {
    struct word *next;
    char *text;
    size_t key_size, size; // the key stands behind the text
};

struct postgres_listener {
    struct postgres_pool *pool;
    pthread_t thread;
    int wake;
    atomic_bool stopping, due;
    pthread_mutex_t lock; // of the three below
    struct word *words, **words_end;
    int word_count;
};

static void wake(struct postgres_listener *listener)
{
    uint64_t one = 1;
    ssize_t written = write(listener->wake, &one, sizeof one); // a full counter wakes as well
    (void)written;
}

// Until something comes on the connection, the thread is woken, or the time is over.
static void wait_for(struct postgres_listener *listener, int fd, int64_t us)
{
    struct pollfd both[2] = { { .fd = listener->wake, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
    uint64_t count;
    if (poll(both, fd < 0 ? 1 : 2, (int)(us / 1000) + 1) > 0 && both[0].revents) {
        ssize_t got = read(listener->wake, &count, sizeof count);
        (void)got;
    }
}

static void hear_words(struct db_pool *pool, str payload)
{
    str text;
    while (str_split(&payload, '\n', &text))
        if (text.size)
            db_pool_told(pool, text);
}

// True when another program has told of a commit.
static bool has_heard(struct db_pool *pool, struct postgres_db *db)
{
    bool heard = false;
    PGnotify *notice;
    db->lost = !PQconsumeInput(db->handle);
    while ((notice = PQnotifies(db->handle))) {
        bool own = notice->be_pid == PQbackendPID(db->handle);
        if (!own && *notice->extra)
            hear_words(pool, str_of(notice->extra));
        heard = heard || (!own && !*notice->extra);
        PQfreemem(notice);
    }
    return heard;
}

static struct word *take_words(struct postgres_listener *listener)
{
    pthread_mutex_lock(&listener->lock);
    struct word *words = TAKE(listener->words);
    listener->words_end = &listener->words;
    listener->word_count = 0;
    pthread_mutex_unlock(&listener->lock);
    return words;
}

static struct word *free_word(struct word *word)
{
    struct word *next = word->next;
    free(word->text);
    free(word);
    return next;
}

static void send_payload(struct postgres_db *db, struct buffer *payload)
{
    buffer_append_byte(payload, 0);
    const char *const values[] = { payload->data };
    PGresult *result = PQexecParams(db->handle, "SELECT pg_notify('kinora', $1)", 1, NULL, values, NULL, NULL, 0);
    db->lost = PQstatus(db->handle) == CONNECTION_BAD;
    PQclear(result); // words that are lost are told anew by those who have a reason to
    buffer_clear(payload);
}

// As many in one notice as it holds.
static void send_words(struct postgres_listener *listener, struct postgres_db *db)
{
    BUFFER_AUTO struct buffer payload = { 0 };
    for (struct word *word = take_words(listener); word; word = free_word(word)) {
        if (payload.size + word->size + 1 > PAYLOAD_BYTES_MAX)
            send_payload(db, &payload);
        buffer_append(&payload, word->text, word->size);
        buffer_append_byte(&payload, '\n');
    }
    if (payload.size)
        send_payload(db, &payload);
}

static bool has_words(struct postgres_listener *listener)
{
    pthread_mutex_lock(&listener->lock);
    bool some = listener->words != NULL;
    pthread_mutex_unlock(&listener->lock);
    return some;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void listen_on(struct postgres_listener *listener, struct postgres_db *db)
{
    int64_t told_us = 0, words_us = 0;
    while (!atomic_load(&listener->stopping) && !db->lost) {
        int64_t now = clock_mono_us(), rest = told_us + NOTIFY_EVERY_US - now,
                words_rest = words_us + TELL_EVERY_US - now;
        bool due = atomic_load(&listener->due);
        if (due && rest <= 0) {
            atomic_store(&listener->due, false); // before it is sent: what is committed meanwhile is told anew
            told_us = now;
            if (error_is(postgres_run(db, "NOTIFY kinora")))
                return;
        }
        bool words = has_words(listener);
        if (words && words_rest <= 0) {
            send_words(listener, db);
            words_us = now;
        }
        int64_t due_us = due && rest > 0 ? rest : AGAIN_US,
                words_due_us = words && words_rest > 0 ? words_rest : AGAIN_US;
        wait_for(listener, PQsocket(db->handle), sooner(due_us, words_due_us));
        if (has_heard(&listener->pool->base, db))
            db_pool_heard(&listener->pool->base);
    }
}

static void *run(void *context)
{
    struct postgres_listener *listener = context;
    for (bool again = false; !atomic_load(&listener->stopping); again = true) {
        struct postgres_db *db = NULL;
        if (!error_is(postgres_connect(listener->pool, POSTGRES_READS, &db))
            && !error_is(postgres_run(db, "LISTEN kinora"))) {
            if (again)
                db_pool_heard(&listener->pool->base); // for all that was missed
            listen_on(listener, db);
        }
        postgres_disconnect(db);
        if (!atomic_load(&listener->stopping))
            wait_for(listener, -1, AGAIN_US);
    }
    return NULL;
}

void postgres_listen(struct db_pool *base, bool on)
{
    struct postgres_pool *pool = (struct postgres_pool *)base;
    struct postgres_listener *listener = pool->listener;
    if (on == (listener != NULL))
        return;
    if (!on) {
        pool->listener = NULL;
        atomic_store(&listener->stopping, true);
        wake(listener);
        pthread_join(listener->thread, NULL);
        close(listener->wake);
        for (struct word *word = listener->words; word;)
            word = free_word(word);
        pthread_mutex_destroy(&listener->lock);
        free(listener);
        return;
    }
    listener = calloc(1, sizeof *listener);
    ASSERT_MEMORY(listener);
    listener->pool = pool;
    pthread_mutex_init(&listener->lock, NULL);
    listener->words_end = &listener->words;
    listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener->wake < 0 || pthread_create(&listener->thread, NULL, run, listener)) {
        if (listener->wake >= 0)
            close(listener->wake);
        pthread_mutex_destroy(&listener->lock);
        free(listener); // the look every second has to do
        return;
    }
    pool->listener = listener;
}

void postgres_notify(struct db_pool *base)
{
    struct postgres_listener *listener = ((struct postgres_pool *)base)->listener;
    if (listener && !atomic_exchange(&listener->due, true))
        wake(listener);
}

static bool is_about(const struct word *word, str key)
{
    return str_equal(key, (str) { word->text + word->size, word->key_size });
}

void postgres_tell(struct db_pool *base, str key, str text)
{
    struct postgres_listener *listener = ((struct postgres_pool *)base)->listener;
    if (!listener)
        return;
    pthread_mutex_lock(&listener->lock);
    struct word *word = listener->words;
    while (word && !is_about(word, key))
        word = word->next;
    if (!word && listener->word_count < WORDS_MAX) {
        word = calloc(1, sizeof *word);
        ASSERT_MEMORY(word);
        *listener->words_end = word;
        listener->words_end = &word->next;
        listener->word_count++;
    }
    if (word) {
        free(word->text);
        word->text = malloc(text.size + key.size);
        ASSERT_MEMORY(word->text);
        memcpy(word->text, text.data, text.size);
        memcpy(word->text + text.size, key.data, key.size);
        word->size = text.size;
        word->key_size = key.size;
    }
    pthread_mutex_unlock(&listener->lock);
    wake(listener);
}
