import JSON

/// What of a host's file is resolved although the host itself would do it.
public struct HostReferences: Sendable, Equatable {
    /// The prefix of the environment variables that hold the values of `${input:NAME}`; `nil` to reject such
    /// references.
    public var inputPrefix: String?
    /// Whether the file that an entry names as `envFile` is read; if not, there is a warning.
    public var readsEnvironmentFiles: Bool
    /// The name of the member with settings for this program in an entry, which hosts ignore; `nil` for none.
    public var settings: String?

    /// References; by default those that need nothing but the environment.
    public init(inputPrefix: String? = nil, readsEnvironmentFiles: Bool = false, settings: String? = nil) {
        self.inputPrefix = inputPrefix
        self.readsEnvironmentFiles = readsEnvironmentFiles
        self.settings = settings
    }
}

/// The values of a file's `inputs`: what a host asks its user for. Here an environment variable holds each.
struct InputValues: Sendable {
    private let prefix: String
    /// The defaults in the file, by id.
    private var defaults: [String: String] = [:]

    /// - Parameter document: the file, which may declare its inputs at the top or next to its servers.
    init(prefix: String, _ document: JSON) {
        self.prefix = prefix
        for input in Self.declared(in: document) {
            guard let id = input["id"]?.stringValue, let value = input["default"]?.stringValue else { continue }
            defaults[id] = value
        }
    }

    /// Returns the inputs that a file declares.
    static func declared(in document: JSON) -> [JSON] {
        [document["inputs"], document["mcp"]?["inputs"]].flatMap { $0?.arrayValue ?? [] }
    }

    /// Returns the value of an input.
    ///
    /// - Throws: ``ServerConfigurationError`` that names the variable to set.
    func value(of id: Substring, from variables: [String: String]) throws(ServerConfigurationError) -> String {
        let variable = variable(of: id)
        if let value = variables[variable] ?? defaults[String(id)] { return value }
        throw ServerConfigurationError(
            message: "${input:\(id)} has no value: set the environment variable \(variable)")
    }

    /// Returns the name of the variable that holds an input: the id in capitals, with an underscore for anything
    /// but letters and digits.
    private func variable(of id: Substring) -> String {
        prefix + id.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0.uppercased() : "_" }.joined()
    }
}
