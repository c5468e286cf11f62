/* store: the list of tables. A noun adds its DDL string in schema.h and one line here. */
#include "agent/store/schema.h"

#include <stddef.h>

/* clang-format off: one line per noun, so that two additions never touch the same line */
static const char *const version_1[] = {
	rv_ddl_meta,

	rv_ddl_credentials,

	rv_ddl_versions,

	rv_ddl_sightings,

	rv_ddl_evidence,

	rv_ddl_estate,

	rv_ddl_listeners,

	rv_ddl_not_looked,

	rv_ddl_verdicts,

	rv_ddl_ledger,

	rv_ddl_sealed,

	rv_ddl_outbox,

	rv_ddl_journal,

	rv_ddl_audit,

	NULL,
};
/* clang-format on */

const struct rv_migration rv_migrations[] = {
	{1, version_1},
	{0, NULL},
};
