import JSON
import TestSupport
import Testing

@testable import ExecCore

@Suite struct KubernetesFilesTests {
    private func files(
        _ mounts: ContainerSpec.Mount..., of instance: String = "one", ownedBy pod: String? = nil, on day: Int = 20_000
    ) throws -> KubernetesFiles {
        var options = KubernetesOptions()
        options.owner = pod.flatMap(KubernetesOptions.OwnerPod.init)
        return try KubernetesFiles(mounts, options: options, instance: instance, day: day)
    }

    @Test func nothingToMountNeedsNothing() throws {
        #expect(try files() == KubernetesFiles())
    }

    private func names(
        ofMapsWith content: String, in path: String, of instance: String = "one", ownedBy pod: String? = nil,
        on day: Int = 20_000
    ) throws -> [String] {
        let directory = try TemporaryDirectory()
        try directory.write(content, to: path)
        let mount = ContainerSpec.Mount.host(source: directory.path, target: "/tools", isReadOnly: true)
        return try files(mount, of: instance, ownedBy: pod, on: day).maps.map(\.name)
    }

    @Test func theSameFilesHaveTheSameNameAndOthersAnother() throws {
        let name = try names(ofMapsWith: "print(1)\n", in: "a.py")
        #expect(name.count == 1)
        #expect(try names(ofMapsWith: "print(1)\n", in: "a.py") == name)
        #expect(try names(ofMapsWith: "print(2)\n", in: "a.py") != name)
        #expect(try names(ofMapsWith: "print(1)\n", in: "b.py") != name)
    }

    @Test func eachMachinePodAndDayHasItsOwn() throws {
        let name = try names(ofMapsWith: "print(1)\n", in: "a.py")
        #expect(try names(ofMapsWith: "print(1)\n", in: "a.py", of: "two") != name)
        #expect(try names(ofMapsWith: "print(1)\n", in: "a.py", on: 20_001) != name)
        // With its predecessor's pod, a pod's ConfigMaps are removed.
        let first = try names(ofMapsWith: "print(1)\n", in: "a.py", ownedBy: "agent-0/uid-1")
        #expect(first != name)
        #expect(try names(ofMapsWith: "print(1)\n", in: "a.py", ownedBy: "agent-0/uid-2") != first)
    }

    @Test func whatDoesNotFitIntoOneMapIsDivided() throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b", "c"] { try directory.write(String(repeating: "x", count: 400_000), to: name) }
        let found = try files(.host(source: directory.path, target: "/tools", isReadOnly: true))
        #expect(found.maps.count == 3)
        #expect(found.volumes.count == 1)
        #expect(found.maps.allSatisfy { $0.json.serialized().count < 1 << 20 })
    }

    @Test func aFileThatIsTooLargeIsNamed() throws {
        let directory = try TemporaryDirectory()
        try directory.write(String(repeating: "x", count: 1 << 20), to: "large.csv")
        let error = #expect(throws: ExecError.self) {
            try files(.host(source: directory.path, target: "/tools", isReadOnly: true))
        }
        #expect(error?.message.contains("large.csv") == true)
    }

    @Test func tooManyFilesAndTooManyBytesAreRefused() throws {
        let many = try TemporaryDirectory()
        for number in 0...2000 { try many.write("", to: "\(number)") }
        let large = try TemporaryDirectory()
        for number in 0..<25 { try large.write(String(repeating: "x", count: 690_000), to: "\(number)") }
        for directory in [many, large] {
            let error = #expect(throws: ExecError.self) {
                try files(.host(source: directory.path, target: "/tools", isReadOnly: true))
            }
            #expect(error?.message.contains("too large for a cluster") == true)
        }
    }

    @Test func aDirectoryWithoutFilesNeedsNothing() throws {
        let directory = try TemporaryDirectory()
        #expect(try files(.host(source: directory.path, target: "/tools", isReadOnly: true)) == KubernetesFiles())
    }

    @Test func writableDirectoriesAreRefusedAndVolumesAreSkipped() throws {
        #expect(try files(.volume(name: "v", target: "/workspace")) == KubernetesFiles())
        #expect(throws: ExecError.self) { try files(.host(source: "/tmp", target: "/workspace", isReadOnly: false)) }
    }
}
