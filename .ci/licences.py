#!/usr/bin/env python3
"""Fails when a dependency's licence is not one that this project accepts.

Reads the output of `cargo metadata --format-version 1` from standard input and prints each offender with its licence.

>>> accepted = ("MIT", "MIT OR GPL-3.0-only", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT/Apache-2.0")
>>> all(is_acceptable(text) for text in accepted)
True
>>> refused = ("LGPL-2.1-or-later", "MIT AND AGPL-3.0", "MIT AND (GPL-2.0 OR LGPL-3.0)", "", "MIT OR")
>>> any(is_acceptable(text) for text in refused)
False
>>> is_acceptable("Apache-2.0 WITH LLVM-exception"), is_acceptable("GPL-2.0 WITH Classpath-exception-2.0")
(True, False)
"""

import json
import re
import sys

ACCEPTED = {
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "OpenSSL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
    "bzip2-1.0.6",
}


class Expression:
    """An SPDX licence expression, read from left to right; OR binds weaker than AND, and AND weaker than WITH."""

    def __init__(self, text):
        # Before SPDX, crates wrote a slash for OR.
        self.tokens = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))

    def accepted(self):
        verdict = self._alternatives()
        if self.tokens:
            raise ValueError(f"unexpected {self.tokens[0]!r}")
        return verdict

    def _alternatives(self):
        verdict = self._conjunction()
        while self._skip("OR"):
            # Both sides must be read, so neither may be left out by a short circuit.
            verdict = self._conjunction() or verdict
        return verdict

    def _conjunction(self):
        verdict = self._licence()
        while self._skip("AND"):
            verdict = self._licence() and verdict
        return verdict

    def _licence(self):
        if self._skip("("):
            verdict = self._alternatives()
            if not self._skip(")"):
                raise ValueError("a parenthesis is not closed")
            return verdict
        name = self._next()
        if self._skip("WITH"):
            # An exception only ever permits more than its licence.
            self._next()
        return name in ACCEPTED

    def _skip(self, token):
        is_next = self.tokens[:1] == [token]
        if is_next:
            self.tokens.pop(0)
        return is_next

    def _next(self):
        if not self.tokens or self.tokens[0] in ("OR", "AND", "WITH", "(", ")"):
            raise ValueError("a licence is missing")
        return self.tokens.pop(0)


def is_acceptable(text):
    try:
        return Expression(text).accepted()
    except ValueError:
        return False


def main():
    # The project's own package comes from no registry.
    dependencies = [package for package in json.load(sys.stdin)["packages"] if package["source"]]
    offenders = [package for package in dependencies if not is_acceptable(package["license"] or "")]
    for package in offenders:
        licence = package["license"] or f"no licence expression, only the file {package['license_file']}"
        print(f"{package['name']} {package['version']}: {licence}")
    print(f"{len(dependencies)} dependencies, {len(offenders)} with a licence that is not accepted")
    return 1 if offenders else 0


if __name__ == "__main__":
    sys.exit(main())
