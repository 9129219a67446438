// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/metric.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

// Limits: a label's value (kinds of jobs and codes of errors are shorter), and the pairs of values of one metric
// (methods and statuses that occur together are some forty; whoever invents methods must not fill the memory).
enum { LABEL_MAX = 40, SERIES_MAX = 64, BUCKETS_MAX = 17 };

struct info {
    const char *exposed;
    enum metric_kind kind;
    const char *labels[2];
    const char *doc;
};
#define METRIC(name, exposed, kind, first, second, doc) { exposed, METRIC_##kind, { first, second }, doc },
static const struct info list[METRIC_COUNT] = {
#include "base/metric_list.h"
};
#undef METRIC

static const int64_t seconds_buckets[] = { 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
    10000000, 30000000, 60000000, 300000000, 1800000000, 7200000000 };
static const int64_t ratio_buckets[] = { 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
    10000000 };
_Static_assert(sizeof seconds_buckets / sizeof *seconds_buckets < BUCKETS_MAX, "the last one is for what is larger");

struct series {
    char labels[2][LABEL_MAX];
    atomic_int_fast64_t value; // of a histogram: the sum
    atomic_int_fast64_t buckets[BUCKETS_MAX];
};

// A series is complete before `count` tells of it, and stays.
static struct table {
    pthread_mutex_t lock; // of adding one
    atomic_size_t count;
    struct series series[SERIES_MAX];
} tables[METRIC_COUNT] = { [0 ... METRIC_COUNT - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };

static bool is_histogram(const struct info *info)
{
    return info->kind == METRIC_SECONDS || info->kind == METRIC_RATIO;
}

static size_t buckets_of(const struct info *info, const int64_t **ret_buckets)
{
    bool seconds = info->kind == METRIC_SECONDS;
    *ret_buckets = seconds ? seconds_buckets : ratio_buckets;
    return seconds ? sizeof seconds_buckets / sizeof *seconds_buckets : sizeof ratio_buckets / sizeof *ratio_buckets;
}

static struct series *look(struct table *table, str first, str second)
{
    size_t count = atomic_load_explicit(&table->count, memory_order_acquire);
    for (struct series *series = table->series; series < table->series + count; series++)
        if (str_equal_c(first, series->labels[0]) && str_equal_c(second, series->labels[1]))
            return series;
    return NULL;
}

static struct series *add(struct table *table, str first, str second)
{
    pthread_mutex_lock(&table->lock);
    struct series *series = look(table, first, second);
    size_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
    if (!series && count == SERIES_MAX) {
        series = &table->series[SERIES_MAX - 1];
    } else if (!series) {
        series = &table->series[count];
        bool last = count == SERIES_MAX - 1;
        snprintf(series->labels[0], LABEL_MAX, "%.*s", STR_ARGS(last ? STR("other") : first));
        snprintf(series->labels[1], LABEL_MAX, "%.*s", STR_ARGS(last && second.size ? STR("other") : second));
        atomic_store_explicit(&table->count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&table->lock);
    return series;
}

static struct series *find(enum metric_id id, str first, str second)
{
    struct table *table = &tables[id];
    ASSERT(id < METRIC_COUNT && !first.data == !list[id].labels[0] && !second.data == !list[id].labels[1]);
    first = first.data ? str_cut_utf8(first, LABEL_MAX - 1) : STR("");
    second = second.data ? str_cut_utf8(second, LABEL_MAX - 1) : STR("");
    struct series *series = look(table, first, second);
    return series ? series : add(table, first, second);
}

void metric_add(enum metric_id id, int64_t amount, str first, str second)
{
    atomic_fetch_add_explicit(&find(id, first, second)->value, amount, memory_order_relaxed);
}

void metric_set(enum metric_id id, int64_t value, str first, str second)
{
    atomic_store_explicit(&find(id, first, second)->value, value, memory_order_relaxed);
}

void metric_observe(enum metric_id id, int64_t value, str first, str second)
{
    const int64_t *limits;
    size_t count = buckets_of(&list[id], &limits), at = 0;
    ASSERT(is_histogram(&list[id]));
    struct series *series = find(id, first, second);
    if (value < 0) // a clock was set back, or another machine's goes ahead
        value = 0;
    while (at < count && value > limits[at])
        at++;
    atomic_fetch_add_explicit(&series->value, value, memory_order_relaxed);
    atomic_fetch_add_explicit(&series->buckets[at], 1, memory_order_relaxed);
}

void metric_clear(enum metric_id id)
{
    struct table *table = &tables[id];
    size_t count = atomic_load_explicit(&table->count, memory_order_acquire);
    for (size_t i = 0; i < count; i++)
        atomic_store_explicit(&table->series[i].value, 0, memory_order_relaxed);
}

// Backslash, quote and line break are escaped; what is not UTF-8 has no place in the format.
static void write_label(struct buffer *out, const char *name, const char *value, bool first)
{
    buffer_format(out, "%s%s=\"", first ? "" : ",", name);
    if (!str_is_utf8(str_of(value)))
        value = "other";
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            buffer_append_byte(out, '\\');
        buffer_append_str(out, *value == '\n' ? STR("\\n") : (str) { value, 1 });
    }
    buffer_append_byte(out, '"');
}

// `limit` (may be NULL) is the upper end of a histogram's bucket.
static void write_head(
    struct buffer *out, const struct info *info, const char *ending, const struct series *series, const char *limit)
{
    buffer_format(out, "%s%s", info->exposed, ending);
    if (info->labels[0] || limit)
        buffer_append_byte(out, '{');
    for (int i = 0; i < 2 && info->labels[i]; i++)
        write_label(out, info->labels[i], series->labels[i], i == 0);
    if (limit)
        write_label(out, "le", limit, !info->labels[0]);
    if (info->labels[0] || limit)
        buffer_append_byte(out, '}');
    buffer_append_byte(out, ' ');
}

static void write_millionths(char text[static 32], int64_t value)
{
    int size = snprintf(text, 32, "%s%lld.%06lld", value < 0 ? "-" : "",
        (long long)(value < 0 ? -value : value) / 1000000, (long long)(value < 0 ? -value : value) % 1000000);
    while (text[size - 1] == '0')
        text[--size] = 0;
    if (text[size - 1] == '.')
        text[size - 1] = 0;
}

static void write_histogram(struct buffer *out, const struct info *info, const struct series *series)
{
    const int64_t *limits;
    size_t count = buckets_of(info, &limits);
    int64_t total = 0;
    char text[32];
    for (size_t i = 0; i <= count; i++) {
        if (i < count)
            write_millionths(text, limits[i]);
        total += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
        write_head(out, info, "_bucket", series, i < count ? text : "+Inf");
        buffer_format(out, "%lld\n", (long long)total);
    }
    write_millionths(text, atomic_load_explicit(&series->value, memory_order_relaxed));
    write_head(out, info, "_sum", series, NULL);
    buffer_format(out, "%s\n", text);
    write_head(out, info, "_count", series, NULL);
    buffer_format(out, "%lld\n", (long long)total);
}

static void write_value(struct buffer *out, const struct info *info, const struct series *series)
{
    int64_t value = atomic_load_explicit(&series->value, memory_order_relaxed);
    char text[32];
    if (info->kind == METRIC_COUNTER_US || info->kind == METRIC_GAUGE_US)
        write_millionths(text, value);
    else
        snprintf(text, sizeof text, "%lld", (long long)value);
    write_head(out, info, "", series, NULL);
    buffer_format(out, "%s\n", text);
}

void metric_write(struct buffer *out)
{
    static const char *const types[] = { "counter", "gauge", "counter", "gauge", "histogram", "histogram" };
    for (int id = 0; id < METRIC_COUNT; id++) {
        const struct info *info = &list[id];
        if (!info->labels[0]) // shows from the start
            (void)find((enum metric_id)id, STR_NONE, STR_NONE);
        buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", info->exposed, info->doc, info->exposed, types[info->kind]);
        size_t count = atomic_load_explicit(&tables[id].count, memory_order_acquire);
        for (size_t i = 0; i < count; i++) {
            if (is_histogram(info))
                write_histogram(out, info, &tables[id].series[i]);
            else
                write_value(out, info, &tables[id].series[i]);
        }
    }
}
