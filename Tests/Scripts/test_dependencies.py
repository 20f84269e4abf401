"""Shows what scripts/dependencies.py reads and writes, against a git repository made for it; nothing is asked of anybody else.

    python3 Tests/Scripts/test_dependencies.py
"""
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.dont_write_bytecode = True
import dependencies  # noqa: E402

MANIFEST = """// swift-tools-version: 6.2
// .package(url: "https://example.org/not-this", from: "1.0.0")
let package = Package(
    dependencies: [
        // Why it is here.
        .package(url: "URL", exact: "VERSION"OPTIONS),
        .package(name: "beside", path: "../.."),
    ])
"""


class Reading(unittest.TestCase):
    def test_the_newest_is_the_greatest_number_and_no_beta(self):
        lines = "".join(f"0123\trefs/tags/{tag}\n" for tag in (
            "1.9.0", "1.10.0", "v1.9.9", "2.0.0-beta.1", "swift-5.10.0", "latest", "1.10"))
        self.assertEqual(dependencies.newest(lines), "1.10.0")

    def test_tags_may_begin_with_v(self):
        self.assertEqual(dependencies.newest("0123\trefs/tags/v0.2.0\n"), "0.2.0")

    def test_no_release_is_no_version(self):
        self.assertIsNone(dependencies.newest("0123\trefs/tags/nightly\n"))

    def test_options_may_follow_and_comments_are_none(self):
        text = MANIFEST.replace("OPTIONS", ", traits: []").replace("URL", "u").replace("VERSION", "1.2.3")
        self.assertEqual(dependencies.dependencies(text, "Package.swift"), {"u": "1.2.3"})

    def test_what_is_not_exact_is_refused(self):
        for how in ('from: "1.2.3"', '"1.0.0"..<"2.0.0"', 'branch: "main"', 'exact: "1.2"'):
            with self.assertRaises(dependencies.Mistake, msg=how):
                dependencies.dependencies(f'.package(url: "u", {how}),', "Package.swift")

    def test_writing_changes_that_version_alone(self):
        text = '.package(url: "a", exact: "1.0.0"), .package(url: "ab", exact: "1.0.0", traits: [])'
        self.assertEqual(
            dependencies.written(text, "ab", "1.1.0"),
            '.package(url: "a", exact: "1.0.0"), .package(url: "ab", exact: "1.1.0", traits: [])')


class OurManifests(unittest.TestCase):
    def test_all_are_exact_and_agree(self):
        self.assertGreater(len(dependencies.read(ROOT)), 10)

    def test_each_says_why(self):
        for name in dependencies.MANIFESTS:
            with open(os.path.join(ROOT, name)) as file:
                lines = [line.strip() for line in file]
            for before, line in zip(lines, lines[1:]):
                if line.startswith(".package(url:"):
                    self.assertTrue(before.startswith("// "), f"{name}: {line} has no line above it that says why")


class Asking(unittest.TestCase):
    """A package with the versions 1.2.3 and 1.10.0, and a project that depends on it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="perpetua-dependencies.")
        self.addCleanup(shutil.rmtree, self.folder)
        self.url = os.path.join(self.folder, "package.git")
        work = os.path.join(self.folder, "work")
        self.git("init", "--quiet", "--bare", self.url)
        self.git("init", "--quiet", work)
        identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
        self.git("-C", work, *identity, "commit", "--quiet", "--allow-empty", "--message", "nothing")
        for tag in ("1.2.3", "1.10.0", "2.0.0-rc.1"):
            self.git("-C", work, *identity, "tag", "--no-sign", tag)
        self.git("-C", work, "push", "--quiet", "--tags", self.url)

    def git(self, *arguments):
        subprocess.run(["git", *arguments], check=True, stdin=subprocess.DEVNULL)

    def project(self, version, url=None, last=None):
        for name in dependencies.MANIFESTS:
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            mine = last if last and name == dependencies.MANIFESTS[-1] else version
            with open(path, "w") as file:
                file.write(MANIFEST.replace("URL", url or self.url).replace("VERSION", mine).replace("OPTIONS", ""))

    def ask(self, *arguments):
        """(exit status, what is printed)"""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            status = dependencies.main(list(arguments), root=self.folder)
        return status, printed.getvalue()

    def manifests(self):
        texts = []
        for name in dependencies.MANIFESTS:
            with open(os.path.join(self.folder, name)) as file:
                texts.append(file.read())
        return texts

    def test_the_newest_is_said_to_be_so(self):
        self.project("1.10.0")
        status, printed = self.ask()
        self.assertEqual(status, 0, printed)
        self.assertIn("1 packages, 0 with newer versions, 0 that could not be asked", printed)

    def test_a_newer_one_is_proposed_and_nothing_written(self):
        self.project("1.2.3")
        before = self.manifests()
        status, printed = self.ask()
        self.assertEqual(status, 1, printed)
        self.assertIn("1.2.3: 1.10.0 is newer", printed)
        self.assertEqual(self.manifests(), before)

    def test_write_writes_it_everywhere(self):
        self.project("1.2.3")
        before = self.manifests()
        status, printed = self.ask("--write")
        self.assertEqual(status, 0, printed)
        self.assertEqual(self.manifests(), [text.replace("1.2.3", "1.10.0") for text in before])
        self.assertEqual(self.ask()[0], 0)

    def test_who_cannot_be_reached_is_named(self):
        gone = os.path.join(self.folder, "gone.git")
        self.project("1.2.3", url=gone)
        before = self.manifests()
        status, printed = self.ask("--write")
        self.assertEqual(status, 2, printed)
        self.assertIn(f"?  {gone} 1.2.3: could not be asked: ", printed)
        self.assertEqual(self.manifests(), before)

    def test_manifests_that_disagree_are_refused(self):
        self.project("1.2.3", last="1.10.0")
        status, printed = self.ask()
        self.assertEqual(status, 65, printed)
        self.assertIn("Benchmarks/Micro/Package.swift", printed)

    def test_unknown_arguments_are_refused(self):
        self.assertEqual(self.ask("--wrong")[0], 64)


if __name__ == "__main__":
    unittest.main()
