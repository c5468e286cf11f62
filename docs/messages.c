/* docs: writes docs/messages.md, the table of all messages, from the table the program uses. */
#include "agent/ipc/frame.h"

#include <inttypes.h>
#include <stdio.h>

/* Records that stand in the LIST fields of messages. */
static const struct rv_record_desc *const items[] = {
	&rv_desc_file_item,  &rv_desc_plug_setting,  &rv_desc_plug_field,
	&rv_desc_place_item, &rv_desc_survey_item,   &rv_desc_stage_part,
	&rv_desc_swap_item,  &rv_desc_observed_item, &rv_desc_text_item,
};

static void print_type(const struct rv_field_desc *field)
{
	switch (field->type) {
	case RV_FIELD_U64:
		if (field->max == UINT64_MAX)
			printf("u64");
		else
			printf("u64 ≤ %" PRIu64, field->max);
		break;
	case RV_FIELD_I64:
		printf("i64");
		break;
	case RV_FIELD_STR:
		printf("bytes ≤ %" PRIu64, field->max);
		break;
	case RV_FIELD_LIST:
		printf("list ≤ %" PRIu64 " bytes", field->max);
		break;
	default:
		RV_BUG_ON(true);
	}
}

static void print_fields(const struct rv_record_desc *desc)
{
	if (desc->count == 0)
		printf("–");
	for (size_t i = 0; i < desc->count; i++) {
		const struct rv_field_desc *field = &desc->fields[i];

		printf("%s%u `%s` ", i ? " · " : "", (unsigned)field->tag, field->name);
		print_type(field);
	}
}

static void print_messages(void)
{
	size_t count;
	const struct rv_msg_desc *table = rv_msg_table(&count);

	printf("| no. | message | from → to | fds | fields |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		const struct rv_msg_desc *m = &table[i];

		printf("| %u | `%s` | %s → %s | %u | ", (unsigned)m->number, m->name,
		       rv_role_name(m->from), rv_role_name(m->to), (unsigned)m->max_fds);
		print_fields(m->body);
		printf(" |\n");
	}
}

int main(void)
{
	printf("# Messages between roles\n\n"
	       "Made from `agent/ipc/messages.def` and `agent/model/finding.h` by "
	       "`docs/messages.c`; a "
	       "lint keeps it\nfresh. What the fields mean stands there; how a frame and a record "
	       "look "
	       "is in `protocol.md`.\n\n");
	print_messages();
	printf("\n## Items of lists\n| record | fields |\n|---|---|\n");
	for (size_t i = 0; i < RV_LEN(items); i++) {
		printf("| `%s` | ", items[i]->name);
		print_fields(items[i]);
		printf(" |\n");
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
