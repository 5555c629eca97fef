import ChildProcess
import Diagnostics

/// Turns kubectl's output when it failed into a helpful error.
struct KubectlFailure: Sendable {
    private static let messageLimit = 600

    let kubectl: Kubectl
    let status: String
    let errorOutput: [UInt8]

    init(kubectl: Kubectl, end: ChildProcess.End) {
        self.kubectl = kubectl
        status = "\(end.status)"
        errorOutput = end.errorOutput
    }

    init(kubectl: Kubectl, output: CommandOutput) {
        self.kubectl = kubectl
        status = output.timedOut ? "no answer in time" : "\(output.status)"
        errorOutput = output.errorOutput
    }

    /// The lines that it printed, without control characters.
    static func complaints(_ errorOutput: [UInt8]) -> [String] {
        errorOutput.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { String(decoding: $0, as: UTF8.self).singleLine(limit: messageLimit) }
            .filter { line in line.contains { !$0.isWhitespace } }
    }

    /// How it ended and what it said last, in a few words.
    var summary: String {
        let last = Self.complaints(errorOutput).last
        return last.map { "\(status): \($0.trimmingBlanksAndStops)" } ?? status
    }

    /// The error of a command.
    ///
    /// - Parameter what: what the command was to do, as part of a sentence.
    func error(doing what: String) -> ExecError {
        // That something exists already isn't the cause.
        let lines = Self.complaints(errorOutput).filter { !$0.contains("(AlreadyExists)") }
        let said = lines.joined(separator: " ").singleLine(limit: Self.messageLimit)
        let quoted = said.isEmpty ? "" : " kubectl said: \(said)"
        if let advice = advice(for: said, what) { return ExecError(.engineFailed, advice + quoted) }
        return ExecError(
            .engineFailed,
            "kubectl could not \(what) (\(status))." + (said.isEmpty ? " It said nothing." : quoted))
    }

    /// The error for what the cluster refused to create.
    static func creation(refused message: String, namespace: String) -> ExecError {
        let message = message.singleLine(limit: messageLimit)
        let meaning = refusal(message, namespace) ?? "The cluster did not create the pod."
        return ExecError(.engineFailed, "\(meaning) It said: \(message)")
    }

    /// Whether these are the words of an admission that refuses to create something.
    static func isRefusal(_ message: String) -> Bool { refusal(message, "") != nil }

    /// What the words of an admission mean; `nil` if unknown.
    private static func refusal(_ said: String, _ namespace: String) -> String? {
        if said.contains("exceeded quota") || said.contains("failed quota") {
            return """
                The quota of the namespace \(namespace) has no room for another sandbox. Wait until others have ended, \
                ask for less with --memory and --cpus, or raise the quota.
                """
        }
        if said.contains("violates PodSecurity") {
            return """
                The namespace \(namespace) does not admit the sandbox's pod. What --pod-template adds must satisfy its \
                security standard.
                """
        }
        return nil
    }

    /// What to think of if a claim of a pool expires too early.
    static let clock = "Is the clock of this machine right? It may differ from the cluster's by a few minutes."

    private func advice(for said: String, _ what: String) -> String? {
        let options = kubectl.options
        func has(_ phrases: String...) -> Bool { phrases.contains(where: said.contains) }
        if let refusal = Self.refusal(said, options.namespace) { return refusal }
        // kubectl knows for some hours which APIs a cluster had, and then hears from the cluster that one is gone.
        let isGone = options.warmPool != nil && has("could not find the requested resource")
        if isGone || has("no matches for kind \"Sandbox", "doesn't have a resource type \"sandboxclaims") {
            return """
                The cluster does not have the API \(WarmPool.apiVersion). A pool needs agent-sandbox (kubernetes-sigs) with \
                its extensions, version 0.5 or newer: have an administrator install a release's \
                sandbox-with-extensions.yaml, or start the server without --kubernetes-warm-pool.
                """
        }
        if has("sandboxclaims"), has("not found") {
            return """
                The claim to a pod of the pool is gone before its pod was used: somebody deleted it, or it expired. \(Self.clock)
                """
        }
        if has("context was not found", "does not exist", "no context exists"), has("context") {
            return """
                kubectl has no such context. `kubectl config get-contexts` lists them; name one with --kubernetes-context.
                """
        }
        if has("namespaces \"") && has("not found") {
            return """
                The cluster has no namespace \(options.namespace). `exec-mcp kubernetes manifest | kubectl apply -f -` \
                creates one for sandboxes; another is named with --kubernetes-namespace.
                """
        }
        if has("Unauthorized", "must be logged in", "the server has asked for the client to provide credentials") {
            return """
                The cluster does not accept kubectl's credentials. Log in again; `kubectl auth whoami` tells whether it works.
                """
        }
        if has("forbidden") {
            return """
                The cluster does not allow this account to \(what). `\(options.manifestCommand)` prints a role with all that \
                is needed; bind it to the account.
                """
        }
        if has("localhost:8080", "no configuration has been provided") {
            return """
                kubectl does not know a cluster. Set one up in ~/.kube/config or KUBECONFIG, and see `kubectl config \
                get-contexts`.
                """
        }
        if has(
            "was refused", "Unable to connect to the server", "no such host", "i/o timeout", "connection refused",
            "no route to host", "TLS handshake timeout", "certificate")
        {
            return "kubectl cannot reach the cluster. Is it running, and the network or VPN to it up?"
        }
        if has("TooManyRequests", "Too Many Requests", "too many requests") {
            return "The cluster's API server has too much to do. Try again in a moment."
        }
        return nil
    }
}
