import Diagnostics
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
        guard let directory = variables["DOCKER_CONFIG"] ?? variables["HOME"].map({ $0 + "/.docker" }),
            let text = Files.read(directory + "/config.json", limit: configurationLimit),
            let context = (try? JSON.parse(text))?["currentContext"]?.stringValue,
            !context.isEmpty, context != "default"
        else { return nil }
        return context
    }

    /// What was configured and how, as part of a sentence.
    var description: String {
        switch self {
        case .variable(let name, let value): "The container engine at \(Self.shown(value)) (from \(name))"
        case .context(let name): "The container engine of the context \(name.singleLine(limit: 100))"
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
