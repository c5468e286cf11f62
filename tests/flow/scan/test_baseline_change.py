"""`reeve baseline`: what a change of one takes and what it refuses."""

import json
import os
import unittest

import scanning

FILE = ".reeve-baseline.json"


class Change(scanning.Case):
    def run_baseline(self, *words, code=0, **more):
        result = self.run_reeve("baseline", *words, **more)
        self.assertEqual(result.code, code, str(result))
        return result

    def create(self, *words, **more):
        return self.run_baseline("create", "--reason", "before we scanned", *words, **more)

    def entries(self, *words, **more):
        return json.loads(self.run_baseline("list", "--json", *words, **more).out)

    def one(self):
        """A baseline of one entry; gives its fingerprint."""
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.create()
        return self.entries()[0]["fingerprint"]


class Create(Change):
    def test_of_a_file_it_lies_beside_the_file(self):
        self.write("a.env", f"TOKEN={self.token()}\n")
        self.write("b.env", f"TOKEN={self.token()}\n")
        self.write("deep/c.env", f"TOKEN={self.token()}\n")
        self.create("a.env")
        self.create("deep/c.env")
        self.assertEqual([e["path"] for e in self.entries()], ["a.env"])
        self.assertEqual([e["path"] for e in self.entries(cwd=self.path("deep"))], ["deep/c.env"])
        self.assert_places(self.found("."), ("b.env", 1), ("deep/c.env", 1))
        self.found("a.env", code=0)


if __name__ == "__main__":
    scanning.main()
