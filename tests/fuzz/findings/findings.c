/* fuzz: what a broken reeve-discover could say, up to the end of a pass: decode, identify, join,
 * bind. Input: findings as {u8 kind, u16 length, body}. Nothing may abort; MALFORMED is the answer.
 */
#include "agent/bind/bind.h"
#include "agent/identify/identify.h"
#include "agent/store/estate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_status take(struct rv_identify *i, unsigned kind, struct rv_str body)
{
	union {
		struct rv_rec_found_certificate certificate;
		struct rv_rec_found_key key;
		struct rv_rec_found_secret secret;
		struct rv_rec_found_account account;
		struct rv_rec_found_unit unit;
		struct rv_rec_found_package package;
	} f;

	switch (kind % 6) {
	case 0:
		RV_TRY(rv_record_decode(&rv_desc_found_certificate, body, &f, NULL));
		return rv_identify_certificate(i, &f.certificate, NULL);
	case 1:
		RV_TRY(rv_record_decode(&rv_desc_found_key, body, &f, NULL));
		return rv_identify_key(i, &f.key, NULL);
	case 2:
		RV_TRY(rv_record_decode(&rv_desc_found_secret, body, &f, NULL));
		return rv_identify_secret(i, &f.secret, NULL);
	case 3:
		RV_TRY(rv_record_decode(&rv_desc_found_account, body, &f, NULL));
		return rv_account_put(i->db, &f.account, i->pass, NULL);
	case 4:
		RV_TRY(rv_record_decode(&rv_desc_found_unit, body, &f, NULL));
		return rv_unit_put(i->db, &f.unit, i->pass, NULL);
	default:
		RV_TRY(rv_record_decode(&rv_desc_found_package, body, &f, NULL));
		return rv_package_put(i->db, &f.package, i->pass, NULL);
	}
}

static void finish(struct rv_identify *i)
{
	RV_CLEANUP(rv_owners_freep) struct rv_owners *owners = NULL;
	struct rv_bind b = {.db = i->db, .now_us = 1};

	RV_BUG_ON(!rv_is_ok(rv_identify_join(i, NULL)));
	RV_BUG_ON(!rv_is_ok(rv_identify_sweep(i, NULL)));
	RV_BUG_ON(!rv_is_ok(rv_owners_parse(RV_STR_LIT("version: 1\n"), "none", &owners, NULL)));
	b.owners = owners;
	RV_BUG_ON(!rv_is_ok(rv_bind_all(&b, NULL)));
	RV_BUG_ON(!rv_is_ok(rv_db_check(i->db, NULL)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_identify i;
	RV_CLEANUP(rv_db_closep) struct rv_db *db = NULL;
	const struct rv_db_opts opts = {.path = ":memory:"};

	RV_BUG_ON(!rv_is_ok(rv_db_open(&opts, &db, NULL)));
	rv_identify_init(&i, db, "host", 1, 1);
	while (size >= 3) {
		size_t len = rv_get_u16(data + 1);
		if (len > size - 3)
			break;
		RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
		RV_BUG_ON(!rv_is_ok(rv_txn_begin(db, &txn, NULL)));
		rv_status s = take(&i, data[0], (struct rv_str){data + 3, len});
		RV_BUG_ON(!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_MALFORMED &&
			  rv_class_of(s) != RV_CLASS_EXHAUSTED);
		if (rv_is_ok(s))
			RV_BUG_ON(!rv_is_ok(rv_txn_commit(&txn, NULL)));
		data += 3 + len;
		size -= 3 + len;
	}
	finish(&i);
	rv_identify_done(&i);
	return 0;
}
