/* discover (open side): default roots, excludes and names. */
#include "agent/discover/filter.h"

#include "agent/base/path.h"

#include <ctype.h>
#include <strings.h>

const char *const rv_default_roots[] = {"/etc",	      "/srv",	  "/opt",     "/home",
					"/root",      "/var/lib", "/var/www", "/var/spool/cron",
					"/usr/local", NULL};

/* A directory of exactly that path, or, with `ends`, one below it whose path ends so. */
static const struct {
	const char *at;
	const char *ends;
} left_out[] = {
	/* package managers: checked lists, caches */
	{"/var/lib/dpkg", NULL},
	{"/var/lib/apt", NULL},
	{"/var/lib/rpm", NULL},
	{"/var/lib/snapd", NULL},
	{"/var/lib/flatpak", NULL},
	{"/var/lib/swcatalog", NULL},
	{"/var/lib/app-info", NULL},
	/* layers of containers: they belong to an image, not to this host */
	{"/var/lib/docker", NULL},
	{"/var/lib/containerd", NULL},
	{"/var/lib/containers/storage", NULL},
	{"/var/lib/kubelet/pods", NULL},
	{"/var/lib/lxcfs", NULL},
	{"/var/lib/libvirt/images", NULL},
	/* tables of databases */
	{"/var/lib/postgresql", "/base"},
	{"/var/lib/mysql", NULL},
	{"/var/lib/mongodb", NULL},
	{"/var/lib/systemd/coredump", NULL},
	{"/var/lib/systemd/catalog", NULL},
	/* work of tools, made again at will */
	{"/", "/.git/objects"},
	{"/", "/node_modules"},
	{"/", "/.cache"},
	{"/", "/.cargo/registry"},
	{"/", "/.rustup"},
	{"/", "/go/pkg/mod"},
	{"/", "/.npm/_cacache"},
	/* our own state */
	{"/var/lib/reeve", NULL},
};

static const char *const dull_ends[] = {
	".so",	 ".o",	 ".a",	   ".ko",   ".pyc",   ".pyo",  ".class", ".jar", ".war", ".gz",
	".xz",	 ".bz2", ".zst",   ".lz4",  ".zip",   ".7z",   ".tgz",	 ".tar", ".deb", ".rpm",
	".png",	 ".jpg", ".jpeg",  ".gif",  ".webp",  ".ico",  ".bmp",	 ".mp3", ".mp4", ".mkv",
	".webm", ".ogg", ".flac",  ".woff", ".woff2", ".ttf",  ".otf",	 ".eot", ".mo",	 ".pdf",
	".iso",	 ".img", ".qcow2", ".vmdk", ".ibd",   ".wasm", ".dll",	 ".exe", ".elc", ".hwdb"};

bool rv_filter_leaves_out(struct rv_str dir)
{
	for (size_t i = 0; i < RV_LEN(left_out); i++) {
		if (!left_out[i].ends && rv_str_is(dir, left_out[i].at))
			return true;
		if (left_out[i].ends && rv_str_starts_with(dir, left_out[i].at) &&
		    rv_str_ends_with(dir, left_out[i].ends))
			return true;
	}
	return false;
}

bool rv_filter_matches(struct rv_str pattern, struct rv_str path, bool is_dir)
{
	uint8_t with_slash[4100];

	if (rv_glob_match(pattern, path))
		return true;
	if (!is_dir || path.len + 1 > sizeof(with_slash))
		return false;
	memcpy(with_slash, path.data, path.len);
	with_slash[path.len] = '/';
	return rv_glob_match(pattern, (struct rv_str){with_slash, path.len + 1});
}

bool rv_filter_is_dull(struct rv_str name)
{
	for (size_t i = 0; i < RV_LEN(dull_ends); i++) {
		size_t len = strlen(dull_ends[i]);

		if (name.len > len &&
		    strncasecmp((const char *)name.data + name.len - len, dull_ends[i], len) == 0)
			return true;
	}
	/* libx.so.1.2 */
	const uint8_t *so = memmem(name.data, name.len, ".so.", 4);
	return so && (size_t)(so - name.data) + 4 < name.len && isdigit(so[4]);
}
