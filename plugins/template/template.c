/* A plugin to start from: a probe that says how many bytes a peer sends first. Copy it, rename it,
 * and keep `reeve-plugin-check` green while it grows. The contract is <reeve/plugin.h>. */
#include <reeve/plugin.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct template
{
	const struct reeve_host *host;
	long wait_ms; /* setting "wait_ms" */
};

static void say(struct reeve_result *result, int32_t outcome, const char *text)
{
	result->outcome = outcome;
	snprintf(result->text, sizeof(result->text), "%s", text);
}

/* open: allocate, remember the host, touch nothing else. */
static int32_t template_open(const struct reeve_host *host, void **out_handle)
{
	struct template *t = calloc(1, sizeof(*t));
	if (!t)
		return -1;
	t->host = host;
	t->wait_ms = 500;
	*out_handle = t;
	return 0;
}

/* config: one key; refuse what you do not know and what is out of range. */
static int32_t template_config(void *handle, struct reeve_view key, struct reeve_view value)
{
	struct template *t = handle;
	char text[16];
	char *end = NULL;
	if (key.len != 7 || memcmp(key.data, "wait_ms", 7) != 0 || value.len >= sizeof(text))
		return -1;
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
	t->wait_ms = strtol(text, &end, 10);
	return *end == '\0' && t->wait_ms > 0 && t->wait_ms <= 10000 ? 0 : -1;
}

/* secret: this plugin takes none. One that does wipes its copy in close(). */
static int32_t template_secret(void *handle, struct reeve_view key, struct reeve_view bytes)
{
	(void)handle;
	(void)key;
	(void)bytes;
	return -1;
}

/* config_complete: is all there that is needed? Say what is missing. */
static int32_t template_config_complete(void *handle, char *text, size_t text_size)
{
	(void)handle;
	if (text_size > 0)
		text[0] = '\0';
	return 0;
}

/* A network error is UNKNOWN, a definite answer is DONE or REJECTED, nothing sent is UNREACHABLE.
 */
static void probe(struct template *t, const struct reeve_request *request,
		  struct reeve_result *result)
{
	struct pollfd pfd = {.fd = request->fd, .events = POLLIN};
	char bytes[512];
	if (request->fd < 0) {
		say(result, REEVE_REJECTED, "a probe needs a connected socket");
		return;
	}
	int64_t left_ms = (request->deadline_us - t->host->now_us(t->host->ctx)) / 1000;
	if (left_ms > t->wait_ms)
		left_ms = t->wait_ms;
	if (left_ms <= 0 || poll(&pfd, 1, (int)left_ms) <= 0) {
		say(result, REEVE_UNKNOWN, "the peer said nothing in time");
		return;
	}
	ssize_t len = read(request->fd, bytes, sizeof(bytes));
	if (len <= 0) {
		say(result, REEVE_REJECTED, "the peer hung up");
		return;
	}
	snprintf(result->text, sizeof(result->text), "the peer began with %zd bytes", len);
	result->outcome = REEVE_DONE;
}

static int32_t template_call(void *handle, const struct reeve_request *request,
			     struct reeve_result *result)
{
	struct template *t = handle;
	if (t->host->cancelled(t->host->ctx))
		say(result, REEVE_UNREACHABLE, "the deadline has passed");
	else if (request->verb == REEVE_VERB_DESCRIBE)
		say(result, REEVE_DONE, "says how many bytes a peer sends first");
	else if (request->verb == REEVE_VERB_PROBE)
		probe(t, request, result);
	else
		say(result, REEVE_UNSUPPORTED, "no such verb");
	return 0;
}

static void template_close(void *handle)
{
	free(handle);
}

static const struct reeve_plugin plugin = {
	.struct_size = sizeof(plugin),
	.abi = REEVE_PLUGIN_ABI,
	.name = "template", /* the file must be called template.so */
	.version = "0.1.0",
	.verbs = 1u << REEVE_VERB_DESCRIBE | 1u << REEVE_VERB_PROBE,
	.kind = REEVE_KIND_STORE,
	.open = template_open,
	.config = template_config,
	.secret = template_secret,
	.config_complete = template_config_complete,
	.call = template_call,
	.close = template_close,
};

const struct reeve_plugin *reeve_plugin_entry(void)
{
	return &plugin;
}
