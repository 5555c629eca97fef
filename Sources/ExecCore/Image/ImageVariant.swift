import EmbeddedFiles

/// How much an image of ours has beyond Python and a shell.
public enum ImageVariant: String, Sendable, CaseIterable {
    /// Python with the scientific stack, documents, fonts and the shell's programs.
    case standard
    /// Python's standard library and the shell's most common programs.
    case slim

    /// The pinned Python packages, in pip's format.
    var requirements: String {
        switch self {
        case .standard: EmbeddedFiles.image["requirements.txt"]
        case .slim: EmbeddedFiles.image["requirements-slim.txt"]
        }
    }

    /// The Debian packages, one per line.
    var systemPackages: String {
        switch self {
        case .standard: EmbeddedFiles.image["packages.txt"]
        case .slim: EmbeddedFiles.image["packages-slim.txt"]
        }
    }
}
