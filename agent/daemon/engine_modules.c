/* daemon: what is plugged into the engine, one row per concern; and the lookup of verbs. */
#include "agent/daemon/engine_core.h"

const struct rv_module *const *rv_modules(void)
{
	static const struct rv_module *const modules[] = {
		&rv_module_core,

		&rv_module_discover,

		&rv_module_owner,

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
