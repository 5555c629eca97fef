"""Files of clients: uploads through the published `openai` package, and parts of messages, down to the sandbox."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import zlib
from collections.abc import Callable

import openai
import pytest
from openai.types import FileObject
from support.agent import Service
from support.scripted import MODEL, bash, calls, says, script, text_of

Serve = Callable[..., Service]


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


PICTURE = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)
LOOK = script(calls(bash("cd /workspace/uploads && sha256sum *")), says("{{result}}"))


def uploads(answer: str, content: bytes) -> list[str]:
    """The names of the sandbox's uploads with this content. Other tests have uploads there too."""
    lines = json.loads(answer)["stdout"].splitlines()
    return [line.split(None, 1)[1].lstrip("*") for line in lines if line.split()[0] == digest(content)]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_upload_is_stored_and_deleted(serve: Serve) -> None:
    client = serve(script(says("Never."))).client()
    content = secrets.token_bytes(100_000)
    file = client.files.create(file=("data ä.bin", content), purpose="user_data")
    FileObject.model_validate(json.loads(file.to_json()))
    assert file.bytes == len(content) and file.filename == "data ä.bin" and file.status == "processed"
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).read() == content
    assert [one.id for one in client.files.list(purpose="user_data")] == [file.id]
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    assert not list(client.files.list())


def test_a_file_larger_than_other_bodies(serve: Serve) -> None:
    client = serve(script(says("Never."))).client()
    content = secrets.token_bytes(12 * 1024 * 1024)
    file = client.files.create(file=("large.bin", content), purpose="user_data")
    assert client.files.content(file.id).read() == content


def test_an_uploaded_file_reaches_the_sandbox_byte_for_byte(serve: Serve) -> None:
    service = serve(LOOK)
    client = service.client()
    content = bytes(range(256)) * 5000 + secrets.token_bytes(8)
    file = client.files.create(file=("data.bin", content), purpose="user_data", extra_body={"user": service.user})
    part = {"type": "input_file", "file_id": file.id}
    question = {"role": "user", "content": [part, {"type": "input_text", "text": "What is it?"}]}
    response = client.responses.create(model=MODEL, user=service.user, input=[question])
    assert uploads(response.output_text, content) == ["data.bin"]
    told = text_of(service.model.bodies()[0]["messages"][-1])
    assert "/workspace/uploads/data.bin" in told and f"{len(content)} bytes" in told.replace(",", "")
    # The copy in the sandbox stays, and is not made again.
    client.responses.create(model=MODEL, user=service.user, input=[question])
    client.files.delete(file.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=MODEL, user=service.user, input=[question])
    assert uploads(service.ask("And now?").splitlines()[0], content) == ["data.bin"]


def test_files_and_pictures_in_messages(serve: Serve) -> None:
    service = serve(LOOK)
    picture = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    table = f"a,b\n1,{secrets.token_hex(4)}\n".encode()
    data = base64.b64encode(table).decode()
    response = service.client().responses.create(
        model=MODEL,
        user=service.user,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_file", "filename": "../table.csv", "file_data": f"data:text/csv;base64,{data}"},
                    {"type": "input_image", "image_url": picture, "detail": "auto"},
                    {"type": "input_text", "text": "What is it?"},
                ],
            }
        ],
    )
    assert uploads(response.output_text, table) == ["table.csv"]
    assert len(uploads(response.output_text, PICTURE)) == 1
    parts = service.model.bodies()[0]["messages"][-1]["content"]
    assert [part["image_url"]["url"] for part in parts if part["type"] == "image_url"] == [picture]


def test_files_of_chats_are_written_once(serve: Serve) -> None:
    service = serve(LOOK)
    note = secrets.token_hex(4).encode()
    data = base64.b64encode(note).decode()
    part = {"type": "file", "file": {"filename": "note.txt", "file_data": data}}
    history = [{"role": "user", "content": [part, {"type": "text", "text": "Look."}]}]
    for more in ([], [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Again."}]):
        answer = service.client().chat.completions.create(model=MODEL, user=service.user, messages=history + more)
        assert uploads(answer.choices[0].message.content, note) == ["note.txt"]


def test_another_user_gets_nothing_of_a_file(serve: Serve) -> None:
    service = serve(script(says("Never.")))
    client = service.client()
    file = client.files.create(file=("a.txt", b"secret"), purpose="user_data", extra_body={"user": service.user})
    other = {"X-OpenWebUI-User-Id": "other"}
    for ask in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            ask(file.id, extra_headers=other)
    part = {"type": "input_file", "file_id": file.id}
    with pytest.raises(openai.NotFoundError) as refused:
        client.responses.create(model=MODEL, user="other", input=[{"role": "user", "content": [part]}])
    assert refused.value.code == "file_not_found"
    assert not service.model.requests()
