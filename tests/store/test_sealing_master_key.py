"""Where the master keys come from, and what is refused."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from cenote.store.master_key import MasterKeyError
from cenote.store.sealing import Keyring, Sealer, UnknownMasterKey, Unsealable

DATA_KEY = bytes(range(32))
NOW = 1_700_000_000_000
MINUTE = 60_000


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


ONE, TWO = encoded(b"1" * 32), encoded(b"2" * 32)


def wrapped_by(keyring: Keyring) -> bytes:
    return keyring.wrap(DATA_KEY, table="pools", row="p")


def unwrapped_by(keyring: Keyring, wrapped: bytes) -> bytes:
    return keyring.unwrap(wrapped, table="pools", row="p")


# The file


def test_the_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    Keyring.load(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_the_file_holds_the_same_keys_at_the_next_start(tmp_path: Path) -> None:
    wrapped = wrapped_by(Keyring.load(tmp_path, {}))
    assert unwrapped_by(Keyring.load(tmp_path, {}), wrapped) == DATA_KEY


def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from cenote.store.master_key import MasterKeys; print(flush=True);"
        " sys.stdin.readline(); print(MasterKeys.load(pathlib.Path(sys.argv[1]), {}).keys[0].hex())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, tmp_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = {process.communicate()[0] for process in started}
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    Keyring.load(tmp_path, {})
    (tmp_path / "master.key").chmod(mode)
    with pytest.raises(MasterKeyError, match=r"run `chmod 600 .*master\.key` first"):
        Keyring.load(tmp_path, {})


@pytest.mark.parametrize(
    "content",
    ["", "# nothing\n", "hello\n", encoded(b"short") + "\n", f"{ONE} yesterday\n", "\x00\xff", f"{ONE}\nx\n"],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match=r"master\.key holds") as raised:
        Keyring.load(tmp_path, {})
    assert ONE not in str(raised.value)


def test_a_half_written_file_of_a_process_that_died_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "master.key.new").write_text("AAAA")
    keyring = Keyring.load(tmp_path, {})
    assert unwrapped_by(keyring, wrapped_by(keyring)) == DATA_KEY


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot be"):
        Keyring.load(tmp_path / "gone", {})


# The operator


def test_a_key_in_the_environment_is_used_and_no_file_made(tmp_path: Path) -> None:
    wrapped = wrapped_by(Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE}))
    assert unwrapped_by(Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE}), wrapped) == DATA_KEY
    assert list(tmp_path.iterdir()) == []


def test_several_keys_may_be_given_newest_first(tmp_path: Path) -> None:
    old = Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE})
    for text in (f"{TWO},{ONE}", f"{TWO} {ONE}", f" {TWO}\n{ONE}\n"):
        both = Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": text})
        assert unwrapped_by(both, wrapped_by(old)) == DATA_KEY
        assert not both.is_newest(wrapped_by(old))
        assert both.is_newest(wrapped_by(both))
        with pytest.raises(UnknownMasterKey):
            unwrapped_by(old, wrapped_by(both))


def test_a_file_of_the_operators_is_used(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{ONE}\n")
    file.chmod(0o400)
    wrapped = wrapped_by(Keyring.load(tmp_path / "data", {"CENOTE_MASTER_KEY_FILE": str(file)}))
    assert unwrapped_by(Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE}), wrapped) == DATA_KEY


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"CENOTE_MASTER_KEY": "password"}, "CENOTE_MASTER_KEY holds"),
        ({"CENOTE_MASTER_KEY": " "}, "CENOTE_MASTER_KEY holds no"),
        ({"CENOTE_MASTER_KEY": ONE, "CENOTE_MASTER_KEY_FILE": "x"}, "not both"),
        ({"CENOTE_MASTER_KEY_FILE": "/no/such/file"}, "/no/such/file cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(MasterKeyError, match=sentence):
        Keyring.load(tmp_path, environ)


def test_keys_of_the_operators_are_not_ours_to_change(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE})
    with pytest.raises(MasterKeyError, match="come from CENOTE_MASTER_KEY"):
        keyring.rotate(now=NOW)
    with pytest.raises(MasterKeyError, match="come from CENOTE_MASTER_KEY"):
        keyring.prune(now=NOW)


# Wrapping


def test_a_wrapped_data_key_opens_only_in_its_own_row(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {})
    wrapped = wrapped_by(keyring)
    with pytest.raises(Unsealable):
        keyring.unwrap(wrapped, table="pools", row="q")
    with pytest.raises(Unsealable):
        keyring.unwrap(wrapped, table="server_keys", row="p")
    with pytest.raises(Unsealable):
        unwrapped_by(keyring, wrapped[:-1])


def test_a_sealer_opens_no_wrapped_key_though_the_key_is_the_same(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": encoded(DATA_KEY)})
    with pytest.raises(Unsealable):
        Sealer(DATA_KEY).open(wrapped_by(keyring), table="pools", row="p")


def test_a_foreign_master_key_is_told_in_a_sentence(tmp_path: Path) -> None:
    wrapped = wrapped_by(Keyring.load(tmp_path, {"CENOTE_MASTER_KEY": ONE}))
    keyring = Keyring.load(tmp_path, {})
    with pytest.raises(UnknownMasterKey, match=r"not in .*master\.key: start Cenote with the master key"):
        unwrapped_by(keyring, wrapped)


# Rotating


def test_after_a_rotation_the_new_key_wraps_and_both_unwrap(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {})
    before = wrapped_by(keyring)
    keyring.rotate(now=NOW)
    after = wrapped_by(keyring)
    assert (keyring.is_newest(before), keyring.is_newest(after)) == (False, True)
    assert unwrapped_by(keyring, before) == unwrapped_by(keyring, after) == DATA_KEY
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_running_process_takes_up_a_rotated_key(tmp_path: Path) -> None:
    running = Keyring.load(tmp_path, {})
    rotating = Keyring.load(tmp_path, {})
    rotating.rotate(now=NOW)
    assert unwrapped_by(running, wrapped_by(rotating)) == DATA_KEY
    assert rotating.is_newest(wrapped_by(running))


def test_a_running_process_wraps_with_a_rotated_key_before_it_meets_one(tmp_path: Path) -> None:
    running = Keyring.load(tmp_path, {})
    rotating = Keyring.load(tmp_path, {})
    rotating.rotate(now=NOW)
    assert rotating.is_newest(wrapped_by(running))


def test_an_old_key_is_dropped_only_once_every_process_can_have_met_the_new_one(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {})
    before = wrapped_by(keyring)
    assert keyring.prune(now=NOW) == 0
    keyring.rotate(now=NOW)
    with pytest.raises(MasterKeyError, match="less than a minute old"):
        keyring.prune(now=NOW + MINUTE - 1)
    assert unwrapped_by(keyring, before) == DATA_KEY
    assert keyring.prune(now=NOW + MINUTE) == 1
    with pytest.raises(UnknownMasterKey):
        unwrapped_by(keyring, before)
    assert unwrapped_by(Keyring.load(tmp_path, {}), wrapped_by(keyring)) == DATA_KEY


def test_a_file_that_vanishes_while_running_is_told(tmp_path: Path) -> None:
    keyring = Keyring.load(tmp_path, {})
    (tmp_path / "master.key").unlink()
    with pytest.raises(MasterKeyError, match="cannot be read"):
        keyring.rotate(now=NOW)
