"""The prompt `agent_system_prompt`: made from what is there, true to the options, within its token budget."""

import re

import pytest
from support import engine
from support.stdio_client import REPOSITORY

NAME = "agent_system_prompt"
SKILL = """---
name: {name}
description: {description}
---
# A skill
"""
LONG_DESCRIPTION = "Does one thing well, and says in one sentence when to use it. " * 4
MODULE = '''"""Name: herding
Description: Herds.

Available Functions:
- herd(n): Herds n.
"""
'''


def prompt_text(server) -> str:
    messages = server.request("prompts/get", {"name": NAME})["messages"]
    assert len(messages) == 1
    assert messages[0]["role"] in ("user", "assistant")
    assert messages[0]["content"]["type"] == "text"
    return messages[0]["content"]["text"]


def add_skill(skills, name, description="Counts sheep until somebody falls asleep."):
    (skills / name).mkdir(parents=True)
    (skills / name / "SKILL.md").write_text(SKILL.format(name=name, description=description))


def test_the_one_prompt_is_listed(start_server):
    prompts = start_server().request("prompts/list")["prompts"]
    assert [prompt["name"] for prompt in prompts] == [NAME]
    assert prompts[0]["description"]


def test_the_prompt_has_its_headings_and_the_shipped_skills(start_server):
    text = prompt_text(start_server())
    assert text.startswith("# Agentic Code Execution with Domain Skills\n")
    assert "\n## Available Skills\n" in text
    shipped = [skill.parent.name for skill in (REPOSITORY / "skills").glob("*/SKILL.md")]
    assert shipped
    for name in shipped:
        assert name in text
        assert f"/skills/{name}/SKILL.md" in text


def test_the_prompt_names_every_function_of_every_tool_module(start_server):
    text = prompt_text(start_server())
    modules = list((REPOSITORY / "tools").glob("*.py"))
    assert modules
    for module in modules:
        assert module.stem in text
        listing = module.read_text(encoding="utf-8").split("Available Functions:", 1)[1].split('"""', 1)[0]
        functions = re.findall(r"^\s*[-*]\s+`?(\w+)", listing, re.MULTILINE)
        assert functions
        for function in functions:
            assert function in text


def test_the_prompt_is_under_2000_tokens(start_server):
    text = prompt_text(start_server())
    print(f"{len(text) / 4:.0f} tokens")
    assert len(text) / 4 < 2000


def test_the_prompt_is_the_same_in_both_eras(start_server):
    server = start_server()
    modern = server.request("prompts/get", {"name": NAME}, modern=True)
    assert modern["resultType"] == "complete"
    assert modern["messages"] == server.request("prompts/get", {"name": NAME}, modern=False)["messages"]


def test_the_prompt_speaks_of_no_network_where_there_is_none(start_server):
    text = prompt_text(start_server()).lower()
    for word in ("http", "curl", "wget", "pip install", "apt"):
        assert not re.search(rf"\b{word}\b", text), word
    assert "no network" in text or "network: none" in text or "offline" in text


def test_the_prompt_follows_the_network_option(start_server):
    assert prompt_text(start_server("--network", "bridge")) != prompt_text(start_server())


def test_the_prompt_names_the_limits_in_force(start_server):
    text = prompt_text(start_server("--memory", "777m", "--max-timeout", "1234"))
    assert "777" in text
    assert re.search(r"1,?234", text)


def test_each_further_skill_costs_under_100_tokens(start_server, tmp_path):
    server = start_server("--skills", str(tmp_path))
    add_skill(tmp_path, "first")
    before = len(prompt_text(server))
    for number in range(10):
        add_skill(tmp_path, f"skill-number-{number}", LONG_DESCRIPTION)
    assert (len(prompt_text(server)) - before) / 10 / 4 < 100


def test_the_prompt_is_made_afresh_from_what_is_there(start_server, tmp_path):
    skills, tools = tmp_path / "skills", tmp_path / "tools"
    skills.mkdir()
    tools.mkdir()
    server = start_server("--skills", str(skills), "--tools", str(tools))
    assert "sheep-counting" not in prompt_text(server)
    add_skill(skills, "sheep-counting")
    (tools / "herding.py").write_text(MODULE)
    text = prompt_text(server)
    assert "sheep-counting" in text
    assert "Counts sheep" in text
    assert "herding" in text


def test_several_skill_directories_are_listed_together(start_server, tmp_path):
    add_skill(tmp_path / "one", "alpha-skill")
    add_skill(tmp_path / "two", "beta-skill")
    server = start_server("--skills", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    text = prompt_text(server)
    paths = re.findall(r"/skills/\S*?SKILL\.md", text)
    assert len(paths) == 2
    for path in paths:
        assert "A skill" in server.bash(f"cat {path}")["stdout"], f"{path} is not where the prompt says"


def test_a_broken_skill_is_left_out_and_named_on_stderr(start_server, tmp_path):
    add_skill(tmp_path, "good-skill")
    (tmp_path / "bad-skill").mkdir()
    (tmp_path / "bad-skill" / "SKILL.md").write_text("---\nname: bad-skill\n---\nno description\n")
    server = start_server("--skills", str(tmp_path))
    text = prompt_text(server)
    assert "good-skill" in text
    assert "bad-skill" not in text
    server.wait_for_log("bad-skill/SKILL.md")


def test_no_container_is_started_for_a_prompt(start_server, fresh_user):
    server = start_server("--user", fresh_user)
    prompt_text(server)
    assert engine.containers(fresh_user) == []


@pytest.mark.parametrize(
    "params",
    [{"name": "no_such_prompt"}, {}, {"name": 5}, {"name": None}, None, {"name": NAME, "arguments": [1]}],
)
@pytest.mark.parametrize("modern", [False, True])
def test_a_bad_prompt_request_is_invalid_params(start_server, params, modern):
    server = start_server()
    assert server.error("prompts/get", params, modern=modern).code == -32602
    assert prompt_text(server)
