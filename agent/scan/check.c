/* scan: the table of checks. Not here: the checks (check_*.c). */
#include "agent/scan/check.h"

/* Sorted by name (rv_check_find halves it; tests/unit/scan/check.c looks). */
static const struct rv_check_row rows[] = {
	{"azure-client-secret", rv_check_azure_client_secret, rv_check_azure_client_secret_make,
	 true},
	{"azure-devops", rv_check_azure_devops, rv_check_azure_devops_make, true},
	{"azure-key", rv_check_azure_key, rv_check_azure_key_make, true},
	{"base64-json", rv_check_base64_json, rv_check_base64_json_make, true},
	{"base64-login", rv_check_base64_login, rv_check_base64_login_make, false},
	{"bech32", rv_check_bech32, rv_check_bech32_make, true},
	{"crc32-base36", rv_check_crc32_base36, rv_check_crc32_base36_make, true},
	{"crc32-base62", rv_check_crc32_base62, rv_check_crc32_base62_make, true},
	{"crc32-hex", rv_check_crc32_hex, rv_check_crc32_hex_make, true},
	{"crc32-hex-le", rv_check_crc32_hex_le, rv_check_crc32_hex_le_make, true},
	{"curve25519", rv_check_curve25519, rv_check_curve25519_make, false},
	{"jfrog-reference", rv_check_jfrog_reference, rv_check_jfrog_reference_make, true},
	{"jwt", rv_check_jwt, NULL, false},
	{"looks-random", rv_check_looks_random, NULL, false},
	{"macaroon", rv_check_macaroon, rv_check_macaroon_make, true},
	{"not-placeholder", rv_check_not_placeholder, NULL, false},
	{"xor-base62", rv_check_xor_base62, rv_check_xor_base62_make, false},
};

const struct rv_check_row *rv_check_find(const char *name)
{
	size_t low = 0;
	size_t high = RV_LEN(rows);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(name, rows[mid].name);

		if (order == 0)
			return &rows[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

const struct rv_check_row *rv_check_rows(size_t *out_count)
{
	*out_count = RV_LEN(rows);
	return rows;
}
