/* The ABI of the first release, field by field, in both directions of growth: today's header must
 * keep every offset of the frozen one. Compiled twice, once against each header; each writes its
 * offsets, and the two files must be equal as far as the frozen one goes. */
#include <reeve/plugin.h>

#include <stdio.h>

#define SHOW(type, member) printf(#type "." #member " %zu\n", offsetof(struct type, member))

int main(void)
{
	printf("abi %d\n", REEVE_PLUGIN_ABI);
	SHOW(reeve_view, data);
	SHOW(reeve_view, len);
	SHOW(reeve_field, tag);
	SHOW(reeve_field, bytes);
	SHOW(reeve_host, struct_size);
	SHOW(reeve_host, abi);
	SHOW(reeve_host, ctx);
	SHOW(reeve_host, now_us);
	SHOW(reeve_host, random_bytes);
	SHOW(reeve_host, emit);
	SHOW(reeve_host, log);
	SHOW(reeve_host, cancelled);
	SHOW(reeve_request, struct_size);
	SHOW(reeve_request, verb);
	SHOW(reeve_request, rotation_id);
	SHOW(reeve_request, idempotency_key);
	SHOW(reeve_request, expected_version);
	SHOW(reeve_request, deadline_us);
	SHOW(reeve_request, dry_run);
	SHOW(reeve_request, fd);
	SHOW(reeve_request, fields);
	SHOW(reeve_request, field_count);
	SHOW(reeve_result, struct_size);
	SHOW(reeve_result, outcome);
	SHOW(reeve_result, retry_after_ms);
	SHOW(reeve_result, cookie);
	SHOW(reeve_result, version);
	SHOW(reeve_result, not_before_us);
	SHOW(reeve_result, expires_at_us);
	SHOW(reeve_result, text);
	SHOW(reeve_plugin, struct_size);
	SHOW(reeve_plugin, abi);
	SHOW(reeve_plugin, name);
	SHOW(reeve_plugin, version);
	SHOW(reeve_plugin, verbs);
	SHOW(reeve_plugin, kind);
	SHOW(reeve_plugin, open);
	SHOW(reeve_plugin, config);
	SHOW(reeve_plugin, secret);
	SHOW(reeve_plugin, config_complete);
	SHOW(reeve_plugin, call);
	SHOW(reeve_plugin, close);
	const unsigned codes[] = {
		REEVE_DONE,	      REEVE_PENDING,	   REEVE_REJECTED,
		REEVE_UNREACHABLE,    REEVE_UNKNOWN,	   REEVE_UNSUPPORTED,
		REEVE_LIMIT,	      REEVE_KIND_PROVIDER, REEVE_KIND_STORE,
		REEVE_KIND_DIRECTORY, REEVE_KIND_NOTIFIER, REEVE_KIND_PROBE,
		REEVE_VERB_DESCRIBE,  REEVE_VERB_DISCOVER, REEVE_VERB_STATUS,
		REEVE_VERB_PREFLIGHT, REEVE_VERB_CREATE,   REEVE_VERB_READ_BACK,
		REEVE_VERB_PROBE,     REEVE_VERB_IDENTIFY, REEVE_VERB_ENABLE,
		REEVE_VERB_DISABLE,   REEVE_VERB_REVOKE,   REEVE_VERB_LIST_VERSIONS,
		REEVE_VERB_CLEANUP,   REEVE_F_CSR_DER,	   REEVE_F_NOT_BEFORE,
		REEVE_F_NOT_AFTER,    REEVE_F_CERT_DER,	   REEVE_F_CHAIN_DER,
		REEVE_F_LEDGER,	      REEVE_F_LEDGER_ADD,  REEVE_F_SPKI_SHA256,
		REEVE_F_CERT_SHA256,  REEVE_F_SERVER_NAME, REEVE_F_RESUMED,
		REEVE_F_REVOKED_AT,   REEVE_F_REASON,	   REEVE_F_TLS_VERSION,
		REEVE_F_CRL_DER,      REEVE_F_TEXT,	   REEVE_F_VERSION,
	};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		printf("code %zu %u\n", i, codes[i]);
	return 0;
}
