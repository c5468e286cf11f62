/* tests: what every cmocka test includes, in the order cmocka wants. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/buf.h"

#define assert_ok(expr)		     assert_int_equal(rv_class_of(expr), RV_CLASS_OK)
#define assert_class(expr, class_id) assert_int_equal(rv_class_of(expr), class_id)
/* The bytes of a view or buffer against text. */
#define assert_bytes(view, text)                                                 \
	do {                                                                     \
		const char *expected_ = (text);                                  \
		assert_int_equal((view).len, strlen(expected_));                 \
		if ((view).len)                                                  \
			assert_memory_equal((view).data, expected_, (view).len); \
	} while (0)
