import EmbeddedFiles
import Hashing

/// The inputs of the sandbox's image. They are embedded in the binary, so that no checkout is needed.
public struct ImageRecipe: Sendable, Equatable {
    /// The default base image, as named in the Dockerfile.
    public static let defaultBase: String = {
        let mark = "ARG BASE_IMAGE="
        let line = dockerfile.lines.first { $0.hasPrefix(mark) }
        return line.map { String($0.dropFirst(mark.count)) } ?? ""
    }()
    /// The base image that `make image` creates if no registry answers.
    public static let localBase = "mcp-code-executor-base:local"
    /// The label that identifies the inputs that an image was built from.
    static let label = "exec-mcp.build-inputs"
    /// The label of the first build stage, from which the image is copied, and the build argument for its value.
    static let stageLabel = "exec-mcp.stage"
    static let stageArgument = "STAGE"

    /// The name of images without a tag.
    private static let repository = "mcp-code-executor"
    /// The beginning of the tags that name images by their content.
    private static let contentPrefix = "with-"

    /// The text of the Dockerfile.
    public static var dockerfile: String { EmbeddedFiles.image["Dockerfile"] }
    /// The Python program that checks an image from inside. Its arguments are ``requirements`` and the name of the
    /// ``variant``.
    public static var check: String { EmbeddedFiles.image["smoke.py"] }

    /// The base image; `nil` for ``defaultBase``.
    public let base: String?
    /// Which packages the image has.
    public let variant: ImageVariant
    /// Packages beyond those of the variant; `nil` for none.
    let added: AddedRequirements?
    /// Certificates to trust during the build, in PEM. They do not stay in the image.
    let certificates: [UInt8]

    /// Creates a recipe with this base.
    public init(
        base: String?, variant: ImageVariant = .standard, added: AddedRequirements? = nil, certificates: [UInt8]
    ) {
        self.base = base
        self.variant = variant
        self.added = added
        self.certificates = certificates
    }

    /// The pinned Python packages of the variant, in pip's format, without those that were added in a version of
    /// their own.
    public var requirements: String {
        let lines = variant.requirements.lines
        return lines.filter { line in added?.names(line) != true }.joined(separator: "\n")
    }

    /// The name of an image that isn't given one: by its content if packages were added, otherwise by its variant;
    /// `nil` for the standard image, whose name is an option of the server.
    public var ownName: String? {
        if added != nil { return "\(Self.repository):\(Self.contentPrefix)\(digest.prefix(12))" }
        return variant == .standard ? nil : "\(Self.repository):\(variant.rawValue)"
    }

    /// The variant of an image with this name, if it is one of ours; `nil` if it isn't, or if its name doesn't say what
    /// it is made from.
    static func variant(named name: Substring) -> ImageVariant? {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts[0] == repository, !name.contains("@") else { return nil }
        guard parts.count > 1 else { return .standard }
        guard !parts[1].hasPrefix(contentPrefix) else { return nil }
        let word = parts[1].prefix { $0 != "-" }
        return ImageVariant(rawValue: String(word)) ?? .standard
    }

    /// The files that the image is made from, in the order of their digest.
    private var sources: [(name: String, bytes: [UInt8])] {
        let texts = [
            ("Dockerfile", EmbeddedFiles.image["Dockerfile"]), ("install.py", EmbeddedFiles.image["install.py"]),
            ("requirements.txt", variant.requirements), ("with.txt", added?.text ?? ""),
            ("fonts.py", EmbeddedFiles.image["fonts.py"]), ("prepare.sh", EmbeddedFiles.image["prepare.sh"]),
            ("packages.txt", variant.systemPackages), ("uv.sh", EmbeddedFiles.image["uv.sh"]),
        ]
        return (texts + EmbeddedFiles.imageLauncher.all.map { ($0.name, $0.text) }).map { ($0, Array($1.utf8)) }
    }

    /// A digest of all inputs of the image. `container/image.sh` computes the same one.
    var digest: String {
        SHA256.hexDigest(of: sources.flatMap(\.bytes) + Array((base ?? "").utf8))
    }

    /// The labels of an image of this name.
    func labels(for tag: String) -> [ContainerSpec.Pair] {
        var labels = [ContainerSpec.Pair(name: Self.label, value: labelValue(for: tag))]
        if variant != .standard {
            labels.append(ContainerSpec.Pair(name: ImageContents.variantLabel, value: variant.rawValue))
        }
        if let added {
            let names = added.names.joined(separator: ",")
            labels.append(ContainerSpec.Pair(name: ImageContents.addedLabel, value: names))
        }
        return labels
    }

    /// The value of ``label`` for an image of this name.
    func labelValue(for tag: String) -> String {
        "\(tag)@\(digest)"
    }

    /// The build context.
    var context: [UInt8] {
        var archive = TarArchive()
        for source in sources { archive.add(source.name, source.bytes) }
        archive.add("ca-bundle.pem", certificates)
        return archive.bytes
    }

    /// How an existing image relates to this recipe.
    public enum State: Sendable, Equatable {
        /// Built from exactly these inputs.
        case current
        /// Built by us from other inputs.
        case outdated
        /// Built by somebody else, or derived from ours under another name.
        case foreign
    }

    /// Classifies an image by its label.
    public func state(of image: ImageDescription, tag: String) -> State {
        guard let label = image.labels[Self.label], label.hasPrefix("\(tag)@") else { return .foreign }
        let expected = labelValue(for: tag)
        // `make image` appends a digest of how it created a base.
        return label == expected || label.hasPrefix("\(expected)-") ? .current : .outdated
    }
}
