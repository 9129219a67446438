// SPDX-License-Identifier: GPL-3.0-or-later
#include "postgres_cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 128, START_TRIES = 400, TRY_MS = 50 };

struct postgres_cluster {
    pid_t guardian;
    int lifeline; // the guardian cleans up when this is closed
    char folder[PATH_SIZE], url[2 * PATH_SIZE];
    char database[PATH_SIZE]; // of ours in a cluster of somebody else's; "" when it is our own
};

static const char *program_folder(void)
{
    static const char *const folders[] = { "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin",
        "/usr/lib/postgresql/17/bin" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (!access(folders[i], X_OK))
            return folders[i];
    }
    return NULL;
}

bool postgres_cluster_possible(void)
{
    return program_folder() != NULL;
}

const char *postgres_cluster_url(const struct postgres_cluster *cluster)
{
    return cluster->url;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static bool leave_root(const char *folder)
{
    if (getuid() != 0)
        return true;
    const struct passwd *user = getpwnam("postgres");
    if (!user)
        user = getpwnam("nobody");
    return user && !chown(folder, user->pw_uid, user->pw_gid) && !setgroups(0, NULL) && !setgid(user->pw_gid)
           && !setuid(user->pw_uid);
}

// Starts a program of PostgreSQL's with its output in FOLDER/log. It finds its kin by the path it was called by,
// which takes the place of arguments[0].
static pid_t spawn(const char *folder, const char **arguments)
{
    pid_t child = fork();
    if (child)
        return child;
    char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/log", folder);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int nothing = open("/dev/null", O_RDONLY);
    snprintf(path, sizeof path, "%s/%s", program_folder(), arguments[0]);
    arguments[0] = path;
    if (log >= 0 && nothing >= 0 && dup2(nothing, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2 && !chdir(folder))
        execv(path, (char *const *)arguments);
    _exit(127);
}

static bool ended_well(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void print_log(const char *folder)
{
    char path[2 * PATH_SIZE], line[512];
    snprintf(path, sizeof path, "%s/log", folder);
    FILE *log = fopen(path, "re");
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
}

static pid_t start_server(const struct postgres_cluster *cluster)
{
    const char *initdb[] = { "initdb", "-D", "data", "-U", "kinora", "-A", "trust", "-E", "UTF8", "--no-locale",
        "--no-sync", NULL };
    pid_t child = spawn(cluster->folder, initdb);
    if (child < 0 || !ended_well(child))
        return -1;
    const char *postgres[] = { "postgres", "-D", "data", "-k", cluster->folder, "-c", "listen_addresses=", "-F", "-c",
        "shared_buffers=16MB", "-c", "max_connections=60", NULL };
    pid_t server = spawn(cluster->folder, postgres);
    for (int i = 0; server > 0 && i < START_TRIES; i++) {
        if (PQping(cluster->url) == PQPING_OK)
            return server;
        if (waitpid(server, NULL, WNOHANG) == server)
            return -1;
        nanosleep(&(struct timespec) { .tv_nsec = TRY_MS * 1000000L }, NULL);
    }
    if (server > 0) {
        kill(server, SIGQUIT);
        ended_well(server);
    }
    return -1;
}

static _Noreturn void guard(const struct postgres_cluster *cluster, int lifeline, int ready)
{
    setsid(); // an interrupt from the terminal is for the test, whose end is then seen here
    pid_t server = leave_root(cluster->folder) ? start_server(cluster) : -1;
    if (server < 0)
        print_log(cluster->folder);
    char byte = server > 0;
    bool told = write(ready, &byte, 1) == 1;
    while (told && read(lifeline, &byte, 1) < 0 && errno == EINTR)
        ;
    if (server > 0) {
        kill(server, SIGQUIT); // at once: nothing of it is kept
        ended_well(server);
    }
    _exit(nftw(cluster->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) ? 1 : 0);
}

static bool say(const struct postgres_cluster *cluster, const char *before, const char *after)
{
    char url[2 * PATH_SIZE], statement[2 * PATH_SIZE];
    snprintf(url, sizeof url, "postgresql://kinora@/postgres?host=%s", cluster->folder);
    snprintf(statement, sizeof statement, "%s %s%s", before, cluster->database, after);
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, statement);
    bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!done)
        fprintf(stderr, "%s: %s", statement, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
    return done;
}

// A database in a cluster that runs already: for those who run tests many times over.
static struct postgres_cluster *join(struct postgres_cluster *cluster, const char *folder)
{
    static int count;
    snprintf(cluster->folder, sizeof cluster->folder, "%s", folder);
    snprintf(cluster->database, sizeof cluster->database, "test_%d_%d", (int)getpid(), ++count);
    snprintf(
        cluster->url, sizeof cluster->url, "postgresql://kinora@/%.60s?host=%s", cluster->database, cluster->folder);
    if (say(cluster, "CREATE DATABASE", ""))
        return cluster;
    free(cluster);
    return NULL;
}

struct postgres_cluster *postgres_cluster_start(void)
{
    struct postgres_cluster *cluster = calloc(1, sizeof *cluster);
    if (getenv("KINORA_TEST_POSTGRES"))
        return join(cluster, getenv("KINORA_TEST_POSTGRES"));
    int lifeline[2], ready[2];
    strcpy(cluster->folder, "/tmp/kinora-test-postgres-XXXXXX");
    if (!program_folder() || !mkdtemp(cluster->folder) || pipe2(lifeline, O_CLOEXEC) || pipe2(ready, O_CLOEXEC)) {
        perror("postgres_cluster_start");
        free(cluster);
        return NULL;
    }
    snprintf(cluster->url, sizeof cluster->url, "postgresql://kinora@/postgres?host=%s", cluster->folder);
    fflush(NULL);
    cluster->guardian = fork();
    if (cluster->guardian == 0) {
        close(lifeline[1]);
        close(ready[0]);
        guard(cluster, lifeline[0], ready[1]);
    }
    close(lifeline[0]);
    close(ready[1]);
    cluster->lifeline = lifeline[1];
    char byte = 0;
    bool started = cluster->guardian > 0 && read(ready[0], &byte, 1) == 1 && byte;
    close(ready[0]);
    if (!started) {
        postgres_cluster_stop(cluster);
        return NULL;
    }
    return cluster;
}

void postgres_cluster_stop(struct postgres_cluster *cluster)
{
    if (!cluster)
        return;
    if (*cluster->database) {
        (void)say(cluster, "DROP DATABASE", " WITH (FORCE)");
        free(cluster);
        return;
    }
    close(cluster->lifeline);
    if (cluster->guardian > 0 && !ended_well(cluster->guardian))
        fprintf(stderr, "The test cluster in %s was not removed\n", cluster->folder);
    free(cluster);
}
