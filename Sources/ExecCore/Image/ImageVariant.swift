/// How much an image of ours has beyond Python and a shell.
public enum ImageVariant: String, Sendable, CaseIterable {
    /// Python with the scientific stack, documents, fonts and the shell's programs.
    case standard
    /// Python's standard library and the shell's most common programs.
    case slim

    /// The pinned Python packages, in pip's format.
    var requirements: [UInt8] {
        switch self {
        case .standard: PackageResources.requirements_txt
        case .slim: PackageResources.requirements_slim_txt
        }
    }

    /// The Debian packages, one per line.
    var systemPackages: [UInt8] {
        switch self {
        case .standard: PackageResources.packages_txt
        case .slim: PackageResources.packages_slim_txt
        }
    }
}
