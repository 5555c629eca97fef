/// The result of setting an entry in a host's file.
public struct ConfigWriteResult: Sendable, Equatable {
    /// How the file was changed.
    public enum Change: Sendable {
        /// The file didn't exist and was created.
        case created
        /// The entry was added.
        case added
        /// Another entry of that name was replaced.
        case replaced
        /// The entry was there already, so nothing was written.
        case none
    }

    /// How the file was changed.
    public let change: Change
    /// The path of the file, with symbolic links resolved.
    public let path: String
    /// The path of the backup of the old file; `nil` if the file didn't exist or wasn't changed.
    public let backup: String?
}

extension Host {
    /// Sets the entry in a file of this host, and keeps the rest of the file byte for byte.
    ///
    /// - Parameter path: an absolute path, such as one from ``userFile(_:)``.
    /// - Throws: ``ConfigurationError`` with the reason why the file can't be changed.
    public func set(_ entry: ServerEntry, inFile path: String) throws(ConfigurationError) -> ConfigWriteResult {
        let file = try ConfigurationFile(reading: path)
        let edited: EditedText
        do throws(EditError) {
            edited = try format.set(entry, in: file.content ?? [])
        } catch {
            let line = error.line.map { ", line \($0)" } ?? ""
            throw ConfigurationError("\(path)\(line): \(error.reason)")
        }
        guard edited.change != .none else { return ConfigWriteResult(change: .none, path: file.path, backup: nil) }
        let backup = try file.replace(with: edited.bytes)
        let change: ConfigWriteResult.Change =
            edited.change == .replaced ? .replaced : backup == nil ? .created : .added
        return ConfigWriteResult(change: change, path: file.path, backup: backup)
    }
}
