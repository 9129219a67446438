// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/link_cookies.h"

#include <string.h>

#include "domain/reseal.h"

enum { JAR_BYTES_MAX = 1 << 20, COOKIES_MAX = 1000 };

static error wrong(const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "cookies", "%s", what);
}

str link_host(struct arena *arena, str url)
{
    ptrdiff_t at = str_find(url, STR("://"));
    str rest = str_sub(url, at < 0 ? 0 : (size_t)at + 3, url.size);
    size_t end = 0;
    bool bracket = rest.size && rest.data[0] == '[';
    while (end < rest.size && !strchr(bracket ? "]/?#" : ":/?#", rest.data[end]))
        end++;
    return str_lower(arena, str_sub(rest, bracket ? 1 : 0, bracket && end ? end - 1 : end));
}

bool link_site_matches(str site, str host)
{
    if (!site.size)
        return false;
    if (str_equal_fold(site, host))
        return true;
    str rest = host, part;
    while (str_split(&rest, '.', &part))
        if (str_equal_fold(str_index(site, '.') < 0 && rest.data ? part : rest, site))
            return true;
    return false;
}

// What would end a line, or a column, early.
static bool is_plain(str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
            return false;
    return true;
}

struct cookie {
    str name, value, domain, path;
    bool secure, below; // below: also for the hosts below the domain
    int64_t expires_s;
};

static error put_cookie(struct buffer *jar, const struct cookie *cookie)
{
    bool good = cookie->name.size && is_plain(cookie->name) && is_plain(cookie->value) && cookie->domain.size
                && is_plain(cookie->domain) && is_plain(cookie->path);
    if (!good)
        return wrong("A cookie needs a name, and neither it nor its value may have tabs or line breaks");
    buffer_format(jar, "%s%.*s\t%s\t%.*s\t%s\t%lld\t%.*s\t%.*s\n",
        cookie->below && cookie->domain.data[0] != '.' ? "." : "", STR_ARGS(cookie->domain),
        cookie->below ? "TRUE" : "FALSE", STR_ARGS(cookie->path), cookie->secure ? "TRUE" : "FALSE",
        (long long)cookie->expires_s, STR_ARGS(cookie->name), STR_ARGS(cookie->value));
    return OK;
}

static bool is_address(str host)
{
    return strspn(host.data, "0123456789.") == host.size || str_index(host, ':') >= 0;
}

static error put_object(struct buffer *jar, const json_t *object, str host, bool secure)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)object, name, value) {
        if (!json_is_string(value))
            return wrong("The value of a cookie is a text");
        struct cookie cookie = { .name = str_of(name),
            .value = { json_string_value(value), json_string_length(value) },
            .domain = host,
            .path = STR("/"),
            .below = !is_address(host),
            .secure = secure };
        TRY(put_cookie(jar, &cookie));
    }
    return OK;
}

static error put_list(struct buffer *jar, const json_t *list, str host, bool secure)
{
    size_t i;
    json_t *item;
    json_array_foreach ((json_t *)list, i, item) {
        str domain = json_get_str(item, "domain"), path = json_get_str(item, "path");
        double expires = json_get_number(item, "expirationDate", json_get_number(item, "expires", 0));
        struct cookie cookie = { .name = json_get_str(item, "name"),
            .value = json_get_str(item, "value"),
            .domain = domain.size ? domain : host,
            .path = path.size ? path : STR("/"),
            .secure = json_get_bool(item, "secure", domain.size ? false : secure),
            .below = !json_get_bool(item, "hostOnly", !domain.size || domain.data[0] != '.'),
            .expires_s = expires > 0 && expires < 1e12 ? (int64_t)expires : 0 };
        if (!json_is_object(item) || !cookie.value.data)
            return wrong("Each cookie in the list is an object with name and value");
        TRY(put_cookie(jar, &cookie));
    }
    return OK;
}

static error put_json(struct arena *arena, struct buffer *jar, str text, str url)
{
    json_t *json;
    if (error_is(json_read(arena, text, &json)))
        return wrong("Cookies are a JSON object of names and values, or the list that a browser extension exports");
    str host = link_host(arena, url);
    bool secure = str_starts(str_lower(arena, url), STR("https:"));
    if (json_is_object(json) && json_object_size(json) <= COOKIES_MAX)
        return put_object(jar, json, host, secure);
    if (json_is_array(json) && json_array_size(json) <= COOKIES_MAX)
        return put_list(jar, json, host, secure);
    return wrong("Cookies are a JSON object of names and values, or a list of at most 1000 cookies");
}

error link_cookies_read(struct arena *arena, str text, str url, str *ret_jar)
{
    BUFFER_AUTO struct buffer jar = { .limit = JAR_BYTES_MAX };
    str trimmed = str_trim(text);
    buffer_append_c(&jar, "# Netscape HTTP Cookie File\n");
    if (str_starts(trimmed, STR("{")) || str_starts(trimmed, STR("[")))
        TRY(put_json(arena, &jar, trimmed, url));
    else
        buffer_append_str(&jar, trimmed);
    if (jar.failed)
        return wrong("The cookies are larger than 1 MiB");
    *ret_jar = str_copy(arena, buffer_str(&jar));
    return OK;
}

error link_cookies_seal(struct scope *scope, str link_id, str cookies, str *ret_sealed)
{
    BUFFER_AUTO struct buffer jar = { .limit = JAR_BYTES_MAX };
    TRY(put_json(scope->arena, &jar, str_trim(cookies), STR("http://host")));
    if (jar.failed)
        return wrong("The cookies are larger than 1 MiB");
    *ret_sealed = keyring_seal(
        scope->arena, blob_store_keyring(scope->blobs), RESEAL_COOKIES, link_id, str_trim(cookies));
    return OK;
}

DB_STATEMENT(sealed_of, "SELECT sealed_cookies AS sealed FROM link WHERE id = $1");
struct sealed {
    str sealed;
};
static const struct field sealed_fields[] = { FIELD(struct sealed, sealed) };
static const struct shape sealed_shape = SHAPE("SealedCookies", struct sealed, sealed_fields);

error link_cookies_jar(struct scope *scope, str link_id, str url, str *ret_jar)
{
    struct sealed row = { 0 };
    bool found;
    str plain;
    TRY(db_one(scope->db, scope->arena, &sealed_of, DB_ARGS(db_text(link_id)), &sealed_shape, &row, &found));
    *ret_jar = STR_NONE;
    if (!found || !row.sealed.data)
        return OK;
    TRY(keyring_open_sealed(
        scope->arena, blob_store_keyring(scope->blobs), RESEAL_COOKIES, link_id, row.sealed, &plain));
    return link_cookies_read(scope->arena, plain, url, ret_jar);
}
