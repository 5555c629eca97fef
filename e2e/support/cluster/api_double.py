"""A double of a Kubernetes API server, for the real kubectl: Jobs become pods, and each pod is a real container of the
engine. It knows what kubectl needs for sandboxes and nothing else, and fails on request (`Faults`).

It keeps what the protocol promises: watches resume at a resource version, output before anybody is attached is lost,
and with `stdinOnce` the container's input ends when the attached client leaves. As a node does, it keeps a log of the
output.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

from support.cluster.discovery import DISCOVERY, EXTENSIONS, RESOURCES, without_extensions
from support.cluster.pods import ERROR, NAMESPACE, Faults, Json, Pod
from support.cluster.selection import StatusError, is_selected, merge
from support.cluster.warm_pools import WarmPools

PROTOCOL = "v5.channel.k8s.io"
FIRST_VERSION = 1000


class Double:
    """The API server and all that is behind it, on a thread of its own."""

    def __init__(self, directory: Path, *, ttl_scale: float = 0.1, make_pod: Callable[..., Pod] = Pod) -> None:
        self.faults = Faults()
        self.ttl_scale = ttl_scale
        self.make_pod = make_pod
        self.objects: dict[str, dict[str, Json]] = {kind: {} for kind in RESOURCES}
        self.objects["namespaces"][NAMESPACE] = {"metadata": {"name": NAMESPACE}}
        self.pods: dict[str, Pod] = {}
        self.created_pods: list[Pod] = []
        self.warm_pools = WarmPools(self)
        self.requests: list[str] = []
        self.version = FIRST_VERSION
        self.history: list[tuple[int, str, str, Json]] = []
        self.kubeconfig = directory / "kubeconfig"
        # What is in claims, a directory each.
        self.storage = directory / "storage"
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Double:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._end)
        self.loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def call(self, function: Callable[[], Any]) -> Any:
        """Runs an async function in the double's thread."""
        return asyncio.run_coroutine_threadsafe(function(), self.loop).result(timeout=60)

    def release(self) -> None:
        """Lets pods go on that `Faults.holds_pods` has kept."""
        self.faults.holds_pods = False
        self.loop.call_soon_threadsafe(self.released.set)

    def cut(self) -> None:
        """Ends every connection to a container as an API server does that shuts down: without an error."""

        async def close() -> None:
            for pod in self.pods.values():
                if pod.attached is not None:
                    await pod.attached.send_bytes(bytes([ERROR]) + b'{"metadata":{},"status":"Success"}')
                    await pod.attached.close()

        self.call(close)

    @property
    def options(self) -> list[str]:
        """What makes a server use it, with `environment`."""
        return []

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBECONFIG": str(self.kubeconfig)}

    @property
    def is_frozen(self) -> bool:
        return not self.thawed.is_set()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile nothing comes through in either direction, and nothing is closed: the network is broken."""
        self.loop.call_soon_threadsafe(self.thawed.clear)
        try:
            yield
        finally:
            self.loop.call_soon_threadsafe(self.thawed.set)

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Meanwhile the API server is gone, and with it every connection. What it stores and the containers stay."""
        self.call(self._close)
        try:
            yield
        finally:
            self.call(self._open)

    def holders(self, pod: Pod) -> list[Pod]:
        """Those pods that have a claim of this one and started before it."""
        others = self.created_pods[: self.created_pods.index(pod)]
        return [other for other in others if other.claims & pod.claims and not other.ended.is_set()]

    def names(self, kind: str) -> list[str]:
        return list(self.objects[kind])

    def logs(self) -> bytes:
        """What the nodes have in their log files, of all pods so far."""
        return b"".join(bytes(pod.log) for pod in self.created_pods)

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.changed = asyncio.Condition()
        self.released = asyncio.Event()
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        application = web.Application(client_max_size=64 << 20)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, shutdown_timeout=1)
        await self._runner.setup()
        self.port = 0
        await self._open()
        self.kubeconfig.write_text(json.dumps(self._configuration()))
        self._started.set()
        await self._stopping.wait()
        await self._runner.cleanup()

    async def _open(self) -> None:
        while True:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self.port)
            try:
                await self._site.start()
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                # While it was down, some connection of another process has got its port.
                await self._site.stop()
                await asyncio.sleep(0.1)
        _, self.port = self._runner.addresses[0]

    async def _close(self) -> None:
        await self._site.stop()
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def _configuration(self) -> Json:
        return {
            "apiVersion": "v1", "kind": "Config", "current-context": "double",
            "clusters": [{"name": "double", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "tester", "user": {}}],
            "contexts": [{"name": "double", "context": {"cluster": "double", "user": "tester"}}],
        }  # fmt: skip

    async def _end(self) -> None:
        self.thawed.set()
        for pod in list(self.pods.values()):
            await pod.kill()
        for task in list(self._tasks):
            task.cancel()

    def start(self, work: Any) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What is stored, and those who watch it.

    def put(self, kind: str, item: Json, event: str = "MODIFIED") -> None:
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        name = item["metadata"]["name"]
        if event == "DELETED":
            self.objects[kind].pop(name, None)
        else:
            self.objects[kind][name] = item
        self.history.append((self.version, kind, event, json.loads(json.dumps(item))))
        self.start(self.notify())

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _run_job(self, job: Json) -> None:
        name = job["metadata"]["name"]
        if self.faults.refused_pods:
            event = {
                "apiVersion": "v1", "kind": "Event", "reason": "FailedCreate", "type": "Warning",
                "message": f"Error creating: {self.faults.refused_pods}",
                "metadata": {"name": f"{name}.1", "namespace": job["metadata"]["namespace"]},
                "involvedObject": {"kind": "Job", "name": name, "namespace": job["metadata"]["namespace"]},
            }  # fmt: skip
            return self.put("events", event, "ADDED")
        metadata = job["metadata"]
        pod_name = f"{name}-{secrets.token_hex(3)[:5]}"
        pod = self.make_pod(self, pod_name, metadata["namespace"], job["spec"]["template"], job=name)
        self.add(pod)
        await pod.run()
        if not pod.ended.is_set() or name not in self.objects["jobs"]:
            return
        await asyncio.sleep(job["spec"]["ttlSecondsAfterFinished"] * self.ttl_scale)
        await self._delete_job(name)

    async def _delete_job(self, name: str) -> None:
        job = self.objects["jobs"].get(name)
        if job is None:
            return
        self.put("jobs", job, "DELETED")
        for pod in [pod for pod in self.pods.values() if pod.job == name]:
            await self.remove(pod)

    def add(self, pod: Pod) -> None:
        self.pods[pod.name] = pod
        self.created_pods.append(pod)
        self.put("pods", pod.object, "ADDED")

    async def remove(self, pod: Pod) -> None:
        if self.pods.pop(pod.name, None) is not None:
            self.put("pods", pod.object, "DELETED")
            await pod.kill()

    async def delete(self, kind: str, name: str) -> None:
        """Deletes an item, and what belongs to it."""
        if kind == "jobs":
            return await self._delete_job(name)
        self.put(kind, self.objects[kind][name], "DELETED")
        await self.warm_pools.deleted(kind, name)
        return None

    # The API.

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await self.thawed.wait()
        self.requests.append(f"{request.method} {request.path_qs}")
        try:
            return await self._route(request)
        except StatusError as error:
            headers = {"Retry-After": "1"} if error.code == 429 else {}
            return web.json_response(error.body, status=error.code, headers=headers)

    async def _route(self, request: web.Request) -> web.StreamResponse:
        parts = request.path.strip("/").split("/")
        if "namespaces" in parts[:-2]:
            place = parts.index("namespaces")
            namespace, kind, *rest = parts[place + 1 :]
            return await self._resource(request, namespace, kind, rest)
        if parts[-1] == "selfsubjectaccessreviews":
            return await self._review(request)
        if parts[:3] == ["api", "v1", "namespaces"]:
            return await self._namespace(request, parts[3:])
        known = DISCOVERY if self.faults.has_pools else without_extensions()
        found = known.get("/".join(parts))
        if found is None:
            raise StatusError(404, "NotFound", f"the server could not find the requested resource: {request.path}")
        return web.json_response(found)

    async def _review(self, request: web.Request) -> web.Response:
        review = await request.json()
        asked = review["spec"]["resourceAttributes"]
        resource = "/".join(part for part in (asked["resource"], asked.get("subresource")) if part)
        review["status"] = {"allowed": (asked["verb"], resource) not in self.faults.forbidden}
        return web.json_response(review, status=201)

    async def _namespace(self, request: web.Request, rest: list[str]) -> web.Response:
        known = self.objects["namespaces"]
        if request.method == "POST":
            return await self._create(request, "namespaces")
        if not rest or rest[0] not in known:
            raise StatusError(404, "NotFound", "no such namespace", kind="namespaces")
        if request.method == "DELETE":
            del known[rest[0]]
            for kind, items in self.objects.items():
                for name in [name for name, item in items.items() if item["metadata"].get("namespace") == rest[0]]:
                    if kind != "pods":
                        await self.delete(kind, name)
            return web.json_response({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}})
        return web.json_response({"kind": "Namespace", "apiVersion": "v1", **known[rest[0]]})

    async def _resource(self, request: web.Request, namespace: str, kind: str, rest: list[str]) -> web.StreamResponse:
        name, subresource = (*rest, None, None)[:2]
        full = f"{kind}/{subresource}" if subresource else kind
        watches = request.query.get("watch") in ("true", "1")
        verb = {"POST": "create", "DELETE": "delete", "PATCH": "patch"}.get(request.method) or (
            "watch" if watches else "get" if name else "list"
        )
        if (verb, full) in self.faults.forbidden:
            message = f'{full} is forbidden: User "tester" cannot {verb} resource "{full}" in "{namespace}"'
            raise StatusError(403, "Forbidden", message, kind=kind)
        if namespace not in self.objects["namespaces"]:
            raise StatusError(404, "NotFound", f'namespaces "{namespace}" not found', name=namespace, kind="namespaces")
        if self.faults.too_many_requests > 0:
            self.faults.too_many_requests -= 1
            raise StatusError(429, "TooManyRequests", "the server has received too many requests", retryAfterSeconds=1)
        if subresource == "attach":
            return await self._attach(request, name)
        if verb == "create":
            return await self._create(request, kind)
        if verb == "watch":
            return await self._watch(request, kind)
        if verb == "list":
            return self._list(request, namespace, kind)
        item = self.objects[kind].get(name)
        if item is None:
            raise StatusError(404, "NotFound", f'{kind} "{name}" not found', name=name, kind=kind)
        if verb == "delete":
            await self.delete(kind, name)
            return web.json_response({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}})
        if verb == "patch":
            merge(item, await request.json())
            self.put(kind, item)
        return web.json_response(item)

    async def _create(self, request: web.Request, kind: str) -> web.Response:
        item = await request.json()
        name = item["metadata"]["name"]
        if kind == "configmaps" and self.faults.other_content:
            self.put(kind, {**item, "data": {"file-0": "something else"}}, "ADDED")
        if name in self.objects[kind]:
            raise StatusError(409, "AlreadyExists", f'{kind} "{name}" already exists', name=name, kind=kind)
        if RESOURCES[kind][0].startswith(EXTENSIONS) and not self.faults.has_pools:
            raise StatusError(404, "NotFound", "the server could not find the requested resource")
        self.put(kind, item, "ADDED")
        if kind == "jobs":
            self.start(self._run_job(item))
        self.warm_pools.created(kind, item)
        headers = {"Warning": f'299 - "{self.faults.warning}"'} if self.faults.warning else {}
        return web.json_response(item, status=201, headers=headers)

    def _list(self, request: web.Request, namespace: str, kind: str) -> web.Response:
        version, name = RESOURCES[kind]
        items = [
            item
            for item in self.objects[kind].values()
            if item["metadata"]["namespace"] == namespace and is_selected(item, request.query)
        ]
        metadata = {"resourceVersion": str(self.version)}
        return web.json_response({"kind": f"{name}List", "apiVersion": version, "metadata": metadata, "items": items})

    async def _watch(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        seen = int(request.query.get("resourceVersion") or 0)
        # Until nobody watches any more.
        with contextlib.suppress(ConnectionError):
            await response.prepare(request)
            while not self._stopping.is_set():
                # Each change has the next version.
                for version, of, event, item in self.history[max(0, seen - FIRST_VERSION) :]:
                    seen = version
                    if of == kind and is_selected(item, request.query):
                        await response.write(json.dumps({"type": event, "object": item}).encode() + b"\n")
                async with self.changed:
                    if self.version <= seen:
                        await self.changed.wait()
        return response

    async def _attach(self, request: web.Request, name: str) -> web.StreamResponse:
        pod = self.pods.get(name)
        if pod is None or pod.process is None:
            raise StatusError(400, "BadRequest", f"container sandbox not found in pod {name}")
        if self.faults.refused_attach:
            raise StatusError(500, "InternalError", self.faults.refused_attach)
        socket = web.WebSocketResponse(protocols=[PROTOCOL], max_msg_size=0)
        await socket.prepare(request)
        await pod.attach(socket)
        return socket
