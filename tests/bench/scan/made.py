#!/usr/bin/env python3
"""Writes made-up files with secrets of known places, so that the weights do not rest on one data set.

    made.py DIR [--seed N]      files in DIR, their labels in DIR/labels.jsonl ({path, line})

Names, ways to write an assignment and kinds of values are crossed; each file also holds lines that are
no secrets. Nothing here opens anything. Only the standard library is used.
"""
import argparse
import base64
import json
import os
import random
import string

ALNUM = string.ascii_letters + string.digits
PASSWORD_NAMES = ["password", "DB_PASSWORD", "passwd", "userPassword", "smtp_pass", "ADMIN_PWD", "redisPassword",
                  "mysql_root_password", "passphrase", "keystorePassword", "db.password", "ftp-password"]
SECRET_NAMES = ["secret", "client_secret", "clientSecret", "APP_SECRET", "jwt_secret", "api_key", "apiKey",
                "API_KEY", "access_key", "secretKey", "SECRET_KEY", "auth_token", "access_token", "accessToken",
                "refresh_token", "API_TOKEN", "bot_token", "encryption_key", "signing_key", "private_key",
                "webhook_secret", "auth", "credentials", "session_secret", "x-api-key", "consumer_secret"]
PLAIN_NAMES = ["key", "token_type", "sort_key", "public_key", "password_field", "secret_name", "key_name",
               "auth_url", "tokenizer", "author", "passing", "cache_key", "primary_key", "password_label",
               "auth_method", "credential_type", "key_prefix", "token_expiry", "hotkey", "keyword"]
FORMS = {  # extension: ways to write name and value
    "env": ["{n}={v}", "export {n}={v}", "{n}='{v}'"],
    "yml": ["{n}: {v}", '  {n}: "{v}"', "- {n}: '{v}'"],
    "json": ['  "{n}": "{v}",'],
    "py": ['{n} = "{v}"', "    {n}='{v}',", 'config["{n}"] = "{v}"', '    "{n}": "{v}",'],
    "js": ["const {n} = '{v}';", '  {n}: "{v}",'],
    "java": ['private static final String {n} = "{v}";', 'props.setProperty("{n}", "{v}");'],
    "go": ['{n} := "{v}"', '\t{n}: "{v}",'],
    "php": ["$config['{n}'] = '{v}';", "define('{n}', '{v}');"],
    "rb": ["{n} = '{v}'", ":{n} => '{v}',"],
    "cs": ['public const string {n} = "{v}";'],
    "properties": ["app.{n}={v}", "{n} = {v}"],
    "xml": ["<{n}>{v}</{n}>", '<property name="{n}" value="{v}"/>'],
    "ini": ["{n} = {v}", "{n}={v}"],
    "sh": ["export {n}='{v}'", "run --{n} {v} --verbose", "curl 'https://host/path?{n}={v}&page=1'"],
    "tf": ['  {n} = "{v}"'],
}
HEADERS = ["Authorization: Bearer {v}", "headers = {{'Authorization': 'Bearer {v}'}}", "X-Api-Key: {v}",
           "curl -H 'Authorization: token {v}' https://host/"]
WORDS = ("blue horse river stone window market garden silver summer winter dragon monkey sunshine princess "
         "football shadow master tiger cookie coffee orange purple").split()
PLAIN_VALUES = ["changeme", "password", "secret", "your-api-key", "YOUR_TOKEN", "example", "test", "foo", "token",
                "string", "Bearer", "my-secret-name", "user_password", "access-token-string", "header", "default",
                "enter your password", "Password must be set", "application/json", "oauth2", "hmac-sha256",
                "some-value", "placeholder", "database", "client", "userName", "accessToken", "getPassword",
                "primary", "test-key", "name", "session", "x-auth-header", "id_token", "api.example"]


def pick(r, alphabet, n):
    return "".join(r.choice(alphabet) for _ in range(n))


def strong(r):
    return r.choice([
        lambda: pick(r, "0123456789abcdef", r.choice((24, 32, 40, 64))),
        lambda: pick(r, "0123456789ABCDEF", 32),
        lambda: pick(r, ALNUM, r.choice((16, 20, 24, 32, 40))),
        lambda: base64.b64encode(r.randbytes(r.choice((16, 24, 32)))).decode(),
        lambda: pick(r, ALNUM + "-_", 43),
        lambda: pick(r, string.ascii_uppercase + "234567", r.choice((16, 32))),
        lambda: pick(r, string.ascii_lowercase + string.digits, r.choice((20, 32))),
    ])()


def password(r):
    return r.choice([
        lambda: pick(r, ALNUM, r.choice((8, 10, 12, 16))),
        lambda: pick(r, ALNUM, 6) + r.choice("!@#%*") + pick(r, ALNUM, 5),
        lambda: r.choice(WORDS).title() + r.choice(WORDS).title() + str(r.randrange(10, 999)) + r.choice("!#*"),
        lambda: r.choice(WORDS) + str(r.randrange(100, 9999)) + r.choice(("", "!", "@")),
        lambda: pick(r, string.ascii_lowercase, 10),
        lambda: strong(r),
    ])()


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("dir")
    args.add_argument("--seed", type=int, default=1)
    a = args.parse_args()
    r = random.Random(a.seed)
    os.makedirs(a.dir, exist_ok=True)
    with open(os.path.join(a.dir, "labels.jsonl"), "w", encoding="ascii") as labels:
        for extension, forms in FORMS.items():
            lines, true = [], []
            for _ in range(40):
                roll = r.random()
                if roll < 0.25:
                    name, value = r.choice(PASSWORD_NAMES), password(r)
                elif roll < 0.55:
                    name, value = r.choice(SECRET_NAMES), strong(r)
                elif roll < 0.85:
                    name, value = r.choice(PASSWORD_NAMES + SECRET_NAMES), r.choice(PLAIN_VALUES)
                else:
                    name, value = r.choice(PLAIN_NAMES), r.choice(PLAIN_VALUES + [strong(r)])
                form = r.choice(forms)
                if 0.25 <= roll < 0.55 and r.random() < 0.15:
                    form = r.choice(HEADERS)
                lines.append(form.format(n=name, v=value))
                if roll < 0.55:
                    true.append(len(lines))
            path = os.path.join(a.dir, "made." + extension)
            with open(path, "w", encoding="ascii") as f:
                f.write("\n".join(lines) + "\n")
            for line in true:
                labels.write(json.dumps({"path": path, "line": line}) + "\n")


if __name__ == "__main__":
    main()
