/* reeve-verify as people run it: exit codes, the key in its forms, what it prints. */
#include "sample.h"

#include "agent/verify/chain.h"
#include "tests/support/dir.h"
#include "tests/support/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define WAIT_MS 20000

struct world {
	struct sample sample;
	struct rvt_dir dir;
	char bundle[RVT_PATH];
	char key[80]; /* sha256:... */
};

static int run(const char *const *args, struct rvt_result *out)
{
	const char *argv[8] = {REEVE_VERIFY};
	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	*out = rvt_run(argv, RV_STR_NONE, WAIT_MS);
	return out->code;
}

static void good_evidence_is_exit_0(void **state)
{
	struct world *w = *state;
	struct rvt_result r;
	assert_int_equal(run((const char *[]){"--key", w->key, w->bundle, NULL}, &r), 0);
	assert_non_null(strstr(rvt_text(&r.out), "events    12 of 12 in place"));
	assert_non_null(strstr(rvt_text(&r.out), "old one: denied"));
	assert_non_null(strstr(rvt_text(&r.out), "\nverified\n"));
	rvt_result_done(&r);
	assert_int_equal(run((const char *[]){"--json", "--key", w->key, w->bundle, NULL}, &r), 0);
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;
	struct rv_str text = rv_buf_view(&r.out);
	text.len--; /* its newline */
	assert_true(rv_is_ok(rv_json_parse(text, &doc, NULL)));
	assert_true(rv_json_bool(json_object_get(doc, "data"), "verified", false));
	rvt_result_done(&r);
}

static void a_key_file_is_as_good_as_its_name(void **state)
{
	struct world *w = *state;
	struct rv_audit_signature sig;
	struct rvt_result r;
	char hex[66];
	char path[RVT_PATH];
	assert_true(rv_is_ok(rv_audit_sign_last(w->sample.db, &sig, NULL)));
	rvt_dir_write(&w->dir, "raw.key", sig.public_key, 32, 0600);
	rvt_dir_path(&w->dir, "raw.key", path);
	assert_int_equal(run((const char *[]){"--key", path, w->bundle, NULL}, &r), 0);
	rvt_result_done(&r);
	rv_hex(sig.public_key, 32, hex);
	hex[64] = '\n';
	rvt_dir_write(&w->dir, "hex.key", hex, 65, 0600);
	rvt_dir_path(&w->dir, "hex.key", path);
	assert_int_equal(run((const char *[]){"--key", path, w->bundle, NULL}, &r), 0);
	rvt_result_done(&r);
	rvt_dir_write_text(&w->dir, "no.key", "nothing\n");
	rvt_dir_path(&w->dir, "no.key", path);
	assert_int_equal(run((const char *[]){"--key", path, w->bundle, NULL}, &r), 2);
	rvt_result_done(&r);
}

static void an_unnamed_signer_is_exit_1(void **state)
{
	struct world *w = *state;
	struct rvt_result r;
	assert_int_equal(run((const char *[]){w->bundle, NULL}, &r), 1);
	assert_non_null(strstr(rvt_text(&r.out), "by whom was not checked"));
	assert_non_null(strstr(rvt_text(&r.out), w->key));
	rvt_result_done(&r);
}

static void meddling_is_exit_1_with_the_line(void **state)
{
	struct world *w = *state;
	struct rvt_result r;
	char path[RVT_PATH];
	struct rv_buf *b = &w->sample.bundle;
	b->data[b->len / 2] ^= 1;
	rvt_dir_write(&w->dir, "bad.jsonl", b->data, b->len, 0600);
	b->data[b->len / 2] ^= 1;
	rvt_dir_path(&w->dir, "bad.jsonl", path);
	assert_int_equal(run((const char *[]){"--key", w->key, path, NULL}, &r), 1);
	assert_non_null(strstr(rvt_text(&r.out), "NOT VERIFIED: line "));
	rvt_result_done(&r);
}

static void a_missing_tail_is_known_by_its_number(void **state)
{
	struct world *w = *state;
	struct rvt_result r;
	const char *twelve[] = {"--at-least", "12", "--key", w->key, w->bundle, NULL};
	const char *thirteen[] = {"--at-least", "13", "--key", w->key, w->bundle, NULL};
	assert_int_equal(run(twelve, &r), 0);
	rvt_result_done(&r);
	assert_int_equal(run(thirteen, &r), 1);
	rvt_result_done(&r);
}

static void what_cannot_be_read_is_exit_2(void **state)
{
	struct world *w = *state;
	struct rvt_result r;
	char path[RVT_PATH];
	rvt_dir_path(&w->dir, "absent", path);
	assert_int_equal(run((const char *[]){path, NULL}, &r), 2);
	rvt_result_done(&r);
	assert_int_equal(run((const char *[]){NULL}, &r), 2);
	rvt_result_done(&r);
	assert_int_equal(run((const char *[]){"--nonsense", w->bundle, NULL}, &r), 2);
	rvt_result_done(&r);
}

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char hex[65];
	sample_make(&w->sample, 12, 5);
	rvt_dir_init(&w->dir);
	rvt_dir_write(&w->dir, "good.jsonl", w->sample.bundle.data, w->sample.bundle.len, 0600);
	rvt_dir_path(&w->dir, "good.jsonl", w->bundle);
	rv_hex(w->sample.key_name.bytes, 32, hex);
	snprintf(w->key, sizeof(w->key), "sha256:%s", hex);
	*state = w;
	return 0;
}

static int done(void **state)
{
	struct world *w = *state;
	rvt_dir_done(&w->dir);
	sample_done(&w->sample);
	free(w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_evidence_is_exit_0),
		cmocka_unit_test(a_key_file_is_as_good_as_its_name),
		cmocka_unit_test(an_unnamed_signer_is_exit_1),
		cmocka_unit_test(meddling_is_exit_1_with_the_line),
		cmocka_unit_test(a_missing_tail_is_known_by_its_number),
		cmocka_unit_test(what_cannot_be_read_is_exit_2),
	};
	return cmocka_run_group_tests(tests, make, done);
}
