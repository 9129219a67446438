// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/link_failure.h"

#include <ctype.h>

static const struct {
    const char *name, *advice;
} classes[FAILURE_COUNT] = {
    [FAILURE_COOKIES_EXPIRED] = { "cookies_expired",
        "Log in to the site in a browser, export its cookies anew and put them into the link" },
    [FAILURE_LOGIN_NEEDED] = { "login_needed",
        "The site wants a login: give the link the cookies of a browser that is logged in there" },
    [FAILURE_EXTRACTOR_OUTDATED] = { "extractor_outdated",
        "The site has changed: put a newer yt-dlp or gallery-dl into the folder tools of the data folder" },
    [FAILURE_GONE] = { "gone", "There is nothing at this address any more: correct the link or delete it" },
    [FAILURE_GEO_BLOCKED] = { "geo_blocked", "The site does not show this in the country of this server" },
    [FAILURE_NETWORK] = { "network", "The site could not be reached; it will be tried again by itself" },
    [FAILURE_DISK_FULL] = { "disk_full", "Make room on the disk, or delete media, and trigger the link again" },
    [FAILURE_REFUSED_BY_POLICY] = { "refused_by_policy",
        "A rule of this server forbids it (private addresses, sizes, sandbox): ask its administrator" },
    [FAILURE_OTHER] = { "other", "The message says what went wrong; trigger the link again when that is mended" },
};

const char *const link_failure_names[] = { "cookies_expired", "login_needed", "extractor_outdated", "gone",
    "geo_blocked", "network", "disk_full", "refused_by_policy", "other", NULL };

const char *link_failure_name(enum link_failure failure)
{
    return classes[failure].name;
}

const char *link_failure_advice(enum link_failure failure)
{
    return classes[failure].advice;
}

// Whether the words stand in the text, in any case.
static bool says(str text, const char *words)
{
    str wanted = str_of(words);
    for (size_t i = 0; i + wanted.size <= text.size; i++) {
        size_t k = 0;
        while (k < wanted.size && tolower((unsigned char)text.data[i + k]) == wanted.data[k])
            k++;
        if (k == wanted.size)
            return true;
    }
    return false;
}

// The first that fits counts. "login" is one of two classes, by whether cookies were sent.
static const struct {
    const char *words;
    enum link_failure failure;
} hints[] = {
    { "refused by kinora", FAILURE_REFUSED_BY_POLICY },
    { "larger than max-filesize", FAILURE_REFUSED_BY_POLICY },
    { "no space left", FAILURE_DISK_FULL },
    { "file too large", FAILURE_REFUSED_BY_POLICY },
    { "cookies are no longer valid", FAILURE_COOKIES_EXPIRED },
    { "cookies have expired", FAILURE_COOKIES_EXPIRED },
    { "rotated", FAILURE_COOKIES_EXPIRED },
    { "available in your country", FAILURE_GEO_BLOCKED },
    { "available from your location", FAILURE_GEO_BLOCKED },
    { "geo restrict", FAILURE_GEO_BLOCKED },
    { "geo-restrict", FAILURE_GEO_BLOCKED },
    { "error 451", FAILURE_GEO_BLOCKED },
    { "http error 404", FAILURE_GONE },
    { "404 not found", FAILURE_GONE },
    { "http error 410", FAILURE_GONE },
    { "410 gone", FAILURE_GONE },
    { "has been removed", FAILURE_GONE },
    { "video unavailable", FAILURE_GONE },
    { "does not exist", FAILURE_GONE },
    { "could not be found", FAILURE_GONE },
    { "account terminated", FAILURE_GONE },
    { "no longer available", FAILURE_GONE },
    { "http error 401", FAILURE_LOGIN_NEEDED },
    { "401 unauthorized", FAILURE_LOGIN_NEEDED },
    { "http error 403", FAILURE_LOGIN_NEEDED },
    { "403 forbidden", FAILURE_LOGIN_NEEDED },
    { "private video", FAILURE_LOGIN_NEEDED },
    { "sign in", FAILURE_LOGIN_NEEDED },
    { "log in", FAILURE_LOGIN_NEEDED },
    { "login", FAILURE_LOGIN_NEEDED },
    { "members-only", FAILURE_LOGIN_NEEDED },
    { "authentication", FAILURE_LOGIN_NEEDED },
    { "refresh-token", FAILURE_LOGIN_NEEDED },
    { "timed out", FAILURE_NETWORK },
    { "timeout", FAILURE_NETWORK },
    { "http error 5", FAILURE_NETWORK },
    { "http error 429", FAILURE_NETWORK },
    { "'5", FAILURE_NETWORK }, // gallery-dl: '500 Internal Server Error' for '...'
    { "too many requests", FAILURE_NETWORK },
    { "connection", FAILURE_NETWORK },
    { "unable to download", FAILURE_NETWORK },
    { "bad gateway", FAILURE_NETWORK },
    { "tunnel", FAILURE_NETWORK },
    { "any data blocks", FAILURE_NETWORK }, // yt-dlp: of an answer that broke off
    { "more expected", FAILURE_NETWORK },
    { "giving up after", FAILURE_NETWORK },
    { "unable to extract", FAILURE_EXTRACTOR_OUTDATED },
    { "unsupported url", FAILURE_EXTRACTOR_OUTDATED },
    { "no suitable extractor", FAILURE_EXTRACTOR_OUTDATED },
    { "no video formats", FAILURE_EXTRACTOR_OUTDATED },
    { "please report this issue", FAILURE_EXTRACTOR_OUTDATED },
};

static enum link_failure login(enum link_failure failure, bool has_cookies)
{
    return failure == FAILURE_LOGIN_NEEDED && has_cookies ? FAILURE_COOKIES_EXPIRED : failure;
}

enum link_failure link_failure_of_words(str words, bool has_cookies)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (says(words, hints[i].words))
            return login(hints[i].failure, has_cookies);
    return FAILURE_OTHER;
}

enum link_failure link_failure_of_status(int status, bool has_cookies)
{
    switch (status) {
    case 401:
    case 403:
        return login(FAILURE_LOGIN_NEEDED, has_cookies);
    case 404:
    case 410:
        return FAILURE_GONE;
    case 451:
        return FAILURE_GEO_BLOCKED;
    default:
        return FAILURE_NETWORK;
    }
}

enum link_failure link_failure_of_error(error problem)
{
    switch (problem.code) {
    case ERROR_NONE:
        return FAILURE_NONE;
    case ERROR_STORAGE_FULL:
        return FAILURE_DISK_FULL;
    case ERROR_FORBIDDEN:
    case ERROR_BODY_TOO_LARGE:
    case ERROR_QUOTA_EXCEEDED:
    case ERROR_LIMIT_EXCEEDED:
        return FAILURE_REFUSED_BY_POLICY;
    case ERROR_UNAVAILABLE:
    case ERROR_TIMED_OUT:
        return FAILURE_NETWORK;
    default:
        return FAILURE_OTHER;
    }
}
