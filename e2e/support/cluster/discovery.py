"""What a Kubernetes API server says of itself: versions, groups, resources, as far as the double has them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
# Of each resource: the group and version, and the kind.
RESOURCES = {
    "namespaces": ("v1", "Namespace"),
    "pods": ("v1", "Pod"),
    "configmaps": ("v1", "ConfigMap"),
    "events": ("v1", "Event"),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim"),
    "serviceaccounts": ("v1", "ServiceAccount"),
    "resourcequotas": ("v1", "ResourceQuota"),
    "jobs": ("batch/v1", "Job"),
    "roles": ("rbac.authorization.k8s.io/v1", "Role"),
    "rolebindings": ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    "networkpolicies": ("networking.k8s.io/v1", "NetworkPolicy"),
    "sandboxclaims": ("extensions.agents.x-k8s.io/v1beta1", "SandboxClaim"),
    "sandboxtemplates": ("extensions.agents.x-k8s.io/v1beta1", "SandboxTemplate"),
    "sandboxwarmpools": ("extensions.agents.x-k8s.io/v1beta1", "SandboxWarmPool"),
    "selfsubjectaccessreviews": ("authorization.k8s.io/v1", "SelfSubjectAccessReview"),
}
WITHOUT_NAMESPACE = ("namespaces", "selfsubjectaccessreviews")
VERBS = ["create", "delete", "get", "list", "patch", "watch"]
# What agent-sandbox adds to a cluster.
EXTENSIONS = "extensions.agents.x-k8s.io"
GROUP_VERSIONS = sorted({version for version, _ in RESOURCES.values()} - {"v1"})


def resource_list(version: str) -> Json:
    resources = [
        {
            "name": name, "singularName": kind.lower(), "namespaced": name not in WITHOUT_NAMESPACE, "kind": kind,
            "verbs": VERBS,
        }
        for name, (group, kind) in RESOURCES.items()
        if group == version
    ]  # fmt: skip
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def group(group_version: str) -> Json:
    name, _, number = group_version.partition("/")
    version = {"groupVersion": group_version, "version": number}
    return {"name": name, "versions": [version], "preferredVersion": version}


def without_extensions() -> dict[str, Json]:
    """What a cluster says that does not have agent-sandbox."""
    found = {path: answer for path, answer in DISCOVERY.items() if EXTENSIONS not in path}
    groups = [known for known in found["apis"]["groups"] if known["name"] != EXTENSIONS]
    return {**found, "apis": {**found["apis"], "groups": groups}}


DISCOVERY: dict[str, Json] = {
    "version": {"major": "1", "minor": "34", "gitVersion": "v1.34.0-double", "platform": "linux/amd64"},
    "api": {"kind": "APIVersions", "versions": ["v1"]},
    "apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group(name) for name in GROUP_VERSIONS]},
    "api/v1": resource_list("v1"),
    **{f"apis/{name}": resource_list(name) for name in GROUP_VERSIONS},
}
