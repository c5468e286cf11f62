/* tests: load on reeve-inventory over loopback with mutual TLS. One thread and one connection a
 * host; each answer is waited for, so the rate is what the server commits. load HOST:PORT CA.pem
 * checkin|delta|full|connect SECONDS ITEMS < lines of "ID CERT KEY" Prints requests, rate, p50 and
 * p99 in ms as one JSON line. */
#include "agent/base/clock.h"
#include "agent/base/uuid.h"
#include "agent/model/item.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOSTS_MAX   256
#define SAMPLES_MAX 400000
#define CHANGED	    3

enum mode { CHECKIN, DELTA, FULL, CONNECT };

static struct {
	const char *host, *port, *ca;
	enum mode mode;
	int64_t until_us;
	int items;
} plan;

struct client {
	pthread_t thread;
	char id[64], cert[512], key[512];
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	int64_t seq;
	int *revs;
	char digest[RV_ITEMS_DIGEST_TEXT];
	struct rv_buf body;
	uint32_t *samples_us;
	size_t count;
};

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static void connect_to(struct client *c)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
	struct addrinfo *at = NULL;
	const int on = 1;

	if (getaddrinfo(plan.host, plan.port, &hints, &at) != 0)
		die("address");
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, at->ai_addr, at->ai_addrlen) != 0)
		die("connect");
	freeaddrinfo(at);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* speed only */
	c->ssl = SSL_new(c->ctx);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_connect(c->ssl) != 1)
		die("TLS");
}

static void disconnect(struct client *c)
{
	SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
}

/* Canonical text of item i at its present revision. */
static int item_text(const struct client *c, int i, char *out, size_t size)
{
	return snprintf(
		out, size,
		"{\"compliant\":true,\"fingerprint\":null,\"hold\":\"none\",\"id\":\"c%05d\","
		"\"issuer\":\"CN=Example Issuing CA,O=Example\",\"kind\":\"certificate\","
		"\"life\":\"active\",\"name\":\"service-%d.example\",\"not_after\":"
		"\"2031-01-02T03:04:05Z\",\"orphan_reason\":null,\"owner\":\"team:web\","
		"\"owner_confidence\":90,\"ownership\":\"owned\",\"policy\":\"tls-servers\","
		"\"rev\":%d,\"serial\":\"0123456789abcdef\",\"sightings\":[{\"mode\":\"0644\","
		"\"package\":null,\"uid\":0,\"unit\":\"nginx.service\",\"where\":"
		"\"/etc/nginx/tls/service-%d.pem\"}],\"spki\":null}",
		i, i, c->revs[i], i);
}

static void must(rv_status status)
{
	if (!rv_is_ok(status))
		die("memory");
}

static void put_items(struct client *c, int from, int count)
{
	char text[1024];

	for (int i = 0; i < count; i++) {
		const int len = item_text(c, (from + i) % plan.items, text, sizeof(text));
		if (i > 0)
			must(rv_buf_put_byte(&c->body, ','));
		must(rv_buf_put(&c->body, text, (size_t)len));
	}
}

static void digest_all(struct client *c, char out[RV_ITEMS_DIGEST_TEXT])
{
	struct rv_items_digest digest;
	char text[1024];

	must(rv_items_digest_init(&digest));
	for (int i = 0; i < plan.items; i++) {
		const int len = item_text(c, i, text, sizeof(text));
		must(rv_items_digest_add(&digest, (struct rv_str){(uint8_t *)text, (size_t)len}));
	}
	must(rv_items_digest_final(&digest, out));
	rv_items_digest_done(&digest);
}

static const char *make_body(struct client *c, bool is_full)
{
	char batch[RV_UUID_TEXT];
	char base[RV_ITEMS_DIGEST_TEXT];
	const int changed = is_full ? plan.items : CHANGED;
	const int from = is_full ? 0 : (int)(c->seq * CHANGED % plan.items);

	rv_buf_reset(&c->body);
	if (!is_full && (plan.mode == CHECKIN || plan.mode == CONNECT)) {
		must(rv_buf_printf(&c->body,
				   "{\"digest\":\"%s\",\"host\":\"%s\",\"seq\":%lld,\"v\":1}",
				   c->digest, c->id, (long long)c->seq));
		return "/v1/checkin";
	}
	c->seq++;
	for (int i = 0; i < changed; i++)
		c->revs[(from + i) % plan.items]++;
	memcpy(base, c->digest, sizeof(base));
	digest_all(c, c->digest);
	rv_uuid7(batch);
	must(rv_buf_printf(
		&c->body,
		"{\"v\":1,\"host\":\"%s\",\"seq\":%lld,\"batch_id\":\"%s\",\"kind\":\"%s\","
		"\"base\":%s%s%s,\"digest\":\"%s\",\"at\":\"2026-11-21T00:00:00Z\","
		"\"items\":[",
		c->id, (long long)c->seq, batch, is_full ? "full" : "delta",
		is_full ? "null" : "\"", is_full ? "" : base, is_full ? "" : "\"", c->digest));
	put_items(c, from, changed);
	must(rv_buf_put_str(&c->body, "]}"));
	return "/v1/report";
}

static int exchange(struct client *c, const char *path)
{
	char head[256];
	char reply[8192];
	size_t have = 0;
	const int len =
		snprintf(head, sizeof(head),
			 "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", path,
			 c->body.len);

	if (SSL_write(c->ssl, head, len) != len ||
	    SSL_write(c->ssl, c->body.data, (int)c->body.len) != (int)c->body.len)
		die("write");
	for (;;) {
		const int got = SSL_read(c->ssl, reply + have, (int)(sizeof(reply) - 1 - have));
		if (got <= 0)
			die("read");
		have += (size_t)got;
		reply[have] = '\0';
		const char *end = strstr(reply, "\r\n\r\n");
		const char *length = strcasestr(reply, "Content-Length:");
		const size_t want = length ? (size_t)strtoul(length + 15, NULL, 10) : 0;
		if (end && have >= (size_t)(end + 4 - reply) + want)
			return (int)strtol(reply + 9, NULL, 10);
	}
}

static void *run(void *user)
{
	struct client *c = user;
	const char *path;
	int status;

	connect_to(c);
	path = make_body(c, true);
	if (exchange(c, path) != 200)
		die("the first report was refused");
	while (rv_boot_us() < plan.until_us && c->count < SAMPLES_MAX) {
		path = make_body(c, plan.mode == FULL);
		const int64_t from = rv_boot_us();
		if (plan.mode == CONNECT) {
			disconnect(c);
			connect_to(c);
		}
		status = exchange(c, path);
		c->samples_us[c->count++] = (uint32_t)(rv_boot_us() - from);
		if (status != 200 && status != 204)
			die("a request was refused");
	}
	disconnect(c);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void prepare(struct client *c)
{
	c->revs = calloc((size_t)plan.items, sizeof(*c->revs));
	c->samples_us = malloc(SAMPLES_MAX * sizeof(*c->samples_us));
	c->ctx = SSL_CTX_new(TLS_client_method());
	rv_buf_init(&c->body, (size_t)16 << 20);
	if (!c->revs || !c->samples_us || !c->ctx ||
	    SSL_CTX_load_verify_locations(c->ctx, plan.ca, NULL) != 1 ||
	    SSL_CTX_use_certificate_file(c->ctx, c->cert, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(c->ctx, c->key, SSL_FILETYPE_PEM) != 1)
		die("a host's certificate");
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
}

/* "ID CERT KEY" */
static bool read_host(struct client *c)
{
	char line[1200];
	char *rest = line;

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	const char *id = strsep(&rest, " ");
	const char *cert = strsep(&rest, " ");
	if (!cert || !rest)
		return false;
	snprintf(c->id, sizeof(c->id), "%.63s", id);
	snprintf(c->cert, sizeof(c->cert), "%.511s", cert);
	snprintf(c->key, sizeof(c->key), "%.511s", rest);
	return true;
}

int main(int argc, char **argv)
{
	static struct client clients[HOSTS_MAX];
	static const char *const modes[] = {"checkin", "delta", "full", "connect"};
	size_t hosts = 0, total = 0;
	char *colon = argc == 6 ? strchr(argv[1], ':') : NULL;

	if (!colon)
		die("usage: load HOST:PORT CA MODE SECONDS ITEMS");
	*colon = '\0';
	plan.host = argv[1];
	plan.port = colon + 1;
	plan.ca = argv[2];
	for (size_t i = 0; i < RV_LEN(modes); i++)
		if (strcmp(argv[3], modes[i]) == 0)
			plan.mode = (enum mode)i;
	plan.items = (int)strtol(argv[5], NULL, 10);
	if (plan.items < CHANGED)
		die("at least three items");
	while (hosts < HOSTS_MAX && read_host(&clients[hosts]))
		prepare(&clients[hosts++]);
	const int64_t from = rv_boot_us();
	plan.until_us = from + strtoll(argv[4], NULL, 10) * RV_US_PER_S;
	for (size_t i = 0; i < hosts; i++)
		if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0)
			die("thread");
	for (size_t i = 0; i < hosts; i++) {
		pthread_join(clients[i].thread, NULL);
		total += clients[i].count;
	}
	const double took_s = (double)(rv_boot_us() - from) / 1e6;
	uint32_t *all = malloc((total + 1) * sizeof(*all));
	size_t at = 0;
	for (size_t i = 0; all && i < hosts; i++) {
		memcpy(all + at, clients[i].samples_us, clients[i].count * sizeof(*all));
		at += clients[i].count;
	}
	if (!all || total == 0)
		die("nothing was measured");
	qsort(all, total, sizeof(*all), by_value);
	printf("{\"mode\":\"%s\",\"connections\":%zu,\"requests\":%zu,\"per_s\":%.0f,\"p50_ms\":%."
	       "2f,"
	       "\"p99_ms\":%.2f}\n",
	       argv[3], hosts, total, (double)total / took_s, all[total / 2] / 1000.0,
	       all[total * 99 / 100] / 1000.0);
	free(all);
	return 0;
}
