/* tests: seeds that look like keys and secrets, made when the tests run: none lies in the tree.
 * Usage: seeds PARSERS_DIR SCAN_DIR. */
#include "tests/support/pems.h"
#include "tests/support/sample.h"

#include "agent/scan/rule_samples.inc"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int write_seed(const char *dir, const char *name, int which, const void *bytes, size_t len)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name); /* fits */
	FILE *f = fopen(path, "we");
	if (!f)
		return 1;
	if (which >= 0)
		(void)fputc(which, f); /* fclose tells */
	size_t done = fwrite(bytes, 1, len, f);
	return fclose(f) != 0 || done != len;
}

static int pem_seeds(const char *dir)
{
	static const char *const types[] = {"EC", "RSA", "ED25519"};
	int bad = 0;

	for (size_t i = 0; i < RV_LEN(types); i++) {
		EVP_PKEY *key = pems_key(types[i]);
		X509 *cert = pems_cert(key, "seed", "DNS:seed.example,IP:::1");
		char *texts[] = {pems_cert_text(cert), pems_key_text(key, NULL),
				 pems_key_text(key, "pass phrase"),
				 i < 2 ? pems_old_key_text(key, "pass phrase")
				       : pems_ssh_text(key, 1)};
		unsigned char *der = NULL;
		int der_len = i2d_X509(cert, &der);
		char name[64];

		for (size_t t = 0; t < RV_LEN(texts); t++) {
			(void)snprintf(name, sizeof(name), "pem-%zu-%zu", i, t); /* fits */
			bad |= write_seed(dir, name, 0, texts[t], strlen(texts[t]));
			(void)snprintf(name, sizeof(name), "cut-%zu-%zu", i, t); /* fits */
			bad |= write_seed(dir, name, 0, texts[t], strlen(texts[t]) * 2 / 3);
			free(texts[t]);
		}
		(void)snprintf(name, sizeof(name), "der-%zu", i); /* fits */
		bad |= write_seed(dir, name, 1, der, (size_t)der_len);
		OPENSSL_free(der);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	return bad;
}

static int scan_seeds(const char *dir)
{
	char text[4096];
	char name[128];
	int bad = 0;

	for (size_t r = 0; r < RV_LEN(rule_samples); r++) {
		for (size_t t = 0; rule_samples[r].positive[t]; t++) {
			bad |= !sample_render_for(rule_samples[r].positive[t],
						  rule_samples[r].check, 1, text, sizeof(text));
			(void)snprintf(name, sizeof(name), "%s-%zu", rule_samples[r].id,
				       t); /* fits */
			bad |= write_seed(dir, name, -1, text, strlen(text));
		}
		for (size_t t = 0; rule_samples[r].negative[t]; t++) {
			bad |= !sample_render_for(rule_samples[r].negative[t],
						  rule_samples[r].check, 1, text, sizeof(text));
			(void)snprintf(name, sizeof(name), "not-%s-%zu", rule_samples[r].id,
				       t); /* fits */
			bad |= write_seed(dir, name, -1, text, strlen(text));
		}
	}
	return bad;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	(void)mkdir(argv[1], 0755); /* may be there */
	(void)mkdir(argv[2], 0755); /* as above */
	return pem_seeds(argv[1]) | scan_seeds(argv[2]);
}
