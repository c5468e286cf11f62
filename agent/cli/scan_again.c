/* cli: see scan_again.h. */
#include "agent/cli/scan_again.h"

#include "agent/base/path.h"

/* Options that choose what is scanned and what of it is told, by their names; in the JSON of the
 * arguments with underscores. */
static const char *const kept[] = {
	"worktree",
	"index",
	"range",
	"since",
	"log-opts",
	"policy-ref",
	"exclude",
	"config",
	"baseline",
	"rules",
	"enable-rule",
	"min-confidence",
	"all",
	"strict",
	"max-file",
	"max-target-megabytes",
	"decode-depth",
	"archive-depth",
	"max-decode-depth",
	"gitleaks-ignore-path",
	"ignore-gitleaks-allow",
};

static bool is_plain(const char *word)
{
	static const char marks[] = "._/+@:,=-~";

	for (const char *c = word; *c; c++) {
		bool is_mark = strchr(marks, *c) && (c > word || *c != '~');

		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && !is_mark)
			return false;
	}
	return *word != '\0';
}

/* Between quotes, each quote of it as `quote`. */
static rv_status put_quoted(const char *text, const char *quote, struct rv_buf *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			RV_TRY(rv_buf_put_str(out, quote));
		else
			RV_TRY(rv_buf_put_byte(out, (uint8_t)*text));
	}
	return rv_buf_put_byte(out, '\'');
}

static rv_status put_word(const char *word, struct rv_buf *out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf escaped = {0};

	if (is_plain(word))
		return rv_buf_put_str(out, word);
	rv_buf_init(&escaped, 4 * strlen(word) + 1);
	RV_TRY(rv_path_escape(rv_str_of(word), &escaped));
	const char *text = rv_buf_cstr(&escaped);
	if (!text)
		return rv_fail_nomem(NULL);
	/* Its escapes are those of $'..', too. */
	bool is_printable = strcmp(text, word) == 0;
	RV_TRY(rv_buf_put_str(out, is_printable ? "'" : "$'"));
	return put_quoted(text, is_printable ? "'\\''" : "\\'", out);
}

static rv_status put_option(const char *name, const json_t *value, struct rv_buf *out)
{
	const char *text = json_string_value(value);

	RV_TRY(rv_buf_printf(out, " --%s", name));
	if (!text)
		return RV_OK;
	RV_TRY(rv_buf_put_byte(out, *text == '-' ? '=' : ' '));
	return put_word(text, out);
}

static rv_status put_options(const struct rv_verb_args *args, const char *name, struct rv_buf *out)
{
	char key[32];
	size_t index;
	const json_t *item;

	(void)snprintf(key, sizeof(key), "%s", name); /* ours: fits */
	for (char *c = key; *c; c++)
		*c = *c == '-' ? '_' : *c;
	const json_t *value = json_object_get(args->json, key);
	if (!json_is_array(value))
		return value ? put_option(name, value, out) : RV_OK;
	json_array_foreach (value, index, item)
		RV_TRY(put_option(name, item, out));
	return RV_OK;
}

static rv_status put_input(const struct rv_scan_ask *ask, struct rv_buf *out)
{
	switch (ask->sweep.source) {
	case RV_SWEEP_PATHS:
		return ask->sweep.follows_links ? rv_buf_put_str(out, " --follow-symlinks") : RV_OK;
	case RV_SWEEP_STDIN:
		return rv_buf_put_str(out, " --stdin");
	case RV_SWEEP_GIT:
		return rv_buf_put_str(out, " --git");
	case RV_SWEEP_STAGED:
		return rv_buf_put_str(out, " --staged");
	case RV_SWEEP_DIFF:
		RV_TRY(rv_buf_put_str(out, *ask->sweep.base == '-' ? " --diff=" : " --diff "));
		return put_word(ask->sweep.base, out);
	}
	return RV_OK;
}

static rv_status put_paths(const struct rv_scan_ask *ask, struct rv_buf *out)
{
	bool may_lack = ask->sweep.source == RV_SWEEP_STAGED || ask->sweep.source == RV_SWEEP_DIFF;

	if (ask->sweep.source == RV_SWEEP_STDIN)
		return RV_OK;
	for (const char *const *path = ask->sweep.paths; *path; path++) {
		if (path - ask->sweep.paths == RV_SCAN_AGAIN_PATHS)
			return rv_buf_put_str(out, " ...");
		if (may_lack && strcmp(*path, ".") == 0)
			continue;
		/* Not to be taken for an option. */
		RV_TRY(rv_buf_put_str(out, **path == '-' ? " ./" : " "));
		RV_TRY(put_word(*path, out));
	}
	return RV_OK;
}

rv_status rv_scan_again(const struct rv_scan_ask *ask, const struct rv_verb_args *args,
			struct rv_buf *out)
{
	RV_TRY(rv_buf_put_str(out, "reeve scan"));
	RV_TRY(put_input(ask, out));
	for (size_t i = 0; i < RV_LEN(kept); i++)
		RV_TRY(put_options(args, kept[i], out));
	RV_TRY(put_paths(ask, out));
	return rv_buf_cstr(out) ? RV_OK : rv_fail_nomem(NULL);
}
