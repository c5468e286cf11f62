/* store: the host as the last pass saw it: accounts, service units, packages. Evidence for bind/.
 */
#pragma once

#include "agent/model/credential.h"
#include "agent/model/finding.h"
#include "agent/store/db.h"

RV_NODISCARD rv_status rv_account_put(struct rv_db *db, const struct rv_rec_found_account *a,
				      int64_t pass, struct rv_diag *diag);
RV_NODISCARD rv_status rv_unit_put(struct rv_db *db, const struct rv_rec_found_unit *u,
				   int64_t pass, struct rv_diag *diag);
RV_NODISCARD rv_status rv_package_put(struct rv_db *db, const struct rv_rec_found_package *p,
				      int64_t pass, struct rv_diag *diag);
/* Removes what `pass` did not see. */
RV_NODISCARD rv_status rv_estate_sweep(struct rv_db *db, int64_t pass, struct rv_diag *diag);

struct rv_account {
	const char *name;
	const char *home;
	uint32_t uid;
	bool can_login, is_human;
	unsigned password;  /* found_account.password */
	int64_t changed_us; /* of the password; RV_TIME_NONE unknown */
	int64_t expires_us;
};
struct rv_unit {
	const char *unit;
	const char *user;
	const char *exec;
	const char *files; /* escaped paths, each ended by a newline */
	const char *working_dir;
	const char *path;
};
/* Rows in memory, loaded once per binding run; a few thousand at most. */
struct rv_estate {
	struct rv_account *accounts;
	size_t account_count;
	struct rv_unit *units;
	size_t unit_count;
	void *memory; /* of the texts */
};
RV_NODISCARD rv_status rv_estate_load(struct rv_db *db, struct rv_estate *out,
				      struct rv_diag *diag);
void rv_estate_done(struct rv_estate *e);
/* The package that ships `path`, appended to out; NOT_FOUND when none is known. */
RV_NODISCARD rv_status rv_package_of(struct rv_db *db, struct rv_str path, struct rv_buf *out,
				     struct rv_diag *diag);
