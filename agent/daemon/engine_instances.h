/* daemon: plugin instances of CONFIG/plugins.d: which plugin, its settings, its root secret. */
#pragma once

#include "agent/act/ports.h"
#include "agent/daemon/engine.h"

/* plugins.d/NAME.yaml: {version: 1, instance: NAME, plugin: P, settings: {key: text}}. Fills
 * plugin, settings (initialised by the caller), and for an instance with a root of ours secret_name
 * and purpose. NOT_FOUND, MALFORMED with file:line:column. */
RV_NODISCARD rv_status rv_instance_load(struct rv_engine *e, const char *name,
					struct rv_act_provider *out, struct rv_diag *diag);
/* Makes the root of a localca instance in a broker: the key leaves it only sealed. CONFLICT when it
 * has one. Only from a job. *gives* {instance, cert_pem}. */
RV_NODISCARD rv_status rv_instance_init(struct rv_engine *e, const char *name, json_t **out,
					struct rv_diag *diag);
