/* scan: files by their names. Not here: reading them. */
#include "agent/scan/context.h"

#include <string.h>

static const struct {
	const char *extensions; /* with a space before and behind each */
	enum rv_form form;
} forms[] = {
	{" c h cc cpp cxx hpp hh cs java kt kts scala go rs swift m mm py pyx rb php phtml js jsx "
	 "mjs cjs ts tsx "
	 "vue svelte dart lua pl pm r ex exs erl hs clj groovy gradle vb fs pas d jl ml coffee sol "
	 "proto "
	 "graphql ipynb erb cr nim zig asm s v sv cmake mk css scss less inc tcl l y yy ll g4 m4 "
	 "am ac in awk sed ",
	 RV_FORM_CODE},
	{" ini env cfg conf config properties props toml cnf reg service netrc pgpass tfvars hcl "
	 "tf rc ovpn "
	 "local dist sample secret secrets credentials editorconfig ",
	 RV_FORM_CONFIG},
	{" yml yaml sls eyaml j2 jinja ", RV_FORM_YAML},
	{" json json5 jsonc geojson map har avsc webmanifest dockercfg ", RV_FORM_JSON},
	{" xml html htm xhtml svg plist xsd wsdl resx csproj vcxproj props targets xaml storyboard "
	 "xib jsp aspx "
	 "jelly ",
	 RV_FORM_XML},
	{" sh bash zsh fish ksh ps1 psm1 bat cmd command ", RV_FORM_SHELL},
	{" sql psql ddl pgsql mysql dump ", RV_FORM_SQL},
	{" md markdown rst adoc asciidoc txt tex org textile mdx rdoc pod wiki log ", RV_FORM_DOC},
};

static bool has_word(const char *list, struct rv_str word)
{
	char text[24];

	if (word.len == 0 || word.len > sizeof(text) - 3)
		return false;
	text[0] = ' ';
	for (size_t i = 0; i < word.len; i++)
		text[i + 1] =
			(char)(word.data[i] >= 'A' && word.data[i] <= 'Z' ? word.data[i] | 0x20
									  : word.data[i]);
	text[word.len + 1] = ' ';
	text[word.len + 2] = '\0';
	return strstr(list, text) != NULL;
}

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool has_any(struct rv_str path, const char *const *parts, size_t count)
{
	for (size_t i = 0; i < path.len; i++) {
		uint8_t first = fold(path.data[i]);

		for (size_t k = 0; k < count; k++) {
			size_t at = 1;

			if (first != (uint8_t)parts[k][0])
				continue;
			while (parts[k][at] && i + at < path.len &&
			       fold(path.data[i + at]) == (uint8_t)parts[k][at])
				at++;
			if (!parts[k][at])
				return true;
		}
	}
	return false;
}

static struct rv_str after_last(struct rv_str s, uint8_t mark)
{
	for (size_t i = s.len; i > 0; i--) {
		if (s.data[i - 1] == mark)
			return (struct rv_str){s.data + i, s.len - i};
	}
	return s;
}

static uint8_t form_of(struct rv_str name)
{
	static const char *const shells[] = {"dockerfile", "containerfile", "vagrantfile",
					     ".bashrc",	   ".zshrc",	    ".profile",
					     "_history",   "makefile",	    ".bash_"};
	static const char *const configs[] = {
		".env",	   ".netrc",	  "_netrc", ".pgpass",		".npmrc",    ".pypirc",
		".my.cnf", "credentials", ".s3cfg", ".git-credentials", ".gitconfig"};
	struct rv_str extension = after_last(name, '.');

	if (has_any(name, shells, RV_LEN(shells)))
		return RV_FORM_SHELL;
	if (extension.len < name.len) {
		for (size_t i = 0; i < RV_LEN(forms); i++) {
			if (has_word(forms[i].extensions, extension))
				return (uint8_t)forms[i].form;
		}
	}
	return has_any(name, configs, RV_LEN(configs)) ? RV_FORM_CONFIG : RV_FORM_TEXT;
}

/* "de.yml", "pt-BR.json": texts in a language. */
static bool is_language_file(struct rv_str name, uint8_t form)
{
	size_t dot = name.len > 2 && name.data[2] == '.' ? 2 : 5;

	if (name.len <= dot || name.data[dot] != '.' || name.data[0] < 'a' || name.data[1] < 'a' ||
	    (form != RV_FORM_YAML && form != RV_FORM_JSON && form != RV_FORM_CONFIG))
		return false;
	return dot == 2 || name.data[2] == '-' || name.data[2] == '_';
}

struct rv_context rv_context_of(struct rv_str path)
{
	static const char *const tests[] = {"test",    "spec/",	  "_spec.",  ".spec.",
					    "fixture", "example", "mock",    "demo",
					    "sample",  "stub",	  "testdata"};
	static const char *const locales[] = {"locale",	     "i18n",	  "l10n", "/lang/",
					      "translation", "messages_", ".po",  "/intl/",
					      ".resx",	     ".strings"};
	static const char *const locks[] = {
		"package-lock.json", "yarn.lock",      "pnpm-lock",   "composer.lock",
		"cargo.lock",	     "gemfile.lock",   "poetry.lock", "go.sum",
		"pipfile.lock",	     "npm-shrinkwrap", "flake.lock",  "packages.lock",
		"package.resolved",  "mix.lock",       ".sha256",     "checksum"};
	static const char *const dumps[] = {"dump", "backup", "export", "seed"};
	static const char *const vendors[] = {"node_modules/", "vendor/", "third_party/",
					      "bower_components/"};
	struct rv_str name = after_last(path, '/');

	uint8_t form = form_of(name);

	return (struct rv_context){
		.form = form,
		.is_test = has_any(path, tests, RV_LEN(tests)),
		.is_locale =
			has_any(path, locales, RV_LEN(locales)) || is_language_file(name, form),
		.is_lock = has_any(name, locks, RV_LEN(locks)),
		.is_dump = form == RV_FORM_SQL && has_any(name, dumps, RV_LEN(dumps)),
		.is_vendored = has_any(path, vendors, RV_LEN(vendors)),
	};
}
