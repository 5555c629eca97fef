import JSON

/// A file that was written into a sandbox.
struct StoredFile: Sendable, Equatable {
    /// Its absolute path in the sandbox.
    let path: String
    /// Its name, which may differ from the requested one.
    let name: String
    let size: Int

    init?(_ result: JSONObject) {
        guard let path = result["path"]?.stringValue, let name = result["name"]?.stringValue,
            let size = result["size"]?.integerValue
        else { return nil }
        (self.path, self.name, self.size) = (path, name, size)
    }
}
