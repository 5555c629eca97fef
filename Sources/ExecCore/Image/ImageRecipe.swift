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

    /// The text of the Dockerfile.
    public static var dockerfile: String { text(PackageResources.Dockerfile) }
    /// The pinned Python packages, in pip's format.
    public static var requirements: String { text(PackageResources.requirements_txt) }
    /// The Python program that checks an image from inside. Its argument is ``requirements``.
    public static var check: String { text(PackageResources.smoke_py) }

    /// The base image; `nil` for ``defaultBase``.
    public let base: String?
    /// Certificates to trust during the build, in PEM. They do not stay in the image.
    let certificates: [UInt8]

    /// Creates a recipe with this base.
    public init(base: String?, certificates: [UInt8]) {
        self.base = base
        self.certificates = certificates
    }

    /// The files that the image is made from, in the order of their digest.
    private var sources: [(name: String, bytes: [UInt8])] {
        [
            ("Dockerfile", PackageResources.Dockerfile), ("install.py", PackageResources.install_py),
            ("requirements.txt", PackageResources.requirements_txt), ("with.txt", []),
            ("fonts.py", PackageResources.fonts_py), ("prepare.sh", PackageResources.prepare_sh),
            ("packages.txt", PackageResources.packages_txt), ("uv.sh", PackageResources.uv_sh),
        ]
    }

    /// A digest of all inputs of the image. `container/image.sh` computes the same one.
    var digest: String {
        SHA256.hexDigest(of: sources.flatMap(\.bytes) + Array((base ?? "").utf8))
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

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
