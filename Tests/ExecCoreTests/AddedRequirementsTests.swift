import TestSupport
import Testing

@testable import ExecCore

@Suite struct AddedRequirementsTests {
    @Test func readsWhatPipReads() throws {
        let added = try AddedRequirements(
            text: """
                # A comment
                --extra-index-url https://index.example/simple
                -i https://index.example/simple
                --pre

                rich
                Click[extra] >= 8, != 8.1  # why
                tool-kit ; python_version > "3.9"
                pinned == \\
                    1.0
                far @ https://files.example/far-1-py3-none-any.whl
                Rich  # and \\
                last
                """)
        #expect(added.names == ["rich", "Click", "tool-kit", "pinned", "far", "last"])
        let lines = """
            --extra-index-url https://index.example/simple
            -i https://index.example/simple
            --pre
            rich
            Click[extra] >= 8, != 8.1
            tool-kit ; python_version > "3.9"
            pinned ==     1.0
            far @ https://files.example/far-1-py3-none-any.whl
            Rich
            last

            """
        #expect(added.text == lines, "pip gets what was checked, line by line")
    }

    @Test func aCommentHidesNothingFromTheCheckThatPipWouldSee() throws {
        // For Python, and so for pip, a line ends at more characters than for Swift.
        for separator in ["\u{1C}", "\u{1D}", "\u{1E}", "\u{0B}", "\u{85}", "\u{2028}", "\r"] {
            guard let added = try? AddedRequirements(text: "rich # \(separator)-r /etc/passwd\n") else { continue }
            #expect(added.text == "rich\n", "\(Array(separator.unicodeScalars))")
        }
    }

    @Test func itsSizeIsBounded() throws {
        let many = (1...501).map { "package-\($0)\n" }
        #expect(throws: RequirementsError.self) { try AddedRequirements(text: many.joined()) }
        #expect(try AddedRequirements(text: many.dropFirst().joined()).names.count == 500)
        let long = ["rich>=" + String(repeating: "1", count: 2000), String(repeating: "rich\\\n", count: 40_000)]
        for text in long { #expect(throws: RequirementsError.self) { try AddedRequirements(text: text) } }
        let same = String(repeating: "rich\n", count: 50_000)
        #expect(try AddedRequirements(text: same).names == ["rich"])
    }

    @Test(arguments: [
        ("rich\n-r other.txt", "line 2: the option -r isn't supported here"),
        ("-c other.txt", "line 1: the option -c"), ("-e .", "line 1: the option -e"),
        ("--find-links=/wheels\nrich", "line 1: the option --find-links"),
        ("./rich-1-py3-none-any.whl", "line 1: it doesn't begin with the name of a package"),
        ("rich-1-py3-none-any.whl", "line 1: it doesn't begin with the name of a package"),
        ("/srv/rich", "line 1: it doesn't begin"), ("https://files.example/rich.whl", "line 1: it doesn't begin"),
        ("rich @ file:///srv/rich.whl", "line 1: the build has no other files"),
        ("\nrich==1 \\\n  --hash=sha256:00", "line 2: hashes aren't supported here"),
        ("rich==1 --hash=sha256:00", "line 1: hashes aren't supported here"),
        ("rich --config-settings=a=b", "line 1: the option --config-settings isn't"),
        ("rich --pre", "line 1: the option --pre isn't"), ("--pre -r other.txt\nrich", "line 1: the option -r isn't"),
        ("--pre \\\n-r other.txt\nrich", "line 1: the option -r isn't"),
        ("--require-hashes", "line 1: hashes aren't"), ("rich\u{1B}[31m", "line 1: it has control characters"),
        ("rich\0", "line 1: it has control characters"), ("ri\u{441}h", "line 1: it has control characters"),
        ("rich @ FILE:///srv/rich.whl", "line 1: the build has no other files"),
        ("-i file:///srv\nrich", "line 1: the build has no other files"),
        ("rich @ ../rich", "line 1: it doesn't begin"),
        ("rich @ https://${TOKEN}@files.example/", "line 1: the build has no variables"),
        ("rich $(id)", "line 1: it doesn't begin"), ("# nothing\n", "it names no package"), ("", "it names no package"),
    ])
    func refusesWhatTheBuildCannotHave(text: String, reason: String) {
        let error = #expect(throws: RequirementsError.self) { try AddedRequirements(text: text) }
        #expect("\(error.map(\.description) ?? "")".hasPrefix(reason), "\(error.map(\.description) ?? "")")
    }

    @Test func refusesWhatIsNoText() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: RequirementsError.self) { try AddedRequirements(path: directory.path) }
        #expect(throws: RequirementsError.self) { try AddedRequirements(path: directory.path + "/missing") }
        let bytes = try directory.write([0xFF, 0xFE], to: "latin")
        #expect(throws: RequirementsError.self) { try AddedRequirements(path: bytes) }
        let large = try directory.write([UInt8](repeating: UInt8(ascii: "a"), count: 300_000), to: "large")
        #expect(throws: RequirementsError.self) { try AddedRequirements(path: large) }
    }

    @Test(arguments: [
        ([:], ImageContents(variant: nil)),
        (["exec-mcp.build-inputs": "x"], .standard),
        (["exec-mcp.build-inputs": "x", "exec-mcp.variant": "slim"], ImageContents(variant: .slim)),
        (
            ["exec-mcp.build-inputs": "x", "exec-mcp.added-packages": "rich,a b`,click"],
            ImageContents(variant: .standard, added: ["rich", "click"], unlisted: 1)
        ),
    ])
    func labelsTellWhatAnImageHas(labels: [String: String], contents: ImageContents) {
        let image = ImageDescription(id: "sha256:1", size: 1, created: nil, labels: labels)
        #expect(ImageContents(of: image) == contents)
    }

    @Test func theEnginesLinesTellTheCause() {
        #expect(DockerCLI.cause(in: "#9 12.34 image error: no such package") == "no such package")
        #expect(DockerCLI.cause(in: "12.34 image error: no such package") == "no such package")
        #expect(DockerCLI.cause(in: "image error: no such package") == "no such package")
        #expect(DockerCLI.cause(in: "error: incomplete-download") == nil)
        #expect(DockerCLI.cause(in: "Step 3 failed with image error: x") == nil)
    }
}
