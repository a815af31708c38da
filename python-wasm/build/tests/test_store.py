"""The cache program with real folders, real archives and real processes."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import store

BUILD = pathlib.Path(store.__file__).parent
KEY = "a" * 64
OTHER = "b" * 64


class StoreCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="codehook-store-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.folder / "cache"
        self.made = self.folder / "made"
        (self.made / "inner").mkdir(parents=True)
        (self.made / "inner/text").write_text("what a step made\n")
        (self.made / "program").write_text("#!/bin/sh\n")
        (self.made / "program").chmod(0o755)
        self.target = self.folder / "target"
        self.target.mkdir()

    def open(self, **environment):
        return store.open_store({"CODEHOOK_BUILD_CACHE": str(self.root), **environment})

    def entry(self, key=KEY):
        return self.root / f"tree-{key}"

    def kept(self, key=KEY):
        opened = self.open()
        self.assertTrue(opened.keep_tree(key, self.made, ["inner", "program"]))
        return opened


class WhatIsKept(StoreCase):
    def test_comes_back_as_it_was(self):
        os.utime(self.made / "inner/text", (1e9, 1e9))
        self.assertTrue(self.kept().take_tree(KEY, self.target))
        self.assertEqual((self.target / "inner/text").read_text(), "what a step made\n")
        self.assertEqual((self.target / "inner/text").stat().st_mtime, 1e9)
        self.assertTrue(os.access(self.target / "program", os.X_OK))

    def test_is_found_under_its_own_key_only(self):
        self.assertFalse(self.kept().take_tree(OTHER, self.target))
        self.assertEqual(list(self.target.iterdir()), [])

    def test_is_there_for_its_user_alone(self):
        self.kept()
        self.assertEqual(self.root.stat().st_mode & 0o777, 0o700)
        self.assertEqual(self.entry().stat().st_mode & 0o777, 0o600)

    def test_download_has_its_own_digest_for_a_name(self):
        source = self.made / "inner/text"
        self.open().keep_file(source)
        digest = subprocess.run(["sha256sum", source], capture_output=True, text=True, check=True).stdout.split()[0]
        self.assertTrue(self.open().take_file(digest, self.target / "copy"))
        self.assertEqual((self.target / "copy").read_text(), "what a step made\n")
        self.assertFalse(self.open().take_file(KEY, self.target / "other"))


class ADamagedEntry(StoreCase):
    """Is removed, and nothing of it is unpacked."""

    def refused(self, opened=None):
        self.assertFalse((opened or self.open()).take_tree(KEY, self.target))
        self.assertEqual(list(self.target.iterdir()), [])
        self.assertFalse(self.entry().exists() or self.entry().is_symlink())
        self.kept()
        self.assertTrue(self.open().take_tree(KEY, self.target))

    def test_with_one_changed_byte(self):
        self.kept()
        content = bytearray(self.entry().read_bytes())
        content[-5] ^= 1
        self.entry().write_bytes(content)
        self.refused()

    def test_cut_short(self):
        self.kept()
        os.truncate(self.entry(), self.entry().stat().st_size - 7)
        self.refused()

    def test_cut_within_its_first_line(self):
        self.kept()
        os.truncate(self.entry(), 40)
        self.refused()

    def test_empty(self):
        self.kept()
        os.truncate(self.entry(), 0)
        self.refused()

    def test_longer_than_it_was(self):
        self.kept()
        with self.entry().open("ab") as entry:
            entry.write(b"more")
        self.refused()

    def test_of_another_key(self):
        self.kept(OTHER)
        self.entry(OTHER).rename(self.entry())
        self.refused()

    def test_that_others_can_write(self):
        self.kept()
        self.entry().chmod(0o666)
        self.refused()

    def test_that_is_a_link(self):
        self.kept()
        self.entry().rename(self.folder / "elsewhere")
        self.entry().symlink_to(self.folder / "elsewhere")
        self.refused()

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
    def test_of_another_user(self):
        self.kept()
        os.chown(self.entry(), 65534, 65534)
        self.refused()


class TheFolder(StoreCase):
    def test_open_to_others_is_refused(self):
        for mode in (0o755, 0o770, 0o701):
            self.root.mkdir(exist_ok=True)
            self.root.chmod(mode)
            self.assertIsNone(self.open())

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a folder away")
    def test_of_another_user_is_refused(self):
        self.root.mkdir(mode=0o700)
        os.chown(self.root, 65534, 65534)
        self.assertIsNone(self.open())

    def test_that_cannot_be_made_is_not_used(self):
        (self.folder / "file").write_text("")
        self.assertIsNone(store.open_store({"CODEHOOK_BUILD_CACHE": str(self.folder / "file/cache")}))

    def test_turned_off(self):
        self.assertIsNone(store.open_store({"CODEHOOK_BUILD_CACHE": "", "HOME": str(self.folder)}))

    def test_by_default_in_the_users_cache(self):
        opened = store.open_store({"XDG_CACHE_HOME": str(self.folder / "xdg")})
        self.assertEqual(opened.root, self.folder / "xdg/codehook/build")

    def test_size_is_read(self):
        for text, size in {"4GiB": 4 << 30, "500M": 500 << 20, "12": 12, "1 kb": 1024}.items():
            self.assertEqual(store.parse_size(text), size)
        for text in ("", "many", "-1", "1.5G", "9" * 30):
            self.assertRaises(store.StoreError, store.parse_size, text)


class TheBound(StoreCase):
    def fill(self, opened, number, size=100_000):
        (self.made / "inner/text").write_bytes(os.urandom(size))
        self.assertTrue(opened.keep_tree(f"{number:064}", self.made, ["inner"]))

    def total(self):
        return sum(path.stat().st_size for path in self.root.iterdir())

    def test_holds_and_what_was_used_last_stays(self):
        opened = self.open(CODEHOOK_BUILD_CACHE_SIZE="350000")
        for number in range(3):
            self.fill(opened, number)
        self.assertTrue(opened.take_tree(f"{0:064}", self.target))
        for number in range(3, 5):
            self.fill(opened, number)
            self.assertLessEqual(self.total(), 350_000)
        left = sorted(int(path.name[5:]) for path in self.root.iterdir())
        self.assertEqual(left, [0, 3, 4])

    def test_refuses_what_is_larger_than_all_of_it_and_keeps_the_rest(self):
        opened = self.open(CODEHOOK_BUILD_CACHE_SIZE="150000")
        self.fill(opened, 0)
        (self.made / "inner/text").write_bytes(os.urandom(200_000))
        self.assertFalse(opened.keep_tree(KEY, self.made, ["inner"]))
        self.assertEqual([path.name for path in self.root.iterdir()], [f"tree-{0:064}"])


class AnAccident(StoreCase):
    def test_full_disk_costs_the_entry_only(self):
        # A real limit on the size of files, in a process of its own.
        (self.made / "inner/text").write_bytes(os.urandom(3_000_000))
        script = (
            "import resource, signal, sys; sys.path.insert(0, sys.argv[1]); import store\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n"
            "kept = store.open_store().keep_tree('a' * 64, sys.argv[2], ['inner']); print(kept)"
        )
        environment = {**os.environ, "CODEHOOK_BUILD_CACHE": str(self.root)}
        result = subprocess.run(
            [sys.executable, "-c", script, BUILD, self.made], env=environment, capture_output=True, text=True,
            timeout=60,
        )
        self.assertEqual((result.returncode, result.stdout), (0, "False\n"), result.stderr)
        self.assertIn("not kept", result.stderr)
        self.assertEqual(list(self.root.iterdir()), [])

    def test_killed_while_writing_leaves_nothing_that_counts(self):
        os.mkfifo(self.made / "never")
        script = (
            "import sys; sys.path.insert(0, sys.argv[1]); import store\n"
            "def slow():\n    yield b'x' * 100_000\n    print('begun', flush=True); open(sys.argv[2]).read()\n"
            "store.open_store()._keep('tree', 'a' * 64, slow)"
        )
        environment = {**os.environ, "CODEHOOK_BUILD_CACHE": str(self.root)}
        writer = subprocess.Popen(
            [sys.executable, "-c", script, BUILD, self.made / "never"], env=environment, stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(writer.stdout.readline(), "begun\n")
        begun = [path.name for path in self.root.iterdir()]
        self.assertEqual([name[:4] for name in begun], ["new-"])
        # One that is still being written is left alone.
        self.kept(OTHER)
        self.assertIn(begun[0], [path.name for path in self.root.iterdir()])
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        self.assertFalse(self.open().take_tree(KEY, self.target))
        self.kept()
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), [f"tree-{KEY}", f"tree-{OTHER}"])

    def test_many_at_once_keep_and_take_whole_entries(self):
        (self.made / "inner/text").write_bytes(os.urandom(500_000))
        script = (
            "import pathlib, sys, tempfile; sys.path.insert(0, sys.argv[1]); import store\n"
            "kept = store.open_store()\n"
            "for _ in range(8):\n"
            "    assert kept.keep_tree('a' * 64, sys.argv[2], ['inner'])\n"
            "    with tempfile.TemporaryDirectory() as target:\n"
            "        assert kept.take_tree('a' * 64, target)\n"
            "        assert pathlib.Path(target, 'inner/text').stat().st_size == 500_000"
        )
        environment = {**os.environ, "CODEHOOK_BUILD_CACHE": str(self.root)}
        command = [sys.executable, "-c", script, str(BUILD), str(self.made)]
        processes = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for process in processes:
            _, said = process.communicate(timeout=120)
            self.assertEqual((process.returncode, said), (0, ""))
        self.assertEqual([path.name for path in self.root.iterdir()], [f"tree-{KEY}"])


if __name__ == "__main__":
    unittest.main()
