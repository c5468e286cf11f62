/* daemon: the verb `plugin`: what is granted, what each says it is, and the root of a localca. */
#pragma once

#include "agent/daemon/engine.h"

extern const struct rv_module rv_module_plugin;
