/* scan: the words of names (name.c). What each list means stands above it. */
#pragma once

#include "agent/scan/wordlist.h"

/* The last word of a name whose value is no secret. */
static rv_wordlist other_tails = {
	['a' - 'a'] = " attribute attr arn audience algorithm alg algo action actions are age "
		      "at agreement allowed allow ",
	['b' - 'a'] = " box bits builder by bytes byte backend backends board bind binding "
		      "bindings button btn ",
	['c' - 'a'] = " challenge command cmd count counts column class css controller cache "
		      "config configs "
		      "configuration comment callback check checks checker changed change "
		      "changes created client clients chain code codes char chars character "
		      "characters charset cost cached component com ",
	['d' - 'a'] = " delimiter dir dialog disabled desc description docs doc date domain down "
		      "derivation digest deny denied ",
	['e' - 'a'] = " encryption endpoint endpoints expiry expires expiration expire expired "
		      "error errors enabled enable encoder event exists exist entity engine "
		      "env exception exchange extractor element entry entries encoding ",
	['f' - 'a'] = " file files filename field fields format form factory function func fn "
		      "from flow frame frames failure failed failures fingerprint ",
	['g' - 'a'] = " generator group groups grant grants ",
	['h' - 'a'] =
		" hasher hashing header headers hint handler hook hooks help host helper helpers "
		"hash_algorithm ",
	['i' - 'a'] = " id ids icon image input index issuer info io is invalid iterations item "
		      "items ",
	['k' - 'a'] = " kind ",
	['l' - 'a'] = " length len lifetime limit label labels list lists location locations "
		      "lexer level levels length_min logged login logout link links ",
	['m' - 'a'] = " message messages msg manager method mode min max map module modified "
		      "mock model mount managers modal ",
	['n' - 'a'] = " nonce name names namespace number num no node net ",
	['o' - 'a'] = " offset options option owner object objects only org ",
	['p' - 'a'] = " path paths policy policies placeholder pattern prefix param params "
		      "parameter page provider providers position plugin plugins plain parser "
		      "port property properties press pair pairs prompt permission "
		      "permissions ",
	['q' - 'a'] = " question ",
	['r' - 'a'] =
		" realm realms regex regexp required require reset ref rules renderer request "
		"response resource resources rotate rotation reader role roles realm "
		"record records ring range rounds ",
	['s' - 'a'] = " separator size suffix selector style styles service store storage strategy "
		      "status state scope scopes strength set settings setting source sources "
		      "stream server servers support spec schema stroke space success signin "
		      "signup screen ",
	['t' - 'a'] = " type types ttl timeout text title time times timestamp to tests test "
		      "template templates table thumbprint tag tags ",
	['u' - 'a'] = " url urls uri uris usage update updates updated user users username up "
		      "util utils ",
	['v' - 'a'] = " view version validator validators validation via vault var variable "
		      "variables value_from valuefrom verified verify verification valid ",
	['w' - 'a'] = " writer word words wrapper ",
};

/* Before "key": what the key is of, when it opens nothing. */
static rv_wordlist key_heads_other = {
	['a' - 'a'] = " alt arrow action any another attr attribute add all and a an artifact ",
	['b' - 'a'] = " bucket base by ",
	['c' - 'a'] = " cache col column composite ctrl current cert certificate config class "
		      "child children contains ",
	['d' - 'a'] = " dict down document doc dictionary dedup default del delete ",
	['e' - 'a'] = " event enter escape entry error each every env encrypted encapsulated ",
	['f' - 'a'] = " foreign field first filter file feature flag for from function func fk ",
	['g' - 'a'] = " group get guid gpg_public ",
	['h' - 'a'] = " hot home header host hostkey hash has ",
	['i' - 'a'] = " index item i18n idempotency int idx inner is in ",
	['j' - 'a'] = " json join ",
	['k' - 'a'] = " known kv kafka ",
	['l' - 'a'] = " lookup left label locale last lang language l10n lru local "
		      "license_plate ",
	['m' - 'a'] = " map meta message menu min max msg metric media multi ",
	['n' - 'a'] = " natural nav node next new name num normal no ",
	['o' - 'a'] = " object order old other option outer on off of or ",
	['p' - 'a'] = " public pub primary partition parent page property param prev previous "
		      "path prop product preference put press pressed pk pgp_public ",
	['q' - 'a'] = " query ",
	['r' - 'a'] = " routing row registry right route react record range redis root remove "
		      "release registration_id ",
	['s' - 'a'] = " sort short shift same search sorting s3 setting storage string str "
		      "style state stat sub super section special set soft "
		      "signature_verification socket ",
	['t' - 'a'] = " translation tab tree tag this that table text title topic top to the "
		      "trusted ",
	['u' - 'a'] = " unique up uuid ",
	['v' - 'a'] = " variable var verification verifying verify ",
	['w' - 'a'] = " websocket with wrapped ",
};

/* Before "key": what it opens. */
static rv_wordlist key_heads_secret = {
	['a' - 'a'] = " api access aes auth account app application admin authorization apps "
		      "aws azure algolia anthropic ",
	['b' - 'a'] = " bot ",
	['c' - 'a'] = " crypt crypto cipher consumer client cookie ",
	['d' - 'a'] = " deploy datadog data_encryption dev ",
	['e' - 'a'] = " encryption encrypt ",
	['g' - 'a'] = " google github gitlab ",
	['h' - 'a'] = " hmac ",
	['i' - 'a'] = " integration instrumentation ingest ",
	['j' - 'a'] = " jwt ",
	['l' - 'a'] = " license license_key live ",
	['m' - 'a'] = " master master_encryption maps mailgun merchant ",
	['o' - 'a'] = " openai ",
	['p' - 'a'] = " private priv pem primary_access partner prod psk preshared pre_shared "
		      "push ",
	['r' - 'a'] = " rsa rndc ",
	['s' - 'a'] = " secret signing sign signature shared server session security ssh "
		      "service subscription stripe sendgrid storage_account staging sandbox "
		      "server_side ",
	['t' - 'a'] = " twilio test tsig ",
	['u' - 'a'] = " user ",
	['v' - 'a'] = " vendor ",
	['w' - 'a'] = " webhook write web wpa wep ",
};

/* Before "token": of a text, or of a list. */
static rv_wordlist token_heads_other = {
	['a' - 'a'] = " abort ast ",
	['b' - 'a'] = " begin by block ",
	['c' - 'a'] = " continuation cancel cancellation close current comma colon cursor "
		      "consume comment ",
	['d' - 'a'] = " design delimiter ",
	['e' - 'a'] = " end expect eof each ",
	['f' - 'a'] = " first for ",
	['i' - 'a'] = " ident identifier ",
	['k' - 'a'] = " keyword key ",
	['l' - 'a'] = " lex last left ",
	['m' - 'a'] = " match ",
	['n' - 'a'] = " next new number ",
	['o' - 'a'] = " open op operator ",
	['p' - 'a'] = " page parse peek prev punctuation pagination paging publickey "
		      "public_key pos ",
	['r' - 'a'] = " right resume ",
	['s' - 'a'] = " sync start sub syntax symbol string semicolon scroll skip stop ",
	['t' - 'a'] = " text type ",
	['u' - 'a'] = " unknown ",
	['w' - 'a'] = " whitespace ",
};

/* Anywhere in a name: nothing real. */
static rv_wordlist unreal = {
	['b' - 'a'] = " bad ",
	['d' - 'a'] = " dummy ",
	['e' - 'a'] = " example expected expect ",
	['f' - 'a'] = " fake fixture ",
	['i' - 'a'] = " invalid incorrect ",
	['m' - 'a'] = " mock ",
	['n' - 'a'] = " nonexistent ",
	['p' - 'a'] = " placeholder ",
	['s' - 'a'] = " sample stub some ",
	['t' - 'a'] = " test tests testing ",
	['w' - 'a'] = " wrong ",
};

/* Anywhere in a name: a text about secrets, or one that is guarded. */
static rv_wordlist about = {
	['c' - 'a'] = " change ",
	['e' - 'a'] = " enter encrypted ",
	['h' - 'a'] = " hide ",
	['l' - 'a'] = " lost ",
	['r' - 'a'] = " recover recovery reset ",
	['s' - 'a'] = " shared show ",
	['t' - 'a'] = " toggle ",
	['w' - 'a'] = " wrapped ",
	['d' - 'a'] = " derived ",
};

/* The first word of a call that asks for a secret or does something with it. */
static rv_wordlist asking_verbs = {
	['a' - 'a'] = " ask assert ",
	['c' - 'a'] = " check checks create compare ",
	['d' - 'a'] = " decode delete describe ",
	['e' - 'a'] = " encode expect ",
	['f' - 'a'] = " find fetch from format ",
	['g' - 'a'] = " get gets generate gen ",
	['h' - 'a'] = " has have hash ",
	['i' - 'a'] = " is invalid ",
	['l' - 'a'] = " load lookup list log ",
	['m' - 'a'] = " make mask missing match ",
	['n' - 'a'] = " need needs no ",
	['p' - 'a'] = " prompt parse print ",
	['r' - 'a'] = " read require requires remove render rand random refresh revoke ",
	['s' - 'a'] = " strip show ",
	['t' - 'a'] = " to test ",
	['v' - 'a'] = " valid validate verify ",
};

/* In one word with "auth". */
static rv_wordlist auth_heads = {
	['b' - 'a'] = " basic ",   ['d' - 'a'] = " db ",	  ['f' - 'a'] = " ftp ",
	['h' - 'a'] = " http ",	   ['i' - 'a'] = " imap ",	  ['o' - 'a'] = " o ",
	['p' - 'a'] = " proxy ",   ['s' - 'a'] = " server smtp ", ['u' - 'a'] = " user ",
	['w' - 'a'] = " web ",	   ['x' - 'a'] = " x ",		  ['m' - 'a'] = " master ",
	['r' - 'a'] = " require ", ['c' - 'a'] = " client ",	  ['a' - 'a'] = " api ",
};

/* Behind "password" without a join. */
static rv_wordlist run_on_tails = {
	['f' - 'a'] = " file field ", ['h' - 'a'] = " hash ", ['i' - 'a'] = " id ",
	['l' - 'a'] = " length ",     ['n' - 'a'] = " name ", ['p' - 'a'] = " path ",
	['t' - 'a'] = " type ",
};

/* Behind the keyword: the secret in some form. */
static rv_wordlist near_tails = {
	['b' - 'a'] = " base b64 base64 bearer ",
	['d' - 'a'] = " default data ",
	['m' - 'a'] = " master ",
	['r' - 'a'] = " raw ",
	['s' - 'a'] = " string salt ",
};

/* In one word with "pass", which is then no password. */
static rv_wordlist pass_heads = {
	['b' - 'a'] = " by ",  ['c' - 'a'] = " com ",	['e' - 'a'] = " encom ",
	['i' - 'a'] = " im ",  ['m' - 'a'] = " multi ", ['o' - 'a'] = " over ",
	['s' - 'a'] = " sur ", ['t' - 'a'] = " tres ",	['u' - 'a'] = " under ",
};

/* Behind the keyword: still the secret itself. */
static rv_wordlist same_tails = {
	['a' - 'a'] = " again ",	 ['c' - 'a'] = " confirmation confirm ",
	['k' - 'a'] = " key ",		 ['p' - 'a'] = " password pass ",
	['r' - 'a'] = " repeat retype ", ['s' - 'a'] = " secret ",
	['t' - 'a'] = " token ",	 ['v' - 'a'] = " value ",
};

/* Anywhere in a name: a text for people, or made anew for each form and of no use to others. */
static rv_wordlist no_secrets = {
	['a' - 'a'] = " authenticity antiforgery ",
	['c' - 'a'] = " csrf captcha ",
	['x' - 'a'] = " xsrf ",
	['b' - 'a'] = " binder btn button ",
	['e' - 'a'] = " ephemeral exporter error errors ",
	['f' - 'a'] = " forgot forgotten ",
	['h' - 'a'] = " handshake hint help ",
	['l' - 'a'] = " label lbl ",
	['m' - 'a'] = " mandatory msg ",
	['p' - 'a'] = " premaster placeholder ",
	['t' - 'a'] = " traffic title tooltip txt ",
	['r' - 'a'] = " resumption ",
	['i' - 'a'] = " ikm ",
};
