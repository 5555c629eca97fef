import Diagnostics
import JSON
import SystemCalls

/// Where a person told the engine's command line to look for its engine, other than in the usual place.
enum DockerAddress: Sendable, Equatable {
    /// A variable of the environment, and the address in it.
    case variable(name: String, value: String)
    /// A context of docker's, or a connection of podman's.
    case context(String)

    private static let configurationLimit = 1 << 20

    /// What was chosen for this command line; `nil` where it looks in the usual place.
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

    /// What was chosen and how, as part of a sentence.
    var description: String {
        switch self {
        case .variable(let name, let value): "The container engine at \(Self.shown(value)), which \(name) names,"
        case .context(let name): "The container engine of the context \(name.singleLine(limit: 100))"
        }
    }

    /// How to choose another, as part of a sentence.
    var correction: String {
        switch self {
        case .variable(let name, _): "correct \(name) (without it the engine of this machine is used)"
        case .context: "select another context (`docker context use default` is the engine of this machine)"
        }
    }

    /// What starts the engine of a context that a program for desktops made; `nil` for others.
    var program: String? {
        guard case .context(let name) = self else { return nil }
        return [
            "desktop-linux": "Docker Desktop", "orbstack": "OrbStack", "rancher-desktop": "Rancher Desktop",
            "colima": "`colima start`",
        ][name]
    }

    /// The address without a password in it.
    private static func shown(_ address: String) -> String {
        let text = address.singleLine(limit: 200)
        guard let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].lastIndex(of: "@"),
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        else { return text }
        return text[..<colon] + ":…" + text[at...]
    }
}
