/* discover: PEM blocks. Not here: DER. */
#include "agent/discover/pem.h"

#include <ctype.h>

static const struct {
	const char *text;
	enum rv_pem_label label;
} labels[] = {
	{"CERTIFICATE-----", RV_PEM_CERTIFICATE},
	{"X509 CERTIFICATE-----", RV_PEM_CERTIFICATE},
	{"TRUSTED CERTIFICATE-----", RV_PEM_TRUSTED_CERTIFICATE},
	{"PRIVATE KEY-----", RV_PEM_PRIVATE_KEY},
	{"ENCRYPTED PRIVATE KEY-----", RV_PEM_ENCRYPTED_PRIVATE_KEY},
	{"RSA PRIVATE KEY-----", RV_PEM_RSA_PRIVATE_KEY},
	{"EC PRIVATE KEY-----", RV_PEM_EC_PRIVATE_KEY},
	{"DSA PRIVATE KEY-----", RV_PEM_DSA_PRIVATE_KEY},
	{"OPENSSH PRIVATE KEY-----", RV_PEM_OPENSSH_PRIVATE_KEY},
};

static bool has_at(struct rv_str text, size_t at, const char *word)
{
	size_t len = strlen(word);

	return at <= text.len && text.len - at >= len && memcmp(text.data + at, word, len) == 0;
}

/* Length of one written-out or real white space at `at`, 0 for none. */
static size_t space_at(struct rv_str text, size_t at)
{
	if (at >= text.len)
		return 0;
	if (isspace(text.data[at]))
		return 1;
	return has_at(text, at, "\\n") || has_at(text, at, "\\r") || has_at(text, at, "\\t") ? 2
											     : 0;
}

static bool is_base64(uint8_t c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '=';
}

static size_t skip_spaces(struct rv_str text, size_t at)
{
	for (size_t n = space_at(text, at); n > 0; n = space_at(text, at))
		at += n;
	return at;
}

/* Behind the old-style headers ("Proc-Type: 4,ENCRYPTED"), up to the blank line. */
static size_t skip_headers(struct rv_str text, size_t at, bool *out_encrypted)
{
	for (;;) {
		size_t line = skip_spaces(text, at);
		size_t end = line;
		bool is_header = false;

		while (end < text.len && end - line < 256 && space_at(text, end) != 1 &&
		       !has_at(text, end, "\\n")) {
			is_header |= text.data[end] == ':';
			end++;
			if (is_header && end < text.len && text.data[end] == ' ')
				end++;
		}
		if (!is_header)
			return line;
		for (size_t i = line; i < end; i++)
			*out_encrypted |= has_at(text, i, "ENCRYPTED");
		at = end;
	}
}

/* Is there base64 where the body should begin? A mention in prose or code has none. */
static bool body_begins(struct rv_str text, size_t at)
{
	size_t run = 0;

	while (at + run < text.len && run < 16 && is_base64(text.data[at + run]))
		run++;
	return run == 16 || at + run == text.len;
}

static bool read_block(struct rv_str text, size_t at, const char *label, struct rv_pem *pem)
{
	if (at < text.len && space_at(text, at) == 0)
		return false;
	size_t body = skip_headers(text, at, &pem->is_encrypted);
	if (!body_begins(text, body))
		return false;
	size_t end = body;
	while (end < text.len && end - body <= RV_PEM_BODY_MAX) {
		size_t space = space_at(text, end);

		if (space == 0 && !is_base64(text.data[end]))
			break;
		end += space > 0 ? space : 1;
	}
	pem->body = (struct rv_str){text.data + body, end - body};
	pem->reaches_end = text.len - end < sizeof("-----END ") + strlen(label);
	pem->is_whole = has_at(text, end, "-----END ") && has_at(text, end + 9, label);
	pem->end = pem->is_whole ? end + 9 + strlen(label) : end;
	return true;
}

bool rv_pem_next(struct rv_str text, size_t *cursor, struct rv_pem *out)
{
	static const char begin[] = "-----BEGIN ";

	while (*cursor < text.len) {
		const uint8_t *hit =
			memmem(text.data + *cursor, text.len - *cursor, begin, sizeof(begin) - 1);

		if (!hit)
			break;
		size_t start = (size_t)(hit - text.data);
		size_t at = start + sizeof(begin) - 1;

		*cursor = at;
		for (size_t i = 0; i < RV_LEN(labels); i++) {
			struct rv_pem pem = {.label = labels[i].label, .start = start};

			if (!has_at(text, at, labels[i].text) ||
			    !read_block(text, at + strlen(labels[i].text), labels[i].text, &pem))
				continue;
			*cursor = pem.end;
			*out = pem;
			return true;
		}
	}
	*cursor = text.len;
	return false;
}

static int digit_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool rv_pem_decode(const struct rv_pem *pem, uint8_t *out, size_t size, size_t *out_len)
{
	struct rv_str body = pem->body;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t made = 0;
	size_t pads = 0;
	size_t digits = 0;

	for (size_t at = 0; at < body.len;) {
		size_t space = space_at(body, at);

		if (space > 0) {
			at += space;
			continue;
		}
		uint8_t c = body.data[at++];
		if (c == '=') {
			pads++;
			continue;
		}
		int digit = digit_of(c);
		if (digit < 0 || pads > 0)
			return false;
		digits++;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (made == size)
			return false;
		out[made++] = (uint8_t)(bits >> have);
		bits &= (UINT32_C(1) << have) - 1;
	}
	if (made == 0 || pads > 2 || (digits + pads) % 4 != 0)
		return false;
	*out_len = made;
	return true;
}
