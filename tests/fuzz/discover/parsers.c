/* tests: fuzz target of every parser that reads files of the host. The first byte says which. */
#include "agent/discover/account.h"
#include "agent/discover/cert.h"
#include "agent/discover/key.h"
#include "agent/discover/mounts.h"
#include "agent/discover/pem.h"
#include "agent/discover/procs.h"
#include "agent/discover/unit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_pem(struct rv_str text)
{
	struct rv_cert *cert = calloc(1, sizeof(*cert));
	uint8_t *der = malloc(text.len + 1);
	struct rv_pem pem;
	size_t cursor = 0;

	while (cert && der && rv_pem_next(text, &cursor, &pem)) {
		struct rv_key key;
		size_t len = 0;

		RV_BUG_ON(pem.end > text.len || pem.start >= pem.end || cursor > text.len);
		if (!rv_pem_decode(&pem, der, text.len, &len))
			continue;
		struct rv_str bytes = {der, len};
		(void)rv_is_ok(rv_cert_parse(bytes, false, cert)); /* either way */
		(void)rv_is_ok(rv_cert_parse(bytes, true, cert));  /* as above */
		(void)rv_is_ok(
			rv_key_parse(pem.label, pem.is_encrypted, bytes, &key)); /* as above */
	}
	free(der);
	free(cert);
}

static void fuzz_der(struct rv_str bytes)
{
	struct rv_cert *cert = calloc(1, sizeof(*cert));
	struct rv_key key;

	if (cert)
		(void)rv_is_ok(rv_cert_parse(bytes, false, cert)); /* either way */
	(void)rv_is_ok(rv_key_parse_der(bytes, &key));		   /* as above */
	(void)rv_is_ok(rv_key_parse(RV_PEM_OPENSSH_PRIVATE_KEY, false, bytes, &key)); /* as above */
	free(cert);
}

static void fuzz_accounts(struct rv_str text)
{
	struct rv_login_defs defs = {0};
	struct rv_passwd passwd;
	struct rv_shadow shadow;
	struct rv_str cursor = text;
	size_t bad = 0;

	while (rv_passwd_next(&cursor, &passwd, &bad))
		RV_BUG_ON(passwd.name.len == 0);
	cursor = text;
	while (rv_shadow_next(&cursor, &shadow, &bad))
		RV_BUG_ON(shadow.password < 1 || shadow.password > 3);
	rv_login_defs_read(text, &defs);
}

static void fuzz_unit(struct rv_str text)
{
	struct rv_unit *unit = calloc(1, sizeof(*unit));

	if (!unit)
		return;
	rv_unit_parse(text, unit);
	RV_BUG_ON(unit->file_count > RV_UNIT_FILES);
	(void)rv_unit_name(text); /* borrowed */
	free(unit);
}

static void fuzz_proc(struct rv_str text)
{
	struct rv_mounts mounts;
	uint32_t ppid = 0;
	uint64_t ticks = 0;

	if (rv_is_ok(rv_mounts_parse(text, &mounts)))
		rv_mounts_done(&mounts);
	(void)rv_proc_parse_stat(text, &ppid, &ticks); /* either way */
	struct rv_str unit = rv_proc_parse_cgroup(text);
	RV_BUG_ON(unit.len > RV_NAME_MAX);
	(void)rv_proc_epoll_has(text, 4711); /* either way */
	(void)rv_proc_may_accept(text, 3);   /* as above */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct rv_str) = {fuzz_pem, fuzz_der, fuzz_accounts, fuzz_unit,
						       fuzz_proc};

	if (size == 0)
		return 0;
	parts[data[0] % RV_LEN(parts)]((struct rv_str){data + 1, size - 1});
	return 0;
}
