import Hashing
import JSON
import SystemCalls

/// The host's skills and tools as ConfigMaps, since a cluster's nodes can't mount directories of this machine.
///
/// A ConfigMap is named by its content and immutable, so the same files are stored once, and changed files have another
/// name. The pod mounts all of them read-only, as one tree for each place.
///
/// The name also depends on the machine, the server's pod and the day. So a ConfigMap is used for at most two days,
/// that of its name and the life of a sandbox, and older ones can be removed without asking what uses them.
struct KubernetesFiles: Sendable, Equatable {
    /// The label with the machine whose files they are.
    static let instanceLabel = Owner.prefix + "instance"
    /// The label with the day on which they were stored, in days since 1970.
    static let dayLabel = Owner.prefix + "day"
    /// The label with the pool whose files they are.
    private static let poolLabel = Owner.prefix + "pool"
    /// What marks ConfigMaps of ours that servers remove.
    static let selector = "app.kubernetes.io/component=files"
    /// How many days ConfigMaps are kept.
    private static let daysKept = 3
    /// The most that one ConfigMap holds, in bytes of files. The API accepts 1 MiB with everything.
    private static let mapSize = 700_000
    /// The most that all files may have together, in bytes.
    private static let maxSize = 16 << 20
    private static let maxFiles = 2000
    private static let maxDepth = 16

    /// A file as it will be in the sandbox.
    private struct File {
        /// Its path from the root directory.
        let path: String
        let content: [UInt8]
        let isExecutable: Bool
    }

    /// The ConfigMaps by name, as the API wants them.
    private(set) var maps: [(name: String, json: JSON)] = []
    /// The pod's volumes for them.
    private(set) var volumes: [JSON] = []
    /// The container's mounts of these volumes.
    private(set) var mounts: [JSON] = []

    static func == (left: KubernetesFiles, right: KubernetesFiles) -> Bool {
        left.maps.map(\.name) == right.maps.map(\.name) && left.volumes == right.volumes && left.mounts == right.mounts
    }

    /// No files.
    init() {}

    /// Checks that ConfigMaps have the content that their names promise: others may be allowed to write to the namespace.
    ///
    /// - Parameters:
    ///   - maps: those to check.
    ///   - found: the objects that the cluster has.
    /// - Throws: ``ExecError``.
    static func check(
        _ maps: [(name: String, json: JSON)], among found: [JSON], namespace: String
    ) throws(ExecError) {
        for map in maps {
            let other = found.first { $0["kind"] == "ConfigMap" && $0["metadata"]?["name"]?.stringValue == map.name }
            guard let other, other["immutable"] == true, other["data"] == map.json["data"],
                other["binaryData"] == map.json["binaryData"]
            else {
                throw ExecError(
                    .engineFailed,
                    """
                    The ConfigMap \(map.name) does not have the skills or tools that it is named after: somebody else \
                    has written it. Delete it, and see who may write to the namespace \(namespace).
                    """)
            }
        }
    }

    /// The days whose ConfigMaps may be in use.
    static var daysInUse: ClosedRange<Int> {
        // Tomorrow, in case the clock is set.
        (today - daysKept)...(today + 1)
    }

    private static var today: Int { time(nil) / 86_400 }

    /// Reads what would be mounted, for sandboxes of a machine on a day.
    ///
    /// - Parameters:
    ///   - options: where on which cluster they are stored.
    ///   - instance: the machine whose files they are.
    ///   - day: the days since 1970; `nil` for today.
    /// - Throws: ``ExecError`` if there is too much of it, or anything but read-only files is to be mounted.
    init(
        _ mounts: [ContainerSpec.Mount], options: KubernetesOptions, instance: String, day: Int? = nil
    ) throws(ExecError) {
        try self.init(
            mounts, options: options,
            labels: [
                "app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "files",
                Self.instanceLabel: .string(KubernetesName.labelValue(for: instance)),
                Self.dayLabel: .string(String(day ?? Self.today)),
            ])
    }

    /// Reads what would be mounted, for a pool. The names depend on nothing but the pool and the files, so that a server
    /// can tell what the pool's pods have. An administrator keeps them, and no server removes them.
    ///
    /// - Throws: ``ExecError`` as ``init(_:options:instance:day:)`` does.
    init(_ mounts: [ContainerSpec.Mount], options: KubernetesOptions, pool: String) throws(ExecError) {
        var options = options
        options.owner = nil
        try self.init(
            mounts, options: options,
            labels: [
                "app.kubernetes.io/managed-by": "exec-mcp", "app.kubernetes.io/component": "pool-files",
                Self.poolLabel: .string(KubernetesName.labelValue(for: pool)),
            ])
    }

    private init(
        _ mounts: [ContainerSpec.Mount], options: KubernetesOptions, labels: JSONObject
    ) throws(ExecError) {
        var trees: [String: [File]] = [:]
        var found = FoundFiles()
        for mount in mounts {
            // KubernetesClaim has these.
            if case .volume = mount { continue }
            guard case .host(let source, let target, true) = mount,
                let root = target.split(separator: "/").first.map({ "/\($0)" })
            else {
                throw ExecError(
                    .engineFailed,
                    """
                    A cluster's nodes cannot mount a directory of this machine for writing. Use --workspace ephemeral, or \
                    persistent with --kubernetes-storage-class.
                    """)
            }
            let first = found.files.count
            try found.add(source, as: target, inside: Files.realPath(source) ?? source)
            let files = found.files[first...]
            if !files.isEmpty { trees[root, default: []] += files }
        }
        for root in trees.keys.sorted() { add(trees[root] ?? [], at: root, labels, options) }
    }

    /// The files that were read so far.
    private struct FoundFiles {
        private(set) var files: [File] = []
        private var size = 0

        /// Reads the files at a path of this machine. Follows links as long as they stay inside `root`.
        mutating func add(
            _ source: String, as target: String, inside root: String, depth: Int = 0
        ) throws(ExecError) {
            if Files.isRegularFile(source) { return try addFile(source, as: target) }
            guard Files.isDirectory(source), depth < KubernetesFiles.maxDepth else { return }
            for name in Files.names(in: source) where name != "__pycache__" {
                let path = "\(source)/\(name)"
                // A link out was resolved when the mounts were made. One that came later would dangle.
                guard let real = Files.realPath(path), Files.isInside(real, root) else { continue }
                try add(path, as: "\(target)/\(name)", inside: root, depth: depth + 1)
            }
        }

        private mutating func addFile(_ source: String, as target: String) throws(ExecError) {
            let content: [UInt8]
            do throws(Descriptors.ContentsError) {
                content = try Files.contents(of: source, limit: KubernetesFiles.mapSize)
            } catch {
                // What cannot be read is left out, as it could not be read when mounted either.
                guard error == .tooLong else { return }
                throw ExecError(
                    .engineFailed,
                    """
                    The file \(source) is larger than \(KubernetesFiles.mapSize) bytes, which is the most that a \
                    cluster can hand to a sandbox as a skill or a tool. Put it into the image.
                    """)
            }
            size += content.count
            // Before the rest is read, which may be any amount.
            guard size <= KubernetesFiles.maxSize, files.count < KubernetesFiles.maxFiles else {
                throw ExecError(
                    .engineFailed,
                    """
                    The skills and tools are too large for a cluster: at most \(KubernetesFiles.maxFiles) files and \
                    \(KubernetesFiles.maxSize >> 20) MiB fit. Put large files into the image, or name fewer \
                    directories with --skills and --tools.
                    """)
            }
            files.append(File(path: target, content: content, isExecutable: Files.isExecutable(source)))
        }
    }

    /// Puts the files below `root` into as few ConfigMaps as hold them, in order.
    private mutating func add(
        _ files: [File], at root: String, _ labels: JSONObject, _ options: KubernetesOptions
    ) {
        var sources: [JSON] = []
        var group: [File] = []
        var size = 0
        func flush(_ files: KubernetesFiles) -> KubernetesFiles {
            var files = files
            guard !group.isEmpty else { return files }
            let (name, json, items) = Self.map(of: group, below: root, labels, options)
            files.maps.append((name, json))
            sources.append(["configMap": ["name": .string(name), "items": .array(items)]])
            return files
        }
        for file in files {
            if size + file.content.count > Self.mapSize {
                self = flush(self)
                (group, size) = ([], 0)
            }
            group.append(file)
            size += file.content.count
        }
        self = flush(self)
        let volume = KubernetesName.volume(at: root)
        volumes.append([
            "name": .string(volume), "projected": ["defaultMode": 0o444, "sources": .array(sources)],
        ])
        mounts.append(["name": .string(volume), "mountPath": .string(root), "readOnly": true])
    }

    private static func map(
        of files: [File], below root: String, _ labels: JSONObject, _ options: KubernetesOptions
    ) -> (name: String, json: JSON, items: [JSON]) {
        var data = JSONObject()
        var binaryData = JSONObject()
        var items: [JSON] = []
        var digest = SHA256()
        digest.update(Array(JSON.object(labels).serialized()))
        // What belongs to a pod that is gone is removed at any moment. Its successor may have the same host name.
        digest.update(Array("\(options.owner?.uid ?? "") ".utf8))
        for (place, file) in files.enumerated() {
            let key = "file-\(place)"
            // By bytes: a slash followed by a combining mark is one character to Swift.
            let path = String(decoding: file.path.utf8.dropFirst(root.utf8.count + 1), as: UTF8.self)
            var item: JSONObject = ["key": .string(key), "path": .string(path)]
            if file.isExecutable { item["mode"] = 0o555 }
            items.append(.object(item))
            // A length before each part, so that no two sets of files have the same bytes.
            digest.update(Array("\(path.utf8.count) \(path) \(file.isExecutable) \(file.content.count) ".utf8))
            digest.update(file.content)
            if let text = String(validating: file.content, as: UTF8.self), !file.content.contains(0) {
                data[key] = .string(text)
            } else {
                binaryData[key] = .string(Base64.encode(file.content))
            }
        }
        let name = "\(KubernetesName.prefix)files-\(digest.hexDigest.prefix(32))"
        var json: JSONObject = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": .object(options.metadata(name, labels: labels)), "immutable": true,
        ]
        if !data.isEmpty { json["data"] = .object(data) }
        if !binaryData.isEmpty { json["binaryData"] = .object(binaryData) }
        return (name, .object(json), items)
    }
}
