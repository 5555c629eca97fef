/// What became of a host's file.
public struct ConfigWriteResult: Sendable, Equatable {
    /// What was done.
    public enum Change: Sendable {
        /// There was no file: it was made.
        case created
        /// The entry was added.
        case added
        /// There was another entry of that name: the new one is in its place.
        case replaced
        /// The entry was there already: nothing was written.
        case none
    }

    /// What was done.
    public let change: Change
    /// Where the file is, links followed.
    public let path: String
    /// Where the file is kept as it was before; `nil` where it was not there or not changed.
    public let backup: String?
}

extension Host {
    /// Sets the entry in a file of this host, and keeps all else that is in it byte for byte.
    ///
    /// - Parameter path: absolute, as ``userFile(_:)`` says it.
    /// - Throws: ``ConfigurationError`` where the file is left as it was, with the reason.
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
