#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Swift imports neither macros that take arguments nor constants made with them: what the targets need of these.

static inline int grace_set_oldest_protocol(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}

static inline int grace_set_newest_protocol(SSL_CTX *context, int version) {
    return SSL_CTX_set_max_proto_version(context, version);
}

static inline int grace_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups);
}

/// Buffers of connections that wait are given back, and a buffer that is written again may have moved.
static inline void grace_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/// No compression (CRIME), no renegotiation, and no tickets: a key that opens them all would outlive the sessions. The order of
/// ciphers is the server's, but a client that puts ChaCha20 first, for want of AES in hardware, gets it.
static inline void grace_set_server_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static inline void grace_keep_sessions(SSL_CTX *context, long count, long seconds) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context, count);
    SSL_CTX_set_timeout(context, seconds);
}

static inline void grace_set_longest_certificates(SSL_CTX *context, long size) {
    SSL_CTX_set_max_cert_list(context, size);
}

static const unsigned long grace_name_format = XN_FLAG_RFC2253;
