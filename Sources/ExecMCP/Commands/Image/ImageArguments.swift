import CommandOptions
import ExecCore

/// The arguments of `exec-mcp image`.
struct ImageArguments: Equatable {
    private static let baseVariable = "MCP_EXECUTOR_BASE_IMAGE"
    private static let imageVariable = "MCP_EXECUTOR_IMAGE"

    /// This command's own options. The names of images are checked after all arguments have been parsed.
    static let options: [CommandOptions.OptionDescription<Own>] = [
        .init(ofCommand: "--tag", placeholder: "NAME") { value, own in
            own.tag = value
            return true
        },
        .init(ofCommand: "--base", placeholder: "IMAGE") { value, own in
            own.base = value
            return true
        },
        .init(ofCommand: "--variant", placeholder: "NAME") { value, own in
            guard let variant = ImageVariant(rawValue: value) else { return false }
            own.variant = variant
            return true
        },
        .init(ofCommand: "--with", placeholder: "FILE") { value, own in
            own.requirementsFile = value
            return !value.isEmpty
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

    /// The values of the command's own options.
    struct Own: Equatable {
        /// The name of the image; `nil` for the one in the server's options.
        var tag: String?
        /// The base image; `nil` for the one in the Dockerfile.
        var base: String?
        /// Which packages the image has.
        var variant = ImageVariant.standard
        /// The path of a file that lists further packages; `nil` for none.
        var requirementsFile: String?
        /// Whether to build even if nothing changed.
        var isForced = false
        /// Whether to print the Dockerfile instead of building.
        var onlyPrints = false
    }

    private let own: Own
    private let server: Options
    /// The name of the image that a variable gives the server.
    private let serverImage: String?
    /// Packages beyond those of the variant; `nil` for none.
    let added: AddedRequirements?

    /// - Throws: ``UsageError`` for an unknown flag or an invalid value.
    init(_ arguments: [String], environment: [String: String], defaults: Options) throws(UsageError) {
        var own = Own()
        let parser = SubcommandParser(options: Self.options, program: ServerOption.all)
        let ofServer = try parser.parse(arguments, into: &own) { (argument, _) throws(UsageError) in
            throw UsageError(
                message: "unknown argument \(argument.quoted); exec-mcp image --help lists the options")
        }
        guard
            case .serve(let server) = try ServerOptionParser.parse(
                ofServer, environment: environment, defaults: defaults)
        else { throw UsageError(message: "exec-mcp image --help lists the options") }
        try Self.checkName(own.tag, by: "--tag")
        try Self.checkName(own.base, by: "--base")
        if own.base == nil, let base = environment[Self.baseVariable], !base.isEmpty {
            try Self.checkName(base, by: Self.baseVariable)
            own.base = base
        }
        do {
            added = try own.requirementsFile.map { path throws(RequirementsError) in
                try AddedRequirements(path: HostPath.expanded(path))
            }
        } catch {
            throw UsageError(message: "--with \((own.requirementsFile ?? "").quotedArgument): \(error)")
        }
        serverImage = environment[Self.imageVariable]
        self.own = own
        self.server = server
    }

    private static func checkName(_ image: String?, by name: String) throws(UsageError) {
        guard let image, !ServerOptionTable.isImageName(image) else { return }
        throw .notAccepted(image, by: name, accepts: "the name of an image")
    }

    /// The name or path of the engine's program.
    var engine: String { server.engine }
    /// Where the engine runs, if the user has said so.
    var engineLocation: EngineLocation { server.engineLocation }
    /// The name that a flag gives the image. The variable names the standard one alone: another must not take its
    /// place unasked.
    private var givenTag: String? {
        let named = server.configuration.image
        return own.tag ?? ([SandboxConfiguration().image, serverImage].contains(named) ? nil : named)
    }
    /// The name of an image of this recipe.
    func tag(for recipe: ImageRecipe) -> String {
        givenTag ?? recipe.ownName ?? server.configuration.image
    }
    /// Whether its name follows from what it is made from, so that a script has to be told.
    var isNamedByContent: Bool { givenTag == nil && added != nil }
    /// Which packages the image has.
    var variant: ImageVariant { own.variant }
    /// The base image; `nil` for the one in the Dockerfile.
    var base: String? { own.base }
    /// Whether to build even if nothing changed.
    var isForced: Bool { own.isForced }
    /// Whether to print the Dockerfile instead of building.
    var onlyPrints: Bool { own.onlyPrints }
}
