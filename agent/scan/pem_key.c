/* scan: PEM private keys. Not here: JSON Web Keys (jwk_key.c). */
#include "agent/scan/pem_key.h"

#include "agent/scan/rarity.h"
#include "agent/scan/value_private.h"

#define LABEL_MAX  48
#define RUN_MIN	   16 /* a shorter run of base64 characters is a word, unless it ends the body */
#define GAP_MAX	   160
#define KINDS_MIN  20 /* different characters in a true body */
#define WORDS_MOST 35

struct body {
	size_t start;
	size_t end;
	size_t chars;
	size_t stop; /* where the reading ended */
	uint64_t seen;
	bool has_end;
	bool is_encrypted;
	bool has_dots;
};

static uint8_t at_or_nul(struct rv_str b, size_t at)
{
	return at < b.len ? b.data[at] : 0;
}

static bool is_body_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '+' || c == '/' || c == '=';
}

/* Behind the label's dashes, or 0: "-----BEGIN [words ]PRIVATE KEY[ BLOCK]-----". */
static size_t read_label(struct rv_str b, size_t at, bool *is_encrypted)
{
	if (!rv_says_at(b, at, "-----begin "))
		return 0;
	size_t start = at + sizeof(RV_PEM_ANCHOR) - 1;
	size_t end = start;

	while (end < start + LABEL_MAX &&
	       (rv_is_upper(at_or_nul(b, end)) || rv_is_digit(at_or_nul(b, end)) ||
		at_or_nul(b, end) == ' '))
		end++;
	struct rv_str label = {b.data + start, end - start};

	if (!rv_says(label, "private key") || !rv_says_at(b, end, "-----"))
		return 0;
	*is_encrypted = rv_says(label, "encrypted");
	return end + 5;
}

/* Line ends as strings write them: \n \r \t, with any number of backslashes, and %0A. */
static size_t skip_escape(struct rv_str b, size_t at)
{
	size_t next = at;

	while (at_or_nul(b, next) == '\\')
		next++;
	if (next > at)
		return strchr("nrt", at_or_nul(b, next)) && at_or_nul(b, next) ? next + 1 : next;
	return at_or_nul(b, at) == '%' && at_or_nul(b, at + 1) == '0' ? at + 3 : at + 1;
}

static size_t end_of_run(struct rv_str b, size_t at)
{
	while (is_body_byte(at_or_nul(b, at)))
		at++;
	return at;
}

static void add_run(struct rv_str b, size_t at, size_t end, struct body *body)
{
	if (body->chars == 0)
		body->start = at;
	body->end = end;
	body->chars += end - at;
	for (size_t i = at; i < end; i++)
		body->seen |= UINT64_C(1) << (b.data[i] & 63);
}

/* Reads runs of base64 up to the END line, or to where nothing like it follows. */
static void read_body(struct rv_str b, size_t at, struct body *body)
{
	size_t stop = b.len - at > RV_PEM_BLOCK_MAX ? at + RV_PEM_BLOCK_MAX : b.len;
	size_t last = at; /* where the last run ended */

	while (at < stop && at - last < GAP_MAX) {
		uint8_t c = b.data[at];

		if (c == '-' && rv_says_at(b, at, "-----end ")) {
			body->has_end = true;
			break;
		}
		if (c == '-' && rv_says_at(b, at, "-----begin "))
			break;
		body->has_dots |= c == '.' && rv_says_at(b, at, "...");
		if (!is_body_byte(c)) {
			at = skip_escape(b, at);
			continue;
		}
		size_t end = end_of_run(b, at);
		struct rv_str run = {b.data + at, end - at};

		body->is_encrypted |= rv_says_at(run, 0, "encrypted") || rv_says_at(run, 0, "dek");
		/* What follows DEK-Info: is no body. */
		bool is_vector = at > 0 && b.data[at - 1] == ',';

		if ((run.len >= RUN_MIN && !is_vector) ||
		    (body->chars > 0 && run.len > 1 && at - body->end < 24)) {
			add_run(b, at, end, body);
			last = end;
		}
		at = end;
	}
	body->stop = at < stop ? at : stop;
}

/* 0, 1, 2 .. 11 and on, in base64 from whichever of three bytes on: a vector for a test. */
static bool counts(struct rv_str text)
{
	static const char *const from[] = {"AAECAwQFBgcICQoL", "AQIDBAUGBwgJCgsM",
					   "AgMEBQYHCAkKCwwN"};

	for (size_t i = 0; i < RV_LEN(from); i++) {
		if (memmem(text.data, text.len, from[i], strlen(from[i])))
			return true;
	}
	return false;
}

/* The tail of a truncated body is what follows it: words, not base64. */
static bool is_dummy(struct rv_str b, const struct body *body)
{
	struct rv_str text = {b.data + body->start, body->end - body->start};

	return body->chars < RV_PEM_BODY_MIN || __builtin_popcountll(body->seen) < KINDS_MIN ||
	       (body->has_dots && body->chars < 3 * RV_PEM_BODY_MIN) ||
	       rv_words_cover(text) > WORDS_MOST || counts(text);
}

/* DER's SEQUENCE, OpenSSH's magic, an OpenPGP packet. */
static bool has_known_start(struct rv_str b, const struct body *body)
{
	uint8_t c = b.data[body->start];

	return c == 'M' || rv_says_at(b, body->start, "b3blbnnzac1rzxk") || c == 'l' || c == 'x';
}

bool rv_pem_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out)
{
	struct body body = {0};
	size_t start = read_label(bytes, at, &body.is_encrypted);

	if (!start)
		return false;
	read_body(bytes, start, &body);
	if (is_dummy(bytes, &body))
		return false;
	/* "openssh-key-v1", then the cipher: none. */
	bool is_openssh = rv_says_at(bytes, body.start, "b3blbnnzac1rzxktdje");

	if (is_openssh && !rv_says_at(bytes, body.start + 20, "aaaabg5vbmu"))
		body.is_encrypted = true;
	*out = (struct rv_pem_key){
		.start = body.start,
		.len = body.end - body.start,
		.end = body.stop,
		.is_encrypted = body.is_encrypted,
		.is_truncated = !body.has_end,
		.confidence = has_known_start(bytes, &body) ? (body.has_end ? 98 : 88) : 65,
	};
	return true;
}

bool rv_ppk_private_at(struct rv_str bytes, size_t at, struct rv_pem_key *out)
{
	static const char none[] = "encryption: none";
	size_t start = at + sizeof(RV_PPK_ANCHOR) - 1;
	size_t from = at > RV_JWK_REACH ? at - RV_JWK_REACH : 0;
	struct body body = {0};

	if (!rv_says_at(bytes, at, "private-lines: "))
		return false;
	while (rv_is_digit(at_or_nul(bytes, start)))
		start++;
	for (size_t line = start; line < bytes.len && bytes.len - line > RUN_MIN;) {
		while (at_or_nul(bytes, line) == '\r' || at_or_nul(bytes, line) == '\n')
			line++;
		size_t end = end_of_run(bytes, line);

		if (end == line || at_or_nul(bytes, end) == '-' || at_or_nul(bytes, end) == ':')
			break; /* Private-MAC: */
		add_run(bytes, line, end, &body);
		line = end;
	}
	if (is_dummy(bytes, &body))
		return false;
	*out = (struct rv_pem_key){
		.start = body.start,
		.len = body.end - body.start,
		.end = body.end,
		.is_encrypted = !rv_says((struct rv_str){bytes.data + from, at - from}, none),
		.confidence = 95,
	};
	return true;
}
