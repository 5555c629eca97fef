import CommandOptions
import Diagnostics
import ExecCore

/// What follows `exec-mcp image`.
struct ImageArguments: Equatable {
    /// Flags of this command that are followed by a value.
    static let flagsWithValue = ["--tag", "--base"]

    private static let baseVariable = "MCP_EXECUTOR_BASE_IMAGE"

    /// The engine's program, name or path.
    let engine: String
    /// The image's name.
    let tag: String
    /// The image to build on; `nil` for the Dockerfile's.
    let base: String?
    /// Whether to build though nothing changed.
    let isForced: Bool
    /// Whether only to print the Dockerfile.
    let onlyPrints: Bool

    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
    init(_ arguments: [String], environment: [String: String], defaults: Options) throws(UsageError) {
        var names: [String: String] = [:]
        var switches: Set<String> = []
        var serverArguments: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if ["--force", "--print"].contains(argument) {
                switches.insert(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if let option = OptionDescription.all.first(where: { $0.flag == parts[0] }) {
                serverArguments.append(argument)
                if option.takesValue, parts.count == 1, let value = rest.popFirst() { serverArguments.append(value) }
                continue
            }
            guard Self.flagsWithValue.contains(parts[0]) else {
                throw UsageError(
                    message: "unknown argument '\(argument.singleLine(limit: 100))'; exec-mcp image --help lists what "
                        + "there is")
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                throw UsageError(message: "\(parts[0]) needs a value")
            }
            names[parts[0]] = value
        }
        guard
            case .serve(let options) = try OptionParser.parse(
                serverArguments, environment: environment, defaults: defaults)
        else { throw UsageError(message: "exec-mcp image --help lists what there is") }
        engine = options.engine
        tag = try Self.image(names["--tag"], "--tag") ?? options.configuration.image
        if let named = try Self.image(names["--base"], "--base") {
            base = named
        } else {
            let value = environment[Self.baseVariable].flatMap { $0.isEmpty ? nil : $0 }
            base = try Self.image(value, Self.baseVariable)
        }
        isForced = switches.contains("--force")
        onlyPrints = switches.contains("--print")
    }

    private static func image(_ value: String?, _ name: String) throws(UsageError) -> String? {
        guard let value else { return nil }
        guard OptionTable.isImageName(value) else {
            throw UsageError(
                message: "\(name) does not accept '\(value.singleLine(limit: 100))': it takes the name of an image")
        }
        return value
    }
}
