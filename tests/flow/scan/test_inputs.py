"""What `reeve scan` looks at: directories, files, standard input, encodings, archives. Each is found
by path and line."""

import base64
import gzip
import io
import json
import os
import random
import shutil
import subprocess
import tarfile
import unittest
import urllib.parse
import zipfile
import zlib

import scanning


class Files(scanning.Case):
    def test_nothing_is_found_where_nothing_is(self):
        self.write("a.txt", "hello\n" * 100)
        result = self.found(code=0)
        self.assert_places(result)
        self.assertEqual(result.document["summary"]["result"], "clean")
        os.mkdir(self.path("empty"))
        self.found("empty", code=0)

    def test_a_directory_is_searched_to_its_depth(self):
        self.write("a/b/c/d.env", f"\n\nTOKEN={self.token()}\n")
        self.write("a/.hidden", f"TOKEN={self.token()}\n")
        self.assert_places(self.found("a"), ("a/.hidden", 1), ("a/b/c/d.env", 3))
        self.assert_places(self.found("."), ("a/.hidden", 1), ("a/b/c/d.env", 3))
        self.assert_places(self.found(), ("a/.hidden", 1), ("a/b/c/d.env", 3))
        self.assert_places(self.found(self.path("a")), (self.path("a/.hidden"), 1),
                           (self.path("a/b/c/d.env"), 3))

    def test_single_files_are_told_by_the_names_given(self):
        self.write("x/one.txt", f"key {self.token()}\n")
        self.write("x/two.txt", f"key {self.token()}\n")
        self.write("x/three.txt", f"key {self.token()}\n")
        self.assert_places(self.found("x/one.txt", "x/two.txt"), ("x/one.txt", 1), ("x/two.txt", 1))

    def test_a_path_given_twice_is_told_once(self):
        self.write("x/one.txt", f"key {self.token()}\n")
        self.assert_places(self.found("x", "x/one.txt"), ("x/one.txt", 1))

    def test_a_name_that_begins_with_a_dash_follows_two_dashes(self):
        self.write("-q", f"key {self.token()}\n")
        self.assert_places(self.found("--", "-q"), ("-q", 1))

    def test_git_directories_are_not_searched_as_files(self):
        repo = self.repo()
        repo.commit({"a.env": "x=1\n"})
        repo.write(".git/config.bak", f"TOKEN={self.token()}\n")
        self.found("repo", code=0)

    def test_links_are_followed_on_request_only(self):
        outside = self.write("outside/a.env", f"TOKEN={self.token()}\n")
        os.mkdir(self.path("in"))
        os.symlink(outside, self.path("in/link"))
        self.found("in", code=0)
        self.assert_places(self.found("in", "--follow-symlinks"), ("in/link", 1))
        self.assert_places(self.found("in/link"), ("in/link", 1))

    def test_excluded_paths_are_left_out(self):
        self.write("src/a.env", f"TOKEN={self.token()}\n")
        self.write("vendor/a.env", f"TOKEN={self.token()}\n")
        self.assert_places(self.found("--exclude", "vendor/**"), ("src/a.env", 1))
        self.assert_places(self.found("--exclude", "vendor/**", "--exclude", "src/**", code=0))

    def test_column_and_line_are_those_of_the_value(self):
        token = self.token()
        self.write("a.txt", f"one\r\ntwo {token} three\r\n")
        leak = self.found().leaks[0]
        self.assertEqual((leak["line"], leak["column"]), (2, 5))
        self.assertEqual((leak["end_line"], leak["end_column"]), (2, 5 + len(token)))
        self.assertEqual(leak["offset"], 9)

    def test_values_far_into_a_large_file_keep_their_line(self):
        line = "lorem ipsum dolor sit amet, consetetur sadipscing\n"
        filler = line * ((9 << 20) // len(line))
        count = filler.count("\n")
        self.write("big.txt", filler + f"a {self.token()}\n" + filler + f"b {self.token()}\n")
        self.assert_places(self.found(), ("big.txt", count + 1), ("big.txt", 2 * count + 2))

    def test_a_value_across_a_window_is_found_once(self):
        window = 8 << 20
        for shift in (-30, -1, 0, 1):
            name = f"edge{shift}.bin"
            self.write(name, b" " * (window + shift) + self.token().encode() + b" " * (4 << 20))
        self.assert_places(self.found(), *((f"edge{s}.bin", 1) for s in (-30, -1, 0, 1)))


class Ledger(scanning.Case):
    """Files of the source tree: old enough to be remembered."""

    def setUp(self):
        super().setUp()
        os.symlink(os.path.join(os.environ["RV_SOURCE"], "docs"), self.path("tree"))

    def read(self, *words, tree="tree"):
        """How many bytes were read; what was told is the same as ever."""
        result = self.scan("--json", "--ledger", "kept", *words, tree)
        plain = self.scan("--json", *words, tree)
        self.assertEqual(result.leaks, plain.leaks)
        self.assertEqual(result.gaps, plain.gaps)
        self.assertEqual(result.document["scan"]["files"], plain.document["scan"]["files"])
        return result.document["scan"]["bytes"]

    def test_what_did_not_change_is_not_read_again(self):
        first = self.read()
        self.assertLess(self.read(), first / 2)
        kept = os.stat(self.path("kept"))
        self.read()
        self.assertEqual(os.stat(self.path("kept")).st_ino, kept.st_ino)  # nor written

    def test_other_rules_and_settings_begin_anew(self):
        first = self.read()
        self.assertEqual(self.read("--enable-rule", "github-token"), first)
        self.assertEqual(self.read("--min-confidence", "10"), first)
        self.assertEqual(self.read("--archive-depth", "0"), first)
        self.write("a.yaml", "scan:\n  strict: true\n")
        self.assertEqual(self.read("--config", "a.yaml"), first)
        self.write("a.yaml", "scan:\n  strict: false\n")
        self.assertEqual(self.read("--config", "a.yaml"), first)

    def test_another_build_begins_anew(self):
        """It may judge otherwise by the same rules."""
        first = self.read()
        with open(scanning.BIN, "rb") as f:
            program = bytearray(f.read())
        note = program.find(b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0")
        self.assertGreater(note, 0)
        program[note + 16] ^= 1
        other = self.write("other", bytes(program))
        os.chmod(other, 0o700)
        for count in (first, 0):
            done = subprocess.run([other, "scan", "--json", "--ledger", "kept", "tree"], cwd=self.dir,
                                  capture_output=True, check=False, timeout=120)
            read = json.loads(done.stdout)["scan"]["bytes"]
            self.assertTrue(read == first if count else read < first / 2, read)

    def test_by_another_path_all_is_read(self):
        """What a path says decides what is told."""
        first = self.read()
        os.rename(self.path("tree"), self.path("other"))
        self.assertEqual(self.read(tree="other"), first)
        self.assertLess(self.read(tree="other"), first / 2)


class Stopped(scanning.Case):
    def test_an_archive_that_a_limit_of_the_run_cut_is_told_as_cut_by_it(self):
        """No limit of the archive: the ledger would never look into it again. Each archive waits
        for its share of the processor, so the limits are asked about while one is open."""
        need_archives(self)
        filler = base64.b64encode(base64.b64encode(b"lorem ipsum dolor\n" * 350_000))
        for i in range(8):
            self.write(f"d/{i}.tgz", tar_of({"big.txt": filler, "last.env": f"K={self.token()}\n"}))
        for limit, word in (("--max-rss=32M", "memory"), ("--max-time=1s", "time")):
            result = self.found(limit, "--max-cpu", "1", "--threads", "1", "d", code=None)
            self.assertIn(word, [g["reason"] for g in result.gaps if g.get("path")], str(result))
            self.assertEqual({g["reason"] for g in result.gaps}, {word}, str(result))


class StandardInput(scanning.Case):
    def test_it_is_searched(self):
        text = f"a\nb\nTOKEN={self.token()}\n".encode()
        self.assert_places(self.found("--stdin", stdin=text), ("stdin", 3))
        result = self.run_reeve("stdin", stdin=text)
        self.assertEqual(result.code, 1, str(result))

    def test_nothing_is_clean(self):
        self.found("--stdin", stdin=b"", code=0)

    def test_more_than_a_window_of_it(self):
        filler = b"lorem ipsum dolor\n" * 1000000
        text = filler + self.token().encode() + b"\n"
        self.assert_places(self.found("--stdin", stdin=text), ("stdin", 1000001))

    def test_an_archive_on_it_is_opened(self):
        need_archives(self)
        self.assertEqual(len(self.found("--stdin", stdin=zip_of({"a.env": self.token()})).leaks), 1)


    def image(self):
        """More than a window of it, with values before, in, far into and behind large members."""
        noise = random.Random(1).randbytes
        text = b"lorem ipsum dolor\n" * 600000
        layer = tar_of({"app/x.env": f"\n\nTOKEN={self.token()}\n", "app/noise": noise(9 << 20),
                        "app/y.env": f"TOKEN={self.token()}\n"}, "w")
        return {"first.env": f"TOKEN={self.token()}\n", "noise": noise(3 << 20),
                "log.txt": text + f"a {self.token()}\n".encode() + text, "layer.tar": layer,
                "in.zip": zip_of({"z.env": f"TOKEN={self.token()}\n"}),
                "last.env": f"TOKEN={self.token()}\n"}

    def told(self, result):
        leaks = sorted((l.get("inside") or "", l["line"], l["column"], l["offset"]) for l in result.leaks)
        gaps = sorted((g.get("inside") or "", g["reason"]) for g in result.gaps)
        return leaks, gaps

    def test_an_archive_on_a_pipe_is_told_as_the_file_is(self):
        need_archives(self)
        members = self.image()
        for mode in ("w", "w:gz"):  # the others: unit.unpack.streams
            data = tar_of(members, mode)
            self.write("image", data)
            by_path, piped = self.found("image"), self.found("--stdin", stdin=data)
            self.assertEqual(len(by_path.leaks), 6, f"{mode} {by_path}")
            self.assertEqual(self.told(piped), self.told(by_path), mode)
            with open(self.path("image"), "rb") as f:
                done = subprocess.run([scanning.BIN, "scan", "--json", "--stdin"], cwd=self.dir,
                                      stdin=f, capture_output=True, check=False, timeout=120)
            given = scanning.Result("file", done, done.stdout, done.stderr)
            self.assertEqual(self.told(given), self.told(by_path), mode)
        data = zip_of(members)
        self.write("image", data)
        self.assertEqual(self.told(self.found("--stdin", stdin=data)), self.told(self.found("image")))

    def test_a_file_on_it_is_read_as_a_file_whatever_its_length(self):
        """7z has its directory at its end: it is no stream, and a file that was given is none."""
        need_archives(self)
        data = seven_zip_of("in.txt", b"lorem ipsum dolor\n" * 600000 + self.token().encode() + b"\n")
        self.write("a.7z", data)
        by_path = self.found("a.7z")
        self.assertEqual([leak["inside"] for leak in by_path.leaks], ["in.txt"])
        with open(self.path("a.7z"), "rb") as f:
            done = subprocess.run([scanning.BIN, "scan", "--json", "--stdin"], cwd=self.dir, stdin=f,
                                  capture_output=True, check=False, timeout=120)
        given = scanning.Result("file", done, done.stdout, done.stderr)
        self.assertEqual(self.told(given), self.told(by_path))

    def test_what_stands_behind_an_archive_on_a_pipe_is_searched(self):
        need_archives(self)
        data = tar_of({"noise": random.Random(2).randbytes(9 << 20)}, "w:gz")
        filler = b"lorem ipsum dolor\n" * 1000000
        data += b"\n" + filler + self.token().encode() + b"\n"
        self.assertEqual(len(self.found("--stdin", stdin=data).leaks), 1)

    def test_a_pipe_that_holds_no_stream_is_told(self):
        data = b"7z\xbc\xaf\x27\x1c\0\4" + b"x" * (9 << 20)
        result = self.found("--stdin", "--strict", stdin=data, code=3)
        self.assertEqual([g["reason"] for g in result.gaps], ["unsupported"])

    def test_a_cut_archive_on_a_pipe_is_told(self):
        need_archives(self)
        data = tar_of({"a.env": f"TOKEN={self.token()}\n", "noise": random.Random(3).randbytes(12 << 20)},
                      "w:gz")
        result = self.found("--stdin", stdin=data[:10 << 20])
        self.assertEqual([l["inside"] for l in result.leaks], ["a.env"])
        self.assertEqual({g["reason"] for g in result.gaps}, {"damaged"})

    def test_a_stream_larger_than_it_may_be_is_cut_and_told(self):
        text = f"TOKEN={self.token()}\n".encode() + b"x\n" * 4000
        result = self.found("--stdin", "--max-file", "4k", stdin=text + self.token().encode())
        self.assert_places(result, ("stdin", 1))
        self.assertEqual([g["reason"] for g in result.gaps], ["too-large"])
        self.assertEqual(self.found("--stdin", "--max-file", "16k", stdin=text).gaps, [])
        self.assertEqual(self.found("--stdin", "--max-file", str(len(text)), stdin=text).gaps, [])
        archive = tar_of({"a.env": text, "noise": random.Random(4).randbytes(30 << 20)}, "w")
        result = self.found("--stdin", "--max-file", "20M", stdin=archive)
        self.assertEqual([l["inside"] for l in result.leaks], ["a.env"])
        self.assertIn("too-large", [g["reason"] for g in result.gaps])

    def test_what_came_before_the_time_was_over_is_searched(self):
        with subprocess.Popen([scanning.BIN, "scan", "--json", "--max-time", "1s", "--stdin"],
                              cwd=self.dir, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(f"TOKEN={self.token()}\n".encode())
            process.stdin.flush()
            self.assertEqual(process.wait(timeout=60), 1)
            told = json.loads(process.stdout.read())
        self.assertEqual([leak["rule"] for leak in told["leaks"]], ["github-token"])
        self.assertIn("time", [gap["reason"] for gap in told["gaps"]])

    def test_time_ends_a_pipe_on_which_nothing_comes(self):
        for begun in (b"", tar_of({"a": random.Random(5).randbytes(12 << 20)}, "w")[:10 << 20]):
            process = subprocess.Popen([scanning.BIN, "scan", "--json", "--strict", "--max-time", "1s",
                                        "--stdin"], cwd=self.dir, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdin.write(begun)
            process.stdin.flush()
            self.assertEqual(process.wait(timeout=60), 3)
            self.assertIn("time", [g["reason"] for g in json.loads(process.stdout.read())["gaps"]])
            for stream in (process.stdin, process.stdout, process.stderr):
                stream.close()


class Encodings(scanning.Case):
    def layers_of(self, text):
        path = self.write("encoded.txt", text)
        result = self.found(path)
        self.assertEqual(len(result.leaks), 1, str(result))
        self.assertEqual(result.leaks[0]["rule"], "github-token")
        return result.leaks[0].get("layers")

    def test_base64(self):
        inner = base64.b64encode(f"export TOKEN={self.token()}\n".encode()).decode()
        self.assertEqual(self.layers_of(f"data: {inner}\n"), "base64")

    def test_what_follows_more_runs_than_are_decoded_is_found_and_they_are_told(self):
        path = self.write("links.txt", "see http://a.example/%68%65%6c%6c%6f\n" * 6000 +
                          f"key {self.token()}\n")
        result = self.found(path)
        self.assert_places(result, (path, 6001))
        self.assertEqual([g["reason"] for g in result.gaps], ["too-large"])
        self.assertIn("more encoded runs", result.gaps[0]["detail"])
        path = self.write("few.txt", "see http://a.example/%68%65%6c%6c%6f\n" * 4096 + "\n")
        self.assertEqual(self.found(path, code=0).gaps, [])

    def test_base64_in_base64_to_depth_three(self):
        text = f"export TOKEN={self.token()}\n".encode()
        for depth in (2, 3):
            inner = text
            for _ in range(depth):
                inner = base64.b64encode(inner)
            self.assertEqual(self.layers_of(b"data: " + inner + b"\n"), ">".join(["base64"] * depth))

    def test_not_decoded_when_not_asked_for(self):
        inner = base64.b64encode(f"export TOKEN={self.token()}\n".encode()).decode()
        self.write("encoded.txt", f"data: {inner}\n")
        self.found("--decode-depth", "0", code=0)

    def test_hex_percent_and_escapes(self):
        text = f"export TOKEN={self.token()}\n"
        self.assertEqual(self.layers_of(text.encode().hex() + "\n"), "hex")
        percent = "".join(f"%{b:02X}" for b in text.encode())
        self.assertEqual(self.layers_of(percent), "percent")
        self.assertEqual(self.layers_of("".join(f"\\u{ord(c):04x}" for c in text)), "escape")
        self.assertIn(self.layers_of(urllib.parse.quote(text, safe="")), (None, "percent"))

    def test_utf_16_with_and_without_mark(self):
        text = f"eins\nzwei\nTOKEN={self.token()}\n"
        for name in ("utf-16-le", "utf-16-be"):
            for mark in (b"", "\ufeff".encode(name)):
                path = self.write("utf16.txt", mark + text.encode(name))
                result = self.found(path)
                self.assertEqual(len(result.leaks), 1, f"{name} {mark} {result}")
                self.assertEqual(result.leaks[0]["line"], 3, str(result))

    def test_a_value_is_told_once_though_two_layers_show_it(self):
        token = self.token()
        self.write("a.txt", f"{token}\n{base64.b64encode(token.encode()).decode()}\n")
        self.assertLessEqual(len(self.found().leaks), 2)


def zip_of(members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in members.items():
            z.writestr(name, text)
    return made.getvalue()


def tar_of(members, mode="w:gz"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as t:
        for name, text in members.items():
            data = text if isinstance(text, bytes) else text.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return made.getvalue()


def seven_zip_of(name, data):
    """One member, stored (7zFormat.txt of the LZMA SDK)."""
    number = lambda n: b"\xf0" + n.to_bytes(4, "little")
    header = b"\1\4\6" + number(0) + b"\1\x09" + number(len(data)) + b"\0"
    header += b"\7\x0b\1\0\1\1\0\x0c" + number(len(data)) + b"\0"
    header += b"\x08\x0a\1" + zlib.crc32(data).to_bytes(4, "little") + b"\0\0"
    names = b"\0" + (name + "\0").encode("utf-16le")
    header += b"\5\1\x11" + number(len(names)) + names + b"\0\0"
    start = len(data).to_bytes(8, "little") + len(header).to_bytes(8, "little")
    start += zlib.crc32(header).to_bytes(4, "little")
    return b"7z\xbc\xaf\x27\x1c\0\4" + zlib.crc32(start).to_bytes(4, "little") + start + data + header


def need_archives(case):
    """Skips where this build opens none: a value in a compressed archive stays unseen."""
    probe = case.write("probe.zip", zip_of({"a.env": f"TOKEN={case.token()} " + "x" * 200}))
    result = case.scan("--json", probe)
    os.unlink(probe)
    if not result.leaks:
        case.skipTest("this build opens no archives")


class Archives(scanning.Case):
    def setUp(self):
        super().setUp()
        need_archives(self)

    def test_members_are_told_with_their_line(self):
        self.write("a.zip", zip_of({"conf/x.env": f"\n\nTOKEN={self.token()}\n"}))
        leak = self.found().leaks[0]
        self.assertEqual((leak["path"], leak["inside"], leak["line"]), ("a.zip", "conf/x.env", 3))

    def test_a_value_in_a_members_name_is_masked(self):
        """Of findings and of gaps, which a ledger keeps; a digest, as layers go by, is no value."""
        token, digest = self.token(), "blobs/sha256/" + "0123456789abcdef" * 4
        self.write("a.tgz", tar_of({f"d/{token}.env": f"K={self.token()}\n", digest: f"K={self.token()}\n",
                                    f"{token}.zip": zip_of({"x.env": f"K={self.token()}\n"}),
                                    f"{token}.gz": gzip.compress(bytes(range(256)) * 9)[:-30]}))
        self.scan("a.tgz", code=1)  # what comes out is looked at
        result = self.found("a.tgz")
        insides = sorted(leak["inside"] for leak in result.leaks)
        self.assertEqual(insides, ["*****.zip!x.env", digest, "d/*****.env"])
        self.assertEqual([gap["inside"] for gap in result.gaps], ["*****.gz"])

    def test_compressed_and_nested_ones(self):
        text = f"TOKEN={self.token()}\n"
        inner = zip_of({"x.env": text})
        self.write("a.tar.gz", tar_of({"x.env": text}))
        self.write("b.tar.xz", tar_of({"x.env": text}, "w:xz"))
        self.write("c.tar.bz2", tar_of({"x.env": text}, "w:bz2"))
        self.write("d.gz", gzip.compress(text.encode()))
        self.write("e.tar", tar_of({"deep/a.zip": inner}, "w"))
        result = self.found()
        self.assertEqual({leak["path"] for leak in result.leaks},
                         {"a.tar.gz", "b.tar.xz", "c.tar.bz2", "d.gz", "e.tar"}, str(result))

    def test_depth_is_kept_and_told(self):
        made = zip_of({"x.env": f"TOKEN={self.token()}\n"})
        for _ in range(6):
            made = zip_of({"in.zip": made})
        self.write("deep.zip", made)
        self.assertEqual([g["reason"] for g in self.found("--archive-depth", "3", code=0).gaps],
                         ["archive-limit"])
        self.found("--archive-depth", "3", "--strict", code=3)
        gaps = self.found("--archive-depth", "0", code=0).gaps
        self.assertEqual([(g["path"], g["reason"]) for g in gaps], [("deep.zip", "archive-limit")])
        self.found("--archive-depth", "0", "--strict", code=3)
        self.assertEqual(len(self.found("--archive-depth", "8").leaks), 1)

    def test_a_hole_in_a_file_is_passed_over(self):
        size, edge = 1 << 40, 8 << 20
        places = (5, edge - 20, 9 * edge, size - 200)
        with open(self.path("sparse"), "wb") as f:
            for place in places:
                f.seek(place)
                f.write(f"\nTOKEN={self.token()}\n".encode())
            f.truncate(size)
        result = self.found("sparse", "--strict")
        rows = [(l["line"], l["column"], l["offset"]) for l in result.leaks]
        self.assertEqual(rows, [(2 * i + 2, 7, place + 7) for i, place in enumerate(places)])

    def test_many_small_bombs_in_encodings_are_bounded_together_and_told(self):
        bomb = base64.b64encode(gzip.compress(bytes(4 << 20))).decode()
        told = {(g["path"], g["reason"]) for g in self.bombs("a.txt", bomb, 4)}
        self.assertEqual(told, set())
        told = {(g["path"], g["reason"]) for g in self.bombs("b.txt", bomb, 20)}
        self.assertEqual(told, {("b.txt", "archive-limit")})

    def bombs(self, name, bomb, count):
        token = self.token()
        self.write(name, f'x = "{bomb}"\n' * count + f"TOKEN={token}\n")
        result = self.found(name, "--strict")
        self.assertEqual(result.places, [(name, count + 1)], str(result))
        return result.gaps

    def test_a_bomb_is_bounded_and_told(self):
        layer = b"\0" * (64 << 20)
        for _ in range(3):
            layer = zip_of({f"{i}": layer for i in range(2)})
        self.write("bomb.zip", layer)
        self.found("--strict", code=3)

    def test_a_damaged_one_is_told(self):
        whole = tar_of({"x.env": os.urandom(200000)})
        self.write("cut.tar.gz", whole[:len(whole) // 2])
        result = self.found("--strict", code=3)
        self.assertEqual({g["reason"] for g in result.gaps}, {"damaged"}, str(result))

    def test_what_no_member_covers_is_searched(self):
        """A few bytes must not turn a file into an archive without members."""
        token = lambda: f"TOKEN={self.token()}\n".encode()
        end = b"PK\5\6" + b"\0" * 18
        comment, odd = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(comment, "w") as z:
            z.writestr("x", "y")
            z.comment = token()
        with zipfile.ZipFile(odd, "w", zipfile.ZIP_DEFLATED) as z:
            link = zipfile.ZipInfo("link")
            link.external_attr, link.compress_type = 0o120777 << 16, zipfile.ZIP_DEFLATED
            z.writestr(link, token() + b"a" * 100)
            z.writestr("folder/", token() + b"a" * 100)
        files = {"end-behind": token() + end, "end-before": end + token(),
                 "ar-before": b"!<arch>\n" + token(), "gzip-before": gzip.compress(b"x") + token(),
                 "comment.zip": comment.getvalue(), "program": token() + zip_of({"x": "y"}),
                 "no.bz2": b"BZh91AY&SY" + token(), "no.zst": b"\x28\xb5\x2f\xfd" + token()}
        for name, data in files.items():
            self.write(name, data)
        self.write("odd.zip", odd.getvalue())
        paths = sorted(leak["path"] for leak in self.found().leaks)
        self.assertEqual(paths, sorted([*files, "odd.zip", "odd.zip"]))

    def test_a_member_is_told_once(self):
        self.write("a.tar", tar_of({"x.env": f"TOKEN={self.token()}\n"}, "w"))
        leaks = self.found().leaks
        self.assertEqual([leak["inside"] for leak in leaks], ["x.env"])

    def test_a_key_store_that_asks_for_too_many_rounds_is_told(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("openssl is not installed")
        rounds = b"\x02\x03\x01\x2f\xd1"  # INTEGER 77777, the end of the MAC
        subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-subj", "/CN=x", "-keyout", "key", "-out", "cert"], cwd=self.dir,
                       check=True, capture_output=True, timeout=60)
        subprocess.run([openssl, "pkcs12", "-export", "-inkey", "key", "-in", "cert", "-iter", "77777",
                        "-passout", "pass:changeit", "-out", "d.p12"], cwd=self.dir, check=True,
                       capture_output=True, timeout=60)
        with open(self.path("d.p12"), "rb") as f:
            store = f.read()
        result = self.found("d.p12")
        self.assertEqual([leak["rule"] for leak in result.leaks], ["keystore-open"], str(result))
        self.assertEqual(store[-5:], rounds)
        self.write("d.p12", store[:-3] + b"\x7f" + store[-2:])
        result = self.found("d.p12", "--strict", code=3)
        self.assertEqual([g["reason"] for g in result.gaps], ["archive-limit"], str(result))

    def test_a_large_zip_behind_a_program_is_opened_or_told(self):
        """Zipapps and what unpacks itself: where it begins it looks like no archive."""
        made = b"#!/bin/python\n" + bytes(9 << 20) + zip_of({"x.env": f"TOKEN={self.token()}\n"})
        self.write("app", made)
        leaks = self.found("app").leaks
        self.assertEqual([leak["inside"] for leak in leaks], ["x.env"])
        self.write("a.tar", tar_of({"app": made}, "w"))
        for result in (self.found("a.tar", "--strict", code=3),
                       self.found("--stdin", "--strict", stdin=made, code=3)):
            self.assertEqual([g["reason"] for g in result.gaps], ["too-large"], str(result))

    def test_values_far_into_a_large_member_keep_their_line(self):
        filler = "".join(f"lorem ipsum dolor {i * i % 99991}\n" for i in range(400000))
        count = filler.count("\n")
        text = filler + f"a {self.token()}\n" + filler + f"b {self.token()}\n"
        self.write("a.zip", zip_of({"big.txt": text}))
        self.write("a.tar", tar_of({"big.txt": text}, "w"))
        places = sorted((l["path"], l["inside"], l["line"], l["column"]) for l in self.found().leaks)
        self.assertEqual(places, [(name, "big.txt", lines, 3) for name in ("a.tar", "a.zip")
                                  for lines in (count + 1, 2 * count + 2)])

    def test_a_key_across_a_window_of_a_member_is_found_once(self):
        openssl = shutil.which("openssl")
        if not openssl:
            self.skipTest("openssl is not installed")
        made = subprocess.run([openssl, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
                              check=True, capture_output=True, timeout=120)
        key = self.keep(made.stdout)
        for shift in (3200, 100):
            self.write(f"edge{shift}.tgz", tar_of({"k": b"#\n" * (((8 << 20) - shift) // 2) + key
                                                  + b"#\n" * (1 << 20)}))
        leaks = sorted((l["path"], l["rule"]) for l in self.found().leaks)
        self.assertEqual(leaks, sorted((f"edge{s}.tgz", "private-key") for s in (3200, 100)))

    def test_an_encoded_archive_whose_members_hold_encodings(self):
        words = b"alpha beta gamma delta " * 80000
        members = {"a.txt": b'x: "' + base64.b64encode(words) + f'"\nTOKEN={self.token()}\n'.encode()}
        members.update({f"b{i}.env": f"TOKEN={self.token()}\n" for i in range(6)})
        self.write("a.yml", b'blob: "' + base64.b64encode(zip_of(members)) + b'"\n')
        inside = sorted(leak["inside"] for leak in self.found().leaks)
        self.assertEqual(inside, sorted(members))


if __name__ == "__main__":
    scanning.main()
