"""A double of the controllers of agent-sandbox (kubernetes-sigs) with its extensions, as those of version 0.5.6 work: a
pool keeps pods in stock, and a claim gets one of these, or a pod of its own if there is none.

What they do beyond that (Sandbox objects, services, network policies) is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from support.cluster.pods import Pod

if TYPE_CHECKING:
    from support.cluster.api_double import Double

Json = dict[str, Any]
# The name of the tests' pool.
POOL = "ready"


class WarmPools:
    def __init__(self, double: Double) -> None:
        self.double = double
        self.stock: dict[str, list[Pod]] = {}
        self.bound: dict[str, Pod] = {}
        # How much later it is for the controllers.
        self.ahead = timedelta()

    def store(self, kind: str, item: Json) -> None:
        """Creates an object, as an administrator does."""

        async def create() -> None:
            self.double.put(kind, item, "ADDED")
            self.created(kind, item)

        self.double.call(create)

    def is_full(self, pool: str, size: int) -> bool:
        """Whether a pool has that many pods in stock, all of them ready."""
        stock = self.stock.get(pool, [])
        return len(stock) == size and all(pod.ready for pod in stock)

    def advance(self, **time: int) -> None:
        """Lets time pass for the controllers."""
        self.ahead += timedelta(**time)

        async def expire() -> None:
            for claim in list(self.double.objects["sandboxclaims"].values()):
                await self._expire(claim)

        self.double.call(expire)

    # What the API server tells.

    def created(self, kind: str, item: Json) -> None:
        if kind == "sandboxwarmpools":
            self._fill(item)
        elif kind == "sandboxclaims":
            self.double.start(self._serve(item))

    async def deleted(self, kind: str, name: str) -> None:
        if kind == "sandboxclaims" and name in self.bound:
            await self.double.remove(self.bound.pop(name))
        elif kind == "sandboxwarmpools":
            for pod in self.stock.pop(name, []):
                await self.double.remove(pod)

    # What the controllers do.

    def _fill(self, pool: Json) -> None:
        name = pool["metadata"]["name"]
        template = self._template(pool)
        stock = self.stock.setdefault(name, [])
        while template and not self.double.faults.drained and len(stock) < pool["spec"]["replicas"]:
            stock.append(self._start(f"{name}-{secrets.token_hex(3)[:5]}", template))

    def _template(self, pool: Json) -> Json | None:
        return self.double.objects["sandboxtemplates"].get(pool["spec"]["sandboxTemplateRef"]["name"])

    def _start(self, name: str, template: Json) -> Pod:
        faults = self.double.faults
        namespace = template["metadata"]["namespace"]
        described = json.loads(json.dumps(template["spec"]["podTemplate"]))
        pod = self.double.make_pod(self.double, name, namespace, described)
        pod.object = json.loads(json.dumps(pod.object))
        owner = {"apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox", "name": name, "controller": True}
        if faults.stranger:
            owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "stranger", "controller": True}
        pod.object["metadata"]["ownerReferences"] = [owner]
        store(pod.object["spec"])
        if faults.weakens:
            faults.weakens(pod.object["spec"])
        self.double.add(pod)
        self.double.start(pod.run())
        return pod

    async def _serve(self, claim: Json) -> None:
        if self.double.faults.no_controller or await self._expire(claim):
            return
        name, wanted = claim["metadata"]["name"], claim["spec"]["warmPoolRef"]["name"]
        pool = self.double.objects["sandboxwarmpools"].get(wanted)
        if pool is None:
            return self._tell(claim, False, "WarmPoolNotFound", f'SandboxWarmPool "{wanted}" not found')
        stock = self.stock.get(wanted, [])
        pod = next((pod for pod in stock if pod.ready), None)
        if pod:
            stock.remove(pod)
        else:
            template = self._template(pool)
            if template is None:
                return self._tell(claim, False, "TemplateNotFound", "SandboxTemplate of the warm pool not found")
            pod = self._start(name, template)
        self.bound[name] = pod
        self._fill(pool)
        if not pod.ready:
            self._tell(claim, False, "DependenciesNotReady", "Pod exists with phase: Pending", pod)
        await self._until(lambda: pod.ready or pod.ended.is_set() or name not in self.bound)
        if pod.ready and name in self.bound:
            self._tell(claim, True, "DependenciesReady", "Pod is Ready", pod)
        await self._until(lambda: pod.ended.is_set() or name not in self.bound)
        if name not in self.bound:
            return None
        self._tell(claim, False, "PodSucceeded", "Pod completed successfully", pod)
        lifecycle = claim["spec"]["lifecycle"]
        await asyncio.sleep(lifecycle["ttlSecondsAfterFinished"] * self.double.ttl_scale)
        return await self._delete(claim)

    async def _until(self, condition: Any) -> None:
        async with self.double.changed:
            await self.double.changed.wait_for(condition)

    async def _expire(self, claim: Json) -> bool:
        if datetime.fromisoformat(claim["spec"]["lifecycle"]["shutdownTime"]) > datetime.now(UTC) + self.ahead:
            return False
        self._tell(claim, False, "ClaimExpired", "Claim expired. Sandbox cleanup initiated.")
        await self._delete(claim)
        return True

    async def _delete(self, claim: Json) -> None:
        # Otherwise the object stays.
        assert claim["spec"]["lifecycle"]["shutdownPolicy"] == "Delete"
        name = claim["metadata"]["name"]
        if name in self.double.objects["sandboxclaims"]:
            await self.double.delete("sandboxclaims", name)

    def _tell(self, claim: Json, ready: bool, reason: str, message: str, pod: Pod | None = None) -> None:
        condition = {"type": "Ready", "status": str(ready), "reason": reason, "message": message}
        claim["status"] = {"conditions": [condition], "sandbox": {"name": pod.name} if pod else {}}
        if claim["metadata"]["name"] in self.double.objects["sandboxclaims"]:
            self.double.put("sandboxclaims", claim)


def store(spec: Json) -> None:
    """Rewrites a pod's specification as an API server does when it stores it: amounts in their usual form, what is
    empty or false by default left out, and what was not given filled in."""
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        drop_if(spec, name, value=False)
    for container in spec["containers"]:
        drop_if(container, "tty", value=False)
        container.update(terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File")
        for variable in container["env"]:
            drop_if(variable, "value", value="")
        for amounts in container["resources"].values():
            amounts.update({name: usual(amount) for name, amount in amounts.items()})
    for volume in spec["volumes"]:
        if "emptyDir" in volume:
            volume["emptyDir"]["sizeLimit"] = usual(volume["emptyDir"]["sizeLimit"])
    spec.update(
        schedulerName="default-scheduler", serviceAccountName="default", serviceAccount="default", priority=0,
        preemptionPolicy="PreemptLowerPriority", nodeName="node-1",
        tolerations=[{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    )  # fmt: skip


def drop_if(item: Json, name: str, value: object) -> None:
    if name in item and item[name] == value:
        del item[name]


def usual(amount: str) -> str:
    """An amount with the largest decimal unit that leaves it whole."""
    found = re.fullmatch(r"(\d+)(m?)", amount)
    if not found:
        return amount
    number, units = int(found[1]), ["m", "", "k", "M", "G", "T"]
    unit = units.index(found[2])
    while number and number % 1000 == 0 and unit + 1 < len(units):
        number, unit = number // 1000, unit + 1
    return f"{number}{units[unit]}"
