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
        Usage: exec-mcp kubernetes manifest [--agent IMAGE] [--pool-size N] [OPTION VALUE]…
               exec-mcp kubernetes job [OPTION VALUE]…

          kubernetes manifest
              print, as YAML, a namespace for sandboxes: its security standard, a quota for --max-sandboxes sandboxes with
              --memory and --cpus, a policy that leaves them no network, and an account with the few rights that a server
              needs. Read it, then: exec-mcp kubernetes manifest | kubectl apply -f -
              --agent IMAGE adds exec-agent serve as a pod of this image, which has exec-agent, exec-mcp and kubectl
              --kubernetes-warm-pool NAME adds a pool of pods for agent-sandbox (kubernetes-sigs), with their template and
              the skills and tools; --pool-size N says how many are kept ready (1 to 1000; default: 2)
          kubernetes job
              print, as JSON, what a server with these options creates for a sandbox: a Job, and ConfigMaps with the
              skills and tools; or a claim to a pod of a pool

        Nothing is created, and no cluster is asked. The options are the server's own (exec-mcp --help).

        Exit status: 0 on success, 1 if a cluster can't have such a sandbox, 2 for an invalid command line.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let flags = ServerOption.all.filter(\.takesValue).map(\.flag) + [Self.agentFlag, Self.poolSizeFlag]
        guard let place = CommandWord.place(in: arguments, takesValue: flags.contains),
            let action = Action(rawValue: arguments[place])
        else { throw UsageError(message: "kubernetes needs manifest or job: exec-mcp kubernetes --help") }
        var rest = arguments
        rest.remove(at: place)
        let agentImage = try Self.takeAgentImage(from: &rest)
        let poolSize = try Self.takePoolSize(from: &rest)
        for (flag, isGiven) in [(Self.agentFlag, agentImage != nil), (Self.poolSizeFlag, poolSize != nil)] {
            guard !isGiven || action == .manifest else {
                throw UsageError(message: "\(flag) is for exec-mcp kubernetes manifest")
            }
        }
        var defaults = defaults
        defaults.makesWarmPool = action == .manifest
        let invocation = try ServerOptionParser.parse(
            ["--engine", "kubectl"] + rest, environment: Environment.variables, defaults: defaults)
        guard case .serve(let options) = invocation else {
            print(help, terminator: "")
            return 0
        }
        guard poolSize == nil || options.kubernetes.warmPool != nil else {
            throw UsageError(message: "\(Self.poolSizeFlag) is the size of a pool: name it with --kubernetes-warm-pool")
        }
        guard agentImage == nil || options.kubernetes.template == PodTemplate() || options.kubernetes.warmPool != nil
        else {
            throw UsageError(
                message: """
                    --pod-template is a file of this machine, which the pod of \(Self.agentFlag) does not have: its \
                    sandboxes would run without it. Put the file into the agent's image, and its path there into the \
                    variable MCP_EXECUTOR_POD_TEMPLATE of the Deployment
                    """)
        }
        do throws(ExecError) {
            let manifest = try KubernetesManifest(
                options.kubernetes, configuration: options.configuration, limits: options.limits,
                agentImage: agentImage, variables: Self.variables(for: options),
                poolSize: poolSize ?? KubernetesManifest.usualPoolSize)
            switch action {
            case .manifest: print(manifest.text, terminator: "")
            case .job: print(try manifest.sandbox(of: options.user).text)
            }
        } catch {
            Logger.writeToStandardError("exec-mcp: \(error)\n")
            return 1
        }
        return 0
    }

    private static let agentFlag = "--agent"
    private static let poolSizeFlag = "--pool-size"

    private static func takePoolSize(from arguments: inout [String]) throws(UsageError) -> Int? {
        guard let place = arguments.firstIndex(of: poolSizeFlag) else { return nil }
        guard place + 1 < arguments.count, let size = Int(arguments[place + 1]), (1...1000).contains(size) else {
            throw UsageError(message: "\(poolSizeFlag) needs a number from 1 to 1000")
        }
        arguments.removeSubrange(place...(place + 1))
        return size
    }

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
        if let pool = options.kubernetes.warmPool {
            variables.append(("MCP_EXECUTOR_KUBERNETES_WARM_POOL", pool))
        }
        if let runtime = configuration.runtime { variables.append(("MCP_EXECUTOR_RUNTIME", runtime)) }
        let secrets = options.kubernetes.imagePullSecrets
        if !secrets.isEmpty {
            variables.append(("MCP_EXECUTOR_KUBERNETES_IMAGE_PULL_SECRET", secrets.joined(separator: ",")))
        }
        return variables.map { (name: $0.0, value: $0.1) }
    }
}
