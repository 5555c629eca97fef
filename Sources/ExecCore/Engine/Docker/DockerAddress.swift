import Diagnostics
import Hashing
import JSON
import SystemCalls

/// The address where the engine's command line was configured to find its engine, other than the default.
enum DockerAddress: Sendable, Equatable {
    /// An environment variable and the address in it.
    case variable(name: String, value: String)
    /// A Docker context or a Podman connection.
    case context(String)

    private static let configurationLimit = 1 << 20

    /// Determines the address that this command line uses; `nil` for the default.
    init?(of engine: DockerCLI) {
        let variables = engine.environment
        func value(_ name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }
        let names = engine.isPodman ? ["CONTAINER_HOST"] : ["DOCKER_HOST", "CONTAINERD_ADDRESS"]
        if let name = names.first(where: { value($0) != nil }), let address = value(name) {
            self = .variable(name: name, value: address)
        } else if let context = value(engine.isPodman ? "CONTAINER_CONNECTION" : "DOCKER_CONTEXT") {
            self = .context(context)
        } else if !engine.isPodman, let context = Self.selectedContext(variables) {
            self = .context(context)
        } else {
            return nil
        }
    }

    /// The context that `docker context use` selected; `nil` for none.
    private static func selectedContext(_ variables: [String: String]) -> String? {
        guard let directory = configurationDirectory(variables),
            let text = Files.read(directory + "/config.json", limit: configurationLimit),
            let context = (try? JSON.parse(text))?["currentContext"]?.stringValue,
            !context.isEmpty, context != "default"
        else { return nil }
        return context
    }

    /// Whether the engine is known to be on this machine: a socket of this machine leads to it.
    func isLocal(_ variables: [String: String]) -> Bool {
        switch self {
        case .variable(_, let value): return Self.isLocal(value)
        case .context("default"): return true
        case .context(let name):
            return Self.endpoint(ofContext: name, variables).map { Self.isLocal($0) } ?? false
        }
    }

    private static func isLocal(_ address: String) -> Bool {
        // Without a scheme, nerdctl's address is a path, and docker's is a host of TCP.
        ["/", "unix://", "npipe://", "fd://"].contains(where: address.hasPrefix)
    }

    /// The address of docker's engine in a context, from the file in which docker keeps it.
    private static func endpoint(ofContext name: String, _ variables: [String: String]) -> String? {
        guard let directory = configurationDirectory(variables) else { return nil }
        let path = "\(directory)/contexts/meta/\(SHA256.hexDigest(of: Array(name.utf8)))/meta.json"
        let text = Files.read(path, limit: configurationLimit) ?? []
        return (try? JSON.parse(text))?["Endpoints"]?["docker"]?["Host"]?.stringValue
    }

    private static func configurationDirectory(_ variables: [String: String]) -> String? {
        variables["DOCKER_CONFIG"] ?? variables["HOME"].map { $0 + "/.docker" }
    }

    /// What was configured and how, as part of a sentence.
    var description: String {
        switch self {
        case .variable(let name, let value): "The container engine at \(Self.shown(value)) (from \(name))"
        case .context(let name): "The container engine of the context \(name.singleLine(limit: 100))"
        }
    }

    /// The address or the context's name.
    var shortDescription: String {
        switch self {
        case .variable(_, let value): Self.shown(value)
        case .context(let name): "context \(name.singleLine(limit: 100))"
        }
    }

    /// How to choose another engine, as part of a sentence.
    var correction: String {
        switch self {
        case .variable(let name, _): "correct \(name) (or unset it to use this machine's engine)"
        case .context: "select another context (`docker context use default` selects this machine's engine)"
        }
    }

    /// What starts the engine if a desktop program created the context; `nil` for other contexts.
    var program: String? {
        guard case .context(let name) = self else { return nil }
        return [
            "desktop-linux": "Docker Desktop", "orbstack": "OrbStack", "rancher-desktop": "Rancher Desktop",
            "colima": "`colima start`",
        ][name]
    }

    /// The address with its password hidden.
    private static func shown(_ address: String) -> String {
        let text = address.singleLine(limit: 200)
        guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].lastIndex(of: "@"),
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        else { return text }
        return text[..<colon] + ":…" + text[at...]
    }
}
