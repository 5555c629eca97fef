import CommandOptions
import ExecCore

/// What follows `exec-mcp image`.
struct ImageArguments: Equatable {
    private static let baseVariable = "MCP_EXECUTOR_BASE_IMAGE"

    /// This command's own options. The names of images are checked when all arguments are known.
    static let options: [CommandOptions.OptionDescription<Own>] = [
        .init(ofCommand: "--tag", placeholder: "NAME") { value, own in
            own.tag = value
            return true
        },
        .init(ofCommand: "--base", placeholder: "IMAGE") { value, own in
            own.base = value
            return true
        },
        .init(ofCommand: "--force") { _, own in
            own.isForced = true
            return true
        },
        .init(ofCommand: "--print") { _, own in
            own.onlyPrints = true
            return true
        },
    ]

    /// What the command's own options say.
    struct Own: Equatable {
        /// The image's name; `nil` for that of the server's options.
        var tag: String?
        /// The image to build on; `nil` for the Dockerfile's.
        var base: String?
        /// Whether to build though nothing changed.
        var isForced = false
        /// Whether only to print the Dockerfile.
        var onlyPrints = false
    }

    private let own: Own
    private let server: Options

    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
    init(_ arguments: [String], environment: [String: String], defaults: Options) throws(UsageError) {
        var own = Own()
        let parser = SubcommandParser(options: Self.options, program: OptionDescription.all)
        let ofServer = try parser.parse(arguments, into: &own) { (argument, _) throws(UsageError) in
            throw UsageError(
                message: "unknown argument \(argument.quoted); exec-mcp image --help lists what there is")
        }
        guard
            case .serve(let server) = try OptionParser.parse(ofServer, environment: environment, defaults: defaults)
        else { throw UsageError(message: "exec-mcp image --help lists what there is") }
        try Self.checkName(own.tag, by: "--tag")
        try Self.checkName(own.base, by: "--base")
        if own.base == nil, let base = environment[Self.baseVariable], !base.isEmpty {
            try Self.checkName(base, by: Self.baseVariable)
            own.base = base
        }
        self.own = own
        self.server = server
    }

    private static func checkName(_ image: String?, by name: String) throws(UsageError) {
        guard let image, !OptionTable.isImageName(image) else { return }
        throw .notAccepted(image, by: name, accepts: "the name of an image")
    }

    /// The engine's program, name or path.
    var engine: String { server.engine }
    /// The image's name.
    var tag: String { own.tag ?? server.configuration.image }
    /// The image to build on; `nil` for the Dockerfile's.
    var base: String? { own.base }
    /// Whether to build though nothing changed.
    var isForced: Bool { own.isForced }
    /// Whether only to print the Dockerfile.
    var onlyPrints: Bool { own.onlyPrints }
}
