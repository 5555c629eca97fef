"""The host's skills and tools as the sandbox has them, and as the prompt tells of them."""

import json


def write_skill(directory, name, text="body"):
    (directory / name).mkdir(parents=True)
    (directory / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: about {name}\n---\n{text}\n")


def prompt_of(server) -> str:
    return server.request("prompts/get", {"name": "agent_system_prompt"})["messages"][0]["content"]["text"]


def test_skills_and_tools_that_are_links_are_there(start_server, fresh_user, tmp_path):
    skills, tools, elsewhere = tmp_path / "skills", tmp_path / "tools", tmp_path / "elsewhere"
    write_skill(skills, "own")
    for name in ("absolute", "relative", "chained"):
        write_skill(elsewhere, name)
    tools.mkdir()
    (tools / "own.py").write_text("x = 'own'\n")
    (elsewhere / "linked.py").write_text("x = 'linked'\n")
    (skills / "absolute").symlink_to(elsewhere / "absolute")
    (skills / "relative").symlink_to("../elsewhere/relative")
    (elsewhere / "hop").symlink_to("chained")
    (skills / "chained").symlink_to("../elsewhere/hop")
    (skills / "dangling").symlink_to(tmp_path / "nothing")
    (tools / "linked.py").symlink_to(elsewhere / "linked.py")
    server = start_server("--user", fresh_user, "--skills", str(skills), "--tools", str(tools))
    prompt = prompt_of(server)
    for name in ("own", "absolute", "relative", "chained"):
        assert f"`/skills/{name}/SKILL.md`" in prompt
        read = server.call_tool("read_file", file_path=f"/skills/{name}/SKILL.md")
        assert read["content"][0]["text"].endswith("body\n"), read
        assert server.bash(f"touch /skills/{name}/new")["exit_code"] != 0
    assert "dangling" not in prompt
    assert server.python("import own, linked; print(own.x, linked.x)")["stdout"] == "own linked\n"
    assert server.bash("echo > /tools/linked.py || rm -f /tools/linked.py")["exit_code"] != 0


def test_a_skill_added_to_a_directory_without_links_is_there_at_once(start_server, fresh_user, tmp_path):
    write_skill(tmp_path / "skills", "first")
    server = start_server("--user", fresh_user, "--skills", str(tmp_path / "skills"))
    assert server.bash("ls /skills")["stdout"] == "first\n"
    write_skill(tmp_path / "skills", "second")
    assert "`/skills/second/SKILL.md`" in prompt_of(server)
    assert server.bash("tail -n 1 /skills/second/SKILL.md")["stdout"] == "body\n"


def test_the_name_of_a_skill_keeps_no_sandbox_from_starting(start_server, fresh_user, tmp_path):
    """What splits the engine's argument, or cannot be said in it."""
    names = ["evil,\u0301x", 'quo"\u0301te', '"', '""', ",readonly=false", "a=b", "a:b", "a b ", "\\n", '€,😀\ufe0f,"']
    refused = ["line\nfeed", "carriage\rreturn", "both\r\nof them", "escape\x1b[2J"]
    for name in [*names, *refused]:
        write_skill(tmp_path / "one", name)
    write_skill(tmp_path / "two", "last")
    server = start_server("--user", fresh_user, "--skills", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    program = (
        "import json, os; print(json.dumps(sorted(n for n in os.listdir('/skills') if os.listdir('/skills/' + n))))"
    )
    assert json.loads(server.python(program)["stdout"]) == sorted([*names, "last"])
    prompt = prompt_of(server)
    assert "/skills/last/SKILL.md" in prompt and "line" not in prompt.split("## Available Skills")[1]
    server.close()
    assert server.stderr.count("is not in the sandbox") == len(refused)


def test_own_skills_and_tools_are_mounted(start_server, fresh_user, tmp_path):
    (tmp_path / "skills" / "mine").mkdir(parents=True)
    (tmp_path / "skills" / "mine" / "SKILL.md").write_text("---\nname: mine\ndescription: d\n---\nbody\n")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "own_module.py").write_text("def f():\n    return 'own'\n")
    options = ("--skills", str(tmp_path / "skills"), "--tools", str(tmp_path / "tools"))
    server = start_server("--user", fresh_user, *options)
    assert server.bash("cat /skills/mine/SKILL.md")["stdout"].endswith("body\n")
    assert server.python("import own_module; print(own_module.f())")["stdout"] == "own\n"
    assert server.bash("touch /skills/mine/new /tools/new")["exit_code"] != 0
