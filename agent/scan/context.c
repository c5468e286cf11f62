/* scan: files by their names. Not here: reading them. */
#include "agent/scan/context.h"

#include "agent/scan/wordlist.h"

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

static struct rv_str after_last(struct rv_str s, uint8_t mark)
{
	for (size_t i = s.len; i > 0; i--) {
		if (s.data[i - 1] == mark)
			return (struct rv_str){s.data + i, s.len - i};
	}
	return s;
}

/* Words of a whole path; of tests where a word begins (rv_context.is_test), and some that are
 * written as one. */
static rv_wordlist tests = {
	['a' - 'a'] = " acctest apitest autotest ",
	['b' - 'a'] = " benchtest browsertest ",
	['c' - 'a'] = " ctest citest ",
	['d' - 'a'] = " demo doctest dbtest ",
	['e' - 'a'] = " example e2etest ",
	['f' - 'a'] = " fixture fuzztest functest functionaltest ",
	['g' - 'a'] = " gotest gtest ",
	['h' - 'a'] = " httptest ",
	['i' - 'a'] = " integrationtest inttest iotest ",
	['k' - 'a'] = " kselftest ",
	['l' - 'a'] = " loadtest livetest ",
	['m' - 'a'] = " mock minitest mytest ",
	['n' - 'a'] = " nettest ",
	['p' - 'a'] = " pytest perftest ",
	['r' - 'a'] = " regtest regressiontest rspec/ rspec. runtest ",
	['s' - 'a'] = " spec/ spec. sample stub selftest smoketest subtest stresstest systemtest "
		      "speedtest ",
	['t' - 'a'] = " test ",
	['u' - 'a'] = " unittest uitest usertest ",
	['w' - 'a'] = " webtest ",
};
/* Those begin like them. */
static rv_wordlist no_tests = {
	['d' - 'a'] = " democra demogra ",
	['s' - 'a'] = " stubborn ",
	['t' - 'a'] = " testament testimon ",
};
static rv_wordlist locales = {
	['i' - 'a'] = " i18n intl/ ",
	['l' - 'a'] = " locale l10n lang/ ",
	['m' - 'a'] = " messages_ ",
	['t' - 'a'] = " translation ",
};
/* Words of a file's name. */
static rv_wordlist locks = {
	['c' - 'a'] = " composer.lock cargo.lock checksum ",
	['f' - 'a'] = " flake.lock ",
	['g' - 'a'] = " gemfile.lock go.sum ",
	['m' - 'a'] = " mix.lock ",
	['n' - 'a'] = " npm-shrinkwrap ",
	['p' - 'a'] = " package-lock.json pnpm-lock poetry.lock pipfile.lock packages.lock "
		      "package.resolved ",
	['y' - 'a'] = " yarn.lock ",
};
static rv_wordlist dumps = {
	['b' - 'a'] = " backup ",
	['d' - 'a'] = " dump ",
	['e' - 'a'] = " export ",
	['s' - 'a'] = " seed ",
};
static rv_wordlist shells = {
	['b' - 'a'] = " bashrc bash_ ", ['c' - 'a'] = " containerfile ",
	['d' - 'a'] = " dockerfile ",	['h' - 'a'] = " history ",
	['m' - 'a'] = " makefile ",	['v' - 'a'] = " vagrantfile ",
	['z' - 'a'] = " zshrc ",
};
static rv_wordlist configs = {
	['c' - 'a'] = " credentials ",
	['e' - 'a'] = " env ",
	['g' - 'a'] = " git-credentials gitconfig ",
	['m' - 'a'] = " my.cnf ",
	['n' - 'a'] = " netrc npmrc ",
	['p' - 'a'] = " pgpass pypirc ",
	['s' - 'a'] = " s3cfg ",
};

/* Whole names of directories: of tests, of texts for people. */
static const char test_dirs[] = " t expected golden ";
static const char doc_dirs[] = " doc docs documentation guide guides manual manuals ";

/* Does the path lead through a directory of the list? */
static bool is_under(struct rv_str path, const char *list)
{
	size_t start = 0;

	for (size_t i = 0; i < path.len; i++) {
		if (path.data[i] != '/')
			continue;
		if (has_word(list, (struct rv_str){path.data + start, i - start}))
			return true;
		start = i + 1;
	}
	return false;
}

static bool is_small(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_capital(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* Behind no letter; or a capital behind a small one, or before one ("HTTPTest"). */
static bool begins_word(struct rv_str path, size_t at)
{
	uint8_t before = at > 0 ? path.data[at - 1] : '/';

	if (!is_small(before) && !is_capital(before))
		return true;
	return is_capital(path.data[at]) &&
	       (is_small(before) || (at + 1 < path.len && is_small(path.data[at + 1])));
}

static bool is_of_tests(struct rv_str path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (rv_wordlist_at(tests, path, i) && begins_word(path, i) &&
		    !rv_wordlist_at(no_tests, path, i))
			return true;
	}
	return is_under(path, test_dirs);
}

static uint8_t form_of(struct rv_str name, struct rv_str extension)
{
	bool has_extension = extension.len < name.len;
	bool is_hidden = name.len > 0 && (name.data[0] == '.' || name.data[0] == '_');

	if ((!has_extension || is_hidden || rv_wordlist_at(shells, name, 0)) &&
	    (rv_wordlist_within(shells, name) || rv_str_ends_with(name, ".profile")))
		return RV_FORM_SHELL;
	for (size_t i = 0; has_extension && i < RV_LEN(forms); i++) {
		if (has_word(forms[i].extensions, extension))
			return (uint8_t)forms[i].form;
	}
	return rv_wordlist_within(configs, name) ? RV_FORM_CONFIG : RV_FORM_TEXT;
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

struct rv_context rv_context_begin(struct rv_str path)
{
	struct rv_str name = after_last(path, '/');
	struct rv_str extension = name.len ? after_last(name, '.') : name;
	uint8_t form = form_of(name, extension);

	return (struct rv_context){
		.path = path,
		.form = form,
		.is_lock = rv_wordlist_within(locks, name) || has_word(" sha256 ", extension),
		.is_dump = form == RV_FORM_SQL && rv_wordlist_within(dumps, name),
	};
}

void rv_context_complete(struct rv_context *context)
{
	struct rv_str path = context->path;

	if (context->is_whole)
		return;
	struct rv_str name = after_last(path, '/');

	context->path = (struct rv_str){0};
	context->is_whole = true;
	context->is_test = is_of_tests(path);
	context->is_doc = context->form == RV_FORM_DOC || is_under(path, doc_dirs);
	context->is_locale = rv_wordlist_within(locales, path) ||
			     is_language_file(name, context->form) ||
			     (name.len && has_word(" po pot resx strings ", after_last(name, '.')));
}

struct rv_context rv_context_of(struct rv_str path)
{
	struct rv_context context = rv_context_begin(path);

	rv_context_complete(&context);
	return context;
}

bool rv_context_is_in_use(struct rv_context *context)
{
	if (!(1U << context->form & RV_FORMS_IN_USE))
		return false;
	rv_context_complete(context);
	return !context->is_test && !context->is_doc;
}
