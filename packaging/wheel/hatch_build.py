"""What the wheel gets besides its Python package, from the directory that packaging/wheel.py has laid out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class MetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        metadata["version"] = os.environ["EXEC_MCP_VERSION"]
        metadata["license"] = os.environ["EXEC_MCP_LICENSES"]
        text = (Path(self.root) / "README.md").read_text()
        if name := os.environ.get("EXEC_MCP_SERVER_NAME"):
            # By this line the MCP registry knows that the package and the name belong together.
            text += f"\n<!-- mcp-name: {name} -->\n"
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class BuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build_data["pure_python"] = False
        build_data["tag"] = os.environ["EXEC_MCP_WHEEL_TAG"]
        # The programs are the console scripts: no Python starts before them.
        build_data["shared_scripts"] = {str(path): path.name for path in sorted((root / "bin").iterdir())}
        # Into the environment's share/, where the programs look for skills and tools, and man for its pages.
        build_data["shared_data"] = {str(root / "share"): "share"}
        build_data["sbom_files"] = [str(path) for path in sorted(root.glob("*.spdx.json"))]
