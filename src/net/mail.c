// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/mail.h"

#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"

enum { LINE_BYTES = 76, TIMEOUT_S = 60 };

static bool is_safe(str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || (unsigned char)text.data[i] >= 0x7F || strchr("<>", text.data[i]))
            return false;
    return text.size > 0;
}

// Base64 hides no line that begins with a dot, and no letter beyond ASCII, from any server.
static void put_part(struct arena *arena, struct buffer *out, const char *boundary, const char *type, str body)
{
    str coded = str_base64(arena, body.data, body.size);
    buffer_format(
        out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, type);
    for (size_t at = 0; at < coded.size; at += LINE_BYTES)
        buffer_format(out, "%.*s\r\n", STR_ARGS(str_sub(coded, at, LINE_BYTES)));
}

error mail_write(struct arena *arena, const struct mail *mail, str *ret_message)
{
    BUFFER_AUTO struct buffer out = { 0 };
    char date[64], id[37];
    struct tm utc;
    time_t now = (time_t)(clock_now_us() / SECOND_US);
    ptrdiff_t at = str_index(mail->from, '@');
    if (!is_safe(mail->from) || !is_safe(mail->to) || !is_safe(mail->subject) || at < 1)
        return error_make(ERROR_VALIDATION_ERROR, "email", "A mail needs addresses and a subject of plain letters");
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
    id_write(id);
    buffer_format(&out, "Date: %s\r\nFrom: Kinora <%.*s>\r\nTo: <%.*s>\r\nSubject: %.*s\r\nMessage-ID: <%s%.*s>\r\n",
        date, STR_ARGS(mail->from), STR_ARGS(mail->to), STR_ARGS(mail->subject), id,
        STR_ARGS(str_sub(mail->from, (size_t)at, mail->from.size)));
    buffer_format(&out,
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"kinora-%s\"\r\n\r\n",
        id);
    const char *boundary = str_format(arena, "kinora-%s", id).data;
    put_part(arena, &out, boundary, "text/plain", mail->text);
    put_part(arena, &out, boundary, "text/html", mail->html);
    buffer_format(&out, "--%s--\r\n", boundary);
    *ret_message = str_copy(arena, buffer_str(&out));
    return OK;
}

static size_t give(char *room, size_t one, size_t count, void *context)
{
    str *rest = context;
    size_t size = one * count < rest->size ? one * count : rest->size;
    memcpy(room, rest->data, size);
    *rest = str_sub(*rest, size, rest->size);
    return size;
}

static bool is_here(const char *url)
{
    const char *host = strrchr(url, '@');
    host = host ? host + 1 : strstr(url, "://") ? strstr(url, "://") + 3 : url;
    return !strncmp(host, "127.", 4) || !strncmp(host, "localhost", 9) || !strncmp(host, "[::1]", 5);
}

// Closed by the caller; `reason` stays as long.
static error open_client(const char *url, char *reason, CURL **ret_curl)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        return error_make(ERROR_UNAVAILABLE, NULL, "The mail client cannot be started");
    bool secret = strchr(url, '@') && !is_here(url);
    *reason = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(secret ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    *ret_curl = curl;
    return OK;
}

static const char *reason_of(CURLcode code, const char *reason)
{
    return *reason ? reason : curl_easy_strerror(code);
}

error mail_check(const char *url)
{
    char reason[CURL_ERROR_SIZE];
    CURL *curl;
    TRY(open_client(url, reason, &curl));
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    CURLcode code = curl_easy_perform(curl);
    error result = code == CURLE_OK ? OK
                                    : error_make(ERROR_UNAVAILABLE, NULL, "The mail server cannot be used: %s",
                                        reason_of(code, reason));
    curl_easy_cleanup(curl);
    return result;
}

error mail_send(struct arena *arena, const char *url, const struct mail *mail)
{
    char reason[CURL_ERROR_SIZE];
    str message;
    CURL *curl;
    TRY(mail_write(arena, mail, &message));
    TRY(open_client(url, reason, &curl));
    struct curl_slist *to = curl_slist_append(NULL, str_format(arena, "<%.*s>", STR_ARGS(mail->to)).data);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, str_format(arena, "<%.*s>", STR_ARGS(mail->from)).data);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, &message);
    CURLcode code = curl_easy_perform(curl);
    error result = code == CURLE_OK ? OK
                                    : error_make(ERROR_UNAVAILABLE, NULL, "The mail server did not take the mail: %s",
                                        reason_of(code, reason));
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    return result;
}
