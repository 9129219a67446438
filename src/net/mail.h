// SPDX-License-Identifier: GPL-3.0-or-later
// Mail: a message with a plain and an HTML part (RFC 5322, MIME), and its way to a mail server (SMTP, by libcurl).
#pragma once

#include "base/error.h"

struct mail {
    str from, to; // addresses
    str subject;  // ASCII
    str text, html;
};
// The message as it is sent; VALIDATION_ERROR for an address or subject with a line break or an angle bracket in it.
MUST_USE error mail_write(struct arena *arena, const struct mail *mail, str *ret_message);
// Sends it to the server of an smtp:// or smtps:// URL. STARTTLS is used where the server has it; a password is never
// sent without TLS but to this machine. UNAVAILABLE says why not; at most a minute.
MUST_USE error mail_check(const char *url); // only whether it could: connects, starts TLS, says name and password
MUST_USE error mail_send(struct arena *arena, const char *url, const struct mail *mail);
