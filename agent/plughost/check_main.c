/* plughost: reeve-plugin-check: the conformance suite over one plugin, run in a real reeve-plughost
 * with all its walls. Exit 0: it conforms; 1: it does not; 2: the check could not be done. */
#include "agent/act/broker_mint.h"
#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/plughost/check_cases.h"

#include <getopt.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define PLUGIN_MAX (32U << 20)

static const char usage[] =
	"usage: reeve-plugin-check [options] FILE.so\n"
	"Runs the conformance suite over a plugin, in a confined reeve-plughost.\n"
	"  --with-root         give it a throwaway CA: setting root_cert, secret root_key\n"
	"  --set KEY=VALUE     one more setting (repeatable)\n"
	"  --profile NAME      none (default), loopback, net\n"
	"  --plughost PATH     the program to run it in (default: the installed one)\n"
	"example: reeve-plugin-check --with-root localca.so\n";

/* --- samples ------------------------------------------------------------------------------------
 */
static struct rv_buf sample(bool want_csr)
{
	static const int64_t validity_us[2] = {INT64_C(1700000000) * RV_US_PER_S,
					       INT64_C(4000000000) * RV_US_PER_S};
	struct rv_broker_key self;
	struct rv_broker_key leaf;
	struct rv_buf out;
	rv_broker_key_init(&self);
	rv_broker_key_init(&leaf);
	rv_buf_init(&out, 65536);
	rv_status st = rv_broker_mint_root(RV_ALG_EC_P256, RV_STR_LIT("check.example.org"),
					   validity_us, &self, NULL);
	if (rv_is_ok(st))
		st = rv_broker_mint(0, rv_buf_view(&self.public_der), &leaf, NULL);
	const struct rv_buf *chosen = want_csr ? &leaf.public_der : &self.public_der;
	if (rv_is_ok(st))
		st = rv_buf_put(&out, chosen->data, chosen->len);
	RV_BUG_ON(!rv_is_ok(st));
	rv_broker_key_done(&self);
	rv_broker_key_done(&leaf);
	return out;
}

struct rv_buf check_sample_csr(void)
{
	return sample(true);
}

struct rv_buf check_sample_cert(void)
{
	return sample(false);
}

/* --- the subject --------------------------------------------------------------------------------
 */
static rv_status load_file(const char *path, struct check_subject *subject, struct rv_diag *diag)
{
	struct rv_str base = rv_path_base(rv_str_of(path));
	struct rv_buf bytes;
	if (!rv_str_ends_with(base, ".so") || base.len - 3 >= sizeof(subject->name) ||
	    base.len <= 3)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is not named NAME.so", path);
	memcpy(subject->name, base.data, base.len - 3);
	rv_buf_init(&bytes, PLUGIN_MAX);
	rv_status st = rv_file_read(path, PLUGIN_MAX, &bytes, diag);
	if (rv_is_ok(st)) {
		struct rv_digest digest = rv_sha256(bytes.data, bytes.len);
		rv_hex(digest.bytes, sizeof(digest.bytes), subject->sha256);
		st = rv_memfd_sealed("plugin", bytes.data, bytes.len, &subject->memfd);
	}
	rv_buf_done(&bytes);
	return st;
}

/* A root for this run alone; its key never leaves the secure heap but to the plugin. */
static rv_status add_root(struct check_subject *subject, struct rv_buf *pem, struct rv_diag *diag)
{
	struct rv_broker_key root;
	int64_t now = rv_now_utc_us();
	rv_broker_key_init(&root);
	rv_status st = rv_broker_mint_root(
		0, RV_STR_LIT("reeve-plugin-check throwaway root"),
		(const int64_t[2]){now - RV_US_PER_DAY, now + 365 * RV_US_PER_DAY}, &root, diag);
	const unsigned char *p = root.public_der.data;
	X509 *cert = rv_is_ok(st) ? d2i_X509(NULL, &p, (long)root.public_der.len) : NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (rv_is_ok(st) && cert && bio && PEM_write_bio_X509(bio, cert) == 1) {
		long len = BIO_get_mem_data(bio, &text);
		st = rv_buf_put(pem, text, (size_t)len);
	}
	BIO_free(bio);
	X509_free(cert);
	if (rv_is_ok(st)) {
		subject->settings[subject->setting_count++] =
			(struct check_setting){"root_cert", rv_buf_view(pem)};
		subject->secret_name = "root_key";
		subject->secret = RV_TAKE(root.pkcs8);
		size_t len = rv_secret_len(subject->secret);
		st = rv_buf_put(&subject->secret_tail, rv_secret_reveal(subject->secret) + len - 48,
				48);
	}
	rv_broker_key_done(&root);
	return st;
}

static bool add_setting(struct check_subject *subject, char *text)
{
	char *eq = strchr(text, '=');
	if (!eq || eq == text || subject->setting_count == RV_LEN(subject->settings))
		return false;
	*eq = '\0';
	subject->settings[subject->setting_count++] =
		(struct check_setting){text, rv_str_of(eq + 1)};
	return true;
}

/* The plughost beside us in a build, else the installed one. */
static const char *default_plughost(char *out, size_t size)
{
	static const char name[] = "reeve-plughost";
	ssize_t len = readlink("/proc/self/exe", out, size - sizeof(name));
	while (len > 0 && out[len - 1] != '/')
		len--;
	if (len > 0) {
		memcpy(out + len, name, sizeof(name));
		if (access(out, X_OK) == 0)
			return out;
	}
	return RV_LIBEXEC_DIR "/reeve-plughost";
}

/* --- the suite
 * ------------------------------------------------------------------------------------ */
/* Which cases apply is in what the plugin offers. */
static bool look(struct check_report *r, unsigned *out_kind, bool *out_creates)
{
	struct check_session s;
	const char *name = "is accepted by the host";
	if (!check_begin(r, &s, name))
		return false;
	*out_kind = (unsigned)s.ready.kind;
	*out_creates = check_offers(&s, REEVE_VERB_CREATE);
	printf("plugin %s %.*s, kind %u, verbs %#llx\n", r->subject->name, (int)s.ready.version.len,
	       (const char *)s.ready.version.data, *out_kind, (unsigned long long)s.ready.verbs);
	printf("grant: plugin %s %s %s\n", r->subject->name, r->subject->profile,
	       r->subject->sha256);
	check_ok(r, name, true, "%s", "");
	check_end(r, &s, name);
	return true;
}

static int run_suite(const struct check_subject *subject)
{
	struct check_report r = {.subject = subject};
	unsigned kind = 0;
	bool creates = false;
	if (look(&r, &kind, &creates))
		check_cases_common(&r);
	if (creates && !r.is_over)
		check_cases_provider(&r);
	if (kind == REEVE_KIND_PROBE && !r.is_over)
		check_cases_probe(&r);
	if (!r.is_over)
		check_cases_hostile(&r);
	printf("%u passed, %u failed, %u skipped%s\n", r.passed, r.failed, r.skipped,
	       r.is_over ? "; the rest was not tried" : "");
	return r.failed == 0 ? 0 : 1;
}

static int cannot(const struct rv_diag *diag)
{
	fprintf(stderr, "reeve-plugin-check: %s\n", diag->text);
	return 2;
}

struct options {
	bool with_root;
	const char *file;
};

/* 0: go on; else the exit status plus one. */
static int read_options(int argc, char **argv, struct check_subject *subject, struct options *out)
{
	static const struct option longs[] = {
		{"with-root", no_argument, NULL, 'r'},
		{"set", required_argument, NULL, 's'},
		{"profile", required_argument, NULL, 'p'},
		{"plughost", required_argument, NULL, 'h'},
		{"help", no_argument, NULL, '?' + 1},
		{NULL, 0, NULL, 0},
	};
	int c = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r')
			out->with_root = true;
		else if (c == 'p')
			subject->profile = optarg;
		else if (c == 'h')
			subject->plughost = optarg;
		else if (c == '?' + 1) {
			fputs(usage, stdout);
			return 1;
		} else if (c != 's' || !add_setting(subject, optarg)) {
			fputs(usage, stderr);
			return 3;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return 3;
	}
	out->file = argv[optind];
	return 0;
}

int main(int argc, char **argv)
{
	static struct check_subject subject = {.profile = "none", .memfd = -1};
	struct options options = {0};
	struct rv_diag diag = {0};
	struct rv_buf pem;
	static char path[4096];

	subject.plughost = default_plughost(path, sizeof(path));
	int stop = read_options(argc, argv, &subject, &options);
	if (stop != 0)
		return stop - 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	rv_buf_init(&pem, 16384);
	rv_buf_init(&subject.secret_tail, 64);
	rv_status st = rv_secret_heap_init(&diag);
	if (rv_is_ok(st))
		st = load_file(options.file, &subject, &diag);
	if (rv_is_ok(st) && options.with_root)
		st = add_root(&subject, &pem, &diag);
	if (!rv_is_ok(st))
		return cannot(&diag);
	int code = run_suite(&subject);
	rv_secret_freep(&subject.secret);
	rv_buf_done(&subject.secret_tail);
	rv_buf_done(&pem);
	rv_fd_closep(&subject.memfd);
	return code;
}
