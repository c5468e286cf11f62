/* plughost: loading. Not here: calling (plugin_run.c). */
#include "agent/plughost/plugin_load.h"

#include <dlfcn.h>
#include <stdio.h>

#define NAME_MAX_LEN	32
#define VERSION_MAX_LEN 31
/* What ABI 1 had on its first day: a plugin built then is as long as this. */
#define LEAST_SIZE (offsetof(struct reeve_plugin, close) + sizeof(void (*)(void *)))

static const char *const verb_names[] = {
	[REEVE_VERB_DESCRIBE] = "describe", [REEVE_VERB_DISCOVER] = "discover",
	[REEVE_VERB_STATUS] = "status",	    [REEVE_VERB_PREFLIGHT] = "preflight",
	[REEVE_VERB_CREATE] = "create",	    [REEVE_VERB_READ_BACK] = "read_back",
	[REEVE_VERB_PROBE] = "probe",	    [REEVE_VERB_IDENTIFY] = "identify",
	[REEVE_VERB_ENABLE] = "enable",	    [REEVE_VERB_DISABLE] = "disable",
	[REEVE_VERB_REVOKE] = "revoke",	    [REEVE_VERB_LIST_VERSIONS] = "list_versions",
	[REEVE_VERB_CLEANUP] = "cleanup",
};

const char *rv_verb_name(unsigned verb)
{
	const char *name = verb < RV_LEN(verb_names) ? verb_names[verb] : NULL;
	return name ? name : "invalid";
}

bool rv_plugin_has(const struct rv_plugin *plugin, unsigned verb)
{
	return verb < 64 && (plugin->table.verbs & UINT64_C(1) << verb) != 0;
}

static rv_status check_names(const struct reeve_plugin *table, struct rv_diag *diag)
{
	size_t name_len = table->name ? strnlen(table->name, NAME_MAX_LEN + 1) : 0;
	size_t version_len = table->version ? strnlen(table->version, VERSION_MAX_LEN + 1) : 0;
	if (name_len == 0 || name_len > NAME_MAX_LEN ||
	    strspn(table->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != name_len)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the plugin's name is not 1 to 32 of a-z, 0-9 and -");
	if (version_len == 0 || version_len > VERSION_MAX_LEN)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the plugin's version is not 1 to 31 bytes long");
	for (size_t i = 0; i < version_len; i++)
		if (table->version[i] < 0x21 || table->version[i] > 0x7e)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag,
				       "the plugin's version is not printable ASCII");
	return RV_OK;
}

static rv_status check_verbs(const struct rv_plugin *plugin, struct rv_diag *diag)
{
	static const unsigned with_create[] = {REEVE_VERB_REVOKE, REEVE_VERB_PROBE,
					       REEVE_VERB_IDENTIFY};
	for (size_t i = 0; rv_plugin_has(plugin, REEVE_VERB_CREATE) && i < RV_LEN(with_create); i++)
		if (!rv_plugin_has(plugin, with_create[i]))
			return rv_fail(
				RV_CLASS_MISCONFIGURED, diag,
				"the plugin can create but not %s: what cannot be undone and "
				"shown dead is not created",
				rv_verb_name(with_create[i]));
	if (rv_plugin_has(plugin, REEVE_VERB_REVOKE) && !rv_plugin_has(plugin, REEVE_VERB_IDENTIFY))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the plugin can revoke but not identify what it revokes");
	return RV_OK;
}

rv_status rv_plugin_check(const struct reeve_plugin *table, struct rv_plugin *out,
			  struct rv_diag *diag)
{
	if (!table)
		return rv_fail(RV_CLASS_MALFORMED, diag, "reeve_plugin_entry() gave nothing");
	if (table->abi != REEVE_PLUGIN_ABI)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the plugin speaks ABI %u, this host %d", table->abi,
			       REEVE_PLUGIN_ABI);
	if (table->struct_size < LEAST_SIZE)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the plugin's table has %u bytes, ABI %d needs %zu",
			       table->struct_size, REEVE_PLUGIN_ABI, LEAST_SIZE);
	struct rv_plugin plugin = {0};
	size_t known = table->struct_size < sizeof(plugin.table) ? table->struct_size
								 : sizeof(plugin.table);
	memcpy(&plugin.table, table, known);
	plugin.table.struct_size = (uint32_t)known;
	const struct reeve_plugin *t = &plugin.table;
	if (!t->open || !t->config || !t->secret || !t->config_complete || !t->call || !t->close)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the plugin's table lacks a function");
	if (t->kind < REEVE_KIND_PROVIDER || t->kind > REEVE_KIND_PROBE)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the plugin is of unknown kind %u",
			       t->kind);
	RV_TRY(check_names(t, diag));
	RV_TRY(check_verbs(&plugin, diag));
	*out = plugin;
	return RV_OK;
}

rv_status rv_plugin_load_fd(int fd, struct rv_plugin *out, struct rv_diag *diag)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		return rv_fail(RV_CLASS_MALFORMED, diag, "the plugin cannot be loaded: %s",
			       why ? why : "no reason given");
	}
	void *symbol = dlsym(library, "reeve_plugin_entry");
	if (!symbol) {
		dlclose(library);
		return rv_fail(RV_CLASS_MALFORMED, diag, "there is no reeve_plugin_entry in it");
	}
	/* POSIX lets dlsym's result be a function; ISO C does not say so. */
	const struct reeve_plugin *(*entry)(void) = NULL;
	memcpy(&entry, &symbol, sizeof(entry));
	struct rv_plugin plugin = {0};
	RV_TRY(rv_plugin_check(entry(), &plugin, diag));
	plugin.library = library;
	*out = plugin;
	return RV_OK;
}

void rv_plugin_done(struct rv_plugin *plugin)
{
	*plugin = (struct rv_plugin){0};
}
