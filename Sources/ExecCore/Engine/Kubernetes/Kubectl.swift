import ChildProcess
import JSON

/// kubectl's command line. Each function returns one command. Arguments never pass through a shell, and never contain
/// anything that an image or a sandbox says.
struct Kubectl: Sendable, Equatable {
    /// The path of the program.
    let program: String
    /// The complete environment of its commands.
    let environment: [String: String]
    let options: KubernetesOptions

    /// Creates the objects on its standard input, and prints the kind and the name of each.
    func create() -> Command {
        // Our objects are checked against the published schemas by tests.
        command(["create", "--filename", "-", "--validate=false", "--output", "name"])
    }

    /// Has the cluster answer the reviews on its standard input, and prints the answers as JSON.
    func review() -> Command {
        command(["create", "--filename", "-", "--validate=false", "--output", "json"])
    }

    /// Prints the state of a Job's pod as JSON whenever it changes, until it is ended.
    func watchPods(of job: String) -> Command {
        command(["get", "pods", "--selector", "job-name=\(job)", "--watch", "--output", "json"])
    }

    /// Prints the state of one pod as JSON whenever it changes, until it is ended. The pod need not be there yet.
    func watchPod(called name: String) -> Command {
        command(["get", "pods", "--field-selector", "metadata.name=\(name)", "--watch", "--output", "json"])
    }

    /// Prints the state of a claim to a pod of a pool as JSON whenever it changes, until it is ended.
    func watchClaim(_ name: String) -> Command {
        command(["get", WarmPool.claims, name, "--watch", "--output", "json"])
    }

    /// Changes a claim to a pod of a pool.
    func patchClaim(_ name: String, with patch: JSON) -> Command {
        command(["patch", WarmPool.claims, name, "--type", "merge", "--patch", patch.text, "--output", "name"])
    }

    /// Prints objects as JSON: a list, or the object itself if only one is named.
    ///
    /// - Parameter names: the kind and the name of each, with a slash between.
    func objects(_ names: [String]) -> Command {
        command(["get", "--output", "json"] + names)
    }

    /// Prints what is reported about an object as JSON whenever something is, until it is ended.
    func watchEvents(about name: String) -> Command {
        command(["get", "events", "--field-selector", "involvedObject.name=\(name)", "--watch", "--output", "json"])
    }

    /// Connects to a pod's container, whose output follows.
    func attach(to pod: String) -> Command {
        // Without --quiet it says what to type.
        var attach = command(["attach", "--quiet", "--stdin", pod, "--container", KubernetesPod.containerName])
        // The command only relays bytes, which Go's runtime does best on one processor.
        attach.environment = environment.merging(["GOMAXPROCS": "1"]) { own, _ in own }
        return attach
    }

    /// Prints a user's pods as a JSON list.
    func pods(of user: String) -> Command {
        command(["get", "pods", "--selector", "\(Owner.userLabel)=\(user)", "--output", "json"])
    }

    /// Deletes Jobs and their pods.
    func delete(jobs: [String]) -> Command {
        delete("jobs", ["--cascade=background"] + jobs)
    }

    /// Deletes sandboxes, whatever they are with these options, and their pods.
    func delete(sandboxes: [String]) -> Command {
        delete(sandboxKinds, ["--cascade=background"] + sandboxes)
    }

    /// Deletes claims to pods of a pool, and these pods.
    func delete(poolClaims: [String]) -> Command {
        delete(WarmPool.claims, ["--cascade=background"] + poolClaims)
    }

    /// Deletes claims, and with most classes of storage what is in them.
    func delete(claims: [String]) -> Command {
        delete("persistentvolumeclaims", claims)
    }

    /// Deletes a machine's ConfigMaps of skills and tools that are too old to be in use.
    func deleteOldFiles(of instance: String) -> Command {
        let days = KubernetesFiles.daysInUse.map(String.init).joined(separator: ",")
        let selector = [
            KubernetesFiles.selector, "\(KubernetesFiles.instanceLabel)=\(KubernetesName.labelValue(for: instance))",
            "\(KubernetesFiles.dayLabel) notin (\(days))",
        ]
        return delete("configmaps", ["--selector", selector.joined(separator: ",")])
    }

    /// Ends even if the cluster doesn't answer: it may run in the background.
    private func delete(_ kind: String, _ arguments: [String]) -> Command {
        command(["delete", kind, "--wait=false", "--ignore-not-found", "--request-timeout=60s"] + arguments)
    }

    /// Prints the Jobs, and with a pool the claims, that match a selector as a JSON list.
    func sandboxes(_ selector: String) -> Command {
        command(["get", sandboxKinds, "--selector", selector, "--output", "json"])
    }

    /// What a sandbox may be. Servers with the same owner may have had other options.
    private var sandboxKinds: String { options.warmPool == nil ? "jobs" : "jobs,\(WarmPool.claims)" }

    /// Prints ConfigMaps as JSON: a list, or the map itself if only one is named.
    func configMaps(_ names: [String]) -> Command {
        command(["get", "configmaps", "--output", "json"] + names)
    }

    /// Prints the versions of the command line and the cluster as a JSON object.
    func version() -> Command {
        command(["version", "--output", "json"])
    }

    private func command(_ arguments: [String]) -> Command {
        let place = (options.context.map { ["--context", $0] } ?? []) + ["--namespace", options.namespace]
        return Command(executable: program, arguments: place + arguments, environment: environment)
    }
}
