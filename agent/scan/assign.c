/* scan: an occurrence of a keyword, from the word to what its value is worth. Not here: each step.
 */
#include "agent/scan/assign.h"

#include "agent/scan/assign_private.h"
#include "agent/scan/name.h"

#define DOUBT_MAX     45
#define USERINFO_LOOK 64

/* What does not speak against a password in use: people choose words. */
#define CHOSEN_ANYWAY \
	(RV_BIT(PLACEHOLDER) | RV_BIT(HOLDS_PLACEHOLDER) | RV_BIT(WORDS_ALL) | RV_BIT(WORDS_MOST))

#define ANCHOR(text, family)                               \
	{                                                  \
		text, sizeof(text) - 1, RV_FAMILY_##family \
	}

const struct rv_assign_anchor rv_assign_anchors[] = {
	ANCHOR("pass", PASSWORD),
	ANCHOR("pwd", PASSWORD),
	ANCHOR("secret", SECRET),
	ANCHOR("token", TOKEN),
	ANCHOR("key", KEY),
	ANCHOR("auth", AUTH),
	ANCHOR("cred", CREDENTIAL),
	ANCHOR("salt", SALT),
	ANCHOR("://", URL),
	ANCHOR("bearer ", SCHEME),
	ANCHOR("basic ", SCHEME),
	ANCHOR("curl ", CURL),
	ANCHOR("mysql", CURL),
	ANCHOR("identified ", SQL),
	ANCHOR("$apr1$", HASH),
	ANCHOR("$2y$", HASH),
	ANCHOR("$2a$", HASH),
	ANCHOR("$2b$", HASH),
	ANCHOR("$6$", HASH),
	ANCHOR("$5$", HASH),
	ANCHOR("$1$", HASH),
	ANCHOR("{ssha", HASH),
	ANCHOR("{sha}", HASH),
	ANCHOR("psk", PASSWORD),
	ANCHOR("_pw", PASSWORD),
	ANCHOR("bindpw", PASSWORD),
	ANCHOR("rootpw", PASSWORD),
	ANCHOR("$y$", HASH),
	ANCHOR("$argon2", HASH),
	ANCHOR("sshpass -p", TOOL),
	ANCHOR("docker login ", TOOL),
	ANCHOR("podman login ", TOOL),
	ANCHOR("redis-cli ", TOOL),
	ANCHOR("http -a ", TOOL),
};
const size_t rv_assign_anchor_count = RV_LEN(rv_assign_anchors);

#define RV_FEATURE(name, weight, sentence) weight,
static const int16_t weights[] = {
#include "agent/scan/assign_features.def"
};
#undef RV_FEATURE
#define RV_FEATURE(name, weight, sentence) {#name, sentence},
static const struct {
	const char *name;
	const char *sentence;
} features[] = {
#include "agent/scan/assign_features.def"
};
#undef RV_FEATURE

const char *rv_feature_sentence(unsigned feature)
{
	return feature < RV_FEATURE__COUNT ? features[feature].sentence : NULL;
}

const char *rv_feature_name(unsigned feature)
{
	return feature < RV_FEATURE__COUNT ? features[feature].name : NULL;
}

/* Logistic of hundredths, in percent. */
static uint8_t percent_of(int logit)
{
	/* At 0, 25, 50 .. hundredths. */
	static const uint8_t steps[] = {50, 56, 62, 68, 73, 78, 82, 85, 88,
					90, 92, 94, 95, 96, 97, 97, 98, 99};
	unsigned size = (unsigned)(logit < 0 ? -logit : logit) / 25;
	uint8_t at = steps[size < RV_LEN(steps) ? size : RV_LEN(steps) - 1];

	return logit < 0 ? (uint8_t)(100 - at) : at;
}

static uint8_t weigh(uint64_t bits)
{
	int sum = RV_FEATURE_BIAS;

	for (uint64_t rest = bits; rest; rest &= rest - 1)
		sum += weights[__builtin_ctzll(rest)];
	uint8_t percent = sum < 0 && sum > -25 ? 49 : percent_of(sum);

	/* What the sum may not overrule. A placeholder is a weak password where one is configured;
	 * a hash opens nothing until it is broken, unless it is the one an account is checked with.
	 */
	bool is_doubtful = bits & (RV_BIT(PLACEHOLDER) | RV_BIT(HOLDS_PLACEHOLDER)) &&
			   !(bits & RV_BIT(FILE_CONFIG) && bits & RV_BIT(NAME_PASSWORD));
	bool is_row = bits & RV_BIT(SEQUENCE) &&
		      !(bits & RV_BIT(FILE_CONFIG) && bits & RV_BIT(NAME_PASSWORD));
	bool is_mere_hash =
		bits & RV_BIT(HASHED) && !(bits & RV_BIT(FILE_CONFIG)) &&
		!(bits & RV_BIT(NAME_PASSWORD) && !(bits & (RV_BIT(FILE_TEST) | RV_BIT(QUOTED))));

	/* A key of what is not said opens something when it reads as made by a machine: in quotes,
	 * or by itself in a configuration file. */
	bool is_written = bits & RV_BIT(QUOTED) ||
			  (bits & RV_BIT(FILE_CONFIG) && !(bits & RV_BIT(FILE_TEST)) &&
			   bits & RV_BIT(RARE_5) && bits & RV_BIT(WORDS_NONE));
	bool is_mere_key = bits & RV_BIT(NAME_KEY) && !(bits & RV_BIT(BASE64)) &&
			   !(bits & RV_BIT(HEX) && bits & (RV_BIT(LEN_39) | RV_BIT(LEN_MORE))) &&
			   !(is_written && bits & RV_BIT(MIXED) && !(bits & RV_BIT(DOTTED)));
	bool is_made_up = bits & RV_BIT(UUID) && bits & RV_BIT(FILE_TEST);

	return (is_doubtful || is_row || is_mere_hash || is_mere_key || is_made_up) &&
			       percent > DOUBT_MAX
		       ? DOUBT_MAX
		       : percent;
}

static uint64_t form_bits(const struct rv_context *context)
{
	static const uint64_t bits[] = {
		[RV_FORM_CODE] = RV_BIT(FILE_CODE),
		[RV_FORM_CONFIG] = RV_BIT(FILE_CONFIG),
		[RV_FORM_YAML] = RV_BIT(FILE_CONFIG),
		[RV_FORM_XML] = 0,
		[RV_FORM_DOC] = 0,
		[RV_FORM_SHELL] = RV_BIT(FILE_CONFIG),
		[RV_FORM_SQL] = 0,
		[RV_FORM_JSON] = 0,
	};

	return bits[context->form] | (context->is_dump ? RV_BIT(FILE_CONFIG) : 0) |
	       (context->is_doc ? RV_BIT(FILE_DOC) : 0) |
	       (context->is_test ? RV_BIT(FILE_TEST) : 0);
}

static uint64_t bind_bit(enum rv_bind bind)
{
	switch (bind) {
	case RV_BIND_COMPARE:
		return RV_BIT(BY_COMPARE);
	case RV_BIND_CALL:
		return RV_BIT(BY_CALL);
	case RV_BIND_COMMA:
		return RV_BIT(BY_COMMA);
	case RV_BIND_TAG:
	case RV_BIND_PAIR:
		return RV_BIT(BY_TAG);
	case RV_BIND_SPACE:
		return RV_BIT(BY_OPTION);
	case RV_BIND_NONE:
	case RV_BIND_ASSIGN:
	case RV_BIND_COLON:
		break;
	}
	return 0;
}

bool rv_is_made(uint64_t bits, size_t len)
{
	return (bits & (RV_BIT(HEX) | RV_BIT(UUID))) || (bits & RV_BIT(BASE64) && len >= 16) ||
	       (bits & RV_BIT(MIXED) && bits & RV_BIT(WORDS_NONE) && len >= 12) ||
	       (bits & RV_BIT(RARE_5) && bits & RV_BIT(WORDS_NONE) && len >= 16);
}

/* What neither name nor value tells alone. */
static uint64_t joint_bits(uint64_t bits, size_t len)
{
	const uint64_t plain = RV_BIT(WORDS_ALL) | RV_BIT(WORDS_MOST) | RV_BIT(PLACEHOLDER) |
			       RV_BIT(SEQUENCE) | RV_BIT(HOLDS_PLACEHOLDER) | RV_BIT(IDENTIFIER) |
			       RV_BIT(BLANKS);
	bool is_password = bits & RV_BIT(NAME_PASSWORD);
	bool is_secret = bits & (RV_BIT(NAME_SECRET) | RV_BIT(NAME_TOKEN) | RV_BIT(NAME_API_KEY) |
				 RV_BIT(NAME_AUTH) | RV_BIT(NAME_CREDENTIAL));

	if (bits & plain)
		return 0;
	if (rv_is_made(bits, len))
		return is_password ? RV_BIT(PASSWORD_MADE)
		       : is_secret ? RV_BIT(SECRET_MADE)
				   : RV_BIT(KEY_MADE);
	return is_password ? RV_BIT(PASSWORD_ODD)
	       : is_secret ? RV_BIT(SECRET_ODD)
			   : RV_BIT(KEY_ODD);
}

static inline bool is_name_byte(uint8_t c)
{
	/* - and . | 0..9 | A..Z, _ | a..z */
	static const uint32_t set[4] = {0, 0x03ff6000, 0x87fffffe, 0x07fffffe};

	return c < 0x80 && (set[c >> 5] >> (c & 31) & 1);
}

/* The name's end; a dash before '>' is an arrow, a dot at the end closes a sentence. */
static inline size_t name_end(struct rv_str b, size_t key_end)
{
	size_t at = key_end;
	size_t stop = b.len - at > RV_ASSIGN_NAME_MAX ? at + RV_ASSIGN_NAME_MAX : b.len;

	while (at < stop && is_name_byte(b.data[at]))
		at++;
	while (at > key_end && (b.data[at - 1] == '.' || b.data[at - 1] == '-'))
		at--;
	return at;
}

static inline bool closes_name(uint8_t c)
{
	return rv_is_quote(c) || c == '\\' || c == ']' || c == '*';
}

bool rv_assign_goes_over(uint8_t byte)
{
	return closes_name(byte) || rv_is_blank(byte);
}

/* One look at what follows the name: may anything be bound to it? Most names end here. */
static inline bool may_be_bound(struct rv_str b, size_t end)
{
	size_t at = end;

	while (at < b.len && closes_name(b.data[at]))
		at++;
	size_t closed = at;

	while (at < b.len && rv_is_blank(b.data[at]))
		at++;
	if (at == b.len)
		return false;
	switch (b.data[at]) {
	case '=':
	case ':':
	case ',':
	case '>':
	case '<':
	case '!':
	case '\n':
	case '\r':
	case '?':
	case '+':
	case '|':
		return true;
	case '(':
		return at == end;
	case '/':
	case ')':
	case '}':
	case '&':
	case '.':
	case ';':
		return false;
	default:
		/* Words go on in most texts: what may follow a blank is asked later. */
		return (at == closed + 1 && closed == end) ||
		       (closed > end && (b.data[at] | 0x20) == 'v') || (b.data[at] | 0x20) == 'c';
	}
}

static size_t name_start(const struct rv_place *p)
{
	size_t at = p->key_start;
	size_t stop = at > RV_ASSIGN_NAME_MAX ? at - RV_ASSIGN_NAME_MAX : 0;

	while (at > stop && is_name_byte(p->bytes.data[at - 1]))
		at--;
	while (at < p->key_start && (p->bytes.data[at] == '-' || p->bytes.data[at] == '.'))
		at++;
	return at;
}

/* PASSWORD = "password": the value is the name again. */
static bool names_itself(const struct rv_place *p, struct rv_str name)
{
	if (p->len != name.len)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if ((c | 0x20) != (p->bytes.data[p->start + i] | 0x20))
			return false;
	}
	return true;
}

/* set("section", "password", "..") names its last argument; a list of words goes on. */
static bool is_last_argument(const struct rv_place *p)
{
	if (p->bind != RV_BIND_COMMA || !p->name_quote || p->name_start < 2)
		return true;
	size_t at = p->name_start - 1;

	while (at > 0 && rv_is_blank(p->bytes.data[at - 1]))
		at--;
	if (at == 0 || p->bytes.data[at - 1] != ',')
		return true;
	return rv_at(p, rv_skip_blanks(p, p->start + p->len + 1)) == ')';
}

static bool judge_name(struct rv_place *p, struct rv_str name, uint8_t *kind)
{
	struct rv_assign_common *c = p->common;

	if (c->is_named == RV_UNKNOWN) {
		c->name_bits = 0;
		c->is_named =
			rv_name_judge(name, p->key_start - p->name_start, p->key_end - p->key_start,
				      p->family, &c->name_bits, &c->kind)
				? RV_KNOWN_YES
				: RV_KNOWN_NO;
	}
	if (c->is_named == RV_KNOWN_NO)
		return false;
	p->bits |= c->name_bits;
	*kind = c->kind;
	return true;
}

static bool find_named(struct rv_place *p, uint8_t *kind)
{
	p->name_start = name_start(p);
	if (!rv_bind_find(p) || !rv_span_find(p))
		return false;
	struct rv_str name = {p->bytes.data + p->name_start, p->name_end - p->name_start};

	if (names_itself(p, name) || !is_last_argument(p))
		return false;
	if (p->bind == RV_BIND_CALL &&
	    rv_name_is_asking(name, p->key_start - p->name_start, p->key_end - p->name_start))
		return false;
	return judge_name(p, name, kind);
}

/* Most addresses end at a slash or a quote before any '@'. */
static inline bool may_have_userinfo(struct rv_str b, size_t at)
{
	size_t stop = b.len - at > USERINFO_LOOK ? at + USERINFO_LOOK : b.len;

	for (; at < stop; at++) {
		uint8_t c = b.data[at];

		if (c == '@' || c == ':')
			return true;
		if (c <= ' ' || c == '/' || c == '"' || c == '\'' || c == '<' || c == ')')
			return false;
	}
	return at == stop && stop < b.len;
}

/* A login in base64 is worth its better half: the password, or the user's name where a key stands
 * there, with nothing ("KEY:") or a word for a password. And a word in disguise is an example where
 * examples are. False: neither is worth anything. */
static bool judge_contents(struct rv_str value, uint64_t *bits)
{
	const uint64_t filler = RV_BIT(PLACEHOLDER) | RV_BIT(HOLDS_PLACEHOLDER) | RV_BIT(SEQUENCE);
	const uint64_t words = RV_BIT(WORDS_ALL) | RV_BIT(WORDS_MOST) | RV_BIT(LEN_4);
	bool is_example = *bits & (RV_BIT(FILE_TEST) | RV_BIT(FILE_DOC));
	uint64_t poor = is_example ? filler | words : filler;
	uint8_t plain[RV_LOGIN_MAX];
	struct rv_login login;

	if (!rv_value_login(value, plain, &login)) {
		if (is_example && rv_value_is_disguised_word(value))
			*bits |= RV_BIT(HOLDS_PLACEHOLDER);
		return true;
	}
	uint64_t user = login.user.len ? rv_value_features(login.user) : poor;
	bool is_key = rv_is_made(user, login.user.len) && !(user & poor) &&
		      !memchr(login.user.data, '@', login.user.len);
	bool is_word = login.password.len == 0 || rv_value_features(login.password) & poor;

	if (is_word && !is_key)
		*bits |= RV_BIT(HOLDS_PLACEHOLDER);
	return login.password.len > 0 || is_key;
}

static void look_at_value(const struct rv_place *p, struct rv_str value)
{
	struct rv_assign_common *c = p->common;

	if (c->len == p->len && c->start == p->start && c->is_quoted == p->is_quoted && c->len > 0)
		return;
	c->start = p->start;
	c->len = p->len;
	c->is_quoted = p->is_quoted;
	c->is_reference = rv_value_is_reference(value, !p->is_quoted);
	c->features = c->is_reference ? 0 : rv_value_features(value);
}

/* Beyond the first look. Apart, so that those refused by it pay for no frame. */
static __attribute__((noinline)) bool look_closer(struct rv_str bytes, struct rv_context *context,
						  const struct rv_assign_anchor *a, size_t end,
						  size_t name_stop, struct rv_assign_common *common,
						  struct rv_assign *out)
{
	struct rv_place
		p; /* each member set one by one: clearing it all costs more than the look */

	p.bytes = bytes;
	p.context = context;
	p.common = common;
	p.family = a->family;
	p.key_start = end - a->len;
	p.key_end = end;
	p.name_quote = 0;
	p.is_escaped = false;
	p.is_quoted = false;
	p.bind = RV_BIND_NONE;
	p.at = end;
	p.start = 0;
	p.len = 0;
	p.bits = 0;
	uint8_t kind = RV_KIND_PASSWORD;

	p.name_start = p.key_start;
	p.name_end = name_stop;
	if (a->family <= RV_FAMILY_SALT ? !find_named(&p, &kind) : !rv_marked_find(&p))
		return false;
	struct rv_str value = {bytes.data + p.start, p.len};

	if (context->is_lock && a->family != RV_FAMILY_URL)
		return false;
	look_at_value(&p, value);
	if (common->is_reference)
		return false;
	if (rv_is_in_comment(&p))
		p.bits |= RV_BIT(COMMENT);
	if (p.bits & RV_BIT(IN_HEADER))
		kind = RV_KIND_TOKEN;
	rv_context_complete(context);
	p.bits |= common->features | form_bits(context) | bind_bit(p.bind);
	if (!judge_contents(value, &p.bits))
		return false;
	if (p.bits & RV_BIT(NAME_PASSWORD) && rv_value_is_chosen(value) &&
	    rv_context_is_in_use(context))
		p.bits &= ~CHOSEN_ANYWAY;
	p.bits |= joint_bits(p.bits, p.len);
	if (context->is_locale &&
	    !(p.bits & (RV_BIT(PASSWORD_MADE) | RV_BIT(SECRET_MADE) | RV_BIT(KEY_MADE))))
		return false;
	*out = (struct rv_assign){
		.start = p.start,
		.len = p.len,
		.name_start = p.name_start,
		.name_len = p.name_end - p.name_start,
		.reasons = p.bits,
		.kind = kind,
		.confidence = weigh(p.bits),
	};
	return true;
}

bool rv_assign_may(struct rv_str bytes, unsigned anchor, size_t end)
{
	const struct rv_assign_anchor *a = &rv_assign_anchors[anchor];

	if (a->family <= RV_FAMILY_SALT)
		return rv_name_may_go_on(a->family, bytes.data + end, bytes.len - end) &&
		       may_be_bound(bytes, name_end(bytes, end));
	return a->family != RV_FAMILY_URL || may_have_userinfo(bytes, end);
}

bool rv_assign_at(struct rv_str bytes, struct rv_context *context, unsigned anchor, size_t end,
		  struct rv_assign *out)
{
	struct rv_assign_common common = {0};

	return rv_assign_may(bytes, anchor, end) &&
	       rv_assign_look(bytes, context, anchor, end, &common, out);
}

bool rv_assign_look(struct rv_str bytes, struct rv_context *context, unsigned anchor, size_t end,
		    struct rv_assign_common *common, struct rv_assign *out)
{
	const struct rv_assign_anchor *a = &rv_assign_anchors[anchor];
	size_t name_stop = a->family <= RV_FAMILY_SALT ? name_end(bytes, end) : end - a->len;

	return look_closer(bytes, context, a, end, name_stop, common, out);
}
