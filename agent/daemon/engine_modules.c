/* daemon: what is plugged into the engine, one row per concern; and the lookup of verbs. */
#include "agent/daemon/engine_core.h"
#include "agent/daemon/engine_due.h"
#include "agent/daemon/engine_evidence.h"
#include "agent/daemon/engine_plan.h"
#include "agent/daemon/engine_plugin.h"
#include "agent/daemon/engine_policy.h"
#include "agent/daemon/engine_report.h"
#include "agent/daemon/engine_rotate.h"

const struct rv_module *const *rv_modules(void)
{
	static const struct rv_module *const modules[] = {
		/* Policies first: binding asks them. Rotation recovers before a pass looks. */
		&rv_module_core,
		&rv_module_policy,
		&rv_module_owner,
		&rv_module_rotate,
		&rv_module_plan,
		&rv_module_plugin,
		&rv_module_evidence,
		&rv_module_discover,
		&rv_module_report,
		/* Last: by then the verdicts of a pass are there. */
		&rv_module_due,
		NULL,
	};

	return modules;
}

const struct rv_verb *rv_verb_named(const char *name)
{
	for (const struct rv_module *const *m = rv_modules(); *m; m++)
		for (const struct rv_verb *v = (*m)->verbs; v && v->name; v++)
			if (strcmp(v->name, name) == 0)
				return v;
	return NULL;
}
