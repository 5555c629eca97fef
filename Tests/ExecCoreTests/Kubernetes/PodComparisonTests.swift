import JSON
import Testing

@testable import ExecCore

@Suite struct PodComparisonTests {
    private static let pool: WarmPool? = {
        var configuration = SandboxConfiguration()
        configuration.workspace = .ephemeral
        guard let user = UserID("ada") else { return nil }
        let container = SandboxSpec(
            name: SandboxSpec.newName(for: user), user: user, owner: .current(), account: .common,
            configuration: configuration, limits: Limits()
        ).container
        var options = KubernetesOptions()
        options.warmPool = "ready"
        return try? WarmPool("ready", for: container, options: options)
    }()

    private static let spec = pool?.pod.spec ?? .null

    private func difference(_ change: (inout JSON) -> Void) -> PodComparison.Difference? {
        var spec = Self.spec
        change(&spec)
        return PodComparison(spec: Self.spec).difference(in: ["spec": spec])
    }

    /// The paths of all values of the pod that are no objects or arrays.
    private static func leaves(_ value: JSON, at path: [JSONStep] = []) -> [[JSONStep]] {
        switch value {
        case .object(let object): object.flatMap { leaves($0.value, at: path + [.name($0.key)]) }
        case .array(let array): array.indices.flatMap { leaves(array[$0], at: path + [.place($0)]) }
        default: [path]
        }
    }

    @Test func thePodThatWeWouldHaveWrittenIsAccepted() {
        #expect(difference { _ in } == nil)
        #expect(Self.leaves(Self.spec).count > 80)
    }

    /// Fields that we write and that may have any value: they say when a pod ends and how an image is fetched.
    private static let free: Set<String> = ["terminationGracePeriodSeconds", "imagePullPolicy"]

    @Test(arguments: leaves(spec))
    func noFieldMayHaveAnotherValue(path: [JSONStep]) throws {
        let isFree = path.last.map { step in Self.free.contains { step == .name($0) } } == true
        for value: JSON in [true, 7, "other", [], [:]] {
            guard Self.spec[path] != value else { continue }
            #expect((difference { $0[path] = value } == nil) == isFree, "\(path) = \(value.text)")
        }
    }

    /// What the API server leaves out: the default is the same.
    private static let implied: [[JSONStep]] = [
        [.name("hostNetwork")], [.name("hostPID")], [.name("hostIPC")],
        [.name("containers"), .place(0), .name("tty")],
        [.name("containers"), .place(0), .name("securityContext"), .name("privileged")],
    ]

    @Test(arguments: leaves(spec))
    func noFieldMayBeMissingUnlessThatMeansTheSame(path: [JSONStep]) throws {
        let isEmptyVariable = path.contains(.name("env")) && path.last == .name("value") && Self.spec[path] == ""
        let isFine =
            isEmptyVariable || Self.implied.contains(path)
            || path.last.map { step in Self.free.contains { step == .name($0) } } == true
        #expect((difference { $0[path] = nil } == nil) == isFine, "\(path)")
    }

    private static let first: [JSONStep] = [.name("containers"), .place(0)]

    private static let additions: [([JSONStep], JSON)] = [
        ([.name("hostUsers")], true), ([.name("shareProcessNamespace")], true), ([.name("hostAliases")], []),
        ([.name("initContainers")], [["name": "first"]]), ([.name("ephemeralContainers")], [["name": "debug"]]),
        ([.name("containers"), .place(1)], ["name": "sidecar"]),
        ([.name("securityContext"), .name("supplementalGroups")], [0]),
        ([.name("securityContext"), .name("sysctls")], [["name": "kernel.shm_rmid_forced", "value": "0"]]),
        ([.name("securityContext"), .name("seLinuxOptions")], ["type": "spc_t"]),
        ([.name("securityContext"), .name("appArmorProfile")], ["type": "Unconfined"]),
        (first + [.name("securityContext"), .name("procMount")], "Unmasked"),
        (first + [.name("securityContext"), .name("capabilities"), .name("add")], ["SYS_ADMIN"]),
        (first + [.name("securityContext"), .name("appArmorProfile")], ["type": "Unconfined"]),
        (first + [.name("lifecycle")], ["postStart": ["exec": ["command": ["id"]]]]),
        (first + [.name("livenessProbe")], ["exec": ["command": ["id"]]]),
        (first + [.name("ports")], [["containerPort": 80]]), (first + [.name("args")], ["more"]),
        (first + [.name("envFrom")], [["secretRef": ["name": "keys"]]]),
        (first + [.name("volumeDevices")], [["name": "disk", "devicePath": "/dev/sda"]]),
        (first + [.name("volumeMounts"), .place(0), .name("mountPropagation")], "Bidirectional"),
        (first + [.name("volumeMounts"), .place(0), .name("subPath")], "other"),
        (first + [.name("resources"), .name("claims")], [["name": "gpu"]]),
    ]

    @Test(arguments: additions)
    func nothingThatWeDoNotKnowMayBeAdded(path: [JSONStep], value: JSON) throws {
        let difference = try #require(difference { $0[path] = value })
        #expect(difference.field.contains(path.compactMap(\.text).last ?? "["))
    }

    private static let harmless: [([JSONStep], JSON)] = [
        ([.name("nodeName")], "node-1"), ([.name("serviceAccountName")], "default"), ([.name("hostUsers")], false),
        ([.name("priorityClassName")], "low"), ([.name("runtimeClassName")], "gvisor"),
        ([.name("tolerations")], [["key": "x", "operator": "Exists"]]),
        (first + [.name("terminationMessagePath")], "/dev/termination-log"),
        (first + [.name("securityContext"), .name("procMount")], "Default"),
        (first + [.name("resources"), .name("limits"), .name("cpu")], "1"),
        (first + [.name("resources"), .name("limits"), .name("memory")], "1Gi"),
        ([.name("volumes"), .place(0), .name("emptyDir"), .name("sizeLimit")], "256Mi"),
    ]

    @Test(arguments: harmless)
    func whatWeakensNothingMayBeThere(path: [JSONStep], value: JSON) {
        #expect(difference { $0[path] = value } == nil)
    }

    @Test func lessAndMoreMemoryAreBothDifferences() throws {
        let memory = Self.first + [.name("resources"), .name("limits"), .name("memory")]
        for amount: JSON in ["2Gi", "512Mi", "unlimited"] { #expect(difference { $0[memory] = amount } != nil) }
    }

    @Test func aDifferenceNamesTheFieldAndBothValuesUnlessTheyMayBeSecrets() throws {
        let network = try #require(difference { $0[[.name("hostNetwork")]] = true })
        #expect(network.description == "spec.hostNetwork is true and should be false")
        let host = try #require(difference { $0[[.name("initContainers")]] = [["name": "first"]] })
        #expect(host.description == "spec.initContainers is [{\"name\":\"first\"}] and should be not set")
        let variable = Self.first + [.name("env"), .place(0), .name("value")]
        let secret = try #require(difference { $0[variable] = "s3cret" })
        #expect(secret.description == "spec.containers[0].env[0].value is not what it should be")
    }

    @Test func aClassOfRuntimesThatIsAskedForHasToBeThere() {
        let runtime: [JSONStep] = [.name("runtimeClassName")]
        var wanted = Self.spec
        wanted[runtime] = "gvisor"
        let comparison = PodComparison(spec: wanted)
        #expect(comparison.difference(in: ["spec": Self.spec])?.field == "spec.runtimeClassName")
        #expect(comparison.difference(in: ["spec": wanted]) == nil)
    }

    @Test func whatHasNoSpecificationIsRefused() {
        #expect(PodComparison(spec: Self.spec).difference(in: ["kind": "Pod"])?.field == "spec")
    }
}
