/* plughost: a probe against peers of every kind, each a process of ours on a socket pair. */
#include "agent/plughost/check_cases.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 10 /* a peer process never outlives this */

enum peer_kind { PEER_TLS, PEER_BANNER, PEER_HTTP, PEER_CLOSES, PEER_SILENT, PEER_GARBAGE };

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	struct rv_buf der;
};

/* A server that offers what could be resumed, and shows one certificate. */
static void serve_tls(int fd, const struct identity *id)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl = NULL;
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"check", 5);
	if (SSL_CTX_use_certificate(ctx, id->cert) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, id->key) == 1)
		ssl = SSL_new(ctx);
	if (!ssl || SSL_set_fd(ssl, fd) != 1 || SSL_accept(ssl) != 1)
		_exit(1);
	char byte;
	(void)SSL_read(ssl, &byte, 1); /* until the probe hangs up */
	_exit(0);
}

static void be_peer(enum peer_kind kind, int fd, const struct identity *id)
{
	static const char banner[] = "SSH-2.0-OpenSSH_9.2\r\n";
	static const char http[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	static const char garbage[] = "\x16\x03\x03\x00\x1cgarbage after a record header";
	char sink[4096];
	alarm(PATIENCE_S);
	switch (kind) {
	case PEER_TLS:
		serve_tls(fd, id);
		break;
	case PEER_BANNER:
		(void)!write(fd, banner, sizeof(banner) - 1); /* the probe may be gone */
		break;
	case PEER_HTTP:
	case PEER_GARBAGE:
		(void)!read(fd, sink, sizeof(sink)); /* as above */
		if (kind == PEER_HTTP)
			(void)!write(fd, http, sizeof(http) - 1); /* as above */
		else
			(void)!write(fd, garbage, sizeof(garbage) - 1); /* as above */
		break;
	case PEER_CLOSES:
		(void)!read(fd, sink, sizeof(sink)); /* as above */
		_exit(0);
	case PEER_SILENT:
		break;
	}
	while (read(fd, sink, sizeof(sink)) > 0)
		;
	_exit(0);
}

static pid_t start_peer(enum peer_kind kind, const struct identity *id, int *out_fd)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		be_peer(kind, fds[1], id);
	}
	close(fds[1]);
	*out_fd = fds[0];
	return pid;
}

/* One probe of one peer. */
static bool probe(struct check_report *r, struct check_session *s, const char *name,
		  enum peer_kind kind, const struct identity *id, struct check_answer *out)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	pid_t pid = start_peer(kind, id, &fd);
	const struct check_field fields[] = {
		{REEVE_F_SERVER_NAME, RV_STR_LIT("check.example.org")}};
	struct check_ask ask = {.verb = REEVE_VERB_PROBE,
				.socket = fd,
				.deadline_us = rv_now_utc_us() + 700000,
				.fields = fields,
				.field_count = 1};
	bool answered = pid > 0 && check_ask(r, s, name, &ask, out);
	rv_fd_closep(&fd);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return answered;
}

static void sees_what_is_served(struct check_report *r, const struct identity *id)
{
	struct check_session s;
	struct check_answer a;
	const char *name = "sees the served certificate, in full handshakes only";
	bool good = true;
	if (!check_begin(r, &s, name))
		return;
	for (int i = 0; i < 4 && good; i++) {
		if (!probe(r, &s, name, PEER_TLS, id, &a))
			break;
		struct rv_str resumed = check_field_of(&a, REEVE_F_RESUMED);
		good = a.outcome == REEVE_DONE &&
		       rv_str_equal(check_field_of(&a, REEVE_F_CERT_DER), rv_buf_view(&id->der)) &&
		       resumed.len == 1 && resumed.data[0] == 0 &&
		       check_field_of(&a, REEVE_F_SPKI_SHA256).len == 32 &&
		       check_field_of(&a, REEVE_F_CERT_SHA256).len == 32 &&
		       check_field_of(&a, REEVE_F_TLS_VERSION).len > 0;
		if (!good)
			check_ok(r, name, false, "outcome %u: %s", a.outcome, a.text);
		check_answer_done(&a);
	}
	if (good && !r->is_over)
		check_ok(r, name, true, "%s", "");
	check_end(r, &s, name);
}

static void tells_others_quickly(struct check_report *r, const struct identity *id)
{
	static const struct {
		const char *name;
		enum peer_kind kind;
		unsigned outcome;
	} peers[] = {
		{"a banner is not TLS", PEER_BANNER, REEVE_REJECTED},
		{"an HTTP answer is not TLS", PEER_HTTP, REEVE_REJECTED},
		{"a broken record is not TLS", PEER_GARBAGE, REEVE_REJECTED},
		{"a peer that hangs up is not TLS", PEER_CLOSES, REEVE_REJECTED},
		{"a silent peer is unknown, within the deadline", PEER_SILENT, REEVE_UNKNOWN},
	};
	struct check_session s;
	if (!check_begin(r, &s, peers[0].name))
		return;
	for (size_t i = 0; i < RV_LEN(peers) && !r->is_over; i++) {
		struct check_answer a;
		if (!probe(r, &s, peers[i].name, peers[i].kind, id, &a))
			break;
		check_ok(r, peers[i].name,
			 a.outcome == peers[i].outcome && a.took_us < 2 * RV_US_PER_S,
			 "outcome %u (%s) after %lld ms", a.outcome, a.text,
			 (long long)(a.took_us / 1000));
		check_answer_done(&a);
	}
	check_end(r, &s, "a probe");
}

static void needs_a_socket(struct check_report *r)
{
	struct check_session s;
	struct check_answer a;
	const char *name = "a probe without a socket is refused";
	if (!check_begin(r, &s, name))
		return;
	if (check_ask(r, &s, name, &(struct check_ask){.verb = REEVE_VERB_PROBE}, &a)) {
		check_ok(r, name, a.outcome == REEVE_REJECTED, "outcome %u", a.outcome);
		check_answer_done(&a);
	}
	check_end(r, &s, name);
}

void check_cases_probe(struct check_report *r)
{
	struct identity id = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
	id.der = check_sample_cert();
	/* The sample's key is gone: a certificate of our own for the server. */
	rv_buf_reset(&id.der);
	unsigned char *der = NULL;
	X509_set_version(id.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), 3);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), 3600);
	X509_set_pubkey(id.cert, id.key);
	int len = X509_sign(id.cert, id.key, EVP_sha256()) > 0 ? i2d_X509(id.cert, &der) : -1;
	if (len <= 0 || !rv_is_ok(rv_buf_put(&id.der, der, (size_t)len)))
		check_skip(r, "a probe", "no certificate could be made for the test server");
	else {
		sees_what_is_served(r, &id);
		if (!r->is_over)
			tells_others_quickly(r, &id);
		if (!r->is_over)
			needs_a_socket(r);
	}
	OPENSSL_free(der);
	rv_buf_done(&id.der);
	X509_free(id.cert);
	EVP_PKEY_free(id.key);
}
