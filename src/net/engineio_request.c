// SPDX-License-Identifier: GPL-3.0-or-later
// Which session a request belongs to, or why none.
#include "net/engineio_parts.h"

struct engineio *engineio_at(const struct server *server, str path)
{
    if (path.size > 1 && str_ends(path, STR("/")))
        path = str_sub(path, 0, path.size - 1);
    for (struct engineio *const *engine = server->options.engines; engine && *engine; engine++)
        if (str_equal_c(path, (*engine)->options.path))
            return *engine;
    return NULL;
}

struct plan engineio_plan(const struct engineio *engineio)
{
    return (struct plan) { .lane = LANE_READ, .body_limit = (int64_t)engineio->options.payload_max };
}

static str parameter(const struct exchange *exchange, const char *name)
{
    str rest = exchange->request.query, pair;
    while (rest.size && str_split(&rest, '&', &pair)) {
        ptrdiff_t equals = str_index(pair, '=');
        if (equals >= 0 && str_equal_c(str_sub(pair, 0, (size_t)equals), name))
            return str_sub(pair, (size_t)equals + 1, pair.size);
    }
    return STR_NONE;
}

static void open_session(struct engineio *engineio, struct exchange *exchange, bool websocket)
{
    if (!str_equal_c(exchange->request.method, "GET")) {
        polling_refuse(exchange, BAD_METHOD);
    } else if (websocket != websocket_is_asked(&exchange->request)) {
        polling_refuse(exchange, BAD_REQUEST);
    } else if (!str_equal_c(parameter(exchange, "EIO"), "4")) {
        polling_refuse(exchange, UNSUPPORTED_VERSION);
    } else if (engineio->session_count >= engineio->options.sessions_max || engineio->stopping) {
        polling_refuse(exchange, FORBIDDEN);
    } else {
        struct engineio_session *session = engineio_open(engineio, exchange);
        if (websocket)
            socket_accept(session, exchange, true);
        else
            polling_answer(exchange, engineio_handshake(exchange->arena, session));
    }
}

void engineio_request(struct engineio *engineio, struct exchange *exchange)
{
    engineio_check_timers(engineio);
    str transport = parameter(exchange, "transport"), id = parameter(exchange, "sid");
    bool websocket = str_equal_c(transport, "websocket");
    if (!websocket && !str_equal_c(transport, "polling")) {
        polling_refuse(exchange, UNKNOWN_TRANSPORT);
        return;
    }
    if (!id.data) {
        open_session(engineio, exchange, websocket);
        return;
    }
    struct engineio_session *session = engineio_find(engineio, id);
    if (!session)
        polling_refuse(exchange, UNKNOWN_SESSION);
    else if (websocket != websocket_is_asked(&exchange->request) || (!websocket && session->stage == STAGE_SOCKET))
        polling_refuse(exchange, BAD_REQUEST);
    else if (websocket && session->websocket)
        socket_refuse(exchange);
    else if (websocket)
        socket_accept(session, exchange, false);
    else if (str_equal_c(exchange->request.method, "GET"))
        polling_get(session, exchange);
    else if (str_equal_c(exchange->request.method, "POST"))
        polling_post(session, exchange);
    else
        polling_refuse(exchange, BAD_REQUEST);
}
