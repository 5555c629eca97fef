import PrivateData
import Threading

/// The last file whose private values were replaced, for clients that read it in parts: otherwise, they would be
/// replaced in the whole file again for each part.
final class RedactedFile: Sendable {
    private struct Entry {
        let vault: PrivateDataVault
        let revision: Int
        let bytes: [UInt8]
        let redacted: [UInt8]
    }

    private let last = Locked<Entry?>(nil)

    /// Returns what `replacing` makes of a file's bytes, which is remembered until its end is read.
    ///
    /// - Parameters:
    ///   - vault: the values that it replaces.
    ///   - end: the end of the part that is read.
    ///   - replacing: replaces the values in bytes, and returns the vault's revision for which that holds.
    func redacted(
        _ bytes: [UInt8], by vault: PrivateDataVault, upTo end: Int,
        _ replacing: ([UInt8]) -> (bytes: [UInt8], revision: Int)
    ) -> [UInt8] {
        let known = last.withLock { $0 }
        var redacted = known?.redacted ?? []
        if known == nil || known?.vault !== vault || known?.revision != vault.revision || known?.bytes != bytes {
            let replaced = replacing(bytes)
            redacted = replaced.bytes
            let entry = Entry(vault: vault, revision: replaced.revision, bytes: bytes, redacted: redacted)
            last.withLock { $0 = end < redacted.count ? entry : nil }
        } else if end >= redacted.count {
            last.withLock { $0 = nil }
        }
        return redacted
    }
}
