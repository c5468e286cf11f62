/* daemon: instances of plugins, and the root of a localca. */
#include "agent/daemon/engine_instances.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/yaml.h"
#include "agent/model/leaf.h"
#include "agent/store/meta.h"
#include "agent/store/sealed.h"

#include <stdio.h>

#define ROOT_YEARS 10

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return len && len <= 64 && !name[len];
}

static void key_of(const char *name, const char *what, char out[201])
{
	(void)snprintf(out, 201, "instance:%s:%s", name, what); /* names are 64 at most */
}

static rv_status put_setting(struct rv_buf *list, const char *key, struct rv_str value)
{
	struct rv_rec_plug_setting one = {.key = rv_str_of(key), .value = value};

	return rv_list_add(list, &rv_desc_plug_setting, &one);
}

static rv_status take_settings(const struct rv_yaml *y, json_t *settings, struct rv_buf *list,
			       struct rv_diag *diag)
{
	const char *key;
	json_t *value;

	json_object_foreach (settings, key, value) {
		char number[32];
		const char *text = json_string_value(value);
		if (json_is_integer(value)) {
			(void)snprintf(number, sizeof(number), "%lld",
				       (long long)json_integer_value(value)); /* fits */
			text = number;
		}
		if (!text)
			return rv_yaml_fail(y, settings, key, diag,
					    "a setting is a text or a number");
		RV_TRY(put_setting(list, key, rv_str_of(text)));
	}
	return RV_OK;
}

static rv_status check_document(const struct rv_yaml *y, const char *name, struct rv_diag *diag)
{
	static const char *const known[] = {"version", "instance", "plugin", "settings", NULL};
	json_t *root = rv_yaml_root(y);
	const char *key;
	json_t *value;

	if (!json_is_object(root))
		return rv_yaml_fail(y, root, NULL, diag, "an instance is a mapping");
	json_object_foreach (root, key, value) {
		bool is_known = false;
		for (size_t i = 0; known[i]; i++)
			is_known = is_known || strcmp(key, known[i]) == 0;
		if (!is_known)
			return rv_yaml_fail(y, root, key, diag, "unknown key \"%s\"", key);
	}
	if (rv_json_int(root, "version", 0) != 1)
		return rv_yaml_fail(y, root, "version", diag, "version: 1 is needed");
	if (strcmp(rv_json_text(root, "instance", ""), name) != 0)
		return rv_yaml_fail(y, root, "instance", diag, "the file is named %s.yaml", name);
	const char *plugin = rv_json_text(root, "plugin", "");
	if (!is_name(plugin))
		return rv_yaml_fail(y, root, "plugin", diag, "plugin: NAME is needed");
	return RV_OK;
}

static rv_status read_file(struct rv_engine *e, const char *name, struct rv_yaml **out,
			   struct rv_diag *diag)
{
	struct rv_buf path, text;

	if (!is_name(name))
		return rv_fail(RV_CLASS_MALFORMED, diag, "no name of an instance");
	rv_buf_init(&path, 4096);
	rv_buf_init(&text, 65536);
	rv_status s = rv_buf_printf(&path, "%s/plugins.d/%s.yaml", e->config_dir, name);
	if (rv_is_ok(s))
		s = rv_file_read(rv_buf_cstr(&path), 65536, &text, diag);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		rv_diag_next(diag, "write %s", rv_buf_cstr(&path));
	if (rv_is_ok(s))
		s = rv_yaml_parse(rv_buf_view(&text), rv_buf_cstr(&path), out, diag);
	rv_buf_done(&text);
	rv_buf_done(&path);
	return s;
}

/* The root certificate, if `plugin init` made one. */
static rv_status take_root(struct rv_engine *e, const char *name, struct rv_act_provider *out,
			   struct rv_diag *diag)
{
	struct rv_buf pem;
	char key[201];

	key_of(name, "root_cert", key);
	rv_buf_init(&pem, 16384);
	rv_status s = rv_meta_get(e->db, key, &pem, diag);
	if (rv_is_ok(s)) {
		s = put_setting(&out->settings, "root_cert", rv_buf_view(&pem));
		(void)snprintf(out->secret_name, sizeof(out->secret_name), "root_key"); /* fits */
		key_of(name, "root_key", out->purpose);
	}
	rv_buf_done(&pem);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND) {
		rv_diag_next(diag, "reeve plugin init %s", name);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the instance %s has no root yet",
			       name);
	}
	return s;
}

rv_status rv_instance_load(struct rv_engine *e, const char *name, struct rv_act_provider *out,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;

	RV_TRY(read_file(e, name, &y, diag));
	RV_TRY(check_document(y, name, diag));
	const char *plugin = rv_json_text(rv_yaml_root(y), "plugin", "");
	(void)snprintf(out->plugin, sizeof(out->plugin), "%s", plugin); /* checked */
	RV_TRY(take_settings(y, json_object_get(rv_yaml_root(y), "settings"), &out->settings,
			     diag));
	return strcmp(plugin, "localca") == 0 ? take_root(e, name, out, diag) : RV_OK;
}

static rv_status keep_root(struct rv_engine *e, const char *name,
			   const struct rv_rec_minted_root *m, struct rv_buf *pem,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
	char key[201];

	RV_TRY(rv_pem_put(m->cert_der, pem));
	RV_TRY(rv_txn_begin(e->db, &txn, diag));
	key_of(name, "root_key", key);
	RV_TRY(rv_sealed_put(e->db, key, "", m->sealed, diag));
	key_of(name, "root_cert", key);
	RV_TRY(rv_meta_set(e->db, key, rv_buf_cstr(pem), diag));
	RV_TRY(rv_engine_audit(e, "instance_root_made", "", "", NULL, diag));
	return rv_txn_commit(&txn, diag);
}

static rv_status mint_root(struct rv_engine *e, const char *name, struct rv_peer *broker,
			   struct rv_buf *pem, struct rv_diag *diag)
{
	char purpose[201], common_name[65];
	int64_t now = rv_now_utc_us();
	struct rv_rec_minted_root minted;
	struct rv_frame frame;

	key_of(name, "root_key", purpose);
	(void)snprintf(common_name, sizeof(common_name), "Reeve %.50s", name); /* cut: a name */
	struct rv_rec_mint_root ask = {.purpose = rv_str_of(purpose),
				       .common_name = rv_str_of(common_name),
				       .not_before_us = now - 3600 * RV_US_PER_S,
				       .not_after_us = now + ROOT_YEARS * 365 * RV_US_PER_DAY};
	RV_TRY(rv_engine_call(e, broker, RV_MSG_mint_root, &ask, RV_MSG_minted_root, 20000, &frame,
			      diag));
	rv_status s = rv_frame_body(&frame, RV_MSG_minted_root, &minted, diag);
	if (rv_is_ok(s))
		s = rv_engine_outcome(minted.outcome, minted.text, diag);
	if (rv_is_ok(s))
		s = keep_root(e, name, &minted, pem, diag);
	rv_frame_done(&frame);
	return s;
}

rv_status rv_instance_init(struct rv_engine *e, const char *name, json_t **out,
			   struct rv_diag *diag)
{
	struct rv_spawn_opts opts = {.role = RV_ROLE_BROKER, .uid = UINT32_MAX, .gid = UINT32_MAX};
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;
	struct rv_peer *broker = NULL;
	struct rv_buf pem;
	char key[201];

	RV_TRY(read_file(e, name, &y, diag));
	RV_TRY(check_document(y, name, diag));
	if (strcmp(rv_json_text(rv_yaml_root(y), "plugin", ""), "localca") != 0)
		return rv_fail(RV_CLASS_DENIED, diag, "only a localca instance has a root of ours");
	rv_buf_init(&pem, 16384);
	key_of(name, "root_cert", key);
	rv_status s = rv_meta_get(e->db, key, &pem, NULL);
	if (rv_is_ok(s))
		s = rv_fail(RV_CLASS_CONFLICT, diag, "the instance %s has its root already", name);
	else if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		s = rv_engine_spawn(e, &opts, &broker, diag);
	if (rv_is_ok(s))
		s = mint_root(e, name, broker, &pem, diag);
	rv_engine_stop_job(e, broker);
	if (rv_is_ok(s)) {
		*out = json_pack("{s:s,s:s}", "instance", name, "cert_pem", rv_buf_cstr(&pem));
		s = *out ? RV_OK : rv_fail_nomem(diag);
	}
	rv_buf_done(&pem);
	return s;
}
