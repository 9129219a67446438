// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tls_self.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIFE_S = 3650 * 24 * 3600, NAMES_MAX = 1024, HOST_MAX = 255 };

static error failed(const char *what)
{
    return error_make(ERROR_INTERNAL_ERROR, NULL, "Cannot make a certificate: %s", what);
}

// The names go into a text with commas: only what a host may be called.
static bool is_host(const char *host)
{
    return *host && strlen(host) <= HOST_MAX
           && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") == strlen(host);
}

static void add_name(char names[static NAMES_MAX], const char *host)
{
    unsigned char address[16];
    bool is_address = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    size_t used = strlen(names);
    if (is_host(host) && (is_address || !strchr(host, ':')))
        snprintf(names + used, NAMES_MAX - used, ",%s:%s", is_address ? "IP" : "DNS", host);
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool fill(X509 *certificate, EVP_PKEY *key, const char *host)
{
    char own[HOST_MAX + 1] = "", names[NAMES_MAX] = "DNS:localhost,IP:127.0.0.1,IP:::1";
    uint64_t serial;
    X509_NAME *subject = X509_get_subject_name(certificate);
    if (gethostname(own, sizeof own - 1) == 0)
        add_name(names, own);
    add_name(names, host);
    if (RAND_bytes((unsigned char *)&serial, sizeof serial) != 1)
        return false;
    return X509_set_version(certificate, X509_VERSION_3) == 1
           && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1
           && X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) // clocks differ
           && X509_gmtime_adj(X509_getm_notAfter(certificate), LIFE_S) && X509_set_pubkey(certificate, key) == 1
           && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)"Kinora", -1, -1, 0) == 1
           && X509_set_issuer_name(certificate, subject) == 1 && add_extension(certificate, NID_subject_alt_name, names)
           && add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE")
           && add_extension(certificate, NID_ext_key_usage, "serverAuth")
           && X509_sign(certificate, key, EVP_sha256()) != 0;
}

// Whole or not at all: under another name first.
static error write_file(const char *path, mode_t mode, X509 *certificate, EVP_PKEY *key)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return failed("the path is too long");
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return error_system("write", path, errno);
    bool written = certificate ? PEM_write_X509(file, certificate) == 1
                               : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    written = written && fflush(file) == 0 && fsync(fd) == 0;
    written = fclose(file) == 0 && written && rename(part, path) == 0;
    return written ? OK : error_system("write", path, errno);
}

static error make(const char *certificate_path, const char *key_path, const char *host, X509 **ret_certificate)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    error result = key && certificate && fill(certificate, key, host) ? OK : failed("OpenSSL refuses");
    if (!error_is(result))
        result = write_file(key_path, 0600, NULL, key);
    if (!error_is(result))
        result = write_file(certificate_path, 0644, certificate, NULL);
    EVP_PKEY_free(key);
    if (error_is(result))
        X509_free(certificate);
    else
        *ret_certificate = certificate;
    return result;
}

// The one that is there and still good, or NULL.
static X509 *standing(const char *certificate_path, const char *key_path)
{
    FILE *file = access(key_path, R_OK) == 0 ? fopen(certificate_path, "re") : NULL;
    if (!file)
        return NULL;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0)
        return certificate;
    X509_free(certificate);
    return NULL;
}

error tls_self_signed(const char *certificate_path, const char *key_path, const char *host,
    char ret_fingerprint[static TLS_FINGERPRINT_SIZE])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 *certificate = standing(certificate_path, key_path);
    if (!certificate)
        TRY(make(certificate_path, key_path, host, &certificate));
    bool hashed = X509_digest(certificate, EVP_sha256(), hash, &size) == 1 && size == 32;
    X509_free(certificate);
    if (!hashed)
        return failed("it has no fingerprint");
    for (unsigned i = 0; i < size; i++)
        snprintf(ret_fingerprint + 3 * i, 4, "%02X%s", hash[i], i + 1 < size ? ":" : "");
    return OK;
}
