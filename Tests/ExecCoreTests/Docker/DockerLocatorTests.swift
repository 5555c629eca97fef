import TestSupport
import Testing

@testable import ExecCore

@Suite struct DockerLocatorTests {
    private func locator(_ environment: [String: String], programs: Set<String>) -> DockerLocator {
        DockerLocator(environment: environment) { programs.contains($0) }
    }

    @Test func looksOnThePathFirst() throws {
        let programs: Set = ["/opt/x/docker", "/opt/y/docker", "/usr/local/bin/docker"]
        #expect(try locator(["PATH": "/opt/z:/opt/x:/opt/y"], programs: programs).locate("docker") == "/opt/x/docker")
    }

    @Test(arguments: [
        "/usr/local/bin/docker", "/opt/homebrew/bin/docker", "/home/ann/.docker/bin/docker",
        "/home/ann/.orbstack/bin/docker", "/home/ann/.rd/bin/docker", "/usr/bin/docker", "/snap/bin/docker",
    ])
    func looksInTheUsualPlacesWhereThePathIsBare(program: String) throws {
        for path in ["/bare", "", nil] {
            var environment = ["HOME": "/home/ann"]
            environment["PATH"] = path
            #expect(try locator(environment, programs: [program]).locate("docker") == program)
        }
    }

    @Test func looksInNoHomeWhereThereIsNone() {
        let searched = Recorder<String>()
        let locator = DockerLocator(environment: [:]) { path in
            searched.record(path)
            return false
        }
        #expect(throws: ExecError.self) { try locator.locate("podman") }
        #expect(searched.elements.contains("/usr/local/bin/podman"))
        #expect(searched.elements.allSatisfy { $0.hasPrefix("/") && $0.hasSuffix("/podman") })
    }

    @Test func passesOverRelativePlacesOfThePath() {
        // They would mean the directory that a host happened to start us in.
        let locator = locator(["PATH": ".:bin::/opt/x"], programs: ["./docker", "bin/docker", "/docker"])
        #expect(throws: ExecError.self) { try locator.locate("docker") }
        #expect(locator.searchPath.first == "/opt/x")
    }

    @Test func takesAPathAsItIs() throws {
        let locator = locator(["PATH": "/opt"], programs: ["/srv/engine", "./engine", "/opt/engine"])
        #expect(try locator.locate("/srv/engine") == "/srv/engine")
        #expect(try locator.locate("./engine") == "./engine")
    }

    @Test(arguments: [("docker", ["docker", "PATH", "/usr/local/bin", "--engine"]), ("/x/y", ["/x/y", "--engine"])])
    func saysWhatIsMissingAndWhatToDo(engine: String, words: [String]) {
        let error = #expect(throws: ExecError.self) { try locator(["PATH": "/opt"], programs: []).locate(engine) }
        #expect(error?.code == .engineMissing)
        for word in words { #expect(error?.message.contains(word) == true, "\(word)") }
        #expect(error?.message.contains("Install Docker") == true)
    }

    @Test func givesTheEngineOurEnvironmentWithAWholePath() {
        let environment = ["PATH": "/opt/x", "HOME": "/home/ann", "DOCKER_HOST": "tcp://h:1", "A": "b"]
        let given = locator(environment, programs: []).engineEnvironment
        #expect(given["DOCKER_HOST"] == "tcp://h:1")
        #expect(given["A"] == "b")
        let places = given["PATH"]?.split(separator: ":") ?? []
        #expect(places.first == "/opt/x")
        #expect(places.contains("/usr/bin"))
        #expect(places.contains("/home/ann/.docker/bin"))
    }

    @Test func namesNoPlaceTwice() {
        let places = locator(["PATH": "/usr/bin:/usr/local/bin"], programs: []).searchPath
        #expect(places.starts(with: ["/usr/bin", "/usr/local/bin"]))
        #expect(Set(places).count == places.count)
    }

    @Test func looksAtRealFilesByDefault() throws {
        #expect(try DockerLocator(environment: ["PATH": "/bin"]).locate("sh") == "/bin/sh")
        #expect(throws: ExecError.self) { try DockerLocator(environment: [:]).locate("/etc/passwd") }
        #expect(throws: ExecError.self) { try DockerLocator(environment: [:]).locate("/tmp/") }
    }
}
