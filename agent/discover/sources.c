/* discover (open side): where accounts, units and package lists are. */
#include "agent/discover/sources.h"

#include "agent/base/path.h"

static bool is_any(struct rv_str path)
{
	return path.len > 0;
}

static bool is_service(struct rv_str path)
{
	return rv_str_ends_with(path, ".service") ||
	       (rv_str_ends_with(path, ".conf") &&
		rv_str_ends_with(rv_path_dir(path), ".service.d"));
}

static bool is_list(struct rv_str path)
{
	return rv_str_ends_with(path, ".list");
}

rv_status rv_sources_accounts(struct rv_walk *walk)
{
	static const struct {
		const char *path;
		struct rv_walk_want want;
	} sources[] = {
		{"/etc/passwd", {is_any, 1, RV_SOURCE_PASSWD}},
		{"/etc/shadow", {is_any, 1, RV_SOURCE_SHADOW}},
		{"/etc/login.defs", {is_any, 1, RV_SOURCE_LOGIN_DEFS}},
		{"/etc/systemd/system", {is_service, 2, RV_SOURCE_UNIT}},
		{"/run/systemd/system", {is_service, 2, RV_SOURCE_UNIT}},
		{"/usr/local/lib/systemd/system", {is_service, 2, RV_SOURCE_UNIT}},
		{"/usr/lib/systemd/system", {is_service, 2, RV_SOURCE_UNIT}},
		{"/lib/systemd/system", {is_service, 2, RV_SOURCE_UNIT}},
	};

	for (size_t i = 0; i < RV_LEN(sources); i++)
		RV_TRY(rv_walk_source(walk, sources[i].path, &sources[i].want));
	return RV_OK;
}

rv_status rv_sources_packages(struct rv_walk *walk)
{
	static const struct rv_walk_want want = {is_list, 1, RV_SOURCE_DPKG_LIST};

	return rv_walk_source(walk, "/var/lib/dpkg/info", &want);
}
