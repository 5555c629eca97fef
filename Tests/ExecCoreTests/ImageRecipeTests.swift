import ChildProcess
import Foundation
import Hashing
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// What the binary carries for `exec-mcp image`.
@Suite(.timeLimit(.minutes(3))) struct ImageRecipeTests {
    private func file(_ name: String) throws -> [UInt8] {
        try #require(Files.read("\(Repository.path)/container/\(name)", limit: 1 << 20))
    }

    private func image(_ label: String?) -> ImageDescription {
        ImageDescription(
            id: "sha256:1", size: 1, created: nil, labels: label.map { [ImageRecipe.label: $0] } ?? [:])
    }

    @Test func isWhatTheCheckoutHolds() throws {
        #expect(Array(ImageRecipe.dockerfile.utf8) == (try file("Dockerfile")))
        #expect(Array(ImageRecipe(base: nil, certificates: []).requirements.utf8) == (try file("requirements.txt")))
        #expect(Array(ImageRecipe.check.utf8) == (try file("smoke.py")))
        #expect(ImageRecipe.defaultBase == "python:3.12-slim-bookworm")
    }

    @Test func theContextIsAnArchiveThatTarUnpacks() async throws {
        let directory = try TemporaryDirectory()
        let recipe = ImageRecipe(base: nil, certificates: Array("pem\n".utf8))
        try directory.write(recipe.context, to: "context.tar")
        let tar = Command(
            executable: "/usr/bin/env",
            arguments: ["tar", "-xf", "\(directory.path)/context.tar", "-C", directory.path])
        #expect(try await tar.run(timeout: 60).succeeded)
        for name in ["Dockerfile", "install.py", "requirements.txt", "fonts.py", "prepare.sh", "packages.txt", "uv.sh"]
        {
            #expect(Files.read("\(directory.path)/\(name)", limit: 1 << 20) == (try file(name)))
        }
        let launcher = try FileManager.default.contentsOfDirectory(atPath: "\(Repository.path)/container/instant")
        #expect(launcher.contains("launcher.c"))
        for name in launcher {
            #expect(Files.read("\(directory.path)/\(name)", limit: 1 << 20) == (try file("instant/\(name)")))
        }
        #expect(Files.read("\(directory.path)/ca-bundle.pem", limit: 100) == Array("pem\n".utf8))
    }

    @Test(arguments: [0, 1, 511, 512, 513, 100_000])
    func anArchiveIsWholeBlocksWhateverTheSize(size: Int) {
        var archive = TarArchive()
        archive.add("a", [UInt8](repeating: 1, count: size))
        #expect(archive.bytes.count == 512 + (size + 511) / 512 * 512 + 1024)
    }

    @Test func itsDigestIsTheOneOfTheShellScript() async throws {
        let sources = "Dockerfile install.py requirements.txt fonts.py prepare.sh packages.txt uv.sh instant/*"
        let script = "cd \"$1\" && LC_ALL=C && cat \(sources) && printf %s \"$2\""
        for base in [nil, "debian:13"] {
            let output = try await Command(
                executable: "/bin/sh", arguments: ["-c", script, "sh", "\(Repository.path)/container", base ?? ""]
            ).run(timeout: 60)
            #expect(ImageRecipe(base: base, certificates: [1]).digest == SHA256.hexDigest(of: output.output))
        }
    }

    @Test func aVariantHasItsOwnListsAndName() async throws {
        let directory = try TemporaryDirectory()
        let recipe = ImageRecipe(base: nil, variant: .slim, certificates: [])
        try directory.write(recipe.context, to: "context.tar")
        let tar = Command(
            executable: "/usr/bin/env",
            arguments: ["tar", "-xf", "\(directory.path)/context.tar", "-C", directory.path])
        #expect(try await tar.run(timeout: 60).succeeded)
        for (name, source) in [("requirements.txt", "requirements-slim.txt"), ("packages.txt", "packages-slim.txt")] {
            #expect(Files.read("\(directory.path)/\(name)", limit: 1 << 20) == (try file(source)))
        }
        #expect(recipe.ownName == "mcp-code-executor:slim")
        let labels = recipe.labels(for: "a:1")
        #expect(labels.last == ContainerSpec.Pair(name: "exec-mcp.variant", value: "slim"))
        #expect(recipe.digest != ImageRecipe(base: nil, certificates: []).digest)
        #expect(ImageRecipe(base: nil, certificates: []).ownName == nil)
    }

    @Test func addedPackagesNameTheImageAndTakeThePlaceOfOurs() throws {
        let added = try AddedRequirements(text: "Pandas<3\nstatsmodels-extra==1 # not ours\n")
        let recipe = ImageRecipe(base: nil, added: added, certificates: [1])
        #expect(recipe.ownName == "mcp-code-executor:with-\(recipe.digest.prefix(12))")
        #expect(!recipe.requirements.contains("\npandas=="))
        #expect(recipe.requirements.contains("\nstatsmodels=="))
        #expect(recipe.labels(for: "a").contains { $0.value == "Pandas,statsmodels-extra" })
        let other = ImageRecipe(base: nil, added: try AddedRequirements(text: "pandas<2"), certificates: [1])
        #expect(other.ownName != recipe.ownName)
    }

    @Test func knowsItsOwnImagesFromOthers() {
        let recipe = ImageRecipe(base: nil, certificates: [])
        let label = recipe.labelValue(for: "a:1")
        func state(_ label: String?) -> ImageRecipe.State { recipe.state(of: image(label), tag: "a:1") }
        #expect(state(label) == .current)
        #expect(state(label + "-0123") == .current)
        #expect(state(label + "0") == .outdated)
        #expect(state("a:1@0000") == .outdated)
        #expect(state(recipe.labelValue(for: "b:1")) == .foreign)
        #expect(state(nil) == .foreign)
        #expect(ImageRecipe(base: "b", certificates: []).state(of: image(label), tag: "a:1") == .outdated)
    }

    @Test func readsWhatPipSaysOfItsConfiguration() {
        let listing = """
            :env:.index-url='https://no'
            global.index-url='https://one/simple'
            global.trusted-host="two"
            global.broken='three
            global.extra-index-url=
            install.index-url='https://no'
            """
        #expect(
            BuildEnvironment.settings(inListing: listing) == [
                "index-url": "https://one/simple", "trusted-host": "two",
            ])
    }

    @Test func takesTheFirstCertificatesThatAreThere() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("mine", to: "ca.pem")
        let variables = ["PIP_CERT": "", "REQUESTS_CA_BUNDLE": "/nonexistent", "SSL_CERT_FILE": path]
        #expect(BuildEnvironment(variables: variables).certificates == Array("mine".utf8))
    }
}
