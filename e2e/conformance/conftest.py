"""The server as the conformance suite meets it: in the era under test, with things to read of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.samples import BYTES
from support.schemas import assert_valid_conversation
from support.skill_files import write_skill
from support.stdio_client import StdioClient


@pytest.fixture(scope="module", params=["legacy", "modern"])
def era(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def skills(tmp_path_factory: pytest.TempPathFactory):
    directory = tmp_path_factory.mktemp("skills")
    write_skill(directory, "fixture", files={"static.txt": b"static", "binary.bin": BYTES, "sub/data.txt": b"data"})
    return directory


def start(user: str, skills, era: str) -> StdioClient:
    server = StdioClient(["--user", user, "--skills", str(skills)], modern=era == "modern")
    if era == "legacy":
        server.initialize()
    return server


@pytest.fixture(scope="module")
def server(user: str, skills, era: str) -> Iterator[StdioClient]:
    """One server a module and era."""
    with start(user, skills, era) as shared:
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture(scope="module")
def legacy(user: str, skills) -> Iterator[StdioClient]:
    with start(user, skills, "legacy") as shared:
        yield shared
    assert_valid_conversation(shared.journal)


@pytest.fixture(scope="module")
def modern(user: str, skills) -> Iterator[StdioClient]:
    with start(user, skills, "modern") as shared:
        yield shared
    assert_valid_conversation(shared.journal)
