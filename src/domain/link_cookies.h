// SPDX-License-Identifier: GPL-3.0-or-later
// Cookies of links: a JSON object {name: value}, for the host of the link; or the list that browser extensions export
// ({name, value, domain, path, secure, expirationDate}). Downloaders take them in Netscape's form, a line each.
#pragma once

#include "domain/scope.h"

// Checks and seals them, bound to the link. VALIDATION_ERROR for what is neither of the two.
MUST_USE error link_cookies_seal(struct scope *scope, str link_id, str cookies, str *ret_sealed);
// Those of a link in Netscape's form; STR_NONE when it has none. `url` is the link's.
MUST_USE error link_cookies_jar(struct scope *scope, str link_id, str url, str *ret_jar);
// The same of a text: JSON, or Netscape's form as it is. Pure.
MUST_USE error link_cookies_read(struct arena *arena, str text, str url, str *ret_jar);
// The host in a URL that link_check_url has taken, in lower case, without port.
str link_host(struct arena *arena, str url);
// Whether `site` names this host: "example.org" and what is below it, or a word of it ("example").
bool link_site_matches(str site, str host);
