import Testing

@testable import ExecCore

@Suite struct KubernetesNameTests {
    @Test(arguments: ["mcp-executor-Ada_L.-0abc", "a", String(repeating: "x", count: 128)])
    func aJobsNameIsALabelWhateverTheContainersNameIs(container: String) {
        let name = KubernetesName.job(of: container)
        #expect(KubernetesName.isLabel(name))
        // The pod's name is longer by six characters.
        #expect(name.utf8.count <= 57)
        #expect(KubernetesName.job(of: name) == name)
    }

    @Test(arguments: ["a", "a-1", "x.y-z.0", String(repeating: "a", count: 63)])
    func acceptsNames(name: String) {
        #expect(KubernetesName.isSubdomain(name))
    }

    @Test(arguments: ["", "-a", "a-", "A", "a_b", "a..b", ".a", "a b", "é", String(repeating: "a", count: 64)])
    func refusesWhatIsNotAName(name: String) {
        #expect(!KubernetesName.isSubdomain(name))
    }

    @Test(arguments: [("/tmp", "tmp"), ("/home/coderunner", "home-coderunner"), ("/dev/shm", "dev-shm")])
    func namesVolumesByTheirPlace(path: String, name: String) {
        #expect(KubernetesName.volume(at: path) == name)
        #expect(KubernetesName.isLabel(name))
    }
}
