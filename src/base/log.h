// SPDX-License-Identifier: GPL-3.0-or-later
// The log: JSON lines as document 004 shows them, or readable lines on a terminal. Never secrets, never
// content. Only api, work, net's loop and cmd call it; everything below returns errors.
#pragma once

#include "base/error.h"

enum log_severity { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

// 16 and 8 random bytes in hexadecimal (W3C Trace Context); empty strings where there is none.
struct trace {
    char trace_id[33], span_id[17];
};
void trace_new(struct trace *ret_trace);

struct log_attribute {
    const char *name;
    str text; // when it has data
    double number;
};
#define LOG_TEXT(key, value) ((struct log_attribute) { .name = (key), .text = (value) })
#define LOG_NUMBER(key, value) ((struct log_attribute) { .name = (key), .number = (double)(value) })

// `json`: JSON lines, else readable. Lines go to standard error.
void log_open(bool json, enum log_severity least);
void log_write(enum log_severity severity, const struct trace *trace, const char *operation,
    const struct log_attribute *attributes, size_t count, const char *message);
// log_event(LOG_INFO, NULL, "serve", "Listening", LOG_TEXT("address", address));
#define log_event(severity, trace, operation, message, ...)                                                            \
    log_write((severity), (trace), (operation), (struct log_attribute[]) { { 0 }, ##__VA_ARGS__ } + 1,                 \
        sizeof((struct log_attribute[]) { { 0 }, ##__VA_ARGS__ }) / sizeof(struct log_attribute) - 1, (message))
