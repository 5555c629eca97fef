import CEmbeddedFiles
import EmbeddedFiles
import Testing

/// Rules about the source text that no compiler checks.
@Suite struct SourceRules {
    /// What each target may import besides the C library. A new target states its own.
    private static let allowedImports: [String: Set<String>] = [
        "JSON": [],
        "YAML": ["JSON"],
        "SystemCalls": [],
        "Threading": [],
        "Diagnostics": ["SystemCalls"],
        "EmbeddedFiles": ["CEmbeddedFiles"],
        "Hashing": [],
        "ServerSentEvents": [],
        "Telemetry": ["JSON", "SystemCalls", "Threading"],
        "PrivateData": ["Hashing", "JSON", "Threading"],
        "CommandOptions": ["Diagnostics"],
        "ChildProcess": ["SystemCalls", "Threading"],
        "JSONRPC": ["JSON", "SystemCalls", "Threading"],
        "MCP": ["JSON", "JSONRPC", "Telemetry"],
        "MCPClient": ["ChildProcess", "JSON", "JSONRPC", "MCP", "ServerSentEvents", "SystemCalls", "Threading"],
        "MCPServers": ["Diagnostics", "HostConfiguration", "JSON", "MCP", "MCPClient", "SystemCalls", "Threading"],
        "BridgeModules": ["CEmbeddedFiles", "EmbeddedFiles", "Hashing", "JSON", "MCP", "SystemCalls"],
        "OpenAI": ["JSON"],
        "HTTPServer": ["SystemCalls", "Threading"],
        "ExecCore": [
            "CEmbeddedFiles", "ChildProcess", "Diagnostics", "EmbeddedFiles", "Hashing", "JSON", "SystemCalls",
            "Telemetry", "Threading", "YAML",
        ],
        "HostConfiguration": ["CXattr", "JSON", "SystemCalls", "YAML"],
        "Bridge": [
            "BridgeModules", "Diagnostics", "ExecCore", "Hashing", "JSON", "JSONRPC", "MCP", "MCPClient", "MCPServers",
            "PrivateData", "SystemCalls", "Telemetry", "Threading",
        ],
        "ExecMCP": [
            "Bridge", "CEmbeddedFiles", "CommandOptions", "Diagnostics", "Dispatch", "EmbeddedFiles", "ExecCore",
            "Hashing", "HostConfiguration", "JSON", "JSONRPC", "MCP", "MCPServers", "PrivateData", "SystemCalls",
            "Telemetry", "Threading",
        ],
        "ExecAgent": [
            "CCurl", "CEmbeddedFiles", "CommandOptions", "Diagnostics", "Dispatch", "EmbeddedFiles", "Foundation",
            "HTTPServer", "Hashing", "JSON", "JSONRPC", "MCP", "MCPClient", "MCPServers", "OpenAI", "ServerSentEvents",
            "SystemCalls",
            "Telemetry", "Threading",
        ],
    ]

    @Test func thereIsSourceToLookAt() {
        #expect(Set(SourceFile.all.map(\.target)).isSuperset(of: ["JSON", "ExecCore", "ExecMCP"]))
        #expect(SourceFile.all.contains { !$0.isSwift })
        #expect(SourceFile.all.contains { !$0.imports.isEmpty })
        #expect(SourceFile.everything.contains { $0.path.hasPrefix("e2e/") })
        #expect(SourceFile.everything.contains { $0.path.hasPrefix("bench/") })
        #expect(SourceFile.everything.flatMap(\.declarations).contains { $0.name == "SourceRules" })
    }

    @Test func everyTargetImportsOnlyWhatItsPlaceAllows() {
        for file in SourceFile.all where file.isSwift {
            guard let allowed = Self.allowedImports[file.target] else {
                Issue.record("\(file.path): say in SourceRules what \(file.target) may import")
                continue
            }
            let strange = file.imports.subtracting(allowed).subtracting(["Glibc", "Darwin"])
            #expect(strange.isEmpty, "\(file.path) imports \(strange.sorted())")
        }
    }

    @Test func theProgramsHaveOneVersion() {
        let declared = SourceFile.all.flatMap { file in
            file.text.matches(of: /static let text = ("\d+\.\d+\.\d+")/).map { (file.path, String($0.1)) }
        }
        #expect(declared.map(\.0) == ["Sources/CommandOptions/ProgramVersion.swift"])
        for (path, version) in declared {
            #expect(SourceFile.all.filter { $0.text.contains(version) }.map(\.path) == [path])
        }
    }

    @Test(arguments: ["artifact:///", "skill://", "agent_system_prompt", "x-user-id"])
    func aNameThatBothProgramsKnowStandsInOnePlace(name: String) {
        let files = SourceFile.all.filter { $0.isSwift && $0.text.contains("\"\(name)\"") }
        #expect(files.map(\.target) == ["MCP"])
    }

    @Test func oneFileImportsFoundation() {
        let files = SourceFile.all.filter { !$0.imports.isDisjoint(with: ["Foundation", "FoundationNetworking"]) }
        #expect(files.map(\.path) == ["Sources/ExecAgent/Model/Connection/URLSessionTransport.swift"])
    }

    @Test func onePlaceKnowsWhichEnginesThereAre() {
        let files = SourceFile.all.filter { file in
            !file.path.contains("/Engine/Docker/") && file.isSwift && file.text.contains(/\bDocker[A-Z]/)
        }
        #expect(files.map(\.path) == ["Sources/ExecCore/Engine/EngineLocator.swift"])
    }

    @Test func nothingEndsTheProcessByAssumption() {
        for file in SourceFile.all where file.isSwift {
            let found = file.text.matches(of: /\btry!|\bas!|\b(fatalError|preconditionFailure|precondition|assert)\(/)
                .map { String($0.0) }
            #expect(found.isEmpty, "\(file.path): \(found)")
        }
    }

    @Test func theEmbeddedFilesThatTheCodeNamesAreThere() {
        let lists: [Substring: EmbeddedFiles] = [
            "commandPrograms": EmbeddedFiles(embedded_command_programs()),
            "guestLoaders": EmbeddedFiles(embedded_guest_loaders()),
            "guestModules": EmbeddedFiles(embedded_guest_modules()), "image": EmbeddedFiles(embedded_image()),
        ]
        let named = SourceFile.all.filter(\.isSwift).flatMap { file in
            file.text.matches(of: /EmbeddedFiles\.(\w+)\[(?:"([^"]*)")?/).map { (file.path, $0.1, $0.2) }
        }
        #expect(named.count > 15)
        for (path, list, name) in named {
            #expect(name.map { lists[list]?[String($0)].isEmpty } == false, "\(path): \(list), \(name ?? "no literal")")
        }
    }

    @Test func nothingIsLeftForLater() {
        for file in SourceFile.all {
            let found = file.text.matches(of: /\b(TODO|FIXME|XXX|HACK|WIP)\b/).map { String($0.0) }
            #expect(found.isEmpty, "\(file.path): \(found)")
        }
    }
}
