/* tests: the authority signs a key and nothing else of a request, and knows its own by signature.
 */
#include "agent/inventory/ca.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/net/http.h"
#include "agent/report/identity.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <openssl/pem.h>
#include <sys/stat.h>

static struct rv_ca *make(struct rvt_dir *dir)
{
	struct rv_ca *ca = NULL;

	rvt_dir_init(dir);
	assert_ok(rv_ca_create(dir->path, "inv.example,127.0.0.1,::1", NULL));
	assert_ok(rv_ca_open(dir->path, "inv.example", &ca, NULL));
	return ca;
}

static char *csr(const struct rvt_dir *dir)
{
	RV_CLEANUP(rv_key_text_freep) char *key = NULL;
	char *text = NULL;

	assert_ok(rv_identity_next_key(dir->path, &key, NULL));
	assert_ok(rv_identity_csr(key, &text, NULL));
	return text;
}

static struct rv_buf der_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	const int len = i2d_X509(cert, &der);
	struct rv_buf out;

	assert_true(len > 0);
	rv_buf_init(&out, 65536);
	assert_ok(rv_buf_put(&out, der, (size_t)len));
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	return out;
}

static void keys_are_private_and_never_overwritten(void **state)
{
	struct rvt_dir dir;
	struct rv_ca *ca = make(&dir);
	char path[RVT_PATH];
	struct stat st;

	(void)state;
	rvt_dir_path(&dir, "ca.key", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	rvt_dir_path(&dir, "server.key", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_class(rv_ca_create(dir.path, "other", NULL), RV_CLASS_CONFLICT);
	rv_ca_free(ca);
	rvt_dir_done(&dir);
}

static void both_ends_compute_the_same_pin(void **state)
{
	struct rvt_dir dir;
	struct rv_ca *ca = make(&dir);
	char mine[RV_PIN_TEXT];
	char theirs[RV_PIN_BYTES];

	(void)state;
	assert_ok(rv_ca_pin_of_pem(rv_str_of(rv_ca_pem(ca)), mine));
	assert_ok(rv_pin_of(rv_ca_pem(ca), theirs, NULL));
	assert_string_equal(mine, theirs);
	assert_string_equal(mine, rv_ca_pin(ca));
	assert_class(rv_pin_of("not a certificate", theirs, NULL), RV_CLASS_MALFORMED);
	rv_ca_free(ca);
	rvt_dir_done(&dir);
}

static void a_signed_certificate_is_judged_by_its_dates(void **state)
{
	struct rvt_dir dir;
	struct rv_ca *ca = make(&dir);
	RV_CLEANUP(rv_freep) char *request = csr(&dir);
	RV_CLEANUP(rv_freep) char *pem = NULL;
	const int64_t now = rv_now_utc_us();
	struct rv_ca_client client;
	struct rv_digest key_fp;
	int64_t until = 0;

	(void)state;
	assert_ok(rv_ca_read_csr(rv_str_of(request), &key_fp, NULL));
	assert_ok(rv_ca_sign(ca, rv_str_of(request), "the-host", &pem, &until, NULL));
	RV_CLEANUP(rv_buf_done) struct rv_buf der = der_of(pem);
	const struct rv_str view = rv_buf_view(&der);
	assert_int_equal(rv_ca_judge(ca, view, now, &client), RV_CA_GOOD);
	assert_string_equal(client.host_id, "the-host");
	assert_true(rv_digest_equal(&client.key_fp, &key_fp));
	assert_int_equal(rv_ca_judge(ca, view, now - RV_US_PER_DAY, &client), RV_CA_EARLY);
	/* An hour back is inside: clocks differ. */
	assert_int_equal(rv_ca_judge(ca, view, now - 3500 * RV_US_PER_S, &client), RV_CA_GOOD);
	assert_int_equal(rv_ca_judge(ca, view, until + RV_US_PER_S, &client), RV_CA_EXPIRED);
	assert_int_equal(rv_ca_judge(ca, view, until + 31 * RV_US_PER_DAY, &client), RV_CA_LAPSED);
	rv_ca_free(ca);
	rvt_dir_done(&dir);
}

static void another_authority_of_the_same_name_is_foreign(void **state)
{
	struct rvt_dir dir, other_dir;
	struct rv_ca *ca = make(&dir);
	struct rv_ca *other = make(&other_dir);
	RV_CLEANUP(rv_freep) char *request = csr(&dir);
	RV_CLEANUP(rv_freep) char *pem = NULL;
	struct rv_ca_client client;
	int64_t until = 0;

	(void)state;
	assert_ok(rv_ca_sign(other, rv_str_of(request), "the-host", &pem, &until, NULL));
	RV_CLEANUP(rv_buf_done) struct rv_buf der = der_of(pem);
	assert_int_equal(rv_ca_judge(ca, rv_buf_view(&der), rv_now_utc_us(), &client),
			 RV_CA_FOREIGN);
	RV_CLEANUP(rv_buf_done) struct rv_buf self = der_of(rv_ca_pem(ca));
	assert_int_equal(rv_ca_judge(ca, rv_buf_view(&self), rv_now_utc_us(), &client),
			 RV_CA_FOREIGN);
	for (size_t cut = 0; cut < der.len; cut += 7)
		assert_int_equal(
			rv_ca_judge(ca, (struct rv_str){der.data, cut}, rv_now_utc_us(), &client),
			RV_CA_FOREIGN);
	rv_ca_free(ca);
	rv_ca_free(other);
	rvt_dir_done(&dir);
	rvt_dir_done(&other_dir);
}

static void requests_that_do_not_hold_are_malformed(void **state)
{
	struct rvt_dir dir;
	struct rv_ca *ca = make(&dir);
	RV_CLEANUP(rv_freep) char *request = csr(&dir);
	struct rv_digest fp;

	(void)state;
	request[strlen(request) / 2] ^= 1;
	assert_class(rv_ca_read_csr(rv_str_of(request), &fp, NULL), RV_CLASS_MALFORMED);
	assert_class(rv_ca_read_csr(rv_str_of(""), &fp, NULL), RV_CLASS_MALFORMED);
	assert_class(rv_ca_read_csr(rv_str_of(rv_ca_pem(ca)), &fp, NULL), RV_CLASS_MALFORMED);
	rv_ca_free(ca);
	rvt_dir_done(&dir);
}

static void names_are_names(void **state)
{
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	assert_class(rv_ca_create(dir.path, "a,DNS:b\ncritical", NULL), RV_CLASS_MISCONFIGURED);
	assert_class(rv_ca_create(dir.path, "", NULL), RV_CLASS_MISCONFIGURED);
	assert_class(rv_ca_create(dir.path, "a,,b", NULL), RV_CLASS_MISCONFIGURED);
	rvt_dir_done(&dir);
}

static void an_identity_comes_back_as_it_was_saved(void **state)
{
	struct rvt_dir dir;
	struct rv_ca *ca = make(&dir);
	RV_CLEANUP(rv_freep) char *request = csr(&dir);
	RV_CLEANUP(rv_identity_done)
	struct rv_identity id = {
		.host_id = "h", .url = "https://a:1", .issued_us = 5, .offset_us = -7};
	RV_CLEANUP(rv_identity_done) struct rv_identity back = {0};
	struct stat st;
	char path[RVT_PATH];

	(void)state;
	assert_ok(rv_identity_next_key(dir.path, &id.key_pem, NULL));
	assert_ok(rv_ca_sign(ca, rv_str_of(request), "h", &id.cert_pem, &id.not_after_us, NULL));
	id.ca_pem = strdup(rv_ca_pem(ca));
	assert_ok(rv_identity_save(dir.path, &id, NULL));
	assert_ok(rv_identity_load(dir.path, &back, NULL));
	assert_string_equal(back.host_id, id.host_id);
	assert_string_equal(back.url, id.url);
	assert_string_equal(back.key_pem, id.key_pem);
	assert_string_equal(back.cert_pem, id.cert_pem);
	assert_string_equal(back.ca_pem, id.ca_pem);
	assert_int_equal(back.issued_us, 5);
	assert_int_equal(back.offset_us, -7);
	assert_int_equal(back.not_after_us, id.not_after_us);
	rvt_dir_path(&dir, RV_IDENTITY_FILE, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(rv_identity_forget(dir.path, NULL));
	assert_false(rvt_file_exists(path));
	assert_ok(rv_identity_forget(dir.path, NULL));
	rv_ca_free(ca);
	rvt_dir_done(&dir);
}

static void a_broken_identity_is_malformed_not_trusted(void **state)
{
	struct rvt_dir dir;
	struct rv_identity id = {0};

	(void)state;
	rvt_dir_init(&dir);
	assert_class(rv_identity_load(dir.path, &id, NULL), RV_CLASS_NOT_FOUND);
	rvt_dir_write_text(&dir, RV_IDENTITY_FILE, "host: h\nurl: https://x\nissued: 1\n");
	assert_class(rv_identity_load(dir.path, &id, NULL), RV_CLASS_MALFORMED);
	rvt_dir_write_text(&dir, RV_IDENTITY_FILE, "");
	assert_class(rv_identity_load(dir.path, &id, NULL), RV_CLASS_MALFORMED);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_private_and_never_overwritten),
		cmocka_unit_test(both_ends_compute_the_same_pin),
		cmocka_unit_test(a_signed_certificate_is_judged_by_its_dates),
		cmocka_unit_test(another_authority_of_the_same_name_is_foreign),
		cmocka_unit_test(requests_that_do_not_hold_are_malformed),
		cmocka_unit_test(names_are_names),
		cmocka_unit_test(an_identity_comes_back_as_it_was_saved),
		cmocka_unit_test(a_broken_identity_is_malformed_not_trusted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
