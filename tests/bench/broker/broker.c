/* What the broker's work costs, and a probe through a real, confined plughost. Prints; fails only
 * when something does not work at all. Usage: bench_broker PLUGHOST PROBE.so */
#include "agent/act/broker_mint.h"
#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/fd.h"
#include "agent/plughost/check_host.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(expr)                                                                \
	do {                                                                      \
		rv_status must_ = (expr);                                         \
		if (!rv_is_ok(must_)) {                                           \
			fprintf(stderr, "%s: class %u\n", #expr, must_.class_id); \
			exit(1);                                                  \
		}                                                                 \
	} while (0)

static const int64_t day_us[2] = {INT64_C(1700000000) * RV_US_PER_S,
				  INT64_C(4000000000) * RV_US_PER_S};

static void tell(const char *what, int64_t began_us, unsigned times)
{
	double each = (double)(rv_boot_us() - began_us) / 1000.0 / times;
	printf("%-34s %9.3f ms\n", what, each);
}

static void mints(const struct rv_buf *template_der)
{
	static const struct {
		const char *name;
		unsigned alg, times;
	} cases[] = {{"mint EC P-256 and its CSR", RV_ALG_EC_P256, 200},
		     {"mint Ed25519 and its CSR", RV_ALG_ED25519, 200},
		     {"mint RSA 2048 and its CSR", RV_ALG_RSA, 8}};
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		int64_t began = rv_boot_us();
		for (unsigned n = 0; n < cases[i].times; n++) {
			struct rv_broker_key key;
			rv_broker_key_init(&key);
			MUST(rv_broker_mint(cases[i].alg, rv_buf_view(template_der), &key, NULL));
			rv_broker_key_done(&key);
		}
		tell(cases[i].name, began, cases[i].times);
	}
	int64_t began = rv_boot_us();
	for (unsigned n = 0; n < 4; n++) {
		struct rv_broker_key root;
		rv_broker_key_init(&root);
		MUST(rv_broker_mint_root(0, RV_STR_LIT("bench"), day_us, &root, NULL));
		rv_broker_key_done(&root);
	}
	tell("mint a root (RSA 3072)", began, 4);
}

static void seals(void)
{
	static uint8_t bytes[2048];
	struct rv_secret *key = NULL;
	struct rv_secret *plain = NULL;
	struct rv_digest head = {{0}};
	uint8_t signature[64];
	uint8_t public_key[32];
	MUST(rv_secret_new(bytes, 32, &key));
	MUST(rv_secret_new(bytes, sizeof(bytes), &plain));
	int64_t began = rv_boot_us();
	for (unsigned n = 0; n < 1000; n++) {
		struct rv_buf blob;
		struct rv_secret *back = NULL;
		rv_buf_init(&blob, 8192);
		MUST(rv_seal(key, RV_STR_LIT("bench"), plain, &blob));
		MUST(rv_unseal(key, RV_STR_LIT("bench"), rv_buf_view(&blob), &back, NULL));
		rv_secret_free(back);
		rv_buf_done(&blob);
	}
	tell("seal and unseal 2 KiB", began, 1000);
	began = rv_boot_us();
	for (unsigned n = 0; n < 1000; n++)
		MUST(rv_broker_sign_head(key, n, &head, signature, public_key));
	tell("sign a head", began, 1000);
	rv_secret_free(key);
	rv_secret_free(plain);
}

/* --- a probe ------------------------------------------------------------------------------------
 */
static void serve(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	char byte;
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	SSL_CTX_use_certificate(ctx, cert);
	SSL_CTX_use_PrivateKey(ctx, key);
	SSL *ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	alarm(20);
	if (SSL_accept(ssl) == 1)
		(void)SSL_read(ssl, &byte, 1); /* until the probe hangs up */
	_exit(0);
}

static int64_t probe_once(struct check_session *s)
{
	int fds[2];
	struct check_answer a;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		serve(fds[1]);
	}
	close(fds[1]);
	MUST(check_call(s, &(struct check_ask){.verb = REEVE_VERB_PROBE, .socket = fds[0]}, &a,
			NULL));
	if (a.outcome != REEVE_DONE)
		exit(1);
	int64_t took = a.took_us;
	check_answer_done(&a);
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return took;
}

static void tell_memory(const char *what, pid_t pid)
{
	char path[64];
	char line[256];
	unsigned long rss = 0, peak = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "VmRSS: %lu", &rss);	 /* other lines do not match */
		(void)sscanf(line, "VmHWM: %lu", &peak); /* as above */
	}
	if (f)
		fclose(f);
	printf("%-34s %6lu KiB, peak %lu KiB\n", what, rss, peak);
}

static void probes(const char *plughost, const char *plugin)
{
	static struct check_subject subject = {.name = "probe", .profile = "loopback"};
	struct check_session s;
	struct rv_buf bytes;
	int ended = 0;
	subject.plughost = plughost;
	rv_buf_init(&bytes, 8U << 20);
	MUST(rv_file_read(plugin, bytes.max, &bytes, NULL));
	MUST(rv_memfd_sealed("plugin", bytes.data, bytes.len, &subject.memfd));
	int64_t began = rv_boot_us();
	MUST(check_start(&subject, &s, NULL));
	MUST(check_open(&s, (struct check_setting){0}, false, NULL));
	tell("start and open a plughost", began, 1);
	tell_memory("plughost idle", s.pid);
	int64_t sum = 0;
	for (unsigned n = 0; n < 100; n++)
		sum += probe_once(&s);
	printf("%-34s %9.3f ms\n", "a full handshake by the probe", (double)sum / 100 / 1000.0);
	tell_memory("plughost after 100 handshakes", s.pid);
	check_stop(&s, &ended);
	rv_buf_done(&bytes);
	rv_fd_closep(&subject.memfd);
}

int main(int argc, char **argv)
{
	struct rv_broker_key self;
	if (argc != 3 || !rv_broker_wiping_allocator())
		return 2;
	int64_t began = rv_boot_us();
	MUST(rv_secret_heap_init(NULL));
	MUST(rv_broker_warm_up(NULL));
	tell("a broker's warm-up", began, 1);
	rv_broker_key_init(&self);
	MUST(rv_broker_mint_root(RV_ALG_EC_P256, RV_STR_LIT("bench.example.org"), day_us, &self,
				 NULL));
	mints(&self.public_der);
	seals();
	tell_memory("this process, as a broker", getpid());
	fflush(stdout);
	probes(argv[1], argv[2]);
	rv_broker_key_done(&self);
	return 0;
}
