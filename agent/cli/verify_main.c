/* cli: reeve-verify: checks an evidence bundle offline. No agent, no configuration, no network:
 * verify/bundle.h over one file. Exit 0: whole, and signed by the key that was given; 1: not so, or
 * no key was given; 2: it could not be read. What that proves and what not: reeve-verify(1). */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/verify/bundle.h"

#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

#define RUNS_MAX 4096
#define WORD	 64

static const char usage[] =
	"usage: reeve-verify [--key FILE|sha256:HEX] [--at-least N] [--json] BUNDLE\n"
	"Checks an evidence bundle: nothing altered, removed, inserted or moved, and signed.\n"
	"  --key K        the key that must have signed it: a file (32 bytes, 64 hex digits or "
	"PEM),\n"
	"                 or sha256: and the key's digest as `reeve status` prints it\n"
	"  --at-least N   fail when the bundle ends before event N (a number you know from "
	"elsewhere)\n"
	"  --json         one JSON document\n"
	"Exit: 0 it verifies, 1 it does not, 2 it could not be read.\n"
	"example: reeve-verify --key sha256:1f0c.. record.jsonl\n";

struct seen_run {
	char run[WORD];
	char cred[WORD];
	char last[WORD]; /* type of its last event */
	char outcome[WORD];
	char grade[WORD];
	uint64_t events;
};

struct tally {
	struct seen_run runs[RUNS_MAX];
	size_t count;
	uint64_t passed_over; /* runs past RUNS_MAX */
	int64_t first_at_us, last_at_us;
};

/* What we print comes from outside: printable ASCII stays, the rest becomes '?'. */
static void tame(char out[WORD], const char *text)
{
	size_t i = 0;
	for (; text[i] && i + 1 < WORD; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	out[i] = '\0';
}

static struct seen_run *run_of(struct tally *t, const char *run)
{
	char name[WORD];
	tame(name, run);
	for (size_t i = t->count; i > 0; i--)
		if (strcmp(t->runs[i - 1].run, name) == 0)
			return &t->runs[i - 1];
	if (t->count == RUNS_MAX) {
		t->passed_over++;
		return NULL;
	}
	struct seen_run *fresh = &t->runs[t->count++];
	memcpy(fresh->run, name, sizeof(name));
	return fresh;
}

static void on_event(const json_t *event, void *user)
{
	struct tally *t = user;
	const json_t *data = json_object_get(event, "data");
	const char *run = rv_json_text(event, "run", "");
	int64_t at_us = rv_json_int(event, "at", 0);
	if (t->first_at_us == 0)
		t->first_at_us = at_us;
	t->last_at_us = at_us;
	struct seen_run *seen = run[0] ? run_of(t, run) : NULL;
	if (!seen)
		return;
	seen->events++;
	tame(seen->cred, rv_json_text(event, "cred", ""));
	tame(seen->last, rv_json_text(event, "type", ""));
	if (json_is_string(json_object_get(data, "outcome")))
		tame(seen->outcome, rv_json_text(data, "outcome", ""));
	if (json_is_string(json_object_get(data, "grade")))
		tame(seen->grade, rv_json_text(data, "grade", ""));
}

/* --- the key ------------------------------------------------------------------------------------
 */
static bool key_from_pem(const struct rv_buf *text, uint8_t out[32])
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	size_t len = 32;
	bool ok = key && EVP_PKEY_is_a(key, "ED25519") &&
		  EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == 32;
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok;
}

static rv_status key_from_file(const char *path, uint8_t out[32], struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, 4096);
	RV_TRY(rv_file_read(path, 4096, &text, diag));
	if (text.len == 32) {
		memcpy(out, text.data, 32);
		return RV_OK;
	}
	struct rv_str hex = {text.data, text.len == 65 && text.data[64] == '\n' ? 64 : text.len};
	if (hex.len == 64 && rv_is_ok(rv_unhex(hex, out, 32)))
		return RV_OK;
	if (text.len > 0 && key_from_pem(&text, out))
		return RV_OK;
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "%s holds no Ed25519 public key (32 bytes, 64 hex digits or PEM)", path);
}

static rv_status key_name_of(const char *given, struct rv_digest *out, struct rv_diag *diag)
{
	static const char prefix[] = "sha256:";
	uint8_t key[32];
	struct rv_str text = rv_str_of(given);
	if (rv_str_starts_with(text, prefix)) {
		struct rv_str hex = {text.data + sizeof(prefix) - 1, text.len - sizeof(prefix) + 1};
		if (hex.len != 64 || !rv_is_ok(rv_unhex(hex, out->bytes, 32)))
			return rv_fail(RV_CLASS_MISCONFIGURED, diag,
				       "--key sha256: is followed by 64 hex digits");
		return RV_OK;
	}
	RV_TRY(key_from_file(given, key, diag));
	*out = rv_key_name(key);
	return RV_OK;
}

/* --- the verdict
 * ---------------------------------------------------------------------------------- */
struct verdict {
	const char *file;
	bool is_whole;	/* chain and signatures hold */
	bool is_whose;	/* and the key is the one given */
	bool is_enough; /* and it reaches --at-least */
	uint64_t at_least;
	struct rv_bundle_report report;
	struct rv_diag why;
	char key[65];
};

static bool is_good(const struct verdict *v)
{
	return v->is_whole && v->is_whose && v->is_enough;
}

static const char *reason(const struct verdict *v)
{
	if (!v->is_whole)
		return v->why.text;
	if (!v->is_enough)
		return "it ends before the event you asked for: its tail is missing";
	if (!v->is_whose)
		return "it is whole and signed, but by whom was not checked: compare the key with "
		       "the "
		       "one you were given, then use --key";
	return "";
}

static void print_runs(const struct tally *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct seen_run *r = &t->runs[i];
		printf("run       %s  %s  %llu events, last %s%s%s  old one: %s\n", r->run, r->cred,
		       (unsigned long long)r->events, r->last, r->outcome[0] ? " " : "", r->outcome,
		       r->grade[0] ? r->grade : "not graded");
	}
	if (t->passed_over > 0)
		printf("run       more than %d runs: the rest is not listed\n", RUNS_MAX);
}

static void print_text(const struct verdict *v, const struct tally *t)
{
	const struct rv_bundle_report *r = &v->report;
	char from[RV_TIME_TEXT];
	char until[RV_TIME_TEXT];
	rv_time_text(t->first_at_us, from);
	rv_time_text(t->last_at_us, until);
	printf("bundle    %s\n", v->file);
	if (r->events > 0)
		printf("events    %llu of %llu in place, %s to %s\n", (unsigned long long)r->events,
		       (unsigned long long)(r->last - r->first + 1), from, until);
	if (r->first > 1)
		printf("begins    at event %llu: what came before is not in this bundle\n",
		       (unsigned long long)r->first);
	if (r->heads > 0)
		printf("signed    %llu heads, the last over event %llu, by sha256:%s\n",
		       (unsigned long long)r->heads, (unsigned long long)r->signed_to, v->key);
	if (r->clock_steps > 0)
		printf("clock     stepped back before %llu events\n",
		       (unsigned long long)r->clock_steps);
	if (v->is_whole)
		print_runs(t);
	if (is_good(v))
		printf("verified\n");
	else
		printf("NOT VERIFIED: %s\n", reason(v));
}

static json_t *runs_json(const struct tally *t)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < t->count; i++) {
		const struct seen_run *r = &t->runs[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s, s:s*, s:s*}", "run",
						      r->run, "credential", r->cred, "events",
						      (json_int_t)r->events, "last", r->last,
						      "outcome", r->outcome[0] ? r->outcome : NULL,
						      "grade", r->grade[0] ? r->grade : NULL));
	}
	return list;
}

static void print_json(const struct verdict *v, const struct tally *t)
{
	const struct rv_bundle_report *r = &v->report;
	char head[65];
	rv_hex(r->head.bytes, sizeof(r->head.bytes), head);
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack(
		"{s:i, s:{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:I, s:o}}", "v", 1, "data",
		"verified", is_good(v), "reason", reason(v), "first", (json_int_t)r->first, "last",
		(json_int_t)r->last, "events", (json_int_t)r->events, "heads", (json_int_t)r->heads,
		"signed_to", (json_int_t)r->signed_to, "key", v->key, "head", head, "line",
		(json_int_t)r->line, "runs", v->is_whole ? runs_json(t) : json_array());
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)16 << 20);
	if (doc && rv_is_ok(rv_json_pretty(doc, &text)))
		printf("%.*s\n", (int)text.len, (const char *)text.data);
}

/* --- main
 * ------------------------------------------------------------------------------------------ */
struct options {
	const char *file;
	const char *key;
	uint64_t at_least;
	bool is_json;
};

static bool read_count(const char *text, uint64_t *out)
{
	char *end = NULL;
	*out = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

/* 0: go on; else the exit status plus one. */
static int read_options(int argc, char **argv, struct options *out)
{
	static const struct option longs[] = {
		{"key", required_argument, NULL, 'k'},
		{"at-least", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c = 0;
	while ((c = getopt_long(argc, argv, "k:h", longs, NULL)) != -1) {
		if (c == 'k') {
			out->key = optarg;
		} else if (c == 'j') {
			out->is_json = true;
		} else if (c == 'h') {
			fputs(usage, stdout);
			return 1;
		} else if (c != 'n' || !read_count(optarg, &out->at_least)) {
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

static rv_status examine(const struct options *options, struct verdict *v, struct tally *t,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf bytes = {0};
	struct rv_digest name;
	rv_buf_init(&bytes, RV_BUNDLE_MAX);
	if (options->key)
		RV_TRY(key_name_of(options->key, &name, diag));
	RV_TRY(rv_file_read(options->file, RV_BUNDLE_MAX, &bytes, diag));
	v->file = options->file;
	rv_status st = rv_bundle_check(rv_buf_view(&bytes), options->key ? &name : NULL, on_event,
				       t, &v->report, &v->why);
	if (rv_class_of(st) == RV_CLASS_EXHAUSTED)
		return rv_fail_nomem(diag);
	v->is_whole = rv_is_ok(st);
	v->is_whose = options->key != NULL;
	v->is_enough = v->report.last >= options->at_least;
	if (v->report.heads > 0) {
		struct rv_digest found = rv_key_name(v->report.public_key);
		rv_hex(found.bytes, sizeof(found.bytes), v->key);
	}
	return RV_OK;
}

int main(int argc, char **argv)
{
	static struct tally tally;
	static struct verdict verdict;
	struct options options = {0};
	struct rv_diag diag = {0};
	int stop = read_options(argc, argv, &options);
	if (stop != 0)
		return stop - 1;
	if (!rv_is_ok(examine(&options, &verdict, &tally, &diag))) {
		fprintf(stderr, "reeve-verify: %s\n", diag.text);
		return 2;
	}
	if (options.is_json)
		print_json(&verdict, &tally);
	else
		print_text(&verdict, &tally);
	return is_good(&verdict) ? 0 : 1;
}
