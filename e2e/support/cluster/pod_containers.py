"""From a pod to the engine's arguments for a container like it: what a node does, as far as sandboxes need it."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any

Json = dict[str, Any]
# What marks the containers of this process: tests of others may run at the same time.
LABEL = f"exec-mcp-double={secrets.token_hex(8)}"


def docker_arguments(
    pod: Json, config_maps: dict[str, Json], files: Path, storage: Path, network: str, service: tuple[str, int]
) -> list[str]:
    """The arguments of `docker run` for a pod's only container. Files of ConfigMaps are written to `files`; `storage`
    has what is in claims. `service` is where the API server is, which every container is told."""
    spec = pod["spec"]
    (container,) = spec["containers"]
    account = spec["securityContext"]
    limits = container["resources"]["limits"]
    assert container["stdin"] and container["stdinOnce"] and not container.get("tty")
    assert container["securityContext"]["readOnlyRootFilesystem"]
    program, *rest = (unescaped(word) for word in container["command"])
    arguments = [
        "run", "--interactive", "--rm", "--name", pod["metadata"]["name"], "--label", LABEL,
        "--hostname", spec["hostname"], "--network", network, "--pull", "never", "--log-driver", "none",
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--stop-signal", "SIGKILL",
        "--user", f"{account['runAsUser']}:{account['runAsGroup']}", "--workdir", container["workingDir"],
        "--memory", limits["memory"], "--memory-swap", limits["memory"],
        "--cpus", str(int(limits["cpu"].removesuffix("m")) / 1000),
    ]  # fmt: skip
    arguments += ["--env", f"KUBERNETES_SERVICE_HOST={service[0]}", "--env", f"KUBERNETES_SERVICE_PORT={service[1]}"]
    for variable in container["env"]:
        arguments += ["--env", f"{variable['name']}={unescaped(variable['value'])}"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "persistentVolumeClaim" in volume:
            place = directory_of_claim(volume, mount, storage, account["fsGroup"])
            arguments += ["--mount", f"type=bind,source={place},target={mount['mountPath']}"]
        else:
            arguments += mounted(volume, mount, config_maps, files)
    return [*arguments, "--entrypoint", program, container["image"], *rest]


def directory_of_claim(volume: Json, mount: Json, storage: Path, group: int) -> Path:
    """The directory of a claim, as a node makes it: it belongs to root, and to the pod's group."""
    place = storage / volume["persistentVolumeClaim"]["claimName"] / mount["subPath"]
    place.mkdir(parents=True, exist_ok=True)
    for directory in (storage, place.parent):
        directory.chmod(0o755)
    try:
        os.chown(place, 0, group)
        place.chmod(0o2775)
    except PermissionError:
        place.chmod(0o2777)
    return place


def mounted(volume: Json, mount: Json, config_maps: dict[str, Json], files: Path) -> list[str]:
    path = mount["mountPath"]
    if "emptyDir" in volume:
        assert volume["emptyDir"]["medium"] == "Memory"
        size = volume["emptyDir"]["sizeLimit"]
        if path == "/dev/shm":
            return ["--shm-size", size]
        return ["--tmpfs", f"{path}:rw,exec,nosuid,nodev,size={size},mode=1777"]
    assert mount["readOnly"]
    place = files / volume["name"]
    for source in volume["projected"]["sources"]:
        content = config_maps[source["configMap"]["name"]]
        for item in source["configMap"]["items"]:
            file = place / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content_of(content, item["key"]))
            file.chmod(item.get("mode", volume["projected"]["defaultMode"]))
    files.chmod(0o755)
    return ["--mount", f"type=bind,source={place},target={path},readonly"]


def content_of(config_map: Json, key: str) -> bytes:
    if key in config_map.get("data", {}):
        return config_map["data"][key].encode()
    return base64.b64decode(config_map["binaryData"][key])


def unescaped(text: str) -> str:
    """A word as a container gets it. A node would replace `$(NAME)`, which must not occur."""
    assert "$(" not in text.replace("$$", ""), text
    return text.replace("$$", "$")
