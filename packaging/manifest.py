"""The two descriptions of a release: the bundle's manifest (MCPB 0.3) and the registry's server.json (2025-12-11)."""

from __future__ import annotations

from program import Program
from release_files import LICENSE

SUMMARY = "Runs an agent's code in a private, hardened container with Python's scientific stack."
AUTHOR = "The exec-mcp authors"
# Its program of the same name is what `uvx` runs.
PYPI_NAME = "exec-mcp"
LONG_DESCRIPTION = """\
exec-mcp gives an AI agent a private Linux container and four tools for it: run a command, write a file, read a file, \
read a docstring. The container has no network unless you ask for one, no privileges, a read-only system, and limits \
on memory, processors and processes. It starts with the first call and is removed when the host closes the connection; \
the files in the workspace stay.

It needs a container engine (Docker, OrbStack, Podman or anything with Docker's command line). The sandbox's image is \
built at the first call, or beforehand, in the directory of this bundle, by `server/exec-mcp image`; \
`server/exec-mcp doctor` checks everything."""

# What a host asks its user, by the variable that it sets.
SETTINGS = {
    "MCP_EXECUTOR_IMAGE": "Image",
    "MCP_EXECUTOR_ENGINE": "Container engine",
    "MCP_EXECUTOR_WORKSPACE": "Workspace",
    "MCP_EXECUTOR_NETWORK": "Network",
    "MCP_EXECUTOR_MEMORY": "Memory",
    "MCP_EXECUTOR_CPUS": "Processors",
}


def setting_name(variable: str) -> str:
    return variable.removeprefix("MCP_EXECUTOR_").lower()


def bundle_manifest(program: Program, system: str) -> dict:
    return {
        "manifest_version": "0.3",
        "name": "exec-mcp",
        "display_name": "exec-mcp code sandbox",
        "version": program.version,
        "description": SUMMARY,
        "long_description": LONG_DESCRIPTION,
        "author": {"name": AUTHOR},
        "icon": "icon.png",
        "icons": [{"src": "icon.png", "size": "256x256"}],
        "license": LICENSE,
        "keywords": ["code execution", "sandbox", "python", "docker", "container"],
        "server": {
            "type": "binary",
            "entry_point": "server/exec-mcp",
            "mcp_config": {
                "command": "${__dirname}/server/exec-mcp",
                "args": [],
                "env": {variable: "${user_config." + setting_name(variable) + "}" for variable in SETTINGS},
            },
        },
        "tools": [{"name": tool["name"], "description": tool["description"]} for tool in program.tools],
        # The server makes the prompt's text afresh from the skills and modules that are there.
        "prompts": [
            {"name": prompt["name"], "description": prompt["description"], "text": prompt["description"]}
            for prompt in program.prompts
        ],
        "prompts_generated": True,
        "compatibility": {"platforms": [system]},
        "user_config": {
            setting_name(variable): {
                "type": "string",
                "title": title,
                "description": program.options[variable].help,
                "default": program.options[variable].default,
                "required": False,
            }
            for variable, title in SETTINGS.items()
        },
    }


def registry_entry(program: Program, name: str, address: str, digest: str) -> dict:
    variables = []
    for option in program.options.values():
        values = {"placeholder": option.placeholder} if option.placeholder else {"choices": ["yes", "no"]}
        variable = {"name": option.variable, "description": option.help, **values}
        if option.default is not None:
            variable["default"] = option.default
        variables.append(variable)
    common = {"version": program.version, "transport": {"type": "stdio"}, "environmentVariables": variables}
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name,
        "title": "exec-mcp code sandbox",
        "description": SUMMARY,
        "version": program.version,
        "packages": [
            {"registryType": "mcpb", "identifier": address, "fileSha256": digest, **common},
            {"registryType": "pypi", "identifier": PYPI_NAME, "runtimeHint": "uvx", **common},
        ],
    }
