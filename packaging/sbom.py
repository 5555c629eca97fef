"""The list of what a release consists of, in SPDX 2.3: the programs, and the third-party code in them."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from release_files import LICENSE, PROGRAMS, Component, components, machine, source_epoch, version_of

Json = dict[str, Any]
# libcurl and what it needs, which exec-mcp isn't linked with.
AGENT_ONLY = {"curl", "openssl", "nghttp2", "zlib"}


def _package(name: str, version: str, license: str, identifier: str, purl: str) -> Json:
    return {
        "SPDXID": identifier,
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": license,
        "licenseDeclared": license,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl},
        ],
    }


def purl_of(component: Component) -> str:
    """The package URL by which scanners find what is known of a component."""
    purl = f"pkg:{component.origin}"
    if "@" not in component.origin:
        purl += f"@{quote(component.version, safe=':')}"
    # Debian's names of source packages: several binary packages have other ones.
    return purl + ("?arch=source" if component.origin.startswith("deb/") else "")


def _relation(one: str, kind: str, other: str) -> Json:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def bill_of_materials(programs: Path) -> str:
    version = version_of(programs / "exec-mcp")
    packages = [_package("exec-mcp", version, LICENSE, "SPDXRef-exec-mcp", f"pkg:pypi/exec-mcp@{version}")]
    relations = [_relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-exec-mcp")]
    files = []
    digests = hashlib.sha256()
    for name in PROGRAMS:
        content = (programs / name).read_bytes()
        digests.update(content)
        files.append(
            {
                "SPDXID": f"SPDXRef-program-{name}",
                "fileName": f"./bin/{name}",
                "fileTypes": ["BINARY"],
                "checksums": [
                    {"algorithm": algorithm.upper(), "checksumValue": hashlib.new(algorithm, content).hexdigest()}
                    for algorithm in ("sha1", "sha256")
                ],
                "licenseConcluded": "NOASSERTION",
                "copyrightText": "NOASSERTION",
            }
        )
        relations.append(_relation("SPDXRef-DOCUMENT", "DESCRIBES", f"SPDXRef-program-{name}"))
        relations.append(_relation(f"SPDXRef-program-{name}", "GENERATED_FROM", "SPDXRef-exec-mcp"))
    for component in components(programs):
        identifier = f"SPDXRef-{component.name}"
        packages.append(_package(component.name, component.version, component.license, identifier, purl_of(component)))
        for name in PROGRAMS:
            if name == "exec-agent" or component.name not in AGENT_ONLY:
                relations.append(_relation(f"SPDXRef-program-{name}", "STATIC_LINK", identifier))
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": f"exec-mcp-{version}-linux-{machine()}",
        "documentNamespace": f"https://spdx.org/spdxdocs/exec-mcp-{version}-{machine()}-{digests.hexdigest()}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(source_epoch())),
            "creators": ["Tool: exec-mcp packaging/sbom.py"],
        },
        "packages": packages,
        "files": files,
        "relationships": relations,
    }
    return json.dumps(document, indent=2) + "\n"
