// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at everything that Kinora needs and says how to mend what is missing.
#include "cmd/doctor.h"

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"

struct values {
    bool json;
};

void doctor_say(struct doctor *doctor, enum finding finding, const char *what, const char *found, const char *mend)
{
    static const char *const marks[] = { "ok  ", "note", "FAIL" }, *const words[] = { "ok", "note", "broken" };
    bool told = finding != FINE && mend;
    doctor->broken += finding == BROKEN;
    if (doctor->checks) {
        json_t *check = json_pack("{s:s, s:s, s:s}", "check", what, "status", words[finding], "found", found);
        if (told)
            json_object_set_new(check, "mend", json_string(mend));
        json_array_append_new(doctor->checks, check);
        return;
    }
    printf("%s  %-14s %s\n", marks[finding], what, found);
    if (told)
        printf("      %-14s %s\n", "", mend);
    fflush(stdout);
}

static void print_json(const struct doctor *doctor)
{
    json_t *all = json_keep(doctor->arena, json_object());
    json_object_set_new(all, "version", json_string(KINORA_VERSION));
    json_object_set_new(all, "ok", json_boolean(!doctor->broken));
    json_object_set_new(all, "broken", json_integer(doctor->broken));
    json_object_set(all, "checks", doctor->checks);
    puts(json_text(doctor->arena, all).data);
}

static error run(const struct call *call)
{
    const struct values *values = call->values;
    struct doctor doctor = { .arena = call->arena };
    const char *part = call->operand_count ? call->operands[0] : NULL;
    if (part && strcmp(part, "programs") != 0 && strcmp(part, "data") != 0)
        return error_make(ERROR_USAGE, NULL, "kinora doctor looks at \"programs\" or \"data\", not at \"%s\"", part);
    if (values->json)
        doctor.checks = json_keep(call->arena, json_array());
    if (!part || !strcmp(part, "programs"))
        doctor_check_engines(&doctor);
    if (!part || !strcmp(part, "data"))
        doctor_check_state(&doctor);
    if (doctor.checks)
        print_json(&doctor);
    fflush(stdout);
    if (doctor.broken)
        return error_make(
            ERROR_UNAVAILABLE, NULL, "%d thing%s must be mended", doctor.broken, doctor.broken == 1 ? "" : "s");
    fputs("All that Kinora needs is there.\n", stderr);
    return OK;
}

static const struct option options[] = {
    { "json", 0, NULL, OPTION_FLAG, offsetof(struct values, json),
        .doc = "Print one JSON object: {version, ok, broken, checks: [{check, status, found, mend}]}" },
    { 0 },
};

const struct command doctor_command = {
    .name = "doctor",
    .operands = "[programs|data]",
    .operand_most = 1,
    .summary = "Check that all that Kinora needs is there",
    .help =
        "Looks at the programs (engine, sandbox, voices, models, fonts, downloaders) and the data (folder, disk, "
        "master\n"
        "key, database, object store, mail server of the settings), or at one of both, and says how to mend what is\n"
        "wrong. Changes nothing: what it writes to try the disk and the object store it removes again. May be run\n"
        "beside a server. Exit code 1 when something that is needed does not work.\n\n"
        "Example: kinora doctor --data /var/lib/kinora",
    .options = options,
    .settings = true,
    .values_size = sizeof(struct values),
    .run = run,
};
