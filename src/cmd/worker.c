// SPDX-License-Identifier: GPL-3.0-or-later
// kinora worker: only the job runner, for further machines that share a PostgreSQL database and an object store.
#include <stdio.h>
#include <unistd.h>

#include "api/relay.h"
#include "base/log.h"
#include "base/settings.h"
#include "cmd/commands.h"
#include "cmd/data_folder.h"
#include "cmd/service.h"
#include "cmd/tracing.h"
#include "cmd/worker_status.h"
#include "net/child.h"

struct station {
    struct stores stores;
    struct zygote *plain;
    struct service_workers workers;
    struct hub *hub; // nobody listens here: it is told to the servers
    struct otlp *otlp;
    struct worker_status *status;
    int lock;
};

static void committed(void *context)
{
    struct station *station = context;
    service_workers_wake(&station->workers);
}

static error start(struct arena *arena, struct station *station)
{
    const char *engine;
    if (str_starts(str_of(data_folder_database(arena)), STR("sqlite:")))
        return error_make(ERROR_USAGE, "database_url",
            "A worker needs the PostgreSQL database of its servers: give --database-url postgresql://...");
    TRY(data_folder_lock(arena, &station->lock));
    TRY(tracing_start(arena, &station->otlp));
    TRY(service_open(arena, &station->stores));
    TRY(engine_path(arena, &engine));
    TRY(zygote_start(engine, ZYGOTE_PLAIN, &station->plain));
    station->hub = hub_new();
    relay_progress(station->hub, station->stores.db);
    TRY(service_workers_start(arena, &station->stores, station->plain, station->hub, &station->workers));
    db_on_commit(station->stores.db, committed, station);
    return worker_status_start(&station->stores, &station->workers, &station->status);
}

static void stop(struct station *station)
{
    if (station->stores.db)
        db_on_commit(station->stores.db, NULL, NULL);
    service_workers_stop(&station->workers);
    hub_free(station->hub);
    worker_status_stop(station->status); // tells until the end that it takes nothing more
    if (station->plain)
        zygote_stop(station->plain);
    service_close(&station->stores);
    otlp_stop(station->otlp);
    if (station->lock >= 0)
        close(station->lock);
}

static error run(const struct call *call)
{
    struct station station = { .lock = -1 };
    service_begin();
    error result = start(call->arena, &station);
    if (!error_is(result)) {
        log_event(LOG_INFO, NULL, "worker", "Ready");
        service_wait(NULL, NULL, NULL);
        log_event(LOG_INFO, NULL, "worker", "Stopping");
    } else
        result.message = str_copy(call->arena, str_of(result.message)).data; // it must survive what stopping says
    stop(&station);
    return result;
}

const struct command worker_command = {
    .name = "worker",
    .summary = "Work on the jobs of servers on other machines",
    .help =
        "Takes jobs from the PostgreSQL database --database-url and reads and writes files in the object store of\n"
        "the settings, with the servers' master key (--master-key-file). Its data folder --data (./data) holds only\n"
        "what is under way. --slots says how many jobs of which kinds it takes at a time; --drain-timeout how long\n"
        "running jobs may go on when it is stopped. --metrics-listen 127.0.0.1:9100 makes it answer /metrics, /health\n"
        "and /ready there.\n\n"
        "Example: kinora worker --database-url postgresql://kinora@db/kinora --slots render=2,transcribe=2",
    .settings = true,
    .run = run,
};
