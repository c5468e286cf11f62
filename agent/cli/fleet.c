/* cli: the inventory's reader API over net/. */
#include "agent/cli/fleet.h"

#include "agent/base/fd.h"
#include "agent/net/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_MAX  65536
#define TOKEN_MAX  256
#define PAGE_LIMIT 1000
#define ALL_LIMIT  10000

/* The file: three parts, a line each for address and token, then the authority in PEM. */
struct login {
	struct rv_buf text;
	const char *url, *token, *ca_pem; /* borrow from text */
};

static void login_done(struct login *l)
{
	rv_buf_done(&l->text); /* wiped */
}

int rv_fleet_exit(rv_status status)
{
	switch (rv_class_of(status)) {
	case RV_CLASS_OK:
		return 0;
	case RV_CLASS_RETRY:
	case RV_CLASS_UNSURE:
		return 5;
	case RV_CLASS_DENIED:
		return 4;
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_NOT_FOUND:
	case RV_CLASS_CONFLICT:
	case RV_CLASS_MALFORMED:
	case RV_CLASS_EXHAUSTED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		break;
	}
	return 2;
}

static rv_status login_dir(char *out, size_t size, struct rv_diag *diag)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	int len;

	if (config && *config == '/')
		len = snprintf(out, size, "%s/reeve", config);
	else if (home && *home == '/')
		len = snprintf(out, size, "%s/.config/reeve", home);
	else
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "neither HOME nor XDG_CONFIG_HOME says where a login is kept");
	if (len >= (int)size)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "HOME is too long");
	return RV_OK;
}

static rv_status login_path(char *out, size_t size, struct rv_diag *diag)
{
	char dir[900];

	RV_TRY(login_dir(dir, sizeof(dir), diag));
	snprintf(out, size, "%s/fleet", dir);
	return RV_OK;
}

static rv_status make_dirs(struct rv_diag *diag)
{
	char dir[900];

	RV_TRY(login_dir(dir, sizeof(dir), diag));
	for (char *c = dir + 1;; c++) {
		const char was = *c;
		if (was != '/' && was != '\0')
			continue;
		*c = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST)
			return rv_fail_errno(diag, "%s", dir);
		*c = was;
		if (was == '\0')
			return RV_OK;
	}
}

static rv_status login_read(struct login *l, struct rv_diag *diag)
{
	char path[1024];
	char *rest;

	RV_TRY(login_path(path, sizeof(path), diag));
	rv_buf_init(&l->text, LOGIN_MAX);
	rv_status read = rv_file_read(path, LOGIN_MAX, &l->text, NULL);
	if (!rv_is_ok(read) || !rv_buf_cstr(&l->text)) {
		rv_diag_next(diag, "reeve login URL --token-file F --ca-pin P");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "not logged in to an inventory");
	}
	rest = (char *)l->text.data;
	l->url = strsep(&rest, "\n");
	l->token = strsep(&rest, "\n");
	l->ca_pem = rest;
	if (!l->token || !l->ca_pem)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a login of ours", path);
	return RV_OK;
}

static rv_status refusal(const struct rv_http_reply *reply, const char *url, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *doc = NULL;

	(void)!rv_is_ok(
		rv_json_parse(rv_buf_view(&reply->body), &doc, NULL)); /* text is optional */
	const char *detail = rv_json_text(doc, "detail", rv_json_text(doc, "title", "no reason"));
	if (reply->status == 401 || reply->status == 403) {
		rv_diag_next(diag, "ask the administrator for a reader token, then reeve login");
		return rv_fail(RV_CLASS_DENIED, diag, "%s: the token is not accepted", url);
	}
	if (reply->status == 429 || reply->status >= 500)
		return rv_fail(RV_CLASS_RETRY, diag, "%s: the inventory answers %u: %s", url,
			       reply->status, detail);
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: the inventory answers %u: %s", url,
		       reply->status, detail);
}

static rv_status get(const struct login *l, const char *path, json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_http_reply_done) struct rv_http_reply reply = {0};
	char url[2400];

	snprintf(url, sizeof(url), "%s%s", l->url, path);
	const struct rv_http_ask ask = {.method = "GET",
					.url = url,
					.bearer = l->token,
					.max_reply = (size_t)32 * 1024 * 1024,
					.tls = {.ca_pem = l->ca_pem}};
	RV_TRY(rv_http_call(&ask, &reply, diag));
	if (reply.status != 200)
		return refusal(&reply, l->url, diag);
	return rv_json_parse(rv_buf_view(&reply.body), out, diag);
}

static rv_status read_token(int fd, struct rv_buf *out, struct rv_diag *diag)
{
	rv_buf_init(out, TOKEN_MAX);
	RV_TRY(rv_fd_read_all(fd, out, diag));
	while (out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == ' '))
		out->len--;
	const char *text = rv_buf_cstr(out);
	if (!text || out->len == 0 || strlen(text) != out->len || strpbrk(text, " \n\r\t"))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the token file does not hold one reader token");
	return RV_OK;
}

static rv_status login_keep(const struct login *l, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char path[1024];

	rv_buf_init(&text, LOGIN_MAX);
	RV_TRY(make_dirs(diag));
	RV_TRY(login_path(path, sizeof(path), diag));
	RV_TRY(rv_buf_printf(&text, "%s\n%s\n%s", l->url, l->token, l->ca_pem));
	return rv_file_replace(path, text.data, text.len, 0600, diag);
}

rv_status rv_fleet_login(const char *url, const char *ca_pin, int token_fd, json_t **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf token = {0};
	RV_CLEANUP(rv_freep) char *ca_pem = NULL;
	RV_CLEANUP(rv_freep) char *base = strdup(url);
	RV_CLEANUP(rv_jsonp) json_t *first = NULL;

	if (!base)
		return rv_fail_nomem(diag);
	for (size_t len = strlen(base); len > 0 && base[len - 1] == '/'; len--)
		base[len - 1] = '\0';
	if (strlen(base) > 1000 || strpbrk(base, "\n\r "))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "not an https address");
	RV_TRY(read_token(token_fd, &token, diag));
	RV_TRY(rv_http_init());
	RV_TRY(rv_pin_fetch_ca(base, ca_pin, &ca_pem, diag));
	const struct login l = {.url = base, .token = (const char *)token.data, .ca_pem = ca_pem};
	RV_TRY(get(&l, "/api/v1/hosts?limit=1", &first, diag));
	RV_TRY(login_keep(&l, diag));
	*out = json_pack("{s:s, s:s}", "url", base, "ca_pin", ca_pin);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

rv_status rv_fleet_logout(json_t **out, struct rv_diag *diag)
{
	char path[1024];

	RV_TRY(login_path(path, sizeof(path), diag));
	const bool was = unlink(path) == 0;
	if (!was && errno != ENOENT)
		return rv_fail_errno(diag, "%s", path);
	*out = json_pack("{s:b}", "was_logged_in", was ? 1 : 0);
	return *out ? RV_OK : rv_fail_nomem(diag);
}

/* Only what needs no encoding is let into a query. */
static rv_status check_word(const char *what, const char *text, struct rv_diag *diag)
{
	if (!text || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789.:_-") == strlen(text))
		return RV_OK;
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not a word", what);
}

static rv_status make_path(const struct rv_fleet_ask *ask, const char *after, char *out,
			   size_t size, struct rv_diag *diag)
{
	static const char *const paths[] = {"hosts", "credentials", "orphans", "expiring"};

	RV_TRY(check_word("within", ask->within, diag));
	RV_TRY(check_word("host", ask->host, diag));
	RV_TRY(check_word("the server's cursor", after, diag));
	const int len =
		snprintf(out, size, "/api/v1/%s?limit=%d%s%s%s%s%s%s", paths[ask->list], PAGE_LIMIT,
			 ask->within ? "&within=" : "", ask->within ? ask->within : "",
			 ask->host ? "&host=" : "", ask->host ? ask->host : "",
			 after ? "&after=" : "", after ? after : "");
	if (len >= (int)size)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the question is too long");
	return RV_OK;
}

rv_status rv_fleet_get(const struct rv_fleet_ask *ask, json_t **out, struct rv_diag *diag)
{
	RV_CLEANUP(login_done) struct login l = {0};
	RV_CLEANUP(rv_jsonp) json_t *items = json_array();
	RV_CLEANUP(rv_freep) char *after = NULL;
	const size_t limit = ask->limit > 0 ? ask->limit : ALL_LIMIT;
	char path[1300];

	RV_BUG_ON(ask->list >= RV_FLEET__COUNT);
	RV_TRY(login_read(&l, diag));
	RV_TRY(rv_http_init());
	do {
		RV_CLEANUP(rv_jsonp) json_t *page = NULL;
		RV_TRY(make_path(ask, after, path, sizeof(path), diag));
		RV_TRY(get(&l, path, &page, diag));
		const json_t *more = json_object_get(page, "items");
		for (size_t i = 0; i < json_array_size(more) && json_array_size(items) < limit; i++)
			json_array_append(items, json_array_get(more, i));
		const char *next = rv_json_text(page, "next", NULL);
		free(after);
		after = next && json_array_size(more) > 0 ? strdup(next) : NULL;
	} while (after && json_array_size(items) < limit);
	*out = json_pack("{s:i, s:O, s:b}", "v", 1, "items", items, "truncated", after ? 1 : 0);
	return *out ? RV_OK : rv_fail_nomem(diag);
}
