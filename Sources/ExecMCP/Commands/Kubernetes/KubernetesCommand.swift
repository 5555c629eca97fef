import CommandOptions
import Diagnostics
import ExecCore
import JSON

/// `exec-mcp kubernetes`: prints what a cluster needs, and what a sandbox is there. Creates nothing.
struct KubernetesCommand: Subcommand {
    private enum Action: String {
        case manifest, job
    }

    let name = "kubernetes"
    let summary = "print what a cluster needs for sandboxes (--engine kubectl)"

    var help: String {
        """
        Usage: exec-mcp kubernetes manifest [--agent IMAGE] [OPTION VALUE]…
               exec-mcp kubernetes job [OPTION VALUE]…

          kubernetes manifest
              print, as YAML, a namespace for sandboxes: its security standard, a quota for --max-sandboxes sandboxes with
              --memory and --cpus, a policy that leaves them no network, and an account with the few rights that a server
              needs. Read it, then: exec-mcp kubernetes manifest | kubectl apply -f -
              --agent IMAGE adds exec-agent serve as a pod of this image, which has exec-agent, exec-mcp and kubectl
          kubernetes job
              print, as JSON, what a server with these options creates for a sandbox: a Job, and ConfigMaps with the
              skills and tools

        Nothing is created, and no cluster is asked. The options are the server's own (exec-mcp --help).

        Exit status: 0 on success, 1 if a cluster can't have such a sandbox, 2 for an invalid command line.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let flags = ServerOption.all.filter(\.takesValue).map(\.flag) + [Self.agentFlag]
        guard let place = CommandWord.place(in: arguments, takesValue: flags.contains),
            let action = Action(rawValue: arguments[place])
        else { throw UsageError(message: "kubernetes needs manifest or job: exec-mcp kubernetes --help") }
        var rest = arguments
        rest.remove(at: place)
        let agentImage = try Self.takeAgentImage(from: &rest)
        guard agentImage == nil || action == .manifest else {
            throw UsageError(message: "\(Self.agentFlag) is for exec-mcp kubernetes manifest")
        }
        let invocation = try ServerOptionParser.parse(
            ["--engine", "kubectl"] + rest, environment: Environment.variables, defaults: defaults)
        guard case .serve(let options) = invocation else {
            print(help, terminator: "")
            return 0
        }
        guard agentImage == nil || options.kubernetes.template == PodTemplate() else {
            throw UsageError(
                message: """
                    --pod-template is a file of this machine, which the pod of \(Self.agentFlag) does not have: its \
                    sandboxes would run without it. Put the file into the agent's image, and its path there into the \
                    variable MCP_EXECUTOR_POD_TEMPLATE of the Deployment
                    """)
        }
        let manifest = KubernetesManifest(
            options.kubernetes, configuration: options.configuration, limits: options.limits, agentImage: agentImage,
            variables: Self.variables(for: options))
        switch action {
        case .manifest: print(manifest.text, terminator: "")
        case .job:
            do {
                print(try manifest.sandbox(of: options.user).text)
            } catch {
                Logger.writeToStandardError("exec-mcp: \(error)\n")
                return 1
            }
        }
        return 0
    }

    private static let agentFlag = "--agent"

    private static func takeAgentImage(from arguments: inout [String]) throws(UsageError) -> String? {
        guard let place = arguments.firstIndex(of: agentFlag) else { return nil }
        guard place + 1 < arguments.count, ServerOptionTable.isImageName(arguments[place + 1]) else {
            throw UsageError(message: "\(agentFlag) needs the name of an image")
        }
        defer { arguments.removeSubrange(place...(place + 1)) }
        return arguments[place + 1]
    }

    /// The variables that give the exec-mcp of an agent these options. A file of this machine can't be one of them.
    private static func variables(for options: Options) -> [(name: String, value: String)] {
        let configuration = options.configuration
        var variables = [
            ("MCP_EXECUTOR_ENGINE", "kubectl"), ("MCP_EXECUTOR_IMAGE", configuration.image),
            ("MCP_EXECUTOR_KUBERNETES_NAMESPACE", options.kubernetes.namespace),
            ("MCP_EXECUTOR_NETWORK", configuration.network), ("MCP_EXECUTOR_MEMORY", configuration.memory.description),
            ("MCP_EXECUTOR_CPUS", configuration.cpus),
            ("MCP_EXECUTOR_MAX_SANDBOXES", String(options.limits.maxSandboxes)),
            ("MCP_EXECUTOR_START_TIMEOUT", String(options.kubernetes.startTimeout)),
        ]
        if let storageClass = options.kubernetes.storageClass {
            variables.append(("MCP_EXECUTOR_KUBERNETES_STORAGE_CLASS", storageClass))
        }
        if let runtime = configuration.runtime { variables.append(("MCP_EXECUTOR_RUNTIME", runtime)) }
        let secrets = options.kubernetes.imagePullSecrets
        if !secrets.isEmpty {
            variables.append(("MCP_EXECUTOR_KUBERNETES_IMAGE_PULL_SECRET", secrets.joined(separator: ",")))
        }
        return variables.map { (name: $0.0, value: $0.1) }
    }
}
