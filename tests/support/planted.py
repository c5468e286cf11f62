"""Values that look like secrets and open nothing, made anew in each run, and repositories with them."""
import binascii
import os
import random
import string
import subprocess
import sys

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
RULE = "github-token"
ZERO_HOME = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
WHO = {"GIT_AUTHOR_NAME": "A. Uthor", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A. Uthor",
       "GIT_COMMITTER_EMAIL": "a@example.org"}


def token():
    """Of the form of a GitHub token, its check digits right."""
    body = "".join(random.choices(BASE62, k=30))
    rest, digits = binascii.crc32(body.encode()), ""
    while rest or len(digits) < 6:
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return "ghp_" + body + digits


def skip(why):
    print("SKIPPED: " + why)
    sys.exit(77)


def environment(**more):
    """This process's, without what git or a CI service put there."""
    own = {name: value for name, value in os.environ.items()
           if not name.startswith(("GIT_", "GITHUB_", "GITLEAKS_", "CI_"))}
    return {**own, **ZERO_HOME, **WHO, "LC_ALL": "C.UTF-8", **more}


class Repo:
    """A repository in a folder, by the git program. `path` is first in PATH."""

    def __init__(self, folder, path="", *options):
        self.folder = folder
        self.env = environment(PATH=os.path.abspath(path) + os.pathsep + os.environ["PATH"])
        os.makedirs(folder, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def try_git(self, *words, **env):
        return subprocess.run(["git", *words], cwd=self.folder, env={**self.env, **env}, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def git(self, *words, **env):
        done = self.try_git(*words, **env)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def commit(self, name, text, message="change"):
        self.write(name, text)
        self.git("add", "--", name)
        self.git("commit", "-q", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")
