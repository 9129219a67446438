// SPDX-License-Identifier: GPL-3.0-or-later
// Routes: each call of the HTTP interface is declared once, in a `static const` table of the file that answers it.
// Router, validation, access, encoding and the API documents all follow from the entry. To add one: an entry and its
// handler; a new file also takes a line in route_list.c.
#pragma once

#include "api/app.h"
#include "base/shape.h"
#include "base/span.h"
#include "domain/warnings.h"
#include "net/server.h"

enum face { FACE_PLAIN, FACE_ENVELOPE, FACE_DETAIL, FACE_OPENAI };
enum access { ACCESS_PUBLIC, ACCESS_OPTIONAL /* a token counts but is not needed */, ACCESS_USER, ACCESS_SUPERUSER };
enum body_kind {
    BODY_NONE,
    BODY_JSON,
    BODY_FORM,   // urlencoded or multipart
    BODY_UPLOAD, // multipart, streamed
    BODY_RAW,    // bytes, streamed
    BODY_TEXT,   // a small text file, as it is or in a multipart form
};

enum slow { SLOW_NOT, SLOW_PASSWORDS, SLOW_VOICES };
_Static_assert((int)SLOW_VOICES == SLOW_GROUPS, "each has threads of its own");

struct api_call;

struct route {
    const char *method, *path; // "/api/v1/layers/{layerId}"
    const char *tag, *summary;
    enum face face;
    enum access access;
    enum lane lane;
    enum body_kind body_kind;
    const struct shape *path_in, *query_in, *body_in;
    const struct shape *headers_in; // that the route takes beyond the usual ones
    const struct shape *output;     // of the answer (of `data` in the envelope); NULL: none
    bool output_list;               // the answer is a list of them
    int status;                     // of success; 0: 200
    int job_status;                 // of success when a job does the work instead; 0: never
    const char *message;            // envelope: "Layer added successfully"
    const enum error_code *errors;  // its own, beyond those that follow from access and input; ends with ERROR_NONE
    const char *resource;           // of changes: path of the GET whose ETag If-Match names; NULL: of the same path
    const char *answer_type;        // of streams: "text/event-stream"; NULL: JSON
    bool without_database;          // of reads: answered also while the database is away
    enum slow slow;                 // its prepare computes for long: it waits for a thread of these (net/server.h)
    const char *audit;              // "member.add": what the audit log calls it; NULL: it is not written down
    const char *audit_object;       // "video": what it is done to, by call->subject or the first of the path
    // First of all, before anybody is asked who they are: adds headers that every answer has, may refuse. May be NULL.
    error (*begin)(struct api_call *call);
    // Handler thread, before the change: slow or blocking work (argon2, probing). May be NULL.
    error (*prepare)(struct api_call *call);
    // LANE_READ: handler thread. LANE_WRITE: inside a change. LANE_STREAM: stream thread; it has taken over the
    // exchange when it returns OK.
    error (*handle)(struct api_call *call);
};
#define ERRORS(...) ((const enum error_code[]) { __VA_ARGS__, ERROR_NONE })

struct route_group {
    const struct route *routes;
    size_t count;
};
extern const struct route_group *const route_groups[]; // ends with NULL; in route_list.c
#define ROUTE_GROUP(table)                                                                                             \
    {                                                                                                                  \
        table, sizeof(table) / sizeof *(table)                                                                         \
    }

struct api_call {
    struct scope scope;
    struct app *app;
    struct worker *worker;
    const struct route *route;
    struct exchange *exchange;           // NULL: it came over a socket
    struct span *span;                   // of this request; NULL: it is not traced
    void *path, *query, *body, *headers; // structs of the route's shapes
    json_t *json;                        // the body as it came
    str text;                            // of BODY_TEXT: the file
    void *output; // zeroed struct of the output shape (struct list when output_list) to be filled
    struct warnings warnings;
    struct problems problems;
    int status;                               // of success; the handler may change it
    const char *message;                      // the same
    void *prepared;                           // what prepare left for handle
    error (*changing)(struct api_call *call); // what route_change runs
    void (*undo)(struct api_call *call);      // runs when the change did not last; may be NULL
    void (*lasted)(struct api_call *call);    // runs when it did, before the answer; may be NULL
    void (*deliver)(struct api_call *call);   // instead of an HTTP answer, once; NULL: exchange_answer
    struct buffer answer;
    str subject;             // for the audit log: the id of what it is about, where the path does not say
    str audit_detail;        // the same: names of what was changed or who else it is about
    str audit_login;         // of a sign-in: who it says to be
    unsigned epoch;          // of the database, when it was asked
    bool repeated;           // it is the one of an earlier request
    int overtaken;           // 1: the same request has ended between this one's look and its end; 2: so it runs again
    const char *answer_type; // set by a handler that wrote `answer` itself: its media type; NULL: the face writes it
};

// Runs for every request (server_app.plan, .handle, .refuse): finds the route, checks access and input, calls the
// handler, renders the answer in the route's face.
struct plan route_plan(void *context, const struct http_request *request);
void route_handle(void *context, struct exchange *exchange, void *worker);
void route_refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type);
// Builds the router; a duplicate or shadowed route is CONFLICT and stops the start.
MUST_USE error route_init(struct app *app);
void route_done(struct app *app);
// Every error that a route can answer: its own and those that follow from access, input and lane.
size_t route_errors(const struct route *route, enum error_code *ret_codes, size_t room);
// An answer of LANE_READ that is sent while `prepare` makes it, with exchange_body_write: begins it with the call's
// status and answer_type. Its end comes with the call's.
void route_begin_body(struct api_call *call);
// Ends a call that a stream handler took over: renders call->output or the error and answers. Any thread, once.
void route_finish(struct api_call *call, error result);
// A call of a LANE_WRITE route that came another way: checks and runs it like a request whose path, body and actor the
// caller has filled in. call->deliver gets the answer, on any thread.
void route_run(struct api_call *call);
// Runs `changing` in a change, renders its result inside of it and answers after the COMMIT. Does not wait for it.
void route_change(struct api_call *call, error (*changing)(struct api_call *call));
