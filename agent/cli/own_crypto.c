/* cli: libcrypto in `reeve` takes no settings from files. The host's openssl.cnf may load modules
 * (of another version than the libcrypto that a packed reeve has linked in), demand algorithms that
 * only these have, or be anybody's file by OPENSSL_CONF; and a confined scan is no place to load
 * one late. Not here: reeve-fleet, whose TLS is the host's matter. */
#include <openssl/crypto.h>

__attribute__((constructor)) static void leave_host_configuration(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); /* or it fails later */
}
