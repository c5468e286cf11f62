/* scan: what a path says about the values in it. Not here: weighing them (match.c). */
#include "agent/scan/scan.h"

#include <ctype.h>

#define PATH_LOOK 1024

static const char *const tests[] = {"test",	"spec", "mock",	    "fixture", "example",
				    "sample",	"demo", "docs/",    "/doc/",   "readme",
				    "testdata", "stub", "tutorial", "dummy",   "fake"};
static const char *const locks[] = {"package-lock.json",
				    "yarn.lock",
				    "pnpm-lock.yaml",
				    "go.sum",
				    "cargo.lock",
				    "poetry.lock",
				    "composer.lock",
				    "gemfile.lock",
				    "pipfile.lock",
				    ".min.js",
				    ".min.css",
				    ".map",
				    ".svg",
				    "npm-shrinkwrap.json",
				    "flake.lock",
				    "packages.lock.json",
				    "mix.lock",
				    "pubspec.lock",
				    "uv.lock"};
static const char *const configs[] = {
	".env",	       ".yml", ".yaml", ".json",   ".toml",  ".ini",   ".cfg",	 ".conf",  ".sh",
	".properties", ".xml", ".tf",	".tfvars", "config", ".netrc", ".npmrc", ".pypirc"};
static const char *const codes[] = {
	".c",  ".h",  ".cc",  ".cpp", ".go",	".rs",	  ".py",  ".js",  ".ts", ".java", ".kt",
	".cs", ".rb", ".php", ".pl",  ".swift", ".scala", ".jsx", ".tsx", ".m",	 ".lua",  ".hs"};

static bool ends_with(const char *path, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(path + len - n, end, n) == 0;
}

static bool any_end(const char *path, size_t len, const char *const *ends, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ends_with(path, len, ends[i]))
			return true;
	}
	return false;
}

unsigned rv_place_of(struct rv_str path)
{
	char text[PATH_LOOK + 1];
	size_t skip = path.len > PATH_LOOK ? path.len - PATH_LOOK : 0;
	size_t len = path.len - skip;
	unsigned place = 0;

	for (size_t i = 0; i < len; i++) {
		int c = tolower(path.data[skip + i]);

		text[i] = c ? (char)c : '?';
	}
	text[len] = '\0';
	for (size_t i = 0; i < RV_LEN(tests) && !(place & RV_PLACE_TEST); i++) {
		if (strstr(text, tests[i]))
			place |= RV_PLACE_TEST;
	}
	if (any_end(text, len, locks, RV_LEN(locks)))
		place |= RV_PLACE_LOCK;
	if (any_end(text, len, configs, RV_LEN(configs)))
		place |= RV_PLACE_CONFIG;
	if (any_end(text, len, codes, RV_LEN(codes)))
		place |= RV_PLACE_CODE;
	return place;
}
