// SPDX-License-Identifier: GPL-3.0-or-later
// The HTTP side of test servers that have nothing but sockets: nothing is found.
#pragma once

#include "net/server.h"

static inline struct plan plan(void *context, const struct http_request *request)
{
    (void)context;
    (void)request;
    return (struct plan) { .lane = LANE_READ };
}

static inline void handle(void *context, struct exchange *exchange, void *worker)
{
    (void)context;
    (void)worker;
    struct buffer none = { 0 };
    exchange_answer(exchange, 404, &none);
}

static inline void refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type)
{
    (void)context;
    (void)request;
    (void)status;
    buffer_append_c(body, why.message);
    *ret_type = STR("text/plain");
}
