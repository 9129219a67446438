// SPDX-License-Identifier: GPL-3.0-or-later
// TLS between the socket's bytes and the parser's: OpenSSL with memory BIOs, so that it never touches a socket.
#include <openssl/err.h>

#include "net/server_parts.h"

static error tls_error(const char *what, const char *thing)
{
    char text[200] = "unknown error";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return error_make(ERROR_INTERNAL_ERROR, thing, "Cannot %s %s: %s", what, thing ? thing : "", text);
}

static int choose_protocol(SSL *tls, const unsigned char **ret_name, unsigned char *ret_size,
    const unsigned char *offered, unsigned int offered_size, void *context)
{
    (void)tls;
    (void)context;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, ret_size, ours, sizeof ours - 1, offered, offered_size)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *ret_name = chosen;
    return SSL_TLSEXT_ERR_OK;
}

error tls_context_new(const char *certificate, const char *key, SSL_CTX **ret_context)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return tls_error("prepare", "TLS");
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    error failure = OK;
    // With forward secrecy and authenticated encryption only; TLS 1.3 has no others.
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1
        || SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        failure = tls_error("prepare", "TLS");
    else if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        failure = tls_error("use the certificate", certificate);
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        failure = tls_error("use the key", key);
    else if (SSL_CTX_check_private_key(context) != 1)
        failure = tls_error("use for this certificate the key", key);
    if (error_is(failure)) {
        SSL_CTX_free(context);
        return failure;
    }
    *ret_context = context;
    return OK;
}

bool tls_open(struct connection *connection)
{
    connection->tls = SSL_new(connection->server->tls);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!connection->tls || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set_bio(connection->tls, in, out);
    SSL_set_accept_state(connection->tls);
    return true;
}

bool tls_feed(struct connection *connection, const char *bytes, size_t size)
{
    return BIO_write(SSL_get_rbio(connection->tls), bytes, (int)size) == (int)size;
}

int tls_read(struct connection *connection, char *ret_bytes, size_t size)
{
    ERR_clear_error();
    int got = SSL_read(connection->tls, ret_bytes, (int)size);
    if (got > 0)
        return got;
    int why = SSL_get_error(connection->tls, got);
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool tls_write(struct connection *connection, const uv_buf_t *parts, unsigned count)
{
    ERR_clear_error();
    for (unsigned i = 0; i < count; i++) {
        size_t written;
        if (parts[i].len && SSL_write_ex(connection->tls, parts[i].base, parts[i].len, &written) != 1) {
            ERR_clear_error();
            return false;
        }
    }
    return true;
}

void tls_goodbye(struct connection *connection)
{
    ERR_clear_error();
    if (SSL_is_init_finished(connection->tls))
        SSL_shutdown(connection->tls);
    ERR_clear_error();
}

void tls_take(struct connection *connection, struct buffer *out)
{
    BIO *bio = SSL_get_wbio(connection->tls);
    size_t size = BIO_ctrl_pending(bio);
    char *place = size ? buffer_reserve(out, size) : NULL;
    if (!place)
        return;
    int got = BIO_read(bio, place, (int)size);
    if (got > 0)
        out->size += (size_t)got;
}
