/* bind: owners.yaml: what is accepted, what is refused and where. */
#include "support/unit.h"

#include "agent/bind/known.h"
#include "agent/bind/owners.h"
#include "agent/bind/receipt.h"

static const char good[] = "version: 1\n"
			   "owners:\n"
			   "  - team: web\n"
			   "    mail: web@example.org\n"
			   "    members: [alice, bob]\n"
			   "    revocation: on-call\n"
			   "  - person: carol\n"
			   "    left: 2026-10-01\n"
			   "assign:\n"
			   "  - match: {path: \"/etc/nginx/**\", kind: certificate}\n"
			   "    owner: {team: web}\n"
			   "  - match: {unit: \"report*.service\"}\n"
			   "    owner: {person: carol}\n";

static void a_registry_is_read_and_matched(void **state)
{
	struct rv_owners *o = NULL;
	struct rv_diag diag = {0};
	struct rv_owner_place place = {
		.path = RV_STR_LIT("/etc/nginx/a/b.pem"), .unit = "", .package = "", .account = ""};

	(void)state;
	assert_ok(rv_owners_parse(rv_str_of(good), "owners.yaml", &o, &diag));
	assert_int_equal(rv_owners_count(o), 2);
	assert_string_equal(rv_owners_of_account(o, "bob")->key, "team:web");
	assert_string_equal(rv_owners_of_account(o, "carol")->key, "person:carol");
	assert_null(rv_owners_of_account(o, "dave"));
	assert_non_null(rv_owners_of_mail(o, RV_STR_LIT("web@example.org")));
	assert_null(rv_owners_of_mail(o, RV_STR_LIT("")));
	assert_true(rv_owners_find(o, "person:carol")->left_us != RV_TIME_NONE);
	const struct rv_owner_rule *r = rv_owners_match(o, RV_KIND_CERTIFICATE, "x", &place);
	assert_non_null(r);
	assert_string_equal(r->owner, "team:web");
	assert_int_equal(r->line, 10);
	assert_null(rv_owners_match(o, RV_KIND_API_KEY, "x", &place)); /* another kind */
	place.unit = "report-nightly.service";
	assert_string_equal(rv_owners_match(o, RV_KIND_API_KEY, "x", &place)->owner,
			    "person:carol");
	rv_owners_free(o);
}

static void refused(const char *text, const char *where, const char *says)
{
	struct rv_owners *o = NULL;
	struct rv_diag diag = {0};

	assert_class(rv_owners_parse(rv_str_of(text), "owners.yaml", &o, &diag),
		     RV_CLASS_MALFORMED);
	assert_null(o);
	if (!strstr(diag.text, where) || !strstr(diag.text, says))
		print_error("got: %s\n", diag.text);
	assert_non_null(strstr(diag.text, where));
	assert_non_null(strstr(diag.text, says));
}

static void a_broken_registry_says_where(void **state)
{
	(void)state;
	refused("version: 2\n", "owners.yaml:1:", "version: 1");
	refused("owners: []\n", "owners.yaml:", "version: 1");
	refused("version: 1\nowner: []\n", "owners.yaml:2:1", "did you mean \"owners\"");
	refused("version: 1\nowners: web\n", "owners.yaml:2:", "a list");
	refused("version: 1\nowners:\n  - web\n", "owners.yaml:3:5", "a mapping");
	refused("version: 1\nowners:\n  - team: a\n    person: b\n", "owners.yaml:3:5", "either");
	refused("version: 1\nowners:\n  - mail: a\n", "owners.yaml:3:5", "either");
	refused("version: 1\nowners:\n  - team: a\n  - team: a\n", "owners.yaml:4:5", "twice");
	refused("version: 1\nowners:\n  - team: a\n    left: yesterday\n",
		"owners.yaml:4:", "a date");
	refused("version: 1\nowners:\n  - team: a\n    members: bob\n", "owners.yaml:4:", "a list");
	refused("version: 1\nassign:\n  - match: {path: \"/x\"}\n    owner: {team: a}\n",
		"owners.yaml:", "not listed");
	refused("version: 1\nowners:\n  - team: a\nassign:\n  - match: {pth: \"/x\"}\n"
		"    owner: {team: a}\n",
		"owners.yaml:5:", "did you mean \"path\"");
	refused("version: 1\nowners:\n  - team: a\nassign:\n  - match: {path: \"/[x\"}\n"
		"    owner: {team: a}\n",
		"owners.yaml:5:", "");
	refused("version: 1\nowners:\n  - team: a\nassign:\n  - match: {}\n    owner: {team: a}\n",
		"owners.yaml:5:", "at least one key");
	refused("version: 1\nowners:\n  - team: a\nassign:\n  - match: {kind: cheese}\n"
		"    owner: {team: a}\n",
		"owners.yaml:5:", "cheese");
	refused("version: 1\nversion: 1\n", "owners.yaml:2:", "");
	refused("{", "owners.yaml:", "");
}

static void a_missing_file_is_an_empty_registry(void **state)
{
	struct rv_owners *o = NULL;
	struct rv_diag diag = {0};

	(void)state;
	assert_ok(rv_owners_load("/no/such/owners.yaml", &o, &diag));
	assert_int_equal(rv_owners_count(o), 0);
	assert_string_equal(diag.text, "");
	rv_owners_free(o);
}

static void independent_evidence_adds_up_and_repeated_does_not(void **state)
{
	unsigned percent = 0;
	static struct rv_receipt r; /* large: not on the stack */

	(void)state;
	assert_string_equal(rv_receipt_winner(&r, &percent), "");
	assert_int_equal(percent, 0);
	rv_receipt_add(&r, "unit", "service:a", 70, "one");
	rv_receipt_add(&r, "unit", "service:a", 70, "two");
	rv_receipt_add(&r, "unit", "service:a", 70, "one"); /* said already */
	assert_int_equal(r.count, 2);
	assert_string_equal(rv_receipt_winner(&r, &percent), "service:a");
	assert_int_equal(percent, 70);
	rv_receipt_add(&r, "file", "service:a", 60, "three");
	rv_receipt_winner(&r, &percent);
	assert_int_equal(percent, 88);
	rv_receipt_add(&r, "package", "package:b", 92, "four");
	assert_string_equal(rv_receipt_winner(&r, &percent), "package:b");
	for (unsigned n = 0; n < 2 * RV_RECEIPT_MAX; n++)
		rv_receipt_add(&r, "file", "x", 1, "%u", n);
	assert_int_equal(r.count, RV_RECEIPT_MAX);
}

static void the_distributions_own_things_are_known(void **state)
{
	char library[128];
	const char *text = NULL;

	(void)state;
	assert_string_equal(rv_known_account("daemon", 1), "base-passwd");
	assert_string_equal(rv_known_account("systemd-network", 998), "systemd");
	assert_string_equal(rv_known_account("nobody", 65534), "base-passwd");
	assert_null(rv_known_account("svc-report", 998));
	assert_null(rv_known_account("postgres", 1001)); /* made by a person */
	assert_string_equal(rv_known_file(RV_STR_LIT("/etc/ssh/ssh_host_rsa_key"), &text),
			    "openssh-server");
	assert_null(rv_known_file(RV_STR_LIT("/etc/ssh/ssh_host_rsa_key.bak"), &text));
	assert_null(rv_known_file(RV_STR_LIT("/srv/etc/ssh/ssh_host_rsa_key"), &text));
	rv_known_library(RV_STR_LIT("/x/site-packages/foo/key.pem"), library, sizeof(library));
	assert_string_equal(library, "pip:foo");
	rv_known_library(RV_STR_LIT("/srv/app/key.pem"), library, sizeof(library));
	assert_string_equal(library, "");
	rv_known_library(RV_STR_LIT("/x/site-packages/key.pem"), library, sizeof(library));
	assert_string_equal(library, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_registry_is_read_and_matched),
		cmocka_unit_test(a_broken_registry_says_where),
		cmocka_unit_test(a_missing_file_is_an_empty_registry),
		cmocka_unit_test(independent_evidence_adds_up_and_repeated_does_not),
		cmocka_unit_test(the_distributions_own_things_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
