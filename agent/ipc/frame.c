/* ipc: the table of messages and the 28-byte header. Not here: sockets (channel.c). */
#include "agent/ipc/frame.h"

/* clang-format off */
RV_RECORD_DESC(hello) RV_RECORD_DESC(peer) RV_RECORD_DESC(spawn) RV_RECORD_DESC(spawned)
RV_RECORD_DESC(exited) RV_RECORD_DESC(stop_job) RV_RECORD_DESC(ask_grants) RV_RECORD_DESC(grants)
RV_RECORD_DESC(hook) RV_RECORD_DESC(hook_done) RV_RECORD_DESC(reload) RV_RECORD_DESC(reload_done)
RV_RECORD_DESC(connect) RV_RECORD_DESC(connected) RV_RECORD_DESC(walk) RV_RECORD_DESC(walked)
RV_RECORD_DESC(look_listeners) RV_RECORD_DESC(file_item) RV_RECORD_DESC(files)
RV_RECORD_DESC(skipped_file) RV_RECORD_DESC(seen_listener) RV_RECORD_DESC(files_end)
RV_RECORD_DESC(parse_served) RV_RECORD_DESC(parsed) RV_RECORD_DESC(discovered) RV_RECORD_DESC(mint)
RV_RECORD_DESC(minted) RV_RECORD_DESC(mint_root) RV_RECORD_DESC(minted_root) RV_RECORD_DESC(unseal)
RV_RECORD_DESC(unsealed) RV_RECORD_DESC(give) RV_RECORD_DESC(given) RV_RECORD_DESC(keep)
RV_RECORD_DESC(kept) RV_RECORD_DESC(wipe) RV_RECORD_DESC(wiped) RV_RECORD_DESC(sign_head)
RV_RECORD_DESC(signed_head) RV_RECORD_DESC(secret) RV_RECORD_DESC(secret_ack)
RV_RECORD_DESC(secret_back) RV_RECORD_DESC(secret_back_ack) RV_RECORD_DESC(plug_setting)
RV_RECORD_DESC(plug_open) RV_RECORD_DESC(plug_ready) RV_RECORD_DESC(plug_field)
RV_RECORD_DESC(plug_call) RV_RECORD_DESC(plug_result) RV_RECORD_DESC(place_item)
RV_RECORD_DESC(survey) RV_RECORD_DESC(survey_item) RV_RECORD_DESC(surveyed) RV_RECORD_DESC(capture)
RV_RECORD_DESC(captured) RV_RECORD_DESC(stage_part) RV_RECORD_DESC(stage) RV_RECORD_DESC(staged)
RV_RECORD_DESC(swap_item) RV_RECORD_DESC(swap) RV_RECORD_DESC(swapped) RV_RECORD_DESC(observe)
RV_RECORD_DESC(observed_item) RV_RECORD_DESC(observed) RV_RECORD_DESC(clean)
RV_RECORD_DESC(cleaned) RV_RECORD_DESC(enrol) RV_RECORD_DESC(enrolled) RV_RECORD_DESC(post)
RV_RECORD_DESC(posted) RV_RECORD_DESC(unenrol) RV_RECORD_DESC(unenrolled)
RV_RECORD_DESC(ctl_request) RV_RECORD_DESC(ctl_progress)
RV_RECORD_DESC(ctl_reply)
	/* clang-format on */

	static const struct rv_msg_desc messages[] = {
#define RV_MSG(name, number, from, to, fds) \
	{number, RV_ROLE_##from, RV_ROLE_##to, fds, #name, &rv_desc_##name},
#include "agent/ipc/messages.def"
#undef RV_MSG
};

static const char *const role_names[RV_ROLE__COUNT] = {
	[RV_ROLE_ANY] = "any",		 [RV_ROLE_REEVED] = "reeved",
	[RV_ROLE_ENGINE] = "engine",	 [RV_ROLE_OPEN] = "open",
	[RV_ROLE_DISCOVER] = "discover", [RV_ROLE_BROKER] = "broker",
	[RV_ROLE_PLUGHOST] = "plughost", [RV_ROLE_PLACE] = "place",
	[RV_ROLE_REPORT] = "report",	 [RV_ROLE_CLI] = "cli",
	[RV_ROLE_PEER] = "peer",
};

const char *rv_role_name(unsigned role)
{
	return role < RV_ROLE__COUNT ? role_names[role] : "invalid";
}

const struct rv_msg_desc *rv_msg_desc(uint16_t number)
{
	for (size_t i = 0; i < RV_LEN(messages); i++) {
		if (messages[i].number == number)
			return &messages[i];
	}
	return NULL;
}

const struct rv_msg_desc *rv_msg_table(size_t *out_count)
{
	*out_count = RV_LEN(messages);
	return messages;
}

static void put_le(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

void rv_header_encode(const struct rv_header *h, uint8_t out[RV_FRAME_HEADER])
{
	put_le(out, h->type, 2);
	put_le(out + 2, h->flags, 2);
	put_le(out + 4, h->len, 4);
	put_le(out + 8, h->req, 8);
	put_le(out + 16, h->job, 8);
	put_le(out + 24, h->deadline_ms, 4);
}

rv_status rv_header_decode(struct rv_str frame, struct rv_header *out, struct rv_diag *diag)
{
	if (frame.len < RV_FRAME_HEADER || frame.len > RV_FRAME_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "frame of %zu bytes", frame.len);
	struct rv_header h = {
		.type = rv_get_u16(frame.data),
		.flags = rv_get_u16(frame.data + 2),
		.len = rv_get_u32(frame.data + 4),
		.req = rv_get_u64(frame.data + 8),
		.job = rv_get_u64(frame.data + 16),
		.deadline_ms = rv_get_u32(frame.data + 24),
	};
	if (h.len != frame.len - RV_FRAME_HEADER)
		return rv_fail(RV_CLASS_MALFORMED, diag, "frame says %u bytes of body, has %zu",
			       h.len, frame.len - RV_FRAME_HEADER);
	if (!rv_msg_desc(h.type))
		return rv_fail(RV_CLASS_MALFORMED, diag, "unknown message %u", h.type);
	if ((h.flags & ~RV_FRAME_LAST) != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "unknown flags %#x on %s", h.flags,
			       rv_msg_desc(h.type)->name);
	*out = h;
	return RV_OK;
}
