/* tests: every allocation of base may fail: the result is EXHAUSTED and nothing else happened. */
#include "agent/base/fd.h"
#include "agent/base/loop.h"
#include "agent/base/path.h"
#include "agent/base/secret.h"
#include "agent/base/yaml.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

static rv_status fill_buffer(void *user)
{
	struct rv_buf buf;
	rv_status status;

	(void)user;
	rv_buf_init(&buf, 65536);
	status = rv_buf_put_str(&buf, "some bytes");
	for (int i = 0; i < 100 && rv_is_ok(status); i++)
		status = rv_buf_printf(&buf, "%d,", i);
	if (rv_is_ok(status) && !rv_buf_cstr(&buf))
		status = rv_fail_nomem(NULL);
	if (rv_is_ok(status) && !rv_buf_reserve(&buf, 4096))
		status = rv_fail_nomem(NULL);
	rv_buf_done(&buf);
	return status;
}

static rv_status escape_path(void *user)
{
	struct rv_buf text, back;
	rv_status status;

	(void)user;
	rv_buf_init(&text, 65536);
	rv_buf_init(&back, 65536);
	status = rv_path_escape(RV_STR_LIT("/a\xff\xfe\n/\\b/caf\xc3\xa9/and/some/more/so/that"),
				&text);
	if (!rv_is_ok(status))
		assert_int_equal(text.len, 0);
	else
		status = rv_path_unescape(rv_buf_view(&text), &back);
	rv_buf_done(&text);
	rv_buf_done(&back);
	return status;
}

static rv_status make_loop(void *user)
{
	struct rv_loop *loop = NULL;
	rv_status status = rv_loop_new(&loop);

	(void)user;
	rv_loop_free(loop);
	return status;
}

static rv_status parse_json(void *user)
{
	RV_CLEANUP(rv_jsonp) json_t *j = NULL;
	struct rv_buf out;
	rv_status status;

	(void)user;
	rv_buf_init(&out, 65536);
	status = rv_json_parse(RV_STR_LIT("{\"a\":[1,{\"b\":\"text\"},null,true]}"), &j, NULL);
	if (rv_is_ok(status))
		status = rv_json_set_path(j, "path", RV_STR_LIT("/a\xff"));
	if (rv_is_ok(status))
		status = rv_json_canonical(j, &out);
	rv_buf_done(&out);
	return status;
}

static rv_status parse_yaml(void *user)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;

	(void)user;
	return rv_yaml_parse(RV_STR_LIT("a: [1, two, {b: null}]\nc:\n  d: 'x'\n"), "f.yaml", &y,
			     NULL);
}

static rv_status replace_file(void *user)
{
	const struct rvt_dir *dir = user;
	char path[RVT_PATH];
	rv_status status;

	rvt_dir_path(dir, "f", path);
	status = rv_file_replace(path, "new", 3, 0600, NULL);
	assert_int_equal(rvt_dir_count(dir->path), 1);
	return status;
}

static rv_status seal_and_open(void *user)
{
	RV_CLEANUP(rv_secret_freep) struct rv_secret *key = NULL;
	RV_CLEANUP(rv_secret_freep) struct rv_secret *out = NULL;
	char text[RV_FINGERPRINT_TEXT];
	static const uint8_t zeros[32];
	struct rv_buf blob;
	rv_status status;

	(void)user;
	rv_buf_init(&blob, 4096);
	status = rv_secret_new(zeros, sizeof(zeros), &key);
	if (rv_is_ok(status))
		status = rv_seal(key, RV_STR_LIT("aad"), key, &blob);
	if (rv_is_ok(status))
		status = rv_unseal(key, RV_STR_LIT("aad"), rv_buf_view(&blob), &out, NULL);
	if (rv_is_ok(status))
		status = rv_fingerprint(key, "class", RV_STR_LIT("value"), text);
	rv_buf_done(&blob);
	return status;
}

static void buffers_survive_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("fill_buffer", fill_buffer, NULL) >= 3);
	assert_true(rvt_alloc_loop("escape_path", escape_path, NULL) >= 2);
}

static void loops_survive_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("make_loop", make_loop, NULL) >= 1);
}

static void json_and_yaml_survive_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("parse_json", parse_json, NULL) >= 10);
	assert_true(rvt_alloc_loop("parse_yaml", parse_yaml, NULL) >= 10);
}

static void files_survive_no_memory(void **state)
{
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_write_text(&dir, "f", "old");
	assert_true(rvt_alloc_loop("replace_file", replace_file, &dir) >= 1);
	rvt_dir_done(&dir);
}

static void secrets_survive_no_memory(void **state)
{
	(void)state;
	if (!rv_is_ok(rv_secret_heap_init(NULL))) {
		printf("SKIPPED: memory cannot be locked here\n");
		skip();
	}
	assert_true(rvt_alloc_loop("seal_and_open", seal_and_open, NULL) >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_survive_no_memory),
		cmocka_unit_test(loops_survive_no_memory),
		cmocka_unit_test(json_and_yaml_survive_no_memory),
		cmocka_unit_test(files_survive_no_memory),
		cmocka_unit_test(secrets_survive_no_memory),
	};

	/* jansson is a shared library: it is given the allocator that fails. */
	json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
