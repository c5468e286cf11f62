/* cli: see local_verbs.h. */
#include "agent/cli/local_verbs.h"

#include "agent/base/fd.h"
#include "agent/cli/render.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int rv_show_failure(rv_status status, const struct rv_diag *diag)
{
	fprintf(stderr, "reeve: %s\n",
		diag->text[0] ? rv_out_safe(diag->text) : rv_class_name(rv_class_of(status)));
	if (diag->next[0])
		fprintf(stderr, "next: %s\n", rv_out_safe(diag->next));
	switch (rv_class_of(status)) {
	case RV_CLASS_OK:
		return 0;
	case RV_CLASS_DENIED:
	case RV_CLASS_CONFLICT:
		return 4;
	case RV_CLASS_RETRY:
	case RV_CLASS_UNSURE:
	case RV_CLASS_EXHAUSTED:
		return 3;
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_NOT_FOUND:
	case RV_CLASS_MALFORMED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		return 2;
	}
	return 2;
}

int rv_ask_agent(struct rv_out *out, const struct rv_verb_args *args, const char *wire,
		 const json_t *request, struct rv_reply *reply)
{
	struct rv_diag diag = {0};
	int fd = -1;
	rv_status status = rv_client_connect(args->socket, &fd, &diag);
	if (!rv_is_ok(status)) {
		int code = rv_show_failure(status, &diag);
		return rv_class_of(status) == RV_CLASS_NOT_FOUND ? 5 : code;
	}
	status = rv_client_call(fd, wire, request, args->fd, out, reply, &diag);
	return rv_is_ok(status) ? -1 : rv_show_failure(status, &diag);
}

static int print_text(const struct rv_buf *text)
{
	return fwrite(text->data, 1, text->len, stdout) == text->len &&
			       fputc('\n', stdout) != EOF && fflush(stdout) == 0
		       ? 0
		       : 2;
}

static int print_json(const json_t *document)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)512 << 20);
	return rv_is_ok(rv_json_pretty(document, &text)) ? print_text(&text) : 2;
}

/* --jsonl: the first array among the data's members, an item a line; else the data itself. */
static int print_jsonl(const json_t *data)
{
	const json_t *items = NULL;
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)data, key, value)
		if (json_is_array(value) && (!items || strcmp(key, "items") == 0))
			items = value;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)16 << 20);
	if (!items)
		return rv_is_ok(rv_json_canonical(data, &text)) ? print_text(&text) : 2;
	size_t index;
	const json_t *item;
	json_array_foreach (items, index, item) {
		rv_buf_reset(&text);
		if (!rv_is_ok(rv_json_canonical(item, &text)) || print_text(&text) != 0)
			return 2;
	}
	return 0;
}

static void print_error(const json_t *error)
{
	fprintf(stderr, "reeve: %s\n", rv_render_text(error, "text"));
	size_t index;
	const json_t *item;
	json_array_foreach (json_object_get(error, "differences"), index, item)
		fprintf(stderr, "  %s\n",
			json_is_string(item) ? rv_out_safe(json_string_value(item))
					     : rv_render_text(item, "text"));
	if (rv_json_text(error, "next", NULL))
		fprintf(stderr, "next: %s\n", rv_render_text(error, "next"));
}

int rv_show_reply(struct rv_out *out, const struct rv_reply *reply,
		  void (*render)(struct rv_out *, const json_t *, const struct rv_verb_args *),
		  const struct rv_verb_args *args)
{
	const json_t *data = json_object_get(reply->document, "data");
	const json_t *error = json_object_get(reply->document, "error");
	if (out->is_json)
		return print_json(reply->document) == 0 ? reply->exit_code : 2;
	if (out->is_jsonl)
		return print_jsonl(data ? data : reply->document) == 0 ? reply->exit_code : 2;
	if (data && render)
		render(out, data, args);
	else if (data && print_json(data) != 0)
		return 2;
	fflush(stdout);
	if (error)
		print_error(error);
	return reply->exit_code;
}

static void count_kinds(const struct rv_reply *reply, json_t *data)
{
	json_t *items = json_object_get(json_object_get(reply->document, "data"), "items");
	if (items)
		(void)json_object_set(data, "items", items); /* no memory: the counts still stand */
}

/* The private agent's three answers as one document: what was found, counts, what was not seen. */
static int discover_once(struct rv_out *out, const struct rv_verb_args *args)
{
	struct rv_diag diag = {0};
	int fd = -1;
	rv_status status = rv_client_once(args->libexec, NULL, &fd, &diag);
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	RV_CLEANUP(rv_reply_done) struct rv_reply found = RV_REPLY_NONE;
	status = rv_client_call(fd, "discover", args->json, -1, out, &found, &diag);
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	count_kinds(&found, json_object_get(found.document, "data"));
	return rv_show_reply(out, &found, rv_render_discover, args);
}

/* The wire wants roots and excludes; the command line says --root and --exclude. */
static rv_status rename_key(json_t *object, const char *from, const char *to)
{
	json_t *value = json_object_get(object, from);
	if (!value)
		return RV_OK;
	if (json_object_set(object, to, value) != 0)
		return rv_fail_nomem(NULL);
	return json_object_del(object, from) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

int rv_run_discover(struct rv_out *out, const struct rv_verb_args *args)
{
	if (!rv_is_ok(rename_key(args->json, "root", "roots")) ||
	    !rv_is_ok(rename_key(args->json, "exclude", "excludes")))
		return 2;
	if (rv_json_bool(args->json, "once", false))
		return discover_once(out, args);
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, "discover", args->json, &reply);
	return code >= 0 ? code : rv_show_reply(out, &reply, rv_render_discover, args);
}

int rv_run_plan(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, "plan", args->json, &reply);
	if (code >= 0)
		return code;
	code = rv_show_reply(out, &reply, rv_render_plan, args);
	const json_t *plan = json_object_get(json_object_get(reply.document, "data"), "plan");
	const char *path = rv_json_text(args->local, "output", NULL);
	return !plan || !path || rv_save_plan(out, plan, path) ? code : 2;
}

int rv_run_apply(struct rv_out *out, const struct rv_verb_args *args)
{
	struct rv_diag diag = {0};
	const char *path = rv_json_text(args->json, "file", "");
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)16 << 20);
	RV_CLEANUP(rv_jsonp) json_t *plan = NULL;
	rv_status status = rv_file_read(path, text.max, &text, &diag);
	if (rv_is_ok(status)) {
		status = rv_json_parse(rv_buf_view(&text), &plan, &diag);
		if (!rv_is_ok(status))
			rv_diag_prefix(&diag, "%s", path);
	}
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	RV_CLEANUP(rv_jsonp) json_t *request = json_pack("{s:O}", "plan", plan);
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, "apply", request, &reply);
	return code >= 0 ? code : rv_show_reply(out, &reply, rv_render_runs, args);
}

/* The bundle comes as a descriptor beside the reply. */
static rv_status write_bundle(int fd, const char *path, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf bundle = {0};
	rv_buf_init(&bundle, (size_t)1 << 30);
	RV_TRY(rv_fd_read_all(fd, &bundle, diag));
	if (path)
		return rv_file_replace(path, bundle.data, bundle.len, 0600, diag);
	return rv_fd_write_all(STDOUT_FILENO, bundle.data, bundle.len, diag);
}

int rv_run_evidence_export(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_jsonp) json_t *request = json_deep_copy(args->json);
	if (!request || json_object_set_new(request, "do", json_string("export")) != 0)
		return 2;
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, "evidence", request, &reply);
	if (code >= 0)
		return code;
	if (reply.fd < 0)
		return rv_show_reply(out, &reply, NULL, args);
	const char *path = rv_json_text(args->local, "output", NULL);
	struct rv_diag diag = {0};
	rv_status status = write_bundle(reply.fd, path, &diag);
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	if (path && out->is_json)
		return rv_show_reply(out, &reply, NULL, args);
	const json_t *data = json_object_get(reply.document, "data");
	if (path)
		rv_out_hint(out, "next: reeve-verify --key %s %s", rv_json_text(data, "key", "KEY"),
			    path);
	return reply.exit_code;
}

/* Becomes another program of the installation (or of --libexec); returns only when it cannot. */
static int become(const char *const *words, const struct rv_verb_args *args)
{
	char program[4096];
	snprintf(program, sizeof(program), "%s/%s", args->libexec ? args->libexec : RV_BIN_DIR,
		 words[0]);
	fflush(stdout);
	execv(program, (char *const *)(uintptr_t)words);
	fprintf(stderr, "reeve: cannot start %s: %s\n", program, strerror(errno));
	return 2;
}

int rv_run_evidence_verify(struct rv_out *out, const struct rv_verb_args *args)
{
	const char *file = rv_json_text(args->json, "file", "");
	const char *key = rv_json_text(args->local, "key", NULL);
	const char *words[6] = {"reeve-verify"};
	size_t count = 1;
	if (out->is_json)
		words[count++] = "--json";
	if (key) {
		words[count++] = "--key";
		words[count++] = key;
	}
	words[count++] = file;
	return become(words, args);
}

/* A granted plugin is asked by the agent; a file goes through the conformance suite, which needs no
 * agent. */
int rv_run_plugin_check(struct rv_out *out, const struct rv_verb_args *args)
{
	const char *name = rv_json_text(args->json, "name", "");
	if (rv_str_ends_with(rv_str_of(name), ".so")) {
		const char *words[3] = {"reeve-plugin-check", name};
		return become(words, args);
	}
	RV_CLEANUP(rv_jsonp) json_t *request = json_deep_copy(args->json);
	if (!request || json_object_set_new(request, "do", json_string("check")) != 0)
		return 2;
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, "plugin", request, &reply);
	return code >= 0 ? code : rv_show_reply(out, &reply, rv_render_plugins, args);
}

int rv_run_version(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out;  /* one line, whatever the look */
	(void)args; /* it has none */
	printf("reeve %s\n", RV_VERSION);
	return 0;
}
