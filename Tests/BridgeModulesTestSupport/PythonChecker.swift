package import BridgeModules
import ChildProcess
import Foundation
package import JSON
package import MCP
import TestSupport

/// Has the machine's python3 look at what was generated.
package enum PythonChecker {
    private static let fixtures = Repository.path + "/Tests/BridgeModulesTestSupport/Fixtures"

    private struct PythonError: Error, CustomStringConvertible {
        let description: String
    }

    /// Returns what is wrong with the modules: their syntax, what they do when they are imported, their documentation,
    /// and which arguments a call sends.
    package static func faults(of modules: [ServerModule]) async throws -> [String] {
        let answer = try await run(
            "\(fixtures)/check_modules.py", on: .array(modules.map(description(of:))), timeout: 200)
        return answer.arrayValue?.compactMap(\.stringValue) ?? ["no answer"]
    }

    /// Returns the JSON value that a program prints about `input`.
    ///
    /// - Parameter program: the path of a Python file, or the text of one.
    package static func run(_ program: String, on input: JSON, timeout: Double = 60) async throws -> JSON {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/input.json"
        try Data(input.serialized()).write(to: URL(filePath: file))
        let start = program.hasPrefix("/") ? [program] : ["-c", program]
        let python = Command(
            executable: "/usr/bin/env", arguments: ["python3", "-I", "-X", "utf8"] + start + [file])
        let output = try await python.run(limit: 16 << 20, timeout: timeout)
        guard output.succeeded else {
            throw PythonError(description: String(decoding: output.errorOutput.suffix(2_000), as: UTF8.self))
        }
        return try JSON.parse(output.output, .lenient)
    }

    private static func description(of module: ServerModule) -> JSON {
        let functions = module.functions.map { function -> JSON in
            let parameters = function.parameters.map { parameter -> JSON in
                [.string(parameter.python), .string(parameter.name), .bool(parameter.isRequired)]
            }
            return [
                "python": .string(function.python), "docstring": .string(function.docstring),
                "rest": function.rest.map(JSON.string) ?? .null, "parameters": .array(parameters),
            ]
        }
        return [
            "source": .string(module.source), "server": .string(module.server), "functions": .array(functions),
            "tools": .array(module.functions.map { .string($0.name) }),
        ]
    }

    /// Returns the tools of a real server with 70 of them.
    package static func realTools() throws -> [Tool] {
        let bytes = Array(try Data(contentsOf: URL(filePath: "\(fixtures)/ecommerce-tools.json")))
        return (try JSON.parse(bytes).arrayValue ?? []).map { tool in
            Tool(
                named: tool["name"]?.stringValue ?? "", description: tool["description"]?.stringValue ?? "",
                input: tool["inputSchema"] ?? .null, annotations: tool["annotations"]?.objectValue ?? [:])
        }
    }
}

extension Tool {
    /// A tool without a title.
    package init(
        named name: String, description: String = "", input: JSON = ["type": "object", "properties": [:]],
        output: JSON? = nil, annotations: JSONObject = [:]
    ) {
        self.init(
            name: name, title: name, description: description, inputSchema: input, outputSchema: output,
            annotations: annotations)
    }

    /// A tool with these properties.
    package init(named name: String, _ properties: JSONObject, required: [String] = []) {
        self.init(
            named: name,
            input: [
                "type": "object", "properties": .object(properties), "required": .array(required.map(JSON.string)),
            ])
    }
}

extension ServerModule {
    /// The module of a server with these tools.
    package init(_ server: String, _ tools: [Tool]) {
        self.init(server: server, module: ServerModule.moduleNames(for: [server])[0], tools: tools)
    }
}
