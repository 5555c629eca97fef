"""Scenarios of resources, completion and prompts, in the eras that have them."""

import base64

import pytest
from support.resources import content_of
from support.samples import BYTES
from support.stdio_client import RPCError


def test_resources_list(server):
    resources = server.request("resources/list")["resources"]
    assert resources
    for resource in resources:
        assert resource["uri"]
        assert resource["name"]


def test_resources_read_text(server):
    content = content_of(server.request("resources/read", {"uri": "skill://fixture/static.txt"}))
    assert content["uri"] == "skill://fixture/static.txt"
    assert content["mimeType"] == "text/plain"
    assert content["text"] == "static"


def test_resources_read_binary(server):
    content = content_of(server.request("resources/read", {"uri": "skill://fixture/binary.bin"}))
    assert content["mimeType"]
    assert base64.b64decode(content["blob"], validate=True) == BYTES


def test_resources_templates_read(server):
    templates = server.request("resources/templates/list")["resourceTemplates"]
    template = next(item["uriTemplate"] for item in templates if "{skill}" in item["uriTemplate"])
    uri = template.replace("{skill}", "fixture").replace("{+path}", "sub/data.txt")
    content = content_of(server.request("resources/read", {"uri": uri}))
    assert content["uri"] == uri
    assert content["text"] == "data"


def test_resources_subscribe(legacy):
    assert legacy.request("resources/subscribe", {"uri": "skill://fixture/static.txt"}) == {}


def test_resources_unsubscribe(legacy):
    assert legacy.request("resources/unsubscribe", {"uri": "skill://fixture/static.txt"}) == {}


@pytest.mark.parametrize("uri", ["skill://fixture/none.txt", "artifact:///none.txt", "test://nonexistent"])
def test_sep_2164_resource_not_found(modern, uri):
    with pytest.raises(RPCError) as error:
        modern.request("resources/read", {"uri": uri})
    assert error.value.code == -32602
    assert error.value.data["uri"] == uri


def test_prompts_list(server):
    prompts = server.request("prompts/list")["prompts"]
    assert [prompt["name"] for prompt in prompts] == ["agent_system_prompt"]
    assert prompts[0]["description"]


def test_prompts_get_simple(server):
    messages = server.request("prompts/get", {"name": "agent_system_prompt"})["messages"]
    assert messages
    for message in messages:
        assert message["role"] in ("user", "assistant")
        assert message["content"]["type"] == "text"
        assert message["content"]["text"]


def test_completion_complete(server):
    params = {
        "ref": {"type": "ref/resource", "uri": "skill://{skill}/{+path}"},
        "argument": {"name": "skill", "value": "fix"},
    }
    values = server.request("completion/complete", params)["completion"]["values"]
    assert values == ["fixture"]
