/* tests: keys and certificates made on the spot, so that none lies in the tree. All abort on
 * failure. */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>

EVP_PKEY *pems_key(const char *type); /* "EC" (P-256), "P-384", "RSA" (2048), "ED25519" */
/* Self-signed; subject "CN=cn", names like "DNS:a,IP:1.2.3.4" or NULL. */
X509 *pems_cert(EVP_PKEY *key, const char *cn, const char *names);
/* Texts: malloc'ed, NUL-ended. pass NULL: not encrypted. */
char *pems_cert_text(X509 *cert);
char *pems_key_text(EVP_PKEY *key, const char *pass);	  /* PKCS#8 */
char *pems_old_key_text(EVP_PKEY *key, const char *pass); /* "RSA PRIVATE KEY", "EC PRIVATE KEY" */
char *pems_ssh_text(EVP_PKEY *key, int is_encrypted);	  /* Ed25519, "OPENSSH PRIVATE KEY" */
/* SHA-256 of the public part. */
void pems_spki(EVP_PKEY *key, unsigned char out[32]);
