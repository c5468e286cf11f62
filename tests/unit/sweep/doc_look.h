/* tests: a text that is written piece by piece and scanned with rules made for it: acme-key,
 * slow-key (takes too many steps), weak-key (below the threshold), pem-key, guess (whatever stands
 * behind "guess=") and sure-box (a value with others in it). */
#pragma once

#include "agent/sweep/doc.h"
#include "tests/support/unit.h"

#define VALUE_LEN 35 /* of every value */
#define TEXT_MAX  65536

struct desk {
	struct rv_rules *rules;
	struct rv_ruleset *set;
	struct rv_scanner *scanner;
	struct rv_sweep_shared shared;
	struct rv_sweeper w;
	char value[64], other[64];
	char text[TEXT_MAX];
	size_t len;
	/* Of the last question. */
	size_t line_len, value_end;
	bool is_value_there;
	/* Of the sightings. */
	struct rv_sighting seen[8];
	size_t seen_count;
};

int desk_set_up(void **state); /* *state: a struct desk */
int desk_tear_down(void **state);
void desk_make(const char *template_text, uint64_t seed, char out[64]);
void desk_put(struct desk *d, const char *text);
void desk_fill(struct desk *d, char c, size_t count);
struct rv_doc desk_doc(const struct desk *d);
/* Scans a copy that ends where the text ends, so that a read past it is seen. Forgets the text. */
void desk_scan_as(struct desk *d, const struct rv_doc *like);
void desk_scan(struct desk *d);
const struct rv_leak *desk_only(const struct desk *d); /* there is one */
void assert_place(const struct rv_leak *leak, uint32_t line, size_t column, uint32_t end_line,
		  size_t end_column);

#define DESK_TEST(f) cmocka_unit_test_setup_teardown(f, desk_set_up, desk_tear_down)
