/* tests: every allocation of looking for facts and pairs fails once: the answer is EXHAUSTED, and
 * no key is called damaged for it (leaks are AddressSanitizer's to find). */
#include "agent/base/json.h"
#include "agent/scan/pem_key.h"
#include "agent/sweep/facts.h"
#include "agent/sweep/facts_pair.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/unit.h"

#include <stdio.h>

static const struct rv_rule pem_rule = {
	.id = "private-key", .provider = "generic", .matcher = RV_MATCHER_PEM};
static const struct rv_rule jwt_rule = {.id = "jwt", .provider = "generic"};

static rv_status look(void *user)
{
	struct rv_fact fact;
	const struct rv_fact_about *about = user;
	rv_status status = rv_fact_of(about, &fact);

	assert_false(fact.is_damaged);
	assert_true(!rv_is_ok(status) || fact.text[0]);
	return status;
}

static void looking_at_a_key_survives_a_failed_allocation(void **state)
{
	EVP_PKEY *key = pems_key("EC");
	char *text = pems_key_text(key, NULL);
	size_t start = (size_t)(strchr(text, '\n') - text) + 1;
	struct rv_fact_about about = {.rule = &pem_rule,
				      .bytes = rv_str_of(text),
				      .start = start,
				      .len = strlen(text) - start};

	(void)state;
	assert_true(rvt_alloc_loop("key", look, &about) > 0);
	free(text);
	EVP_PKEY_free(key);
}

static void looking_at_a_token_survives_a_failed_allocation(void **state)
{
	/* {"alg":"none"} . {"exp":1} */
	static const char token[] = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.abc";
	struct rv_fact_about about = {
		.rule = &jwt_rule, .bytes = RV_STR_LIT(token), .len = sizeof(token) - 1};

	(void)state;
	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	assert_true(rvt_alloc_loop("token", look, &about) > 2);
}

struct host {
	struct rvt_dir dir;
	char path[RVT_PATH];
	char id[80];
};

static rv_status find_pair(void *user)
{
	const struct host *h = user;
	const struct rv_pair_host on = {h->dir.path, NULL, 1};
	struct rv_leaks leaks = {0};
	struct rv_leak *leak = rv_leaks_add(&leaks);
	rv_status status = rv_fail_nomem(NULL);

	if (leak) {
		leak->rule = &pem_rule;
		leak->path = rv_str_of(h->path);
		leak->public_id = h->id;
		status = rv_facts_pair(&leaks, &on);
		assert_true(!rv_is_ok(status) || leak->facts);
	}
	rv_leaks_done(&leaks);
	return status;
}

static void pairing_survives_a_failed_allocation(void **state)
{
	struct host h = {0};
	unsigned char digest[32];
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "shop.example.org", NULL);
	char *text = pems_cert_text(cert);

	(void)state;
	rvt_dir_init(&h.dir);
	rvt_dir_path(&h.dir, "server.key", h.path);
	rvt_dir_write_text(&h.dir, "server.crt", text);
	pems_spki(key, digest);
	memcpy(h.id, "spki:", 5);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(h.id + 5 + 2 * i, 3, "%02x", digest[i]);
	assert_true(rvt_alloc_loop("pair", find_pair, &h) > 4);
	rvt_dir_done(&h.dir);
	free(text);
	X509_free(cert);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looking_at_a_key_survives_a_failed_allocation),
		cmocka_unit_test(looking_at_a_token_survives_a_failed_allocation),
		cmocka_unit_test(pairing_survives_a_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
