/* tests: what is read off a sighting. */
#include "agent/model/credential.h"
#include "tests/support/unit.h"

static unsigned port_of(const char *place, size_t len, unsigned role)
{
	const struct rv_sighting s = {.path = {(const uint8_t *)place, len}, .role = role};

	return rv_sighting_port(&s);
}

static void a_port_ends_where_the_path_ends(void **state)
{
	(void)state;
	/* A path is bytes of memory that goes on behind them. */
	const char place[] = "tls://127.0.0.1:8443"
			     "7";
	assert_int_equal(port_of(place, sizeof(place) - 2, RV_SIGHTED_SERVED), 8443);
	assert_int_equal(port_of("tls://[::1]:443", 15, RV_SIGHTED_SERVED), 443);
}

static void a_place_without_a_port_has_none(void **state)
{
	(void)state;
	assert_int_equal(port_of("tls://host", 10, RV_SIGHTED_SERVED), 0);
	assert_int_equal(port_of("tls://host:", 11, RV_SIGHTED_SERVED), 0);
	assert_int_equal(port_of("tls://host:65536", 16, RV_SIGHTED_SERVED), 0);
	assert_int_equal(port_of("tls://host:44x", 14, RV_SIGHTED_SERVED), 0);
	assert_int_equal(port_of("", 0, RV_SIGHTED_SERVED), 0);
	assert_int_equal(port_of("/srv/a:443", 10, RV_SIGHTED_CERT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_ends_where_the_path_ends),
		cmocka_unit_test(a_place_without_a_port_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
