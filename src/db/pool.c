// SPDX-License-Identifier: GPL-3.0-or-later
// What both databases share: choosing the driver, connections, changes, the hook after a commit.
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "db/driver.h"

// A change that starts another one would wait for itself; these two find that in the thread that does it.
static _Thread_local bool thread_in_change;
static _Thread_local bool thread_is_writer;

error db_open(const struct db_options *options, struct db_pool **ret_pool)
{
    str url = str_of(options->url);
    if (str_starts(url, STR("sqlite://")))
        return db_sqlite_driver.open(options->url, ret_pool);
    if (str_starts(url, STR("postgresql://")) || str_starts(url, STR("postgres://")))
        return db_postgres_driver.open(options->url, ret_pool);
    return error_make(
        ERROR_VALIDATION_ERROR, "database_url", "The database URL starts with sqlite:// or postgresql://");
}

void db_close(struct db_pool *pool)
{
    if (pool)
        pool->driver->close(pool);
}

enum db_kind db_pool_kind(const struct db_pool *pool)
{
    return pool->driver->kind;
}

error db_connect(struct db_pool *pool, struct db **ret_db)
{
    return pool->driver->connect(pool, ret_db);
}

error db_connect_thread(struct db_pool *pool, struct db **ret_db)
{
    return pool->driver->connect_thread(pool, ret_db);
}

void db_disconnect(struct db *db)
{
    if (db)
        db->pool->driver->disconnect(db);
}

void db_pool_init(struct db_pool *pool, const struct db_driver *driver)
{
    pool->driver = driver;
    pthread_mutex_init(&pool->hook_lock, NULL);
    pthread_mutex_init(&pool->told_lock, NULL);
}

void db_pool_done(struct db_pool *pool)
{
    pthread_mutex_destroy(&pool->hook_lock);
    pthread_mutex_destroy(&pool->told_lock);
}

void db_on_commit(struct db_pool *pool, void (*hook)(void *context), void *context)
{
    if (hook && pool->driver->listen)
        pool->driver->listen(pool, true);
    pthread_mutex_lock(&pool->hook_lock);
    pool->hook = hook;
    pool->hook_context = context;
    pthread_mutex_unlock(&pool->hook_lock);
    if (!hook && pool->driver->listen) // no commit tells it any more
        pool->driver->listen(pool, false);
}

void db_pool_committed(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->hook_lock);
    if (pool->hook)
        pool->hook(pool->hook_context);
    if (pool->hook && pool->driver->notify)
        pool->driver->notify(pool);
    pthread_mutex_unlock(&pool->hook_lock);
}

void db_pool_heard(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->hook_lock);
    if (pool->hook)
        pool->hook(pool->hook_context);
    pthread_mutex_unlock(&pool->hook_lock);
}

void db_on_told(struct db_pool *pool, void (*hook)(void *context, str text), void *context)
{
    pthread_mutex_lock(&pool->told_lock);
    pool->told = hook;
    pool->told_context = context;
    pthread_mutex_unlock(&pool->told_lock);
}

void db_pool_told(struct db_pool *pool, str text)
{
    pthread_mutex_lock(&pool->told_lock);
    if (pool->told)
        pool->told(pool->told_context, text);
    pthread_mutex_unlock(&pool->told_lock);
}

void db_tell(struct db_pool *pool, str key, str text)
{
    if (!pool->driver->tell || text.size > DB_WORD_BYTES_MAX || str_index(text, '\n') >= 0)
        return;
    pthread_mutex_lock(&pool->hook_lock); // the listener lasts as long as the hook
    if (pool->hook)
        pool->driver->tell(pool, key, text);
    pthread_mutex_unlock(&pool->hook_lock);
}

void db_error_keep(struct db_kept_error *kept, error e)
{
    kept->code = e.code;
    kept->has_field = e.field != NULL;
    str field = str_cut_utf8(str_of(e.field ? e.field : ""), sizeof kept->field - 1);
    str message = str_cut_utf8(str_of(e.message ? e.message : ""), sizeof kept->message - 1);
    memcpy(kept->field, field.data, field.size);
    kept->field[field.size] = 0;
    memcpy(kept->message, message.data, message.size);
    kept->message[message.size] = 0;
}

error db_error_kept(const struct db_kept_error *kept)
{
    if (kept->code == ERROR_NONE)
        return OK;
    return (error) { .code = kept->code, .field = kept->has_field ? kept->field : NULL, .message = kept->message };
}

error db_conflict(enum db_broken broken, const char *field)
{
    static const char *const sentences[] = {
        [DB_BROKEN_UNIQUE] = "A value that may occur only once is there already",
        [DB_BROKEN_REFERENCE] = "Something that this refers to does not exist, or is referred to",
        [DB_BROKEN_NOT_NULL] = "A value is missing",
        [DB_BROKEN_CHECK] = "A value is not allowed",
    };
    return error_make(ERROR_CONFLICT, field, "%s", sentences[broken]);
}

// Changing ----------------------------------------------------------------------------------------

error db_change_run(struct db *db, db_change change, void *context)
{
    db->in_change = true;
    thread_in_change = true;
    error result = change(db, context);
    thread_in_change = false;
    db->in_change = false;
    return result;
}

void db_thread_is_writer(void)
{
    thread_is_writer = true;
}

error db_write_async(struct db_pool *pool, db_change change, void (*done)(void *context, error result), void *context)
{
    ASSERT(!thread_in_change);
    return pool->driver->write(pool, DB_SERIALIZABLE, change, done, context);
}

struct waiting {
    db_change change;
    void *context;
    struct span_place place; // of the thread that waits
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool done;
    struct db_kept_error result;
};

static error waiting_change(struct db *db, void *context)
{
    struct waiting *waiting = context;
    struct span_place before = span_move(waiting->place);
    error result = waiting->change(db, waiting->context);
    span_leave(before);
    return result;
}

static void waiting_done(void *context, error result)
{
    struct waiting *waiting = context;
    pthread_mutex_lock(&waiting->lock);
    db_error_keep(&waiting->result, result);
    waiting->done = true;
    // Under the lock: the waiter's frame, this condition with it, may be gone as soon as it is released.
    pthread_cond_signal(&waiting->ready);
    pthread_mutex_unlock(&waiting->lock);
}

static error write_and_wait(struct db_pool *pool, enum db_isolation isolation, db_change change, void *context)
{
    ASSERT(!thread_is_writer && !thread_in_change);
    struct waiting waiting = { .change = change, .context = context, .place = span_here() };
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.ready, NULL);
    error queued = pool->driver->write(pool, isolation, waiting_change, waiting_done, &waiting);
    if (!error_is(queued)) {
        pthread_mutex_lock(&waiting.lock);
        while (!waiting.done)
            pthread_cond_wait(&waiting.ready, &waiting.lock);
        pthread_mutex_unlock(&waiting.lock);
    }
    pthread_cond_destroy(&waiting.ready);
    pthread_mutex_destroy(&waiting.lock);
    TRY(queued);
    error result = db_error_kept(&waiting.result);
    // The texts move from this frame into the ring of the calling thread.
    return error_is(result) ? error_make(result.code, result.field, "%s", result.message) : OK;
}

error db_write(struct db_pool *pool, db_change change, void *context)
{
    return write_and_wait(pool, DB_SERIALIZABLE, change, context);
}

error db_shut_others(struct db_pool *pool, struct db **ret_gate)
{
    *ret_gate = NULL;
    return pool->driver->shut ? pool->driver->shut(pool, ret_gate) : OK;
}

void db_let_others(struct db_pool *pool, struct db *gate)
{
    if (gate)
        pool->driver->let(pool, gate);
}

error db_write_loose(struct db_pool *pool, db_change change, void *context)
{
    return write_and_wait(pool, DB_COMMITTED, change, context);
}

error db_copy_file(struct db_pool *pool, const char *path)
{
    ASSERT(pool->driver->copy_file);
    return pool->driver->copy_file(pool, path);
}
