import Hashing

/// Names as Kubernetes wants them (RFC 1123, and what label values may contain). A ``UserID`` can have characters that no
/// name may have, so names and label values are digests; what they stand for is in annotations.
public enum KubernetesName {
    static let prefix = "exec-mcp-"
    private static let digits = 32

    /// The name of the Job that is a container, or of its claim to a pod of a pool.
    ///
    /// - Parameter container: the container's name, or such a name, which is returned as it is.
    static func job(of container: String) -> String {
        isOwn(container) ? container : prefix + digest(of: container)
    }

    /// The value of a label that stands for `text`.
    static func labelValue(for text: String) -> String {
        digest(of: text)
    }

    /// Whether this is a name that we gave.
    static func isOwn(_ name: String) -> Bool {
        let digest = name.dropFirst(prefix.count)
        return name.hasPrefix(prefix) && digest.utf8.count == digits
            && digest.utf8.allSatisfy { hexDigits.contains($0) }
    }

    /// The name of the claim for a user's volumes.
    ///
    /// - Parameter volume: the name of the first of them.
    static func claim(of volume: String) -> String {
        "\(prefix)user-\(digest(of: volume))"
    }

    /// The name of the volume that is mounted at `path`.
    static func volume(at path: String) -> String {
        path.split(separator: "/").joined(separator: "-").lowercased()
    }

    /// Whether `text` can name a namespace: a DNS label.
    public static func isLabel(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether `text` can name a secret, a class of runtimes, or most other objects: a DNS subdomain.
    public static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel(String($0)) }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func digest(of text: String) -> String {
        String(SHA256.hexDigest(of: text).prefix(digits))
    }
}
