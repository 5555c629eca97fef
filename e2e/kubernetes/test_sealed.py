"""What a cluster's nodes log of a sandbox reads as nothing."""

from __future__ import annotations

import secrets

from support.cluster.api_double import Double
from support.disguises import bits_per_byte, compressed_share, found_in
from support.stdio_client import text_of


def test_no_byte_of_the_users_is_in_the_log_of_a_node(double: Double, on_cluster):
    client = on_cluster()
    canary = f"canary-{secrets.token_hex(8)}"
    done = client.bash(f"echo {canary}; echo {canary} >&2; printf %9000s {canary}; echo > /artifacts/{canary}.txt")
    assert canary in done["stdout"] and canary in done["stderr"]
    client.call_tool("write_file", file_path=f"{canary}.txt", content=canary * 1000)
    assert canary in text_of(client.call_tool("read_file", file_path=f"{canary}.txt"))
    assert canary in text_of(client.call_tool("read_file", file_path=f"{canary}/none"))
    client.close()
    log = double.logs()
    assert len(log) > 20_000
    assert found_in(log, canary) == []
    assert bits_per_byte(log) > 7.9 and compressed_share(log) > 0.98
