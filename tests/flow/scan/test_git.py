"""`reeve scan` in repositories: history in all its corners, what is staged, what a change adds."""

import base64
import os
import shutil
import subprocess
import unittest
import zipfile

import scanning


def history(leak):
    return leak["history"]["reach"]


def without_places(result):
    return sorted((l["path"], l["rule"], l["masked"], l["layers"]) for l in result.leaks)


class History(scanning.Case):
    def one(self, result, path, reach):
        self.assertEqual([(l["path"], history(l)) for l in result.leaks], [(path, reach)],
                         str(result))
        return result.leaks[0]

    def test_a_clean_history_is_clean(self):
        repo = self.repo()
        self.found("--git", "repo", code=0)
        repo.commit({"a.txt": "x\n"})
        self.found("--git", "repo", code=0)

    def test_what_was_removed_is_told_with_its_commits(self):
        repo = self.repo()
        repo.commit({"a.txt": "x\n"})
        first = repo.commit({"conf/a.env": f"A=1\nTOKEN={self.token()}\n"}, "add it")
        repo.commit({"conf/a.env": "A=1\n"}, "remove it")
        leak = self.one(self.found("--git", "repo"), "conf/a.env", "ref")
        self.assertEqual(leak["line"], 2)
        self.assertEqual(leak["history"]["first"]["id"], first)
        self.assertEqual(leak["history"]["first"]["author"], "A U Thor")
        self.assertEqual(leak["history"]["first"]["message"], "add it")

    def test_a_history_says_of_files_of_every_form_what_their_directory_says(self):
        p = self.password
        files = {
            "a/db.conf": f"db_password = {p()};{p()}\n",
            "a/db.ini": f"[db]\npassword={p()},{p()}\n",
            "a/app.yml": f'db:\n  password: {p()}"{p()}|x1\n',
            "a/app.properties": f"api.secret={p()}){p()}\n",
            "a/redis.conf": f"password {p()}\nrequirepass {p()}\n",
            "a/run.sh": f"PASSWORD={p()} mysql -u root\nexport TOKEN={p()}{p()}\n",
            "a/f.py": f'password = "{p()}"\n',
            "a/g.json": f'{{"db_password": "{p()}"}}\n',
            "a/h.xml": f"<password>{p()}</password>\n",
            "a/i.sql": f"CREATE USER a IDENTIFIED BY '{p()}';\n",
            "a/k.yml": f"secret: {p()}{p()}\nkey: {p()}{p()}\n",
            "a/plain": f"password: {p()}\n",
            "a/prod.env": "DB_PASSWORD=" + self.keep("Sec" + "ret2024!") + "\n",
            "etc/.pgpass": f"db.acme.net:5432:app:joe:{p()}\n",
            "etc/.htpasswd": f"# users\njoe:{p()}\n",
            "etc/shadow": f"root:{p()}:18000:0:99999:7:::\nbin:*:18000::::::\n",
            "README.md": f"password: {p()} is used\n",
        }
        repo = self.repo()
        repo.commit(files)
        places = self.found(".", cwd=repo.path).places
        self.assertGreaterEqual(len(places), len(files))
        self.assertEqual(self.found("--git", cwd=repo.path).places, places)

    def test_commits_of_one_second_are_told_in_their_order(self):
        for number in range(4):  # ids differ, and decided before
            repo, token = self.repo(f"r{number}"), self.token()
            ids = [repo.commit({"a.env": f"n={i}\n" + (f"TOKEN={token}\n" if 2 <= i < 7 else "")})
                   for i in range(1, 9)]
            leak = self.one(self.found("--git", repo.path), "a.env", "ref")
            self.assertEqual((leak["history"]["first"]["id"], leak["history"]["last"]["id"]),
                             (ids[1], ids[5]))

    def test_what_head_holds_is_told_so(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.one(self.found("--git", "repo"), "a.env", "head")
        self.one(self.found("--git", cwd=repo.path), "a.env", "head")
        repo.write("sub/x", "x")
        self.one(self.found("--git", cwd=repo.path + "/sub"), "a.env", "head")

    def test_packed_and_loose_give_the_same(self):
        repo = self.repo()
        text = "".join(f"line {i}\n" for i in range(2000))
        for i in range(6):
            text += f"KEY_{i}={self.token()}\n"
            repo.commit({"a.env": text, f"b{i}.txt": text[i:]})
        loose = self.found("--git", "repo")
        repo.git("gc", "-q", "--aggressive", "--prune=now")
        packed = self.found("--git", "repo")
        self.assertEqual(len(loose.leaks), 6, str(loose))
        self.assertEqual(loose.leaks, packed.leaks)

    def test_stashes(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n"})
        repo.write("a.env", f"TOKEN={self.token()}\n")
        repo.git("stash", "push", "-q")
        leak = self.found("--git", "repo").leaks
        self.assertEqual([l["path"] for l in leak], ["a.env"])
        self.assertIn(history(leak[0]), ("ref", "reflog"))

    def test_reflogs(self):
        repo = self.repo()
        base = repo.commit({"a.env": "x=1\n"})
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("reset", "-q", "--hard", base)
        self.one(self.found("--git", "repo"), "a.env", "reflog")

    def test_of_a_reflog_that_is_too_long_the_end_is_read_and_it_is_told(self):
        repo = self.repo()
        repo.commit({"a.txt": "a\n"})
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("reset", "-q", "--hard", "HEAD~1")
        log = os.path.join(repo.path, ".git", "logs", "HEAD")
        with open(log, "rb") as f:
            lines = f.read()
        with open(log, "r+b") as f:  # a hole before them
            f.seek(2 << 30)
            f.write(b"\n" + lines)
        os.unlink(os.path.join(repo.path, ".git", "logs", "refs", "heads", "main"))
        repo.git("update-ref", "-d", "ORIG_HEAD")
        result = self.found("--git", "repo", "--strict")
        self.one(result, "a.env", "reflog")
        self.assertEqual([g["reason"] for g in result.gaps], ["damaged"], str(result))

    def test_unreachable_objects(self):
        repo = self.repo()
        base = repo.commit({"a.env": "x=1\n"})
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("reset", "-q", "--hard", base)
        repo.git("reflog", "expire", "--expire=now", "--all")
        repo.git("update-ref", "-d", "ORIG_HEAD")
        leaks = self.found("--git", "repo").leaks
        self.assertEqual([history(l) for l in leaks], ["unreachable"])

    def test_a_blob_that_was_only_staged_once(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n"})
        repo.write("b.env", f"TOKEN={self.token()}\n")
        repo.git("add", "b.env")
        repo.git("rm", "-q", "--cached", "b.env")
        self.assertEqual([history(l) for l in self.found("--git", "repo").leaks], ["unreachable"])

    def test_what_is_staged_has_its_path(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n"})
        token = self.token()
        repo.write("z/b.env", f"TOKEN={token}\n")
        repo.git("add", "z/b.env")
        repo.write("z/b.env", f"x=1\nTOKEN={token}\n")  # the first is a blob without a name then
        repo.git("add", "z/b.env")
        self.one(self.found("--git", "repo"), "z/b.env", "index")
        self.one(self.found("--git", "repo", "--format", "json"), "z/b.env", "index")
        repo.write(".reeveignore", "z/\n")
        self.assertEqual([l["path"] for l in self.found("--git", "repo", code=None).leaks
                          if "/" in l["path"]], [])

    def test_what_is_staged_obeys_the_ignores_of_its_paths(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n", ".reeveignore": "vendor/\n"})
        text = f"TOKEN={self.token()}\n"
        repo.write("vendor/b.env", text)
        repo.git("add", "-f", "vendor/b.env")
        self.found("--git", "repo", code=0)
        repo.write("c.env", text)
        repo.git("add", "c.env")
        self.one(self.found("--git", "repo"), "c.env", "index")
        repo.commit({".reeve.yaml": "scan:\n  allow:\n    - paths: [c.env]\n      reason: x\n"})
        self.found("--git", "repo", code=0)

    def test_what_is_staged_twice_is_judged_at_both_paths(self):
        repo = self.repo()
        repo.commit({".reeve.yaml": "scan:\n  allow:\n    - paths: [b.env]\n      reason: x\n"})
        text = f"TOKEN={self.token()}\n"
        repo.write("b.env", text)
        repo.git("add", "b.env")
        self.found("--git", "repo", code=0)
        repo.write("c.env", text)
        repo.git("add", "c.env")
        self.one(self.found("--git", "repo"), "c.env", "index")

    def test_tags_of_blobs_and_annotated_ones(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n"})
        repo.write("t.env", f"TOKEN={self.token()}\n")
        repo.git("tag", "secret", repo.git("hash-object", "-w", "t.env"))
        base = repo.git("rev-parse", "HEAD")
        repo.commit({"c.env": f"TOKEN={self.token()}\n"})
        repo.git("tag", "-a", "v1", "-m", "one")
        repo.git("reset", "-q", "--hard", base)
        repo.git("reflog", "expire", "--expire=now", "--all")
        self.assertEqual(len(self.found("--git", "repo").leaks), 2)

    def test_bare_repositories(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("clone", "-q", "--bare", ".", self.path("bare.git"))
        self.one(self.found("--git", "bare.git"), "a.env", "head")
        self.one(self.found("--git", cwd=self.path("bare.git")), "a.env", "head")

    def test_a_store_named_as_a_directory_is_told(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("clone", "-q", "--bare", ".", self.path("bare.git"))
        for words, cwd in ((["bare.git"], None), (["bare.git/"], None), (["repo/.git"], None),
                           ([], self.path("bare.git"))):
            result = self.found(*words, "--strict", code=3, cwd=cwd)
            self.assertEqual([(g["path"], g["reason"]) for g in result.gaps],
                             [(words[0] if words else ".", "unsupported")], str(result))
            self.assertIn("reeve scan --git " + (words[0] if words else "."),
                          result.gaps[0]["detail"])
        self.assertIn(b"reeve scan --git", self.scan("bare.git", code=0).out)
        self.assertEqual(self.found("repo", "--strict").gaps, [])
        # What only looks like one.
        os.makedirs(self.path("like/objects"))
        self.write("like/HEAD", "x\n")
        self.found("like", "--strict", code=0)

    def test_a_store_below_what_is_scanned_is_told(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("clone", "-q", "--bare", ".", self.path("all/in/bare.git"))
        for place in ("all/work/src/a.c", "all/HEAD", "all/objects/x", "all/refs"):
            self.write(place, "x\n")
        for words, cwd, path in ((["all"], None, "all/in/bare.git"),
                                 ([], self.path("all"), "in/bare.git")):
            with self.subTest(words=words):
                result = self.found(*words, cwd=cwd, code=0)
                self.assertEqual([(g["path"].removeprefix("./"), g["reason"])
                                  for g in result.gaps], [(path, "unsupported")])
                self.assertIn("reeve scan --git", result.gaps[0]["detail"])
        self.scan("--strict", "all", code=3)
        self.assertEqual(self.found("all", "--exclude", "in/", code=0).gaps, [])

    def test_linked_work_trees(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("worktree", "add", "-q", self.path("linked"), "-b", "side")
        self.one(self.found("--git", "linked"), "a.env", "head")

    def test_alternates(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.git("clone", "-q", "--shared", ".", self.path("borrower"))
        self.one(self.found("--git", "borrower"), "a.env", "head")

    def test_submodules_have_their_own_store(self):
        inner = self.repo("inner")
        inner.commit({"a.env": f"TOKEN={self.token()}\n"})
        outer = self.repo("outer")
        outer.commit({"x": "x\n"})
        outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", inner.path, "sub")
        self.one(self.found("--git", "outer/sub"), "a.env", "head")

    def test_sha_256(self):
        repo = self.repo("repo", "--object-format=sha256")
        first = repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        self.assertEqual(len(first), 64)
        repo.commit({"a.env": "x\n"})
        leak = self.one(self.found("--git", "repo"), "a.env", "ref")
        self.assertEqual(leak["history"]["first"]["id"], first)
        repo.git("gc", "-q")
        self.one(self.found("--git", "repo"), "a.env", "ref")

    def test_shallow_clones(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n"})
        repo.commit({"a.env": "x\n"})
        repo.commit({"b.env": f"TOKEN={self.token()}\n"})
        repo.git("clone", "-q", "--depth", "1", "file://" + repo.path, self.path("shallow"))
        self.one(self.found("--git", "shallow"), "b.env", "head")

    def test_a_damaged_id_in_a_pack_s_index_is_told(self):
        repo = self.repo()
        commits = [repo.commit({f"{n}.env": f"TOKEN={self.token()}\n"}) for n in range(3)]
        repo.git("gc", "-q", "--prune=now")
        folder = os.path.join(repo.path, ".git/objects/pack")
        index = os.path.join(folder, [f for f in os.listdir(folder) if f.endswith(".idx")][0])
        os.chmod(index, 0o600)
        with open(index, "rb") as f:
            whole = f.read()
        for commit in commits:
            for byte, bit in ((0, 0x80), (19, 1)):
                damaged = bytearray(whole)
                damaged[whole.index(bytes.fromhex(commit)) + byte] ^= bit
                repo.write(os.path.relpath(index, repo.path), bytes(damaged))
                result = self.found("--git", "repo")
                self.assertEqual(len(result.leaks), 3, str(result))
                self.assertIn("missing-object", [g["reason"] for g in result.gaps])

    def test_missing_objects_are_told(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n", "b.env": "not here\n"})
        oid = repo.git("rev-parse", "HEAD:b.env")
        os.unlink(f"{repo.path}/.git/objects/{oid[:2]}/{oid[2:]}")
        self.one(self.found("--git", "repo"), "a.env", "head")

    def drop(self, repo, name):
        oid = repo.git("rev-parse", name)
        os.unlink(f"{repo.path}/.git/objects/{oid[:2]}/{oid[2:]}")
        return oid

    def test_lost_objects_are_told_whether_or_not_a_value_was_found(self):
        for name, path in (("HEAD~1:d/l", "d/l"), ("HEAD~1:d", "d/"), ("HEAD^{tree}", "repository"),
                           ("HEAD~1", None), ("HEAD", None)):
            for text in ("", f"TOKEN={self.token()}\n"):
                repo = self.repo(f"{name}{len(text)}".replace("/", "_"))
                repo.commit({"d/l": "lost\n", "kept.env": text, "x": "x\n"})
                repo.git("rm", "-q", "d/l")
                repo.commit({"y": "y\n"})
                self.found("--git", repo.path, "--strict", code=1 if text else 0)
                oid = self.drop(repo, name)
                result = self.found("--git", repo.path, "--strict", code=1 if text else 3)
                told = {(g["path"], g["inside"]) for g in result.gaps
                        if g["reason"] == "missing-object"}
                self.assertIn(oid, [i for _, i in told], str(result))
                if path:
                    self.assertEqual(told, {(path, oid)}, str(result))

    def test_refs_to_nothing_are_told(self):
        repo = self.repo()
        repo.commit({"x": "x\n"})
        with open(repo.path + "/.git/refs/heads/side", "w", encoding="ascii") as f:
            f.write("1" * 40 + "\n")
        result = self.found("--git", "repo", "--strict", code=3)
        self.assertEqual([(g["path"], g["reason"]) for g in result.gaps],
                         [("refs/heads/side", "missing-object")])
        shutil.rmtree(repo.path + "/.git/objects")
        os.mkdir(repo.path + "/.git/objects")
        result = self.found("--git", "repo", "--strict", code=3)
        self.assertIn("refs/heads/main", [g["path"] for g in result.gaps])

    def test_a_range_tells_what_it_lacks(self):
        repo = self.repo()
        repo.commit({"d/l": "lost\n", "x": "x\n"})
        repo.git("rm", "-q", "d/l")
        repo.commit({"y": "y\n"})
        oid = self.drop(repo, "HEAD~1:d/l")
        result = self.found("--git", "repo", "--range", "HEAD", "--strict", code=3)
        self.assertEqual([(g["path"], g["inside"], g["reason"]) for g in result.gaps],
                         [("d/l", oid, "missing-object")])
        self.found("--git", "repo", "--range", "HEAD~1..HEAD", "--strict", code=0)

    @unittest.skipIf(os.geteuid() == 0, "root reads everything")
    def test_what_may_not_be_read_is_said(self):
        repo = self.repo()
        repo.commit({"a.env": f"TOKEN={self.token()}\n", "b.env": "b\n"})
        objects = repo.path + "/.git/objects"
        for mode in (0, 0o400, 0o100):
            os.chmod(objects, mode)
            result = self.refused(["scan", "--git", "repo"], objects, "ermission", "next:")
            self.assertEqual(result.err.count(objects.encode()), 1)
        os.chmod(objects, 0o700)
        oid = repo.git("rev-parse", "HEAD:b.env")
        os.chmod(f"{objects}/{oid[:2]}", 0)
        result = self.found("--git", "repo", "--strict")
        self.assertEqual([(g["path"], g["reason"]) for g in result.gaps],
                         [(f"{objects}/{oid[:2]}", "unreadable")], str(result))

    def test_damaged_packs_are_told(self):
        repo = self.repo()
        repo.commit({f"{i}.txt": os.urandom(2000).hex() for i in range(20)})
        repo.git("gc", "-q")
        pack = [os.path.join(d, f) for d, _, fs in os.walk(repo.path + "/.git/objects/pack")
                for f in fs if f.endswith(".pack")][0]
        os.chmod(pack, 0o600)
        with open(pack, "r+b") as f:
            f.seek(os.path.getsize(pack) // 2)
            f.write(b"\xff" * 64)
        result = self.found("--git", "repo", "--strict", code=3)
        self.assertTrue(result.gaps)

    def test_two_places_of_one_value_are_one_finding(self):
        repo = self.repo()
        token = self.token()
        repo.commit({"a.env": f"TOKEN={token}\n"})
        repo.commit({"a.env": f"TOKEN={token}\nMORE=1\n", "b.env": f"X={token}\n"})
        leaks = self.found("--git", "repo").leaks
        self.assertEqual(len(leaks), 1)
        self.assertEqual(leaks[0]["more_places"], 2)

    def test_a_blob_larger_than_it_may_be_is_left_out_and_told(self):
        repo, token = self.repo(), self.token()
        filler = "".join(f"line {i * i % 99991}\n" for i in range(6000))
        repo.commit({"big.txt": filler + f"TOKEN={self.token()}\n", "out/big.bin": "x\n" * 90000})
        # A delta on what was left out holds what it copies.
        repo.commit({"small.txt": filler[:30000] + f"TOKEN={token}\n" + filler[30000:40000]})
        repo.commit({"big.txt": filler[:30000] + f"TOKEN={token}\n" + filler[30000:] + "y\n" * 9})
        repo.git("repack", "-adfq", "--depth=50", "--window=50")
        result = self.found("--git", "--max-file", "50k", "--exclude", "out/**", "--strict", cwd=repo.path)
        self.assertEqual([l["path"] for l in result.leaks], ["small.txt"], str(result))
        self.assertEqual([(g["path"], g["reason"]) for g in result.gaps], [("big.txt", "too-large")] * 2)
        self.assertEqual(self.found("--git", cwd=repo.path).gaps, [])

    def test_what_is_not_scanned_whole_has_its_path_and_is_counted(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("needs openssl")
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x",
                        "-keyout", "key", "-out", "cert"], cwd=self.dir, check=True,
                       capture_output=True, timeout=60)
        repo, stores = self.repo(), ("a.p12", "d/b.p12", "out/c.p12", "d/e.p12")
        for name in stores:
            os.makedirs(os.path.join(repo.path, os.path.dirname(name)), exist_ok=True)
            subprocess.run([openssl, "pkcs12", "-export", "-inkey", "key", "-in", "cert",
                            "-passout", f"pass:{self.password()}", "-out",
                            os.path.join(repo.path, name)], cwd=self.dir, check=True,
                           capture_output=True, timeout=60)
        with zipfile.ZipFile(os.path.join(repo.path, "all.zip"), "w") as archive:
            archive.write(os.path.join(repo.path, "a.p12"), "in.p12")
            archive.writestr("a.env", f"TOKEN={self.token()}\n")
        repo.commit({})
        ids = {n: repo.git("rev-parse", f":{n}") for n in stores[:2]}
        found = self.found("--git", "--exclude", "out/**", cwd=repo.path)
        told = [(g["path"], g["inside"], g["reason"]) for g in found.gaps]
        self.assertEqual([t for t in told if t[0] in ids],
                         [(n, ids[n], "encrypted") for n in stores[:2]], str(found))
        self.assertIn(("all.zip", "in.p12", "encrypted"), told)
        self.assertEqual({t[0] for t in told}, {"a.p12", "d/b.p12", "d/e.p12", "all.zip"})
        self.assertEqual([(l["path"], l["inside"]) for l in found.leaks], [("all.zip", "a.env")])

    def test_a_value_in_an_excluded_place_is_still_told_elsewhere(self):
        repo = self.repo()
        token = self.token()
        repo.commit({"src/a.env": f"TOKEN={token}\n"})
        os.unlink(repo.path + "/src/a.env")
        repo.commit({"vendor/b.env": f"\n\nTOKEN={token}\n"})
        leaks = self.found("--git", "repo", "--exclude", "vendor/**").leaks
        self.assertEqual([l["path"] for l in leaks], ["src/a.env"])

    def test_a_value_let_pass_in_one_place_is_told_elsewhere(self):
        repo = self.repo()
        token = self.token()
        repo.commit({"a_test.env": f"TOKEN={token} # reeve:allow reason=sample\n"})
        self.found("--git", "repo", "--strict", code=0)
        repo.commit({"z_prod.env": f"TOKEN={token}\n"})
        self.one(self.found("--git", "repo", "--strict"), "z_prod.env", "head")
        result = self.found("--git", "repo", "--all")
        self.assertEqual([l["path"] for l in result.leaks], ["z_prod.env"], str(result))
        repo.commit({"z_prod.env": f"TOKEN={token} # reeve:allow reason=sample\n"})
        self.found("--git", "repo", "--strict", code=0)

    def test_an_allowed_line_says_nothing_of_another_of_its_file(self):
        repo = self.repo()
        token = self.token()
        repo.commit({"a.env": f"A={token} # reeve:allow reason=sample\nX=1\nX=2\nB={token}\n"})
        self.assert_places(self.found("--git", "repo", "--strict"), ("a.env", 4))

    def test_an_allowed_path_says_nothing_of_another_of_its_blob(self):
        repo = self.repo()
        text = f"TOKEN={self.token()}\n"
        config = self.write("c.toml", "[extend]\nuseDefault = true\n[[rules]]\n"
                            "id = 'github-pat'\n[[rules.allowlists]]\npaths = ['_test']\n")
        repo.commit({"a_test.env": text})
        self.found("--git", "repo", "--config", config, "--strict", code=0)
        repo.commit({"b_test.env": text, "z_prod.env": text})
        self.one(self.found("--git", "repo", "--config", config), "z_prod.env", "head")

    def test_many_allowed_copies_do_not_hide_the_one_that_is_not(self):
        repo = self.repo()
        text = f"TOKEN={self.token()}\n"
        config = self.write("c.toml", "[extend]\nuseDefault = true\n[[rules]]\n"
                            "id = 'github-pat'\n[[rules.allowlists]]\npaths = ['_test']\n")
        repo.commit({"z_prod.env": text, **{f"b{i}_test.env": text for i in range(20)}})
        self.one(self.found("--git", "repo", "--config", config), "z_prod.env", "head")

    def test_more_allowed_copies_than_are_judged_are_told(self):
        repo = self.repo()
        text = f"TOKEN={self.token()}\n"
        config = self.write("c.toml", "[extend]\nuseDefault = true\n[[rules]]\n"
                            "id = 'github-pat'\n[[rules.allowlists]]\npaths = ['_test']\n")
        repo.commit({f"b{i}_test.env": text for i in range(256)})
        self.found("--git", "repo", "--config", config, "--strict", code=0)
        repo.commit({"z_test.env": text})
        result = self.found("--git", "repo", "--config", config, "--strict", code=3)
        self.assertEqual([g["reason"] for g in result.gaps], ["too-large"], str(result))

    def test_many_copies_where_it_is_no_value_do_not_hide_where_it_is(self):
        repo = self.repo()
        text = f"db_password={self.password()}\n"
        repo.commit({"z.env": text, **{f"b{i}.c": text for i in range(300)}})
        self.one(self.found("--git", "repo", "--strict"), "z.env", "head")

    def test_excluded_copies_do_not_hide_the_one_that_is_not(self):
        repo = self.repo()
        text = f"TOKEN={self.token()}\n"
        repo.write(".reeveignore", "fixtures/\n")
        repo.commit({f"fixtures/{i}.env": text for i in range(9)})
        self.found("--git", "--strict", cwd=repo.path, code=0)
        repo.commit({"src/prod.env": text})
        self.one(self.found("--git", "--strict", cwd=repo.path), "src/prod.env", "head")

    def test_time_ends_the_telling_and_is_told_once(self):
        """Each value goes through a memory-hard hash when there is a baseline."""
        repo = self.repo()
        lines = [f'db{i}_password = "{self.password()[:9]}"\n' for i in range(3000)]
        self.secrets = []
        self.write("few.env", lines[0])
        made = self.run_reeve("baseline", "create", "--reason", "before", "-o", "known.json",
                              "few.env")
        self.assertEqual(made.code, 0, str(made))
        repo.commit({f"{i}.env": "".join(lines[i:i + 5]) for i in range(0, 3000, 5)})
        repo.git("gc", "-q")
        result = self.scan("--json", "--git", "repo", "--baseline", "known.json", "--strict",
                           "--max-time", "2s")
        self.assertIn(result.code, (1, 3), str(result))
        # One for the document that was in hand.
        self.assertIn([g["reason"] for g in result.gaps], (["time"], ["time"] * 2), str(result))
        self.assertLess(len(result.leaks), 2900)

    def test_utf_16_and_base64_in_history(self):
        repo = self.repo()
        repo.commit({"a.txt": f"TOKEN={self.token()}\n".encode("utf-16")})
        repo.commit({"a.txt": "gone\n"})
        self.one(self.found("--git", "repo"), "a.txt", "ref")

    def test_a_value_changed_within_an_encoding_is_told_packed_as_loose(self):
        repo = self.repo()
        forms = {"b64": base64.b64encode, "lines": base64.encodebytes,
                 "hex": lambda b: b.hex().encode(),
                 "twice": lambda b: base64.b64encode(base64.b64encode(b))}
        settings = "".join(f"SETTING_{n}=value number {n * 7}\n" for n in range(80))
        for _ in range(3):
            files = {}
            for name, encode in forms.items():
                for pad in range(4):
                    text = "#" * pad + settings + f"TOKEN={self.token()}\n" + settings
                    files[f"{name}{pad}.yaml"] = b"x:" + b" " * pad + encode(text.encode())
            repo.commit(files)
        loose = self.found("--git", "repo")
        self.assertEqual(len(loose.leaks), 48, str(loose))
        repo.git("gc", "-q", "--aggressive", "--prune=now")
        packed = self.found("--git", "repo")
        self.assertEqual(without_places(packed), without_places(loose))

    def test_an_encoded_value_is_one_row(self):
        repo = self.repo()
        line = base64.b64encode(self.token().encode()).decode()
        for number in range(4):
            repo.commit({"k.yaml": f"data:\n  token: {line}\n" + "# more\n" * number})
        repo.git("gc", "-q")
        for words in (["--git", "repo"], ["repo/k.yaml"]):
            found = self.found(*words)
            self.assertEqual([(l["rule"], l["layers"]) for l in found.leaks],
                             [("github-token", "base64")], str(found))


class Settings(scanning.Case):
    """git's own: in no commit, and in many a container image and backup."""

    def setUp(self):
        super().setUp()
        self.one = self.repo()
        self.one.commit({"a": "a\n"})

    def add(self, text, name="config"):
        with open(os.path.join(self.one.path, ".git", name), "a", encoding="utf-8") as f:
            f.write(text)

    def test_a_url_with_its_password_is_told(self):
        self.add(f'[remote "o"]\n\turl = https://ci:{self.password()}@git.corp.io/x.git\n')
        self.assertEqual([l["path"] for l in self.found("repo").leaks], ["repo/.git/config"])
        self.assertEqual([l["path"] for l in self.found(".", cwd=self.one.path).leaks], [".git/config"])
        self.assertEqual([l["path"] for l in self.found("--git", "repo").leaks], [".git/config"])
        # Of a part of the history what its commits brought in is asked.
        self.found("--git", "repo", "--range", "HEAD", code=0)
        for words in (["repo", "--exclude", "**/.git/**"], ["--git", "repo", "--exclude", ".git/**"]):
            self.found(*words, code=0)

    def test_a_header_that_logs_in_is_told(self):
        held = base64.b64encode(f"x-access-token:{self.token()}".encode()).decode()
        self.add(f'[http "https://git.corp.io/"]\n\textraheader = AUTHORIZATION: basic {held}\n')
        for words in (["repo"], ["--git", "repo"]):
            self.assertEqual([l["rule"] for l in self.found(*words).leaks], ["github-token"])

    def test_what_a_job_was_lent_to_fetch_with_is_allowed(self):
        lent = scanning.github_token("ghs_")
        held = base64.b64encode(f"x-access-token:{lent}".encode()).decode()
        self.add(f'[http "https://git.corp.io/"]\n\textraheader = AUTHORIZATION: basic {held}\n')
        for words in (["repo"], ["--git", "repo"]):
            self.assertEqual(self.found(*words, code=0).document["summary"]["allowed"], 1)
        self.add("[remote \"o\"]\n\turl = https://gitlab-ci-token:"
                 f"{self.password()}@git.corp.io/x.git\n")
        self.assertEqual(self.found("repo", code=0).document["summary"]["allowed"], 2)
        self.one.write("a", f"TOKEN={lent}\n")
        self.assertEqual([l["path"] for l in self.found("repo").leaks], ["repo/a"])

    def test_the_settings_of_a_work_tree_and_of_a_bare_repository(self):
        self.add("[extensions]\n\tworktreeConfig = true\n")
        self.add(f"[x]\n\ttoken = {self.token()}\n", "config.worktree")
        self.assertEqual([l["path"] for l in self.found("repo").leaks], ["repo/.git/config.worktree"])
        self.assertEqual([l["path"] for l in self.found("--git", "repo").leaks],
                         [".git/config.worktree"])
        self.one.git("clone", "-q", "--bare", ".", self.path("bare"))
        with open(self.path("bare/config"), "a", encoding="utf-8") as f:
            f.write(f"[x]\n\ttoken = {self.token()}\n")
        self.assertEqual([l["path"] for l in self.found("--git", "bare").leaks], ["config"])

    def test_a_link_and_a_pipe_are_not_followed(self):
        self.write("outside", f"TOKEN={self.token()}\n")
        os.symlink("../../outside", os.path.join(self.one.path, ".git/config.worktree"))
        for words in (["repo"], ["--git", "repo"]):
            self.found(*words, code=0)
        os.unlink(os.path.join(self.one.path, ".git/config.worktree"))
        os.mkfifo(os.path.join(self.one.path, ".git/config.worktree"))
        for words in (["repo"], ["--git", "repo"]):
            self.found(*words, code=0)


class Ranges(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo()
        self.ids = [
            self.r.commit({f"{n}.env": f"TOKEN={self.token()}\n"}, n, f"2026-0{i + 1}-01T00:00:00Z")
            for i, n in enumerate(("one", "two", "three"))]

    def names(self, *words, code=1):
        return [l["path"] for l in self.found("--git", "repo", *words, code=code).leaks]

    def test_range(self):
        self.assertEqual(self.names("--range", "HEAD~1..HEAD"), ["three.env"])
        self.assertEqual(self.names("--range", f"{self.ids[0]}..{self.ids[1]}"), ["two.env"])
        self.assertEqual(self.names("--range", "HEAD..HEAD", code=0), [])

    def test_log_opts(self):
        self.assertEqual(self.names("--log-opts", "HEAD~1..HEAD"), ["three.env"])
        self.assertEqual(self.names("--log-opts=--all HEAD"), ["one.env", "three.env", "two.env"])
        self.assertEqual(self.names("--log-opts", "--since=2026-02-15"), ["three.env"])
        self.assertEqual(self.names("--log-opts", "--all --not HEAD~2"), ["three.env", "two.env"])

    def test_what_ci_scripts_give_git_log(self):
        self.assertEqual(self.names("--log-opts=-1"), ["three.env"])
        self.assertEqual(self.names("--log-opts=-n 2"), ["three.env", "two.env"])
        self.assertEqual(self.names("--log-opts=--max-count=1 HEAD~1"), ["two.env"])
        self.assertEqual(self.names(f"--log-opts=--no-merges --first-parent {self.ids[1]}^..HEAD"),
                         ["three.env", "two.env"])
        self.assertEqual(self.names(f"--log-opts=--all ^{self.ids[1]}"), ["three.env"])

    def test_paths_of_git_log(self):
        self.assertEqual(self.names("--log-opts=--all -- one.env"), ["one.env"])
        self.assertEqual(self.names("--log-opts", "-n 2 --  ./two.env\tone.env"), ["two.env"])
        self.assertEqual(self.names("--log-opts=-- two.env"), ["two.env"])
        for everything in ("--all --", "--all -- .", "--all -- ./"):
            self.assertEqual(self.names("--log-opts", everything),
                             ["one.env", "three.env", "two.env"])
        self.found("--git", "repo", "--log-opts=--all -- one one.env/x ne.env", code=0)
        result = self.found("--git", "repo", "--log-opts=--all -- two.env nosuch one.env")
        said = "no commit that was asked for brings in anything at nosuch"
        self.assertEqual(result.document["notes"], [said], str(result))
        self.assertIn(said.encode(), result.err)
        for odd in ("*.env", ":(exclude)one.env", "../x", "/one.env", "'one.env'", "a?"):
            self.refused(["scan", "--git", "repo", "--log-opts", "--all -- " + odd], "no plain path",
                         "next:")
        repo = self.repo("deep")
        repo.commit({"src/a.env": f"A={self.token()}\n", "srcs/b.env": f"B={self.token()}\n"})
        for path in ("src", "src/", "./src/a.env"):
            result = self.found("--git", "deep", "--log-opts", "HEAD -- " + path)
            self.assert_places(result, ("src/a.env", 1))

    def test_since(self):
        self.assertEqual(self.names("--since", "2026-02-15"), ["three.env"])
        self.assertEqual(self.names("--since", "2026-01-15"), ["three.env", "two.env"])

    def test_unknown_ones_are_refused(self):
        self.refused(["scan", "--git", "repo", "--range", "nowhere..HEAD"], "nowhere", "next:")
        self.refused(["scan", "--git", "repo", "--log-opts", "--author=x"], "--author=x", "next:")
        self.refused(["scan", "--git", "repo", "--since", "yesteryear"], "yesteryear")


class Staged(scanning.Case):
    def test_only_what_is_staged_counts(self):
        repo = self.repo()
        repo.commit({"a.env": f"OLD={self.token()}\n"})
        repo.write("a.env", open(repo.path + "/a.env", encoding="ascii").read() + "x=1\n")
        repo.write("b.env", f"NOT={self.token()}\n")
        self.found("--staged", cwd=repo.path, code=0)
        repo.git("add", "a.env")
        self.found("--staged", cwd=repo.path, code=0)
        repo.write("a.env", f"x=1\n\nNEW={self.token()}\n")
        repo.git("add", "a.env")
        repo.write("a.env", "not what is staged\n")
        result = self.found("--staged", cwd=repo.path)
        self.assert_places(result, ("a.env", 3))
        self.assertEqual(history(result.leaks[0]), "index")

    def test_the_target_of_a_link(self):
        repo = self.repo()
        repo.commit({"a": "a\n"})
        os.symlink(f"TOKEN={self.token()}", repo.path + "/lnk")
        repo.git("add", "lnk")
        self.assert_places(self.found("--staged", cwd=repo.path), ("lnk", 1))

    def test_before_the_first_commit(self):
        repo = self.repo()
        repo.write("b.env", f"TOKEN={self.token()}\n")
        repo.git("add", "b.env")
        self.assert_places(self.found("--staged", cwd=repo.path), ("b.env", 1))

    def test_the_index_that_git_names(self):
        repo = self.repo()
        repo.commit({"a.env": "a\n"})
        own, seen = repo.path + "/.git/index", self.path("seen")
        hook = self.write("repo/.git/hooks/pre-commit",
                          f"#!/bin/sh\ncp \"$GIT_INDEX_FILE\" {seen}\nexit 1\n")
        os.chmod(hook, 0o755)
        os.mkdir(repo.path + "/sub")
        for words in (["-a"], ["a.env"]):
            repo.write("a.env", f"a\nTOKEN={self.token()}\n")
            with self.assertRaises(RuntimeError):
                repo.git("commit", "-q", "-m", "x", *words)
            self.found("--staged", cwd=repo.path, code=0)
            for index in (["--index", seen], ["--index=../seen"]):
                for cwd in (repo.path, repo.path + "/sub"):
                    self.assert_places(self.found("--staged", *index, cwd=cwd), ("a.env", 2))
            for env in (seen, "../seen"):
                result = self.found("--staged", cwd=repo.path, env={"GIT_INDEX_FILE": env})
                self.assert_places(result, ("a.env", 2))
            # The option goes before the environment.
            self.found("--staged", "--index", own, cwd=repo.path, env={"GIT_INDEX_FILE": seen},
                       code=0)
        # Nothing but --staged looks at it.
        self.found("--git", cwd=repo.path, env={"GIT_INDEX_FILE": "/dev/null"}, code=1)

    def test_an_index_that_cannot_be_read_is_said(self):
        repo = self.repo()
        repo.commit({"a.env": "a\n"})
        self.write("odd", "no index at all, and longer than its head and sum together")
        os.mkfifo(self.path("pipe"))
        for name in ("odd", "pipe", "gone", "repo"):
            self.refused(["scan", "--staged", "--index", self.path(name)], name, cwd=repo.path)
        for name in ("odd", "pipe", "repo"):
            self.refused(["scan", "--staged"], name, cwd=repo.path,
                         env={"GIT_INDEX_FILE": self.path(name)})
        self.refused(["scan", "--index", "odd"], "--staged", cwd=repo.path)
        # git takes a missing one for an empty one.
        self.found("--staged", cwd=repo.path, env={"GIT_INDEX_FILE": self.path("gone")}, code=0)

    def split(self, name, version):
        """An index split over 200 files: one is replaced in it, one removed, one added."""
        repo = self.repo(name)
        repo.git("config", "splitIndex.maxPercentChange", "100")
        repo.commit({f"{n:03}.env": f"number {n}\n" for n in range(200)})
        repo.git("update-index", f"--index-version={version}")
        repo.git("update-index", "--split-index")
        repo.write("150.env", f"number 150\nTOKEN={self.token()}\n")
        repo.write("next.env", f"TOKEN={self.token()}\n")
        repo.git("rm", "-q", "003.env")
        repo.git("add", "150.env", "next.env")
        shared = [f for f in os.listdir(repo.path + "/.git") if f.startswith("sharedindex.")]
        self.assertEqual(len(shared), 1)
        return repo, os.path.join(repo.path, ".git", shared[0])

    def test_a_split_index_is_joined(self):
        for version in (2, 4):
            repo, _ = self.split(f"repo{version}", version)
            for words in (["--staged"], ["--staged", "--index", ".git/index"], ["--git"]):
                result = self.found(*words, "--strict", cwd=repo.path)
                self.assertEqual(result.gaps, [], str(result))
                self.assert_places(result, ("150.env", 2), ("next.env", 1))
            repo.git("reset", "-q", "--hard")
            self.found("--staged", "--strict", cwd=repo.path, code=0)

    def test_a_split_index_without_its_other_part_is_a_gap(self):
        repo, shared = self.split("repo", 2)
        os.unlink(shared)
        result = self.found("--staged", cwd=repo.path)
        self.assert_places(result, ("next.env", 1))
        self.assertIn("git update-index --no-split-index",
                      [g["detail"] for g in result.gaps if g["path"] == ".git/index"][0])
        result = self.found("--git", cwd=repo.path)
        self.assertIn("unsupported", [g["reason"] for g in result.gaps], str(result))

    def test_in_a_linked_work_tree(self):
        repo = self.repo()
        repo.commit({"a": "a\n"})
        repo.git("worktree", "add", "-q", self.path("linked"), "-b", "side")
        path = self.write("linked/n.env", f"TOKEN={self.token()}\n")
        repo.git("-C", self.path("linked"), "add", path)
        self.assert_places(self.found("--staged", cwd=self.path("linked")), ("n.env", 1))
        self.found("--staged", cwd=repo.path, code=0)

    def test_every_index_version(self):
        for version in ("2", "3", "4"):
            repo = self.repo(f"v{version}")
            repo.commit({"a/b/c": "a\n", "a/b/d": "a\n"})
            repo.git("update-index", "--index-version", version)
            repo.write("a/b/e.env", f"TOKEN={self.token()}\n")
            repo.git("add", "a/b/e.env")
            self.assert_places(self.found("--staged", cwd=repo.path), ("a/b/e.env", 1))


class Diff(scanning.Case):
    def setUp(self):
        super().setUp()
        self.r = self.repo()
        self.r.commit({"a.env": f"OLD={self.token()}\nx=1\n", "b.txt": "b\n"})
        self.r.git("branch", "base")

    def diff(self, *words, code=1):
        return self.found("--diff", "base", *words, code=code, cwd=self.r.path)

    def test_added_lines_alone(self):
        old = open(self.r.path + "/a.env", encoding="ascii").read()
        self.r.commit({"a.env": f"first\n{old}NEW={self.token()}\n"})
        self.assert_places(self.diff(), ("a.env", 4))

    def test_moved_lines_and_renames_are_not_new(self):
        self.r.git("mv", "a.env", "c.env")
        self.r.commit({})
        self.diff(code=0)

    def test_a_rename_with_an_edit_adds_what_was_edited(self):
        text = "".join(f"line {n} says this\n" for n in range(40))
        old, new = self.token(), self.token()
        self.r.git("checkout", "-q", "base")
        self.r.commit({"old.env": f"OLD={old}\n{text}"})
        self.r.git("checkout", "-q", "main")
        self.r.git("merge", "-q", "base")
        self.r.git("mv", "old.env", "new.env")
        self.r.write("new.env", f"OLD={old}\nfirst\n{text}NEW={new}\n")
        self.r.git("add", "-A")
        self.assert_places(self.found("--staged", cwd=self.r.path), ("new.env", 43))
        self.assert_places(self.diff("--worktree"), ("new.env", 43))
        self.r.commit({})
        self.assert_places(self.diff(), ("new.env", 43))

    def test_a_file_that_only_shares_lines_is_new(self):
        text = "".join(f"line {n} says this\n" for n in range(10))
        old = self.token()
        self.r.git("checkout", "-q", "base")
        self.r.commit({"old.env": f"OLD={old}\n{text}"})
        self.r.git("checkout", "-q", "main")
        self.r.git("merge", "-q", "base")
        self.r.git("rm", "-q", "old.env")
        self.r.commit({"new.env": f"OLD={old}\n" + text.replace("says", "tells of")})
        self.assert_places(self.diff(), ("new.env", 1))

    def test_what_base_got_meanwhile_is_not_this_change(self):
        self.r.commit({"mine.env": f"TOKEN={self.token()}\n"})
        self.r.git("checkout", "-q", "base")
        self.r.commit({"theirs.env": f"TOKEN={self.token()}\n"})
        self.r.git("checkout", "-q", "main")
        self.assert_places(self.diff(), ("mine.env", 1))

    def test_what_was_added_and_removed_again_in_between(self):
        self.r.commit({"mine.env": f"TOKEN={self.token()}\n"})
        self.r.commit({"mine.env": "x\n"})
        self.diff(code=0)
        result = self.found("--git", "--range", "base..HEAD", cwd=self.r.path)
        self.assert_places(result, ("mine.env", 1))

    def test_the_target_of_a_link(self):
        os.symlink(f"TOKEN={self.token()}", self.r.path + "/lnk")
        self.r.commit({})
        self.assert_places(self.diff(), ("lnk", 1))
        self.assert_places(self.diff("--worktree"), ("lnk", 1))
        os.unlink(self.r.path + "/lnk")
        os.symlink(f"../x/TOKEN={self.token()}", self.r.path + "/lnk")  # in no commit
        result = self.diff("--worktree")
        self.assert_places(result, ("lnk", 1))
        self.assertEqual(result.gaps, [])

    def test_the_work_tree_on_request(self):
        self.r.write("b.txt", f"b\nTOKEN={self.token()}\n")
        self.r.write("untracked.env", f"TOKEN={self.token()}\n")
        self.diff(code=0)
        places = self.diff("--worktree").places
        self.assertIn(("b.txt", 2), places)

    def test_a_range_is_no_base(self):
        for base in ("main..side", "main...HEAD"):
            self.refused(["scan", "--diff", base], "next: give one ref", "--range", cwd=self.r.path)

    def test_an_unknown_base_is_refused(self):
        self.refused(["scan", "--diff", "nowhere"], "nowhere", "next:", cwd=self.r.path)
        for base, name in (("origin/main", " main"), ("origin/main~2", " main"), ("x;y", ""),
                           ("0123456789" * 4, " " + "0123456789" * 4)):
            self.refused(["scan", "--diff", base], "next: git fetch origin" + name +
                         ", or fetch-depth: 0 in CI", cwd=self.r.path)
        self.refused(["scan", "--diff", ""], cwd=self.r.path)
        self.refused(["scan", "--diff"], "--diff needs BASE", cwd=self.r.path)

    def test_unrelated_histories(self):
        self.r.git("checkout", "-q", "--orphan", "other")
        self.r.git("rm", "-q", "-rf", ".")
        self.r.commit({"new.env": f"TOKEN={self.token()}\n"})
        self.assert_places(self.diff(), ("new.env", 1))


class NotARepository(scanning.Case):
    def test_is_said(self):
        os.mkdir(self.path("plain"))
        for words in (["--git", "plain"], ["--git", "/dev/null"]):
            self.refused(["scan", *words], "epositor")
        for words in (["--staged"], ["--diff", "main"]):
            self.refused(["scan", *words], "epositor", cwd=self.path("plain"))
        self.refused(["scan", "--git", "no-such-place"], "no-such-place")

    def test_a_broken_one_is_said(self):
        repo = self.repo()
        repo.commit({"a": "a\n"})
        with open(repo.path + "/.git/HEAD", "wb") as f:
            f.write(b"\xff\xfe" * 4000)
        self.assertIn(self.scan("--git", "repo").code, (0, 2))
        with open(self.path("file"), "w", encoding="ascii") as f:
            f.write("gitdir: " + "x" * 9000)
        os.mkdir(self.path("odd"))
        shutil.move(self.path("file"), self.path("odd/.git"))
        self.refused(["scan", "--git", "odd"], "")

    def test_a_link_that_leads_nowhere_is_said(self):
        os.mkdir(self.path("odd"))
        self.write("odd/.git", "gitdir: ../gone\n")
        self.refused(["scan", "--git", "odd"], "")
        self.write("odd/.git", "gitdir: .\n")
        self.refused(["scan", "--git", "odd"], "")


if __name__ == "__main__":
    if not shutil.which("git"):
        print("SKIPPED: git is not installed")
        raise SystemExit(77)
    scanning.main()
