import EmbeddedFiles
import Foundation
import JSON
import TestSupport
import Testing

@testable import ExecCore

/// The names that the server and the guest have for the same things, read out of the guest's own source text.
@Suite(.timeLimit(.minutes(3))) struct ContractTests {
    /// Functions that say which names a part of the guest uses.
    private static let heading = #"""
        import ast
        guest.load_all()
        modules = {name: part for name, part in vars(guest).items() if hasattr(part, "__source__") and name != "script"}
        trees = {name: ast.parse(module.__source__) for name, module in modules.items()}
        functions = {(name, node.name): node for name, tree in trees.items() for node in ast.walk(tree)
                     if isinstance(node, ast.FunctionDef)}
        def text(node):
            return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
        def called(node):
            return getattr(node.func, "attr", getattr(node.func, "id", None)) if isinstance(node, ast.Call) else None
        def read(node, name):
            """The keys that are read of what is called `name`."""
            for part in ast.walk(node):
                if isinstance(part, ast.Subscript) and getattr(part.value, "id", None) == name and text(part.slice):
                    yield text(part.slice)
                elif called(part) == "get" and getattr(getattr(part.func, "value", None), "id", None) == name:
                    yield text(part.args[0])
        def written(node):
            """The keys of dictionaries that are made or added to."""
            for part in ast.walk(node):
                if isinstance(part, ast.Dict):
                    yield from filter(None, map(text, part.keys))
                elif isinstance(part, ast.Assign):
                    yield from filter(None, (text(getattr(at, "slice", None)) for at in part.targets))
                elif called(part) == "update":
                    yield from (keyword.arg for keyword in part.keywords)
                elif isinstance(part, ast.DictComp):
                    yield from filter(None, map(text, getattr(part.generators[0].iter, "elts", ())))
        def closure(module, name):
            """The function and those of its module that it calls."""
            found, next_ones = [], [name]
            while next_ones:
                at = next_ones.pop()
                if (module, at) in functions and functions[module, at] not in found:
                    found.append(functions[module, at])
                    next_ones += filter(None, map(called, ast.walk(functions[module, at])))
            return found
        def names(function, nodes, *more):
            return sorted({name for node in nodes for name in function(node, *more)})
        def show(*values):
            print(json.dumps(values))

        """#

    /// What a script says of the guest: the arguments of its one `show`.
    private func guest(_ script: String) async throws -> [JSON] {
        let said = try await GuestModules.run(Self.heading + script)
        return try #require(try JSON.parse(Array(said.utf8)).arrayValue)
    }

    private static func names<Name: RawRepresentable & CaseIterable>(_ type: Name.Type) -> Set<String>
    where Name.RawValue == String { Set(type.allCases.map(\.rawValue)) }

    private static func strings(_ value: JSON?) -> Set<String> {
        Set(value?.arrayValue?.compactMap(\.stringValue) ?? [])
    }

    private static func keys(_ value: JSON?) -> Set<String> { Set(value?.objectValue?.keys.map { $0 } ?? []) }

    @Test func framesHaveTheSameNumbers() async throws {
        let found = try await guest(
            """
            show({name: value for name, value in vars(guest.frames).items() if name.isupper() and name[0] != "_"})
            """)[0]
        for kind in Frame.Kind.allCases {
            #expect(found["\(kind)".uppercased()]?.integerValue == Int(kind.rawValue), "\(kind)")
        }
        let others = ["GUEST_CALL", "STDOUT", "STDERR", "MAX_PAYLOAD", "MAX_CHUNK"]
        #expect(found.objectValue?.count == Frame.Kind.allCases.count + others.count)
        #expect(found["GUEST_CALL"]?.integerValue == Int(Frame.guestCallBit))
        #expect(found["MAX_PAYLOAD"]?.integerValue == Frame.maxPayload)
        #expect([found["STDOUT"], found["STDERR"]] == [0, 1])
    }

    /// One operation with everything that may be said of it.
    struct Operation: Sendable, CustomTestStringConvertible {
        let parameters: any GuestParameters
        /// The module and the function that do it.
        let function: (module: String, name: String)
        let results: Set<String>

        var testDescription: String { type(of: parameters).operation.rawValue }
    }

    private static let operations = [
        Operation(
            parameters: WriteFile(path: "", size: 0, timeout: 1), function: ("files", "write_file"),
            results: names(WrittenFile.Name.self)),
        Operation(
            parameters: ReadFile(
                path: "", offset: 0, lineCount: 1, limit: 0, pictureLimit: 0, pictureSide: 0, unscaledPictureLimit: 0,
                timeout: 1),
            function: ("files", "read_file"),
            results: names(ReadFile.ResultName.self).union(names(ReadFile.ResultName.Flaws.self))
                .union(names(ReadFile.ResultName.Scaling.self)).union(names(ReadFile.ResultName.Description.self))),
        Operation(
            parameters: ReadDocstring(path: "", functionName: "", limit: 0, timeout: 1),
            function: ("docstrings", "read_docstring"), results: names(ReadDocstring.ResultName.self)),
        Operation(
            parameters: ListArtifacts(limit: 0, timeout: 1), function: ("artifacts", "list_artifacts"),
            results: names(Artifact.Name.self)),
        Operation(
            parameters: ReadArtifact(name: "", limit: 0, timeout: 1),
            function: ("artifacts", "read_artifact"), results: names(ArtifactContent.Name.self)),
        Operation(
            parameters: StoreFile(directory: "", name: "", existing: .fail, size: 0, timeout: 1),
            function: ("file_transfers", "store_file"), results: names(StoredFileName.Name.self)),
        Operation(
            parameters: ReadPart(path: "", offset: 0, length: 0, timeout: 1),
            function: ("file_transfers", "read_part"), results: names(FileSlice.Name.self)),
        Operation(
            parameters: ListDirectory(path: "", limit: 0, timeout: 1),
            function: ("file_transfers", "list_directory"),
            results: names(DirectoryEntries.Name.self).union(names(DirectoryEntry.Name.self))),
        Operation(
            parameters: DeleteFile(path: "", timeout: 1), function: ("file_transfers", "delete_file"),
            results: names(DeleteFile.ResultName.self)),
        Operation(
            parameters: MeasureWorkspace(timeout: 1), function: ("file_transfers", "measure_workspace"),
            results: names(MeasureWorkspace.ResultName.self)),
    ]

    @Test(arguments: operations)
    func fileOperationsHaveTheSameParametersAndResults(operation: Operation) async throws {
        let (module, name) = operation.function
        let found = try await guest(
            """
            nodes = closure("\(module)", "\(name)")
            assert guest.workers._OPERATIONS["\(operation.testDescription)"].__name__ == "\(name)"
            # Failures are built in the same functions and aren't results.
            show(names(read, nodes, "params"), sorted(set(names(written, nodes)) - {"code", "message"}))
            """)
        // What every file operation is read for besides, before its function has it.
        let common: Set<String> = ["write_file", "store_file"].contains(name) ? ["timeout", "size"] : ["timeout"]
        #expect(Self.strings(found[0]).union(common) == Self.keys(operation.parameters.json))
        #expect(Self.strings(found[1]) == operation.results)
    }

    @Test func commandsHaveTheSameParametersAndResults() async throws {
        let found = try await guest(
            """
            command = next(node for node in ast.walk(trees["commands"]) if getattr(node, "name", "") == "Command")
            show(names(read, [command, functions["dispatcher", "_command"]], "params"),
                 names(written, [command]), names(written, [functions["artifacts", "_entry"]]),
                 names(written, [functions["artifacts", "changed"]]), names(written, [functions["output", "rest"]]))
            """)
        let parameters = ExecuteCommand(command: "", timeout: 1, limit: 0, wantsProgress: true)
        #expect(Self.strings(found[0]) == Self.keys(parameters.json))
        #expect(Self.strings(found[1]) == Self.names(CommandResult.Name.self))
        #expect(Self.strings(found[2]) == Self.names(Artifact.Name.self))
        #expect(Self.strings(found[3]) == Self.names(Artifact.ChangeName.self))
        #expect(Self.strings(found[4]) == Self.names(CommandResult.StreamRest.Name.self))
    }

    @Test func theOperationsAreTheSame() async throws {
        let found = try await guest(#"show(["execute", *guest.workers._OPERATIONS])"#)
        #expect(Self.strings(found[0]) == Self.names(GuestOperation.self))
    }

    @Test func failuresHaveTheSameCodes() async throws {
        let found = try await guest(
            """
            def codes(node):
                for part in ast.walk(node):
                    at = {"OperationError": 1, "_fail": 1, "failure": 1}.get(called(part))
                    if at is not None and len(part.args) > at:
                        yield text(part.args[at])
                    if isinstance(part, ast.Dict):
                        yield from (text(value) for key, value in zip(part.keys, part.values) if text(key) == "code")
                    if isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") == "code":
                        yield from (text(end) for end in ast.walk(part.value) if text(end))
                    if isinstance(part, ast.FunctionDef) and any(at.arg == "code" for at in part.args.args[-1:]):
                        yield from map(text, part.args.defaults)
            show(sorted({code for tree in trees.values() for code in codes(tree)} - {None}))
            """)
        #expect(Self.strings(found[0]) == Self.names(GuestFailureCode.self))
    }

    @Test func callsOfTheGuestsHaveTheSameNamesAndWindows() async throws {
        let found = try await guest(
            """
            starts = [part for tree in trees.values() for part in ast.walk(tree)
                      if called(part) == "start" and part.args and text(part.args[0])]
            show({text(part.args[0]): names(written, [part.args[1]]) for part in starts},
                 sorted(guest.http_proxy._STATUS.keys() - {"bad"}), guest.guest_calls.WINDOW)
            """)
        #expect(Self.keys(found[0]) == Self.names(GuestCallMethod.self))
        #expect(Self.strings(found[0]["connect"]) == Self.names(ConnectParameters.Name.self))
        #expect(Self.strings(found[1]).isSubset(of: Self.names(GuestCallError.Code.self)))
        #expect(found[2].integerValue == EgressConnection.window)
    }

    @Test func theHandshakeHasTheSameNames() async throws {
        let found = try await guest(
            """
            show(names(written, [functions["system", "sandbox_facts"], functions["session", "_send_handshake"]]),
                 *(names(written, [functions["limits", version]]) for version in ("_version_1", "_version_2")))
            """)
        #expect(Self.strings(found[0]) == Self.names(HandshakeName.self))
        let limits = Self.names(LimitKind.self).union(["swap"])
        #expect(found.dropFirst().map(Self.strings) == [limits, limits])
    }

    @Test func newsAndConfigurationHaveTheSameNames() async throws {
        let found = try await guest(
            """
            show(names(written, [functions["artifact_watcher", "scan"]]),
                 names(read, [trees[name] for name in ("main", "dispatcher", "instant", "process_control", "heartbeat")], "config"))
            """)
        #expect(Self.strings(found[0]) == Self.names(ArtifactChange.Name.self))
        let payload = GuestProgram.bootstrapPayload(
            for: SandboxConfiguration(), limits: Limits(), isEngineLocal: true)
        let start = try #require(payload.firstIndex(of: UInt8(ascii: "\n"))) + 5
        let program = try JSON.parse(Array(payload[start...]))
        #expect(Self.strings(found[1]) == Self.keys(program["config"]))
    }

    @Test func everyModuleOfTheGuestIsCarried() throws {
        let directory = "\(Repository.path)/Sources/ExecCore/Guest/guest"
        let files = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".py") }
        #expect(EmbeddedFiles.guestModules.all.map(\.name).sorted() == files.map { String($0.dropLast(3)) }.sorted())
    }
}
