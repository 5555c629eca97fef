// swift-tools-version: 6.2

import PackageDescription

// Strict everywhere: a warning is an error, and an import shows what it lets out.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

// pipe2, close_range, pthread_setname_np and the newer posix_spawn actions are visible in Glibc only with this.
let gnuSource: [CSetting] = [.define("_GNU_SOURCE", .when(platforms: [.linux]))]

// macOS has it in its own module.
let xattr = Target.Dependency.target(name: "CXattr", condition: .when(platforms: [.linux]))

// macOS has URLSession. Foundation's on Linux turns in a circle while it waits.
let curl = Target.Dependency.target(name: "CCurl", condition: .when(platforms: [.linux]))

let package = Package(
    name: "exec-mcp",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "exec-mcp", targets: ["ExecMCP"]),
        .executable(name: "exec-agent", targets: ["ExecAgent"]),
        .library(name: "ExecCore", targets: ["ExecCore"]),
    ],
    targets: [
        // Leaves: none of them knows the others' callers.
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "YAML", dependencies: ["JSON"], swiftSettings: settings),
        .target(name: "SystemCalls", cSettings: gnuSource, swiftSettings: settings),
        .target(name: "Threading", cSettings: gnuSource, swiftSettings: settings),
        .target(name: "Diagnostics", dependencies: ["SystemCalls"], swiftSettings: settings),
        .target(name: "Hashing", swiftSettings: settings),
        .target(name: "ServerSentEvents", swiftSettings: settings),
        // The files in other languages that are part of the programs: what runs in sandboxes, and the page.
        .target(name: "CEmbeddedFiles"),
        .target(name: "EmbeddedFiles", dependencies: ["CEmbeddedFiles"], swiftSettings: settings),
        // Metrics and traces: numbers, their text, spans, and the way of both out of the program.
        .target(
            name: "Telemetry", dependencies: ["JSON", "SystemCalls", "Threading"], swiftSettings: settings),
        // Private values in texts, and tokens in their place. Does no I/O.
        .target(name: "PrivateData", dependencies: ["Hashing", "JSON", "Threading"], swiftSettings: settings),
        .target(name: "CommandOptions", dependencies: ["Diagnostics"], swiftSettings: settings),
        .target(
            name: "ChildProcess", dependencies: ["SystemCalls", "Threading"], cSettings: gnuSource,
            swiftSettings: settings),
        // The wire: JSON-RPC over a byte stream, then MCP's own words.
        .target(name: "JSONRPC", dependencies: ["JSON", "SystemCalls", "Threading"], swiftSettings: settings),
        .target(name: "MCP", dependencies: ["JSON", "JSONRPC", "Telemetry"], swiftSettings: settings),
        .target(
            name: "MCPClient",
            dependencies: [
                "ChildProcess", "JSON", "JSONRPC", "MCP", "ServerSentEvents", "SystemCalls", "Threading",
            ],
            swiftSettings: settings),
        // Servers that others wrote: which there are, their start and their supervision. Knows no model.
        .target(
            name: "MCPServers",
            dependencies: [
                "Diagnostics", "HostConfiguration", "JSON", "MCP", "MCPClient", "SystemCalls", "Threading",
            ],
            swiftSettings: settings),
        // Other servers' tools as Python modules for the sandbox. Knows no server, and no sandbox.
        .target(
            name: "BridgeModules",
            dependencies: ["CEmbeddedFiles", "EmbeddedFiles", "Hashing", "JSON", "MCP", "SystemCalls"],
            exclude: ["Package"], swiftSettings: settings),
        // OpenAI's words, and a small HTTP server. Neither knows of MCP.
        .target(name: "OpenAI", dependencies: ["JSON"], swiftSettings: settings),
        .target(
            name: "HTTPServer", dependencies: ["SystemCalls", "Threading"], cSettings: gnuSource,
            swiftSettings: settings),
        // What a sandbox is. Knows nothing of MCP.
        .target(
            name: "ExecCore",
            dependencies: [
                "CEmbeddedFiles", "ChildProcess", "Diagnostics", "EmbeddedFiles", "Hashing", "JSON", "SystemCalls",
                "Telemetry", "Threading", "YAML",
            ],
            exclude: ["Guest/bootstrap.py", "Guest/guest", "Guest/unpack.py"], swiftSettings: settings),
        // Code in sandboxes calls tools of third-party servers.
        .target(
            name: "Bridge",
            dependencies: [
                "BridgeModules", "Diagnostics", "ExecCore", "Hashing", "JSON", "JSONRPC", "MCP", "MCPClient",
                "MCPServers", "PrivateData", "SystemCalls", "Telemetry", "Threading",
            ],
            swiftSettings: settings),
        // A header of the system's C library that its Swift module leaves out.
        .systemLibrary(name: "CXattr"),
        // HTTPS connections on Linux.
        .systemLibrary(name: "CCurl"),
        // The configuration files of MCP hosts. Knows nothing of the server but how it is started.
        .target(
            name: "HostConfiguration", dependencies: [xattr, "JSON", "SystemCalls", "YAML"], swiftSettings: settings),
        // The server.
        .executableTarget(
            name: "ExecMCP",
            dependencies: [
                "Bridge", "CEmbeddedFiles", "CommandOptions", "Diagnostics", "EmbeddedFiles", "ExecCore", "Hashing",
                "HostConfiguration", "JSON", "JSONRPC", "MCP", "MCPServers", "PrivateData", "SystemCalls", "Telemetry",
                "Threading",
            ],
            exclude: [
                "Doctor/probe", "Skills/draft_findings", "Skills/drafts", "Skills/inspect_draft", "Skills/run_tests",
            ].map { "Commands/\($0).py" }, swiftSettings: settings),
        // The agent. Knows nothing of containers.
        .executableTarget(
            name: "ExecAgent",
            dependencies: [
                curl, "CEmbeddedFiles", "CommandOptions", "Diagnostics", "EmbeddedFiles", "HTTPServer", "Hashing",
                "JSON",
                "JSONRPC", "MCP", "MCPClient", "MCPServers", "OpenAI", "ServerSentEvents", "SystemCalls", "Telemetry",
                "Threading",
            ],
            exclude: ["Page"], swiftSettings: settings),

        // What several test targets use.
        .target(
            name: "TestSupport", dependencies: ["ChildProcess", "Threading"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .target(
            name: "MCPClientTestSupport", dependencies: ["MCPClient"], path: "Tests/MCPClientTestSupport",
            swiftSettings: settings),
        // Servers under supervision that do what a test says.
        .target(
            name: "MCPServersTestSupport", dependencies: ["JSON", "MCP", "MCPClient", "MCPServers", "TestSupport"],
            path: "Tests/MCPServersTestSupport", swiftSettings: settings),
        // Sandboxes without an engine: engines and guests that do what a test says.
        .target(
            name: "ExecCoreTestSupport",
            dependencies: ["ChildProcess", "Diagnostics", "ExecCore", "JSON", "TestSupport", "Threading"],
            path: "Tests/ExecCoreTestSupport", swiftSettings: settings),
        // The machine's python3, for what is generated.
        .target(
            name: "BridgeModulesTestSupport",
            dependencies: ["BridgeModules", "ChildProcess", "JSON", "MCP", "TestSupport"],
            path: "Tests/BridgeModulesTestSupport", exclude: ["Fixtures"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "YAMLTests", dependencies: ["YAML", "JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "HashingTests", dependencies: ["ChildProcess", "Hashing", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "SystemCallsTests", dependencies: ["SystemCalls", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "CommandOptionsTests", dependencies: ["CommandOptions"], swiftSettings: settings),
        .testTarget(name: "ThreadingTests", dependencies: ["TestSupport", "Threading"], swiftSettings: settings),
        .testTarget(
            name: "ChildProcessTests", dependencies: ["ChildProcess", "SystemCalls", "TestSupport", "Threading"],
            swiftSettings: settings),
        .testTarget(
            name: "JSONRPCTests", dependencies: ["JSON", "JSONRPC", "TestSupport", "Threading"],
            swiftSettings: settings),
        .testTarget(
            name: "ServerSentEventsTests", dependencies: ["ServerSentEvents", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests", dependencies: ["JSON", "SystemCalls", "Telemetry", "TestSupport", "Threading"],
            swiftSettings: settings),
        .testTarget(
            name: "PrivateDataTests", dependencies: ["JSON", "PrivateData", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "MCPTests", dependencies: ["MCP", "JSON", "JSONRPC"], swiftSettings: settings),
        .testTarget(
            name: "OpenAITests", dependencies: ["JSON", "OpenAI", "ServerSentEvents", "TestSupport"],
            swiftSettings: settings),
        // Against fake servers, and the real one, which is built for it.
        .testTarget(
            name: "MCPClientTests",
            dependencies: [
                "ChildProcess", "ExecMCP", "JSON", "JSONRPC", "MCP", "MCPClient", "MCPClientTestSupport", "TestSupport",
                "Threading",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "MCPServersTests",
            dependencies: [
                "JSON", "MCP", "MCPClient", "MCPClientTestSupport", "MCPServers", "MCPServersTestSupport",
                "TestSupport",
                "Threading",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "BridgeModulesTests",
            dependencies: ["BridgeModules", "BridgeModulesTestSupport", "JSON", "MCP", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "BridgeTests",
            dependencies: [
                "Bridge", "BridgeModules", "Diagnostics", "ExecCore", "JSON", "JSONRPC", "MCP", "MCPClient",
                "MCPServers", "PrivateData",
                "SystemCalls", "TestSupport", "Threading",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServerTests", dependencies: ["HTTPServer", "TestSupport", "Threading"], swiftSettings: settings),
        .testTarget(
            name: "ExecCoreTests",
            dependencies: [
                "ChildProcess", "Diagnostics", "EmbeddedFiles", "ExecCore", "ExecCoreTestSupport", "Hashing", "JSON",
                "SystemCalls", "TestSupport", "Threading",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HostConfigurationTests", dependencies: [xattr, "HostConfiguration", "JSON", "TestSupport", "YAML"],
            swiftSettings: settings),
        .testTarget(
            name: "ExecMCPTests",
            dependencies: [
                "Bridge", "CommandOptions", "Diagnostics", "ExecCore", "ExecMCP", "Hashing", "HostConfiguration",
                "JSON",
                "JSONRPC", "MCP", "PrivateData", "SystemCalls", "Telemetry", "TestSupport", "Threading",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ExecAgentTests",
            dependencies: [
                curl, "CommandOptions", "Diagnostics", "ExecAgent", "HTTPServer", "Hashing", "JSON", "JSONRPC", "MCP",
                "MCPClient",
                "MCPClientTestSupport", "MCPServers", "MCPServersTestSupport", "OpenAI", "SystemCalls", "Telemetry",
                "TestSupport", "Threading",
            ],
            swiftSettings: settings),
        // What has to hold for any bytes: see the properties in it.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "BridgeModules", "BridgeModulesTestSupport", "ExecCore", "ExecMCP", "HTTPServer", "HostConfiguration",
                "JSON", "JSONRPC", "MCP", "OpenAI", "ServerSentEvents", "SystemCalls", "TestSupport", "YAML",
            ],
            exclude: ["Corpus", "Fuzzer"], swiftSettings: settings),
        // Against the real engine and the sandbox's image, which `make image` readies.
        .testTarget(
            name: "EngineTests", dependencies: ["ChildProcess", "Diagnostics", "ExecCore", "TestSupport", "Threading"],
            swiftSettings: settings),
        // Rules about the source text itself.
        .testTarget(
            name: "PackageTests", dependencies: ["CEmbeddedFiles", "EmbeddedFiles", "TestSupport"],
            swiftSettings: settings),
    ]
)

// For `make fuzz` alone: the properties of FuzzTests as a program. What it tests is linked into it, the server's program
// as well, which therefore is a library without its main.swift here.
if Context.environment["EXEC_MCP_FUZZER"] != nil {
    let server = package.targets.first { $0.name == "ExecMCP" }
    package.products = [.executable(name: "Fuzzer", targets: ["Fuzzer"])]
    package.targets.removeAll { $0.isTest || $0.name == "ExecMCP" || $0.name.hasSuffix("TestSupport") }
    package.targets += [
        .target(
            name: "ExecMCP", dependencies: server?.dependencies ?? [], exclude: ["main.swift"],
            resources: server?.resources, swiftSettings: settings),
        .executableTarget(
            name: "Fuzzer",
            dependencies: [
                "BridgeModules", "ExecCore", "ExecMCP", "HTTPServer", "HostConfiguration", "JSON", "JSONRPC", "MCP",
                "OpenAI", "ServerSentEvents", "SystemCalls", "YAML",
            ],
            path: "Tests/FuzzTests",
            exclude: ["Corpus", "FuzzTests.swift", "Mutator.swift", "PythonModuleTests.swift"],
            sources: ["Properties", "Fuzzer"], swiftSettings: settings),
    ]
}
