// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"

static bool as_json;
static enum log_severity least_severity = LOG_INFO;

static void hex_write(char *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = 0;
}

void trace_new(struct trace *ret_trace)
{
    unsigned char bytes[24];
    id_random(bytes, sizeof bytes);
    hex_write(ret_trace->trace_id, bytes, 16);
    hex_write(ret_trace->span_id, bytes + 16, 8);
}

void log_open(bool json, enum log_severity least)
{
    as_json = json;
    least_severity = least;
}

static const char *const severities[] = { "DEBUG", "INFO", "WARN", "ERROR" };

static void write_json(struct buffer *line, enum log_severity severity, const struct trace *trace,
    const char *operation, const struct log_attribute *attributes, size_t count, const char *message)
{
    struct json_out out = { .buffer = line };
    char now[32];
    clock_write(now, clock_now_us(), true);
    json_object_begin(&out);
    json_key(&out, "timestamp");
    json_put_str(&out, str_of(now));
    json_key(&out, "severity");
    json_put_str(&out, str_of(severities[severity]));
    json_key(&out, "service");
    json_put_str(&out, STR("kinora"));
    json_key(&out, "trace_id");
    json_put_str(&out, str_of(trace ? trace->trace_id : ""));
    json_key(&out, "span_id");
    json_put_str(&out, str_of(trace ? trace->span_id : ""));
    json_key(&out, "attributes");
    json_object_begin(&out);
    json_key(&out, "operation");
    json_put_str(&out, str_of(operation));
    for (size_t i = 0; i < count; i++) {
        json_key(&out, attributes[i].name);
        if (attributes[i].text.data)
            json_put_str(&out, attributes[i].text);
        else
            json_put_number(&out, attributes[i].number);
    }
    json_object_end(&out);
    json_key(&out, "message");
    json_put_str(&out, str_of(message));
    json_object_end(&out);
    buffer_append_byte(line, '\n');
}

static void write_readable(struct buffer *line, enum log_severity severity, const char *operation,
    const struct log_attribute *attributes, size_t count, const char *message)
{
    char now[32];
    clock_write(now, clock_now_us(), false);
    buffer_format(line, "%.8s %-5s %s: %s", now + 11, severities[severity], operation, message);
    for (size_t i = 0; i < count; i++) {
        if (attributes[i].text.data)
            buffer_format(line, " %s=%.*s", attributes[i].name, STR_ARGS(attributes[i].text));
        else
            buffer_format(line, " %s=%g", attributes[i].name, attributes[i].number);
    }
    for (size_t i = 0; i < line->size; i++)
        if ((unsigned char)line->data[i] < 0x20)
            line->data[i] = ' ';
    buffer_append_byte(line, '\n');
}

void log_write(enum log_severity severity, const struct trace *trace, const char *operation,
    const struct log_attribute *attributes, size_t count, const char *message)
{
    if (severity < least_severity)
        return;
    BUFFER_AUTO struct buffer line = { .limit = 16384 };
    if (as_json)
        write_json(&line, severity, trace, operation, attributes, count, message);
    else
        write_readable(&line, severity, operation, attributes, count, message);
    ssize_t written = write(STDERR_FILENO, line.data, line.size);
    (void)written; // nobody is left to tell
}
