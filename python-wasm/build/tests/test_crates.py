"""How compiled Rust dependencies get into a folder that holds some already."""

import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import store

import crates

ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16


class Merge(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="codehook-crates-"))
        self.addCleanup(shutil.rmtree, self.folder)
        before = crates.RELEASE, crates.WORK, crates.MARKER, crates.key
        self.addCleanup(lambda: self.use(*before))
        self.use(self.folder / "release", self.folder / "work", self.folder / "release/.dependencies", lambda: "a" * 64)
        self.store = store.open_store({"CODEHOOK_BUILD_CACHE": str(self.folder / "cache")})

    def use(self, release, work, marker, key):
        crates.RELEASE, crates.WORK, crates.MARKER, crates.key = release, work, marker, key

    def compiled(self, root, digest, content, finished=True):
        for name in (f"deps/libone-{digest}.rlib", f"build/one-{digest}/output"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        (root / crates.ORIGIN).write_text(str(root))
        if finished:
            (root / f".fingerprint/one-{digest}").mkdir(parents=True)

    def test_adds_what_is_missing_or_unfinished_and_leaves_the_rest(self):
        kept = self.folder / "kept"
        for digest in (ONE, TWO, THREE):
            self.compiled(kept, digest, "kept")
        self.store.keep_tree("a" * 64, kept, crates.PARTS)
        self.compiled(crates.RELEASE, ONE, "mine")
        self.compiled(crates.RELEASE, TWO, "broken off", finished=False)
        crates.restore(self.store)
        for digest, content in {ONE: "mine", TWO: "kept", THREE: "kept"}.items():
            self.assertEqual((crates.RELEASE / f"deps/libone-{digest}.rlib").read_text(), content)
            self.assertEqual((crates.RELEASE / f"build/one-{digest}/output").read_text(), content)
            self.assertTrue((crates.RELEASE / f".fingerprint/one-{digest}").is_dir())
        self.assertFalse(crates.WORK.exists())

    def test_generated_sources_name_the_folder_that_they_are_in_now(self):
        kept = self.folder / "kept"
        self.compiled(kept, ONE, "kept")
        source = kept / f"build/one-{ONE}/out/embed.rs"
        source.parent.mkdir()
        source.write_text(f'include_bytes!("{kept}/build/one-{ONE}/out/page.html"); "{kept}-of-another"')
        written = int(source.stat().st_mtime)
        self.store.keep_tree("a" * 64, kept, crates.PARTS)
        crates.restore(self.store)
        restored = crates.RELEASE / f"build/one-{ONE}/out/embed.rs"
        self.assertEqual(
            restored.read_text(),
            f'include_bytes!("{crates.RELEASE}/build/one-{ONE}/out/page.html"); "{kept}-of-another"',
        )
        self.assertEqual(restored.stat().st_mtime, written)

    def test_is_not_done_twice(self):
        kept = self.folder / "kept"
        self.compiled(kept, ONE, "kept")
        self.store.keep_tree("a" * 64, kept, crates.PARTS)
        crates.restore(self.store)
        shutil.rmtree(crates.RELEASE / "deps")
        crates.restore(self.store)
        self.assertFalse((crates.RELEASE / "deps").exists())
        # A folder that has been emptied is filled again.
        shutil.rmtree(crates.RELEASE)
        crates.restore(self.store)
        self.assertTrue((crates.RELEASE / "deps").exists())

    def test_digests_are_found_in_names_of_all_kinds(self):
        names = (f"libserde_core-{ONE}.rlib", f"serde-{ONE}.d", f"serde-{ONE}", f"/target/release/build/ring-{ONE}/out")
        for name in names:
            self.assertEqual(crates.digests_in(name), {ONE})
        self.assertEqual(crates.digests_in(f"serde-{ONE}0.d"), set())


if __name__ == "__main__":
    unittest.main()
