/* scan: words that stand where a secret goes (value_words.c). */
#pragma once

#include "agent/scan/wordlist.h"

/* Nothing but these, in any order, with signs and digits between or behind, is no secret. */
static rv_wordlist fillers = {
	['a' - 'a'] = " aes alladin aladdin apikey api auth admin anonymous any another access a "
		      "an and aws azure "
		      "app account abc abcd asdf ",
	['b' - 'a'] = " both bar baz bad blank bearer basic be bot build ",
	['c' - 'a'] = " credentials credential creds cred changeme change changed current "
		      "correct client consumer censored code ci config ",
	['d' - 'a'] = " different digest demo dummy default data db database dev ",
	['e' - 'a'] = " elastic expired examples example eggs enter empty encrypted encoded env ",
	['f' - 'a'] = " fake foobar foo first fixme for from field ",
	['g' - 'a'] = " gssapi guest good goes github gitlab google ",
	['h' - 'a'] = " hunter here hidden hash hashed hello host ",
	['i' - 'a'] = " initial insert invalid incorrect id it is in ",
	['j' - 'a'] = " jenkins jwt ",
	['k' - 'a'] = " keycloak kerberos keys key ",
	['l' - 'a'] = " letmein login long ldap local localhost ",
	['m' - 'a'] = " minio missing md5 mock mine my master masked me mysql mongo must min ",
	['n' - 'a'] = " negotiate ntlm nobody new not no none null nil name nonce ",
	['o' - 'a'] = " original oauth2 otp open opensesame old other of or oauth ",
	['p' - 'a'] =
		" postgresql password passwd passphrase passwort pass pwd provide private public "
		"plain placeholder put postgres postgresql prod production please param ",
	['q' - 'a'] = " qux quux qwerty ",
	['r' - 'a'] =
		" rabbitmq rsa root replace right real refresh random removed redacted redis ",
	['s' - 'a'] = " sekret sekrit swordfish same something secure ssl sso spnego sha scram "
		      "saml sesame "
		      "secrets secret someone sample stub spam some second string session "
		      "server shared super strong short simple set salt staging service "
		      "should ",
	['t' - 'a'] = " tomcat tester tls totp tokens token tester testing tests test the this "
		      "that third text top "
		      "todo tbd to tmp temp temporary type ",
	['u' - 'a'] = " undefined unknown username user ",
	['v' - 'a'] = " valid value very variable var ",
	['w' - 'a'] = " whatever wrong weak with world ",
	['x' - 'a'] = " xyz ",
	['y' - 'a'] = " your ",
};

/* Nor is a value that holds one of these, whatever else is there. */
static rv_wordlist telling = {
	['a' - 'a'] = " abcdef apikey api_key ",
	['c' - 'a'] = " c0ffee cafebabe czzcagrsa3f0mzpnwdfmqmf0m2jw changeme change_me change-me ",
	['d' - 'a'] = " deadbeef dummy ",
	['e' - 'a'] = " example ",
	['f' - 'a'] = " foobar fake ",
	['i' - 'a'] = " insert_ ",
	['m' - 'a'] = " mysecret mypass ",
	['n' - 'a'] = " notreal not_real not-real ",
	['p' - 'a'] = " placeholder passw ",
	['r' - 'a'] = " redacted replace_ ",
	['s' - 'a'] = " splxlobezqqybys6wxsbia sample some- some_ secret ",
	['t' - 'a'] = " tgzv3jokf0xg5qx2tlkwia todo token ",
	['x' - 'a'] = " xxxx ",
	['y' - 'a'] = " your_ your- yoursecret yourpass yourkey ",
};

/* Those that say that another value is to be put there. */
static rv_wordlist asking = {
	['c' - 'a'] = " change ",
	['d' - 'a'] = " dummy default ",
	['e' - 'a'] = " example ",
	['f' - 'a'] = " fake fixme foobar ",
	['i' - 'a'] = " insert ",
	['p' - 'a'] = " placeholder ",
	['r' - 'a'] = " redacted replace ",
	['s' - 'a'] = " sample ",
	['t' - 'a'] = " todo ",
	['x' - 'a'] = " xxx ",
	['y' - 'a'] = " your ",
};
