import Hashing

/// What the sandbox's image is made from. The binary carries it, so that nobody needs a checkout.
public struct ImageRecipe: Sendable, Equatable {
    /// The base where none is named, as the Dockerfile has it.
    public static let defaultBase: String = {
        let mark = "ARG BASE_IMAGE="
        let line = dockerfile.lines.first { $0.hasPrefix(mark) }
        return line.map { String($0.dropFirst(mark.count)) } ?? ""
    }()
    /// The base that `make image` makes where no registry answers.
    public static let localBase = "mcp-code-executor-base:local"
    /// The label of an image that says what it was built from.
    static let label = "exec-mcp.build-inputs"
    /// The label of the first stage, which the image is copied from.
    static let stageLabel = "exec-mcp.stage"

    /// The Dockerfile's text.
    public static var dockerfile: String { text(PackageResources.Dockerfile) }
    /// The pinned Python packages, in pip's format.
    public static var requirements: String { text(PackageResources.requirements_txt) }
    /// The Python program that checks an image from inside. It takes ``requirements`` as its argument.
    public static var check: String { text(PackageResources.smoke_py) }

    /// The image to build on; `nil` for ``defaultBase``.
    public let base: String?
    /// Certificates to trust while building, in PEM; they do not stay in the image.
    let certificates: [UInt8]

    /// A recipe that builds on this base.
    public init(base: String?, certificates: [UInt8]) {
        self.base = base
        self.certificates = certificates
    }

    /// A digest of all that the image is made from. `container/image.sh` makes the same.
    var digest: String {
        SHA256.hexDigest(
            of: PackageResources.Dockerfile + PackageResources.requirements_txt + PackageResources.prepare_sh
                + Array((base ?? "").utf8))
    }

    /// What ``label`` says of an image of this name.
    func labelValue(for tag: String) -> String {
        "\(tag)@\(digest)"
    }

    /// The build's context.
    var context: [UInt8] {
        var archive = TarArchive()
        archive.add("Dockerfile", PackageResources.Dockerfile)
        archive.add("requirements.txt", PackageResources.requirements_txt)
        archive.add("prepare.sh", PackageResources.prepare_sh)
        archive.add("ca-bundle.pem", certificates)
        return archive.bytes
    }

    /// How an image that is there relates to this recipe.
    public enum State: Sendable, Equatable {
        /// Built from exactly this.
        case current
        /// Built by us from something else.
        case outdated
        /// Somebody's own, or derived from ours under a name of its own.
        case foreign
    }

    /// Judges an image by its label.
    public func state(of image: ImageDescription, tag: String) -> State {
        guard let label = image.labels[Self.label], label.hasPrefix("\(tag)@") else { return .foreign }
        let expected = labelValue(for: tag)
        // `make image` adds a digest of how it made a base.
        return label == expected || label.hasPrefix("\(expected)-") ? .current : .outdated
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
