/* base: fingerprints of secret values. Not here: where the keys come from (daemon/). */
#include "agent/base/digest.h"
#include "agent/base/secret.h"

#include <stdio.h>

#define KEY_LEN 32

static rv_status digest_of(const struct rv_secret *key, const char *class_name, struct rv_str value,
			   struct rv_digest *out)
{
	struct rv_buf text;
	rv_status status;

	if (value.len > SIZE_MAX / 2)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	rv_buf_init(&text, strlen(class_name) + 1 + value.len);
	status = rv_buf_put(&text, class_name, strlen(class_name) + 1);
	if (rv_is_ok(status))
		status = rv_buf_put(&text, value.data, value.len);
	if (rv_is_ok(status))
		*out = rv_hmac_sha256(rv_secret_reveal(key), KEY_LEN, text.data, text.len);
	rv_buf_done(&text); /* wipes */
	return status;
}

rv_status rv_fingerprint(const struct rv_secret *key, const char *class_name, struct rv_str value,
			 char out[RV_FINGERPRINT_TEXT])
{
	static const char id_class[] = "reeve-key-id";
	struct rv_digest id, digest;
	char id_text[9], text[33];

	if (rv_secret_len(key) != KEY_LEN)
		return (rv_status){RV_CLASS_BUG, 0};
	RV_TRY(digest_of(key, class_name, value, &digest));
	id = rv_hmac_sha256(rv_secret_reveal(key), KEY_LEN, id_class, sizeof(id_class) - 1);
	rv_hex(id.bytes, 4, id_text);
	rv_hex(digest.bytes, 16, text);
	(void)snprintf(out, RV_FINGERPRINT_TEXT, "hk1:%s:%s", id_text, text); /* 45 characters */
	return RV_OK;
}
