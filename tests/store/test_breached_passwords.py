"""A file of breached passwords: read in place, whatever its size and spelling."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cenote.store.breached_passwords import BreachedPasswords, NoSuchFile


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def written(
    path: Path, passwords: list[str], *, form: str = "{}:7", end: str = "\n", lower: bool = False
) -> Path:
    lines = [form.format(digest) for digest in sorted(sha1(password) for password in passwords)]
    text = end.join(lines) + end
    path.write_bytes((text.lower() if lower else text).encode())
    return path


@pytest.mark.parametrize("form", ["{}", "{}:1", "{}:1234567"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("lower", [False, True])
def test_what_is_in_the_file_is_found_and_nothing_else(
    tmp_path: Path, form: str, end: str, lower: bool
) -> None:
    passwords = [f"password-{number}" for number in range(1000)]
    file = BreachedPasswords(written(tmp_path / "hashes", passwords, form=form, end=end, lower=lower))
    assert file
    assert all(file.holds(password) for password in passwords)
    assert not any(file.holds(f"other-{number}") for number in range(1000))
    file.close()
    assert not file.holds(passwords[0])


@settings(max_examples=50, deadline=None)
@given(st.sets(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=20))
def test_any_set_of_passwords_is_found(tmp_path_factory: pytest.TempPathFactory, passwords: set[str]) -> None:
    path = written(tmp_path_factory.mktemp("hashes") / "hashes", sorted(passwords))
    file = BreachedPasswords(path)
    assert all(file.holds(password) for password in passwords)
    assert not file.holds("none of these")
    file.close()


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "hashes"
    path.write_text(sha1("only"))
    assert BreachedPasswords(path).holds("only")


def test_without_a_file_nothing_is_breached() -> None:
    file = BreachedPasswords()
    assert not file
    assert not file.holds("password")


@pytest.mark.parametrize(
    "content", [b"", b"password\n", b"0" * 39 + b"\n", b"g" * 40 + b"\n", b"0" * 41 + b"\n"]
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hashes"
    path.write_bytes(content)
    with pytest.raises(NoSuchFile, match="hashes"):
        BreachedPasswords(path)
    with pytest.raises(NoSuchFile, match="absent"):
        BreachedPasswords(tmp_path / "absent")
