/* unpack: a database as a container: each table a member with a line for each row, blobs that are
 * containers members of their own below it, and what is left over the member "(free)"; a
 * write-ahead log likewise. */
#include "agent/unpack/sqlite_wal.h"
#include "agent/unpack/walk.h"

struct tables {
	struct rv_level *level;
	bool is_open; /* a member was begun */
	bool is_rest;
	bool has_value;
	uint64_t blobs;
};

static void close_member(struct tables *tables)
{
	if (!tables->is_open)
		return;
	if (tables->level->member->len)
		rv_level_tell(tables->level, RV_UNPACK_NONE, true);
	rv_level_end(tables->level);
	tables->is_open = false;
}

static bool open_member(struct tables *tables, struct rv_str name)
{
	close_member(tables);
	tables->is_open = true;
	tables->has_value = false;
	tables->blobs = 0;
	return rv_level_begin(tables->level, name);
}

static bool on_table(struct rv_str name, void *user)
{
	return open_member(user, name);
}

/* A blob that is a container is walked where it stands; its bytes are told by its members. */
static bool enter_blob(struct tables *tables, enum rv_unpack_kind kind, struct rv_str bytes)
{
	struct rv_walk *walk = tables->level->walk;
	struct rv_unpack_member member = {.bytes = bytes,
					  .kind = (uint8_t)kind,
					  .depth = (uint8_t)walk->depth,
					  .is_last = true};
	size_t path_len = walk->path.len;
	struct rv_flow flow;

	if (!rv_level_spend(tables->level, bytes.len) ||
	    !rv_is_ok(rv_buf_printf(&walk->path, "!blob%llu", (unsigned long long)++tables->blobs)))
		return false;
	member.path = rv_buf_view(&walk->path);
	if (!rv_walk_count(walk) || !walk->events->on_member(&member, walk->events->user))
		walk->is_stopped = true;
	else if (rv_unpack_is_entered(kind)) {
		rv_flow_memory(&flow, bytes);
		rv_walk_enter(walk, kind, &flow, bytes.len);
		rv_flow_done(&flow);
	}
	walk->path.len = path_len;
	return !walk->is_stopped;
}

static bool on_value(struct rv_str bytes, bool is_blob, void *user)
{
	struct tables *tables = user;
	enum rv_unpack_kind kind = is_blob ? rv_unpack_kind(bytes) : RV_UNPACK_NONE;

	if (kind != RV_UNPACK_NONE)
		return enter_blob(tables, kind, bytes);
	if (tables->has_value && !rv_member_put(tables->level, RV_STR_LIT("\t")))
		return false;
	tables->has_value = true;
	return rv_member_put(tables->level, bytes);
}

static bool on_row(void *user)
{
	struct tables *tables = user;

	tables->has_value = false;
	return rv_member_put(tables->level, RV_STR_LIT("\n"));
}

static bool on_rest(struct rv_str bytes, void *user)
{
	struct tables *tables = user;

	if (!tables->is_rest && !open_member(tables, RV_STR_LIT("(free)")))
		return false;
	tables->is_rest = true;
	return rv_member_put(tables->level, bytes) &&
	       rv_member_put(tables->level, RV_STR_LIT("\n"));
}

static void on_damage(const char *detail, void *user)
{
	struct tables *tables = user;

	rv_walk_trouble(tables->level->walk, RV_UNPACK_DAMAGED, detail);
}

void rv_sqlite_walk(struct rv_level *level, const struct rv_flow *flow)
{
	static const struct rv_sqlite_events events = {.on_table = on_table,
						       .on_value = on_value,
						       .on_row = on_row,
						       .on_rest = on_rest,
						       .on_damage = on_damage};
	struct tables tables = {.level = level};
	rv_status status = level->kind == RV_UNPACK_SQLITE_WAL
				   ? rv_sqlite_read_wal(flow->bytes, &events, &tables)
				   : rv_sqlite_read(flow, &events, &tables);

	close_member(&tables);
	if (rv_class_of(status) == RV_CLASS_MALFORMED) {
		rv_walk_trouble(level->walk, RV_UNPACK_DAMAGED, "the database's header is damaged");
	} else if (!rv_is_ok(status)) {
		level->walk->status = status;
		level->walk->is_stopped = true;
	}
}
