import BridgeModulesTestSupport
import Foundation
import JSON
import MCP
import TestSupport
import Testing

@testable import BridgeModules

@Suite struct PythonPackageTests {
    private static let source = Repository.path + "/Sources/BridgeModules/Package"

    /// Writes the package and modules into a directory, as the guest does.
    private static func install(_ modules: [ServerModule]) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for file in PythonPackage.files { try directory.write(file.content, to: file.path) }
        for module in modules { try directory.write(module.source, to: module.path) }
        return directory
    }

    @Test func everyFileOfThePackageIsEmbedded() throws {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: Self.source).filter { path in
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: "\(Self.source)/\(path)", isDirectory: &isDirectory)
            return !isDirectory.boolValue && !path.contains("__pycache__")
        }
        #expect(PythonPackage.files.map(\.path) == paths.sorted())
        for file in PythonPackage.files {
            let content = Array(try Data(contentsOf: URL(filePath: "\(Self.source)/\(file.path)")))
            #expect(file.content == content, "\(file.path)")
        }
    }

    @Test func noModuleHidesAHelper() async throws {
        let directory = try Self.install([])
        let program = """
            import json, sys
            sys.path.insert(0, json.load(open(sys.argv[1])))
            import servers
            print(json.dumps(sorted(servers.__all__)))
            """
        let helpers = try await PythonChecker.run(program, on: .string(directory.path))
        #expect(helpers.arrayValue?.compactMap(\.stringValue) == PythonName.helpers.sorted())
    }

    @Test func theGeneratedModulesWorkWithThePackage() async throws {
        let odd = ServerModule(
            "odd-server",
            [
                Tool(
                    named: "get-it",
                    input: [
                        "properties": ["class": ["type": "string"], "in-put": ["type": "integer"], "locals": [:]],
                        "required": ["class"],
                    ], output: ["properties": ["result": true], "x-fastmcp-wrap-result": true]),
                Tool(named: "any", input: ["type": "object"]),
            ])
        let directory = try Self.install([odd, ServerModule("ecommerce", try PythonChecker.realTools())])
        let program = """
            import asyncio, inspect, json, sys
            sys.path.insert(0, json.load(open(sys.argv[1])))
            from servers import _bridge, ecommerce, odd_server, ToolInputError
            sent = []
            def request(method, params, *rest):
                sent.append([method, params])
                text = [{"type": "text", "text": "ok"}]
                return {"content": text, "structuredContent": {"result": 5}, "unwraps": True, "declaresOutput": True}
            _bridge.request = request
            values = [
                ecommerce.case_get("C-1"), ecommerce.case_get(case_id="C-1"), odd_server.get_it("x", in_put=None),
                odd_server.get_it(**{"class": "y", "in-put": 1}), odd_server.any(**{"a b": 1}), odd_server.any(),
                asyncio.run(odd_server.get_it.aio(class_="z", locals_=[1])),
            ]
            try:
                odd_server.get_it(unknown=1)
            except ToolInputError as error:
                values.append(str(error))
            documentation = inspect.getdoc(odd_server.get_it).partition("\\n")[0]
            print(json.dumps([sent, values, documentation, repr(ecommerce.case_get)]))
            """
        let answer = try await PythonChecker.run(program, on: .string(directory.path)).arrayValue ?? []
        func call(_ server: JSON, _ tool: JSON, _ arguments: JSON) -> JSON {
            ["call", ["server": server, "tool": tool, "arguments": arguments]]
        }
        #expect(
            answer.first == [
                call("ecommerce", "case_get", ["case_id": "C-1"]), call("ecommerce", "case_get", ["case_id": "C-1"]),
                call("odd-server", "get-it", ["class": "x", "in-put": nil]),
                call("odd-server", "get-it", ["class": "y", "in-put": 1]), call("odd-server", "any", ["a b": 1]),
                call("odd-server", "any", [:]), call("odd-server", "get-it", ["class": "z", "locals": [1]]),
            ])
        #expect(answer[1].arrayValue?.dropLast() == [5, 5, 5, 5, 5, 5, 5])
        #expect(answer[1].arrayValue?.last?.stringValue?.contains("class_*, in_put, locals_") == true)
        #expect(answer[2] == "get_it(class_: str, *, in_put: int = ..., locals_: Any = ...) -> Any")
        #expect(answer[3] == "<tool ecommerce.case_get(case_id: str)>")
    }
}
