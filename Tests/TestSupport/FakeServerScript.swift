/// Small MCP servers in Python, each with the habits that a test gives it.
package enum FakeServerScript {
    /// The program that runs them.
    package static let interpreter = "/usr/bin/python3"

    /// The arguments of a server that does what `script` says. What it says to standard error a test can hear.
    package static func arguments(_ script: String) -> [String] {
        ["-I", "-X", "utf8", "-c", tools + script]
    }

    /// What every server is made of.
    private static let tools = """
        import json, os, signal, sys, threading, time

        def end_with(parent):
            # Some of these servers never look at their input again: a test run that was killed must not leave them.
            while os.getppid() == parent: time.sleep(1)
            os._exit(0)

        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

        def write(text):
            sys.stdout.write(text)
            sys.stdout.flush()

        def send(message):
            write(json.dumps(message) + "\\n")

        def answer(request, result):
            send({"jsonrpc": "2.0", "id": request["id"], "result": result})

        def refuse(request, code=-32601, message="no such method", data=None):
            error = {"code": code, "message": message} | ({} if data is None else {"data": data})
            send({"jsonrpc": "2.0", "id": request["id"], "error": error})

        def notify(method, **params):
            send({"jsonrpc": "2.0", "method": method, "params": params})

        def say(*words):
            print(*words, file=sys.stderr, flush=True)

        def messages():
            for line in sys.stdin:
                yield json.loads(line)

        def serve(handle, version="2025-11-25", capabilities=("tools", "prompts", "resources"), **handshake):
            offered = {name: {"listChanged": True} for name in capabilities}
            for message in messages():
                method = message.get("method")
                if method == "server/discover" and version == "2026-07-28":
                    answer(message, {"resultType": "complete", "supportedVersions": [version],
                        "capabilities": offered, "ttlMs": 0, "cacheScope": "public"} | handshake)
                elif method == "server/discover":
                    refuse(message)
                elif method == "initialize":
                    answer(message, {"protocolVersion": version, "capabilities": offered,
                        "serverInfo": {"name": "fake", "version": "1"}} | handshake)
                elif method == "subscriptions/listen" and not getattr(handle, "listens", False):
                    pass
                elif method != "notifications/initialized":
                    handle(message)

        def text(words):
            return {"content": [{"type": "text", "text": words}]}

        """
}
