/* bind: what a distribution's own things are called: system accounts and files made at installation
 * that belong to a package though no file list names them. Pure data. */
#pragma once

#include "agent/base/buf.h"

/* The package that makes this account at installation; NULL when it is not a known one. */
const char *rv_known_account(const char *name, uint32_t uid);
/* The package that makes this file at installation, and what it is; NULL. */
const char *rv_known_file(struct rv_str path, const char **out_text);
/* A file inside a library that a language's own package manager installed (samples, test keys):
 * writes "pip:NAME" and the like. Empty when it is not. */
void rv_known_library(struct rv_str path, char *out, size_t size);
