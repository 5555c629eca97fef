import JSON
import MCP
import MCPClient
import PrivateData

/// What becomes of private values between one server and a user's sandbox.
struct ServerDataFilter: Sendable {
    /// The user's private values; `nil` if none are replaced.
    let vault: PrivateDataVault?
    private let server: String
    private let handling: BridgeServerSettings.PrivateDataHandling

    /// - Parameter vault: the user's private values; `nil` if none are replaced.
    init(_ vault: PrivateDataVault?, of server: BridgeServer) {
        self.vault = vault
        self.server = server.name
        handling = server.entry.settings.privateData
    }

    // MARK: - To the server

    /// Returns the arguments of a call with the tokens in them replaced by the values that the server may get: for
    /// nobody else.
    func restored(_ arguments: JSONObject) -> JSONObject {
        guard let vault else { return arguments }
        return vault.restore(.object(arguments), for: server).objectValue ?? arguments
    }

    /// Returns the arguments of a call as they are shown and recorded: tokens of values that don't enter the sandbox
    /// stay.
    func shown(_ arguments: JSONObject) -> JSONObject {
        guard let vault else { return arguments }
        return vault.restore(.object(arguments), for: nil).objectValue ?? arguments
    }

    /// Returns the beginning of a text, which ends within no value; `nil` if the text isn't longer.
    ///
    /// - Parameter length: the most Unicode scalars of it.
    func beginning(of text: String, _ length: Int) -> String? { vault.beginning(of: text, length) }

    // MARK: - From the server

    /// Returns what of a result enters the sandbox, and remembers its values.
    func received(_ result: RawToolResult) -> RawToolResult {
        guard vault != nil, let members = received(.object(result.members)).objectValue else { return result }
        return RawToolResult(members: members, size: result.size)
    }

    /// Returns what of a text from the server enters the sandbox, and remembers its values.
    func received(_ text: String) -> String { received(.string(text)).stringValue ?? text }

    private func received(_ json: JSON) -> JSON {
        guard let vault else { return json }
        return received(json.mappingTextFiles { received(.string($0), by: vault).stringValue ?? $0 }, by: vault)
    }

    private func received(_ json: JSON, by vault: PrivateDataVault) -> JSON {
        switch handling {
        case .ignored: return vault.encloseKnown(json, of: server)
        case .replaced:
            let json = vault.encloseKnown(json, of: server)
            vault.learn(json)
            return json
        case .withheld(let servers): return vault.enclose(json, for: servers)
        }
    }

    /// Returns what a question of the server shows to a person, and remembers its values. The server itself gets them
    /// back if they are in the answer.
    func asked(_ json: JSON) -> JSON {
        guard let vault, case .withheld(let servers) = handling else { return received(json) }
        return vault.enclose(json, for: servers.union([server]))
    }

    /// Returns a failure with what of its texts enters the sandbox.
    func received(_ error: BridgeError) -> BridgeError {
        guard vault != nil else { return error }
        // Nothing is left of a value that was cut in two. Learned before: the rest is short enough to hold it.
        var message = received(error.message)
        if let whole = error.lengthBeforeCut { message = beginning(of: message, whole).map { $0 + "…" } ?? message }
        return error.withTexts(message, received(.object(error.data)).objectValue ?? error.data)
    }
}

extension JSON {
    /// Returns the value with each file in it that is text, the `blob` of a resource, replaced by what `change` returns.
    func mappingTextFiles(_ change: (String) -> String) -> JSON {
        switch self {
        case .array(let elements): return .array(elements.map { $0.mappingTextFiles(change) })
        case .object(let members):
            var changed = JSONObject()
            for member in members {
                guard member.key == "blob", let blob = member.value.stringValue, let text = Self.text(ofFile: blob)
                else {
                    changed[member.key] = member.value.mappingTextFiles(change)
                    continue
                }
                let new = change(text)
                changed[member.key] = new == text ? member.value : .string(Base64.encode(Array(new.utf8)))
            }
            return .object(changed)
        default: return self
        }
    }

    private static func text(ofFile blob: String) -> String? {
        guard let bytes = Base64.decode(blob), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension PrivateDataVault? {
    /// Returns the beginning of a text, which ends within no value; `nil` if the text isn't longer.
    ///
    /// - Parameter length: the most Unicode scalars of it. A single character can have any number.
    func beginning(of text: String, _ length: Int) -> String? {
        if let self { return self.beginning(of: text, length) }
        guard !text.unicodeScalars.dropFirst(length).isEmpty else { return nil }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
    }
}
