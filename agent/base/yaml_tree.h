/* base: the inside of struct rv_yaml, for the readers that build one (yaml.c, toml.c) alone. */
#pragma once

#include "agent/base/yaml.h"
#include "agent/base/yaml_marks.h"

struct rv_yaml {
	char *file;
	json_t *root;
	struct rv_yaml_marks marks;
};
