"""A sealed channel that somebody tampers with on the way ends its sandbox, and the call says so."""

import pytest
from support import engine
from support.channel_tap import engine_with_tap
from support.in_between import write_engine
from support.stdio_client import text_of

SEAL_IS_BROKEN = {
    "out": "the seal of its channel was broken: on the way from the sandbox to this server",
    "in": "the seal of the channel is broken: on the way from the server",
}
TAMPERING = [
    "flip_a_bit",
    "flip_a_bit_of_the_tag",
    "repeat",
    "replay_the_one_before",
    "replace_by_the_one_before",
    "insert_an_unsealed_frame",
    "insert_a_record",
    "insert_text",
]


@pytest.fixture
def server(start_server, fresh_user, tmp_path):
    program = engine_with_tap(tmp_path, engine.path_of_program(), tampers=True)
    return start_server("--user", fresh_user, "--engine", str(program), "--seal-channel")


def error_after(server, tmp_path, tampering: str) -> str:
    """What a call says that runs while the channel is tampered with."""
    server.bash("echo kept > kept.txt")
    running = server.start_tool("execute_bash", command="touch /tmp/running; sleep 600", timeout=600)
    server.bash("until [ -e /tmp/running ]; do sleep 0.02; done")
    (tmp_path / "tampering").write_text(tampering)
    # Anything that is said in the meantime does as well.
    server.start_tool("execute_bash", command="true")
    result = server.result(running)
    assert result["isError"] is True
    assert not (tmp_path / "tampering").exists()
    return text_of(result)


@pytest.mark.parametrize("direction", ["out", "in"])
@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_ends_the_sandbox_and_is_named(server, fresh_user, tmp_path, direction, how):
    said = error_after(server, tmp_path, f"{direction} {how}")
    assert SEAL_IS_BROKEN[direction] in said, said
    assert "The next call starts a new" in said
    assert server.bash("cat kept.txt")["stdout"] == "kept\n"
    if direction == "out":
        assert "has a channel whose seal is broken" in server.stderr


def test_a_channel_that_is_cut_inside_a_record_is_no_clean_end(server, tmp_path):
    assert "The connection to the sandbox was cut" in error_after(server, tmp_path, "out cut_off")
    assert server.bash("cat kept.txt")["stdout"] == "kept\n"


def test_text_before_the_first_record_is_shown(start_server, fresh_user, tmp_path):
    program = write_engine(tmp_path / "engine", 'case " $* " in *" run "*) echo hello there;; esac')
    server = start_server("--user", fresh_user, "--engine", str(program), "--seal-channel")
    result = server.call_tool("execute_bash", command="true")
    assert result["isError"] is True
    assert "the engine's command line wrote: hello there" in text_of(result)
