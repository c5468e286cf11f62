/* daemon: see engine_config.h. */
#include "agent/daemon/engine_config.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/base/yaml.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#define CONFIG_MAX ((size_t)256 << 10)

enum type { PATHS, GLOBS, TIME, MIB, PERCENT };

struct key {
	const char *name;
	enum type type;
	int64_t def, least, most;
	size_t offset;
};

static const struct key keys[] = {
#define KEY(member, key, type, def, least, most, doc) \
	{key, type, def, least, most, offsetof(struct rv_config, member)},
	RV_CONFIG_DISCOVER(KEY)
#undef KEY
};

static void set_defaults(struct rv_config *config)
{
	*config = (struct rv_config){0};
	for (size_t i = 0; i < RV_LEN(keys); i++)
		if (keys[i].type != PATHS && keys[i].type != GLOBS)
			memcpy((char *)config + keys[i].offset, &keys[i].def, sizeof(int64_t));
}

void rv_config_done(struct rv_config *config)
{
	rv_jsonp(&config->roots);
	rv_jsonp(&config->excludes);
}

static rv_status check_item(const struct rv_yaml *y, const struct key *key, const json_t *item,
			    struct rv_diag *diag)
{
	struct rv_diag why = {0};
	const char *text = json_string_value(item);
	if (!text)
		return rv_yaml_fail(y, item, NULL, diag, "%s: a list of strings is wanted",
				    key->name);
	if (key->type == PATHS && !rv_path_is_clean(rv_str_of(text)))
		return rv_yaml_fail(y, item, NULL, diag,
				    "%s is not an absolute path without \"..\"", text);
	if (key->type == GLOBS && !rv_glob_is_valid(rv_str_of(text), &why))
		return rv_yaml_fail(y, item, NULL, diag, "%s: %s", text, why.text);
	return RV_OK;
}

/* Paths travel as escaped text (docs/protocol.md): the file's own bytes are escaped here. */
static rv_status add_escaped(json_t *list, const json_t *item, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, (size_t)PATH_MAX * 4);
	RV_TRY(rv_path_escape(rv_str_of(json_string_value(item)), &text));
	const char *z = rv_buf_cstr(&text);
	if (!z || json_array_append_new(list, json_string(z)) != 0)
		return rv_fail_nomem(diag);
	return RV_OK;
}

static rv_status read_list(const struct rv_yaml *y, const struct key *key, const json_t *value,
			   json_t **out, struct rv_diag *diag)
{
	if (!json_is_array(value))
		return rv_yaml_fail(y, value, NULL, diag, "%s: a list is wanted", key->name);
	if (json_array_size(value) > (size_t)key->most)
		return rv_yaml_fail(y, value, NULL, diag, "%s: more than %" PRId64 " items",
				    key->name, key->most);
	RV_CLEANUP(rv_jsonp) json_t *list = json_array();
	if (!list)
		return rv_fail_nomem(diag);
	size_t at;
	const json_t *item;
	json_array_foreach (value, at, item) {
		RV_TRY(check_item(y, key, item, diag));
		RV_TRY(add_escaped(list, item, diag));
	}
	*out = RV_TAKE(list);
	return RV_OK;
}

static rv_status read_number(const struct rv_yaml *y, const struct key *key, const json_t *value,
			     int64_t *out, struct rv_diag *diag)
{
	int64_t number = 0;
	struct rv_diag why = {0};
	if (key->type == TIME) {
		const char *text = json_string_value(value);
		if (!text || !rv_is_ok(rv_duration_parse(rv_str_of(text), &number, &why)))
			return rv_yaml_fail(y, value, NULL, diag, "%s: a time such as 1h is wanted",
					    key->name);
	} else {
		if (!json_is_integer(value))
			return rv_yaml_fail(y, value, NULL, diag, "%s: a number is wanted",
					    key->name);
		number = json_integer_value(value);
		if (key->type == MIB && __builtin_mul_overflow(number, 1048576, &number))
			number = INT64_MAX;
	}
	if (number < key->least || number > key->most)
		return rv_yaml_fail(y, value, NULL, diag, "%s is out of its range", key->name);
	*out = number;
	return RV_OK;
}

static rv_status read_key(const struct rv_yaml *y, const struct key *key, const json_t *value,
			  struct rv_config *config, struct rv_diag *diag)
{
	void *to = (char *)config + key->offset;
	if (key->type == PATHS || key->type == GLOBS)
		return read_list(y, key, value, to, diag);
	return read_number(y, key, value, to, diag);
}

static rv_status unknown_key(const struct rv_yaml *y, const json_t *object, const char *name,
			     const char *const *known, struct rv_diag *diag)
{
	const char *near = rv_suggest(name, known);
	return rv_yaml_fail(y, object, name, diag, "unknown key \"%s\"%s%s%s", name,
			    near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

static rv_status read_discover(const struct rv_yaml *y, const json_t *section,
			       struct rv_config *config, struct rv_diag *diag)
{
	const char *known[RV_LEN(keys) + 1] = {0};
	for (size_t i = 0; i < RV_LEN(keys); i++)
		known[i] = keys[i].name;
	if (!json_is_object(section))
		return rv_yaml_fail(y, section, NULL, diag, "discover: keys and values are wanted");
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)section, name, value) {
		size_t i = 0;
		while (i < RV_LEN(keys) && strcmp(keys[i].name, name) != 0)
			i++;
		if (i == RV_LEN(keys))
			return unknown_key(y, section, name, known, diag);
		RV_TRY(read_key(y, &keys[i], value, config, diag));
	}
	return RV_OK;
}

static rv_status read_all(const struct rv_yaml *y, struct rv_config *config, struct rv_diag *diag)
{
	static const char *const known[] = {"version", "discover", NULL};
	const json_t *root = rv_yaml_root(y);
	if (!json_is_object(root) || json_integer_value(json_object_get(root, "version")) != 1)
		return rv_yaml_fail(y, root, NULL, diag, "\"version: 1\" is wanted");
	const char *name;
	json_t *value;
	json_object_foreach ((json_t *)(uintptr_t)root, name, value) {
		if (strcmp(name, "discover") == 0)
			RV_TRY(read_discover(y, value, config, diag));
		else if (strcmp(name, "version") != 0)
			return unknown_key(y, root, name, known, diag);
	}
	return RV_OK;
}

rv_status rv_config_load(const char *config_dir, struct rv_config *out, struct rv_diag *diag)
{
	char path[PATH_MAX];
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;
	RV_CLEANUP(rv_config_done) struct rv_config config;
	rv_buf_init(&text, CONFIG_MAX);
	set_defaults(&config);
	int len = snprintf(path, sizeof(path), "%s/reeve.yaml", config_dir);
	if (len < 0 || (size_t)len >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "the configuration's path is too long");
	rv_status status = rv_file_read(path, CONFIG_MAX, &text, diag);
	if (rv_is_ok(status)) {
		RV_TRY(rv_yaml_parse(rv_buf_view(&text), path, &y, diag));
		RV_TRY(read_all(y, &config, diag));
	} else if (rv_class_of(status) != RV_CLASS_NOT_FOUND) {
		return status;
	} else if (diag) {
		*diag = (struct rv_diag){0}; /* no file: the defaults */
	}
	*out = config;
	config = (struct rv_config){0};
	return RV_OK;
}
