"""Files of results: their names, their content, and what happens if they cannot be saved."""

from __future__ import annotations

import base64
import json
import os
import pickle
from pathlib import Path

import pytest

DATA = base64.b64encode(b"content").decode()


@pytest.fixture
def save(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # noqa: ANN201
    from servers import _files

    monkeypatch.setenv("MCP_FILES", str(tmp_path))
    _files._numbers.clear()
    return _files.save


@pytest.mark.parametrize(
    ("server", "name", "mime", "path"),
    [
        ("shop", "chart", "image/png", "shop/1-chart.png"),
        ("shop", "chart", "IMAGE/JPEG; q=1", "shop/1-chart.jpg"),
        ("shop", "chart", "audio/x-unknown", "shop/1-chart.bin"),
        ("shop", "chart", None, "shop/1-chart.bin"),
        ("shop", "chart", "", "shop/1-chart.bin"),
        ("shop", "chart", "application/x-tar", "shop/1-chart.tar"),
        ("shop", "photo.jpeg", "image/jpeg", "shop/1-photo.jpeg"),
        ("shop", "photo.exe", "image/png", "shop/1-photo.png"),
        ("shop", "notes.rst", "text/plain", "shop/1-notes.rst"),
        ("shop", "data.tar.gz", "application/octet-stream", "shop/1-data.tar.gz"),
        ("shop", "../../etc/passwd", "text/plain", "shop/1-etc_passwd.txt"),
        ("../..", "a", "image/png", "file/1-a.png"),
        ("my shop/é", "a\nb;$(c)", "image/png", "my_shop/1-a_b___c.png"),
        ("shop", "", "image/png", "shop/1-file.png"),
        ("shop", "-rf", "image/png", "shop/1-rf.png"),
        ("shop", ".hidden", "image/png", "shop/1-hidden.png"),
        ("shop", "a" * 500, "image/png", "shop/1-" + "a" * 60 + ".png"),
        ("shop", "x." + "y" * 50, "image/png", "shop/1-x." + "y" * 50 + ".png"),
    ],
)
def test_a_name_is_safe_and_has_the_extension_of_the_type(save, tmp_path, server, name, mime, path) -> None:  # noqa: ANN001
    file = save(DATA, server, name, mime)
    assert os.path.relpath(file, tmp_path) == path
    assert file.read_bytes() == b"content"


@pytest.mark.parametrize(
    ("data", "content"),
    [
        ("", b""),
        ("Y29u\ndGVu\r\ndA==", b"content"),
        ("Y29udGVudA", b"content"),
        ("-_-_", b"\xfb\xff\xbf"),
    ],
)
def test_base64_is_read_leniently(save, data: str, content: bytes) -> None:  # noqa: ANN001
    assert save(data, "shop", "a", "image/png").read_bytes() == content


@pytest.mark.parametrize("data", ["Y29udGVud!", "Y", "é", None, 3, ["a"]])
def test_what_is_no_base64_is_refused(save, data: object) -> None:  # noqa: ANN001
    with pytest.raises(ValueError):
        save(data, "shop", "a", "image/png")


def test_no_file_is_ever_overwritten(save, tmp_path: Path) -> None:  # noqa: ANN001
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "7-old.png").write_text("kept")
    (tmp_path / "shop" / "notes").mkdir()
    assert save(DATA, "shop", "old", "image/png").endswith("8-old.png")
    # Another process has taken the next number.
    (tmp_path / "shop" / "9-old.png").write_text("kept")
    assert save(DATA, "shop", "old", "image/png").endswith("10-old.png")
    assert (tmp_path / "shop" / "9-old.png").read_text() == "kept"


def test_without_room_in_the_workspace_a_file_is_saved_elsewhere(save, tmp_path, monkeypatch) -> None:  # noqa: ANN001
    from servers import _files

    monkeypatch.setenv("MCP_FILES", "/proc/nothing")
    monkeypatch.setattr(_files, "_SPARE", str(tmp_path / "spare"))
    assert save(DATA, "shop", "a", "image/png") == str(tmp_path / "spare" / "shop" / "1-a.png")
    monkeypatch.setattr(_files, "_SPARE", "/proc/nothing")
    with pytest.raises(OSError):
        save(DATA, "shop", "a", "image/png")


def test_a_file_works_as_a_path_as_text_and_in_json(save) -> None:  # noqa: ANN001
    file = save(DATA, "shop", "a", "image/png")
    with open(file, "rb") as opened:
        assert opened.read() == b"content"
    assert os.path.exists(file)
    assert Path(file).suffix == ".png"
    assert json.loads(json.dumps([file])) == [file.path]
    assert f"{file}" == file.path
    copy = pickle.loads(pickle.dumps(file))
    assert (copy, copy.mime, copy.size) == (file, "image/png", 7)
