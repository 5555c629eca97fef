import JSON
import TestSupport
import Testing

/// What the guest makes of the paths that models write.
@Suite(.timeLimit(.minutes(3))) struct GuestPathsTests {
    /// What each path means, or the text of its refusal after an exclamation mark. `a:b/c` and `$there` are in the
    /// workspace.
    private func meanings(of paths: [String]) async throws -> [String] {
        let script = """
            paths = guest.paths
            os.environ["HOME"] = "/home/me"
            paths._exists = lambda path: path in ("a:b/c", "$there", "http://there")
            def meaning(path):
                try:
                    return paths.absolute(path)
                except paths.OperationError as error:
                    return "!" + str(error)
            print(json.dumps([meaning(path) for path in json.loads(sys.argv[1])]))
            """
        let text = try await GuestModules.run(script, arguments: [JSON.array(paths.map(JSON.string)).text])
        return try JSON.parse(text).arrayValue?.compactMap(\.stringValue) ?? []
    }

    private static let meant = [
        // As they are
        ("/etc/passwd", "/etc/passwd"), ("a/b.txt", "/workspace/a/b.txt"), ("../x", "/workspace/../x"),
        ("./a", "/workspace/a"), (".//./a", "/workspace/a"), (".hidden", "/workspace/.hidden"),
        ("names/~", "/workspace/names/~"), ("names/$HOME", "/workspace/names/$HOME"),
        ("a b:c", "/workspace/a b:c"), ("12:30/log", "/workspace/12:30/log"), ("a:b", "/workspace/a:b"),
        ("x@http://y", "/workspace/x@http://y"), (" ~/x", "/workspace/ ~/x"), ("back\\slash", "/workspace/back\\slash"),
        ("~$report.docx", "/workspace/~$report.docx"), ("~backup", "/workspace/~backup"), ("$1", "/workspace/$1"),
        ("50%", "/workspace/50%"), ("%s%n", "/workspace/%s%n"), ("日本", "/workspace/日本"),
        // The way to say that no more is meant
        ("./~/x", "/workspace/~/x"), ("./$x", "/workspace/$x"), ("./file:///x", "/workspace/file:///x"),
        ("./C:\\x", "/workspace/C:\\x"),
        // What is there
        ("$there", "/workspace/$there"), ("http://there", "/workspace/http://there"),
        // The home directory
        ("~", "/home/me"), ("~/", "/home/me/"), ("~/a/b", "/home/me/a/b"),
        // URIs of files
        ("file:///workspace/a", "/workspace/a"), ("FILE:///x", "/x"), ("file://localhost/x", "/x"),
        ("file:/x", "/x"), ("file:////x", "/x"), ("file:///a%20b%2Fc", "/a b/c"), ("file:///100%", "/100%"),
        ("file:///%E6%97%A5", "/日"), ("file:///日", "/日"),
        // Our own
        ("artifact:///x.png", "/artifacts/x.png"), ("artifact:///a%20b.csv", "/artifacts/a b.csv"),
        ("artifact://x.png", "/artifacts/x.png"), ("Artifact:///é", "/artifacts/é"), ("artifact:x", "/artifacts/x"),
        ("artifact:///sub/x", "/artifacts/sub/x"), ("skill://plots/SKILL.md", "/skills/plots/SKILL.md"),
        ("skill://plots/a%2Db/c", "/skills/plots/a-b/c"), ("skill:///plots/x", "/skills/plots/x"),
    ]

    @Test func findsWhatIsMeant() async throws {
        let found = try await meanings(of: Self.meant.map(\.0))
        #expect(found.count == Self.meant.count)
        for (pair, found) in zip(Self.meant, found) { #expect(found == pair.1, "\(pair.0)") }
    }

    private static let refused = [
        ("", "is empty"), ("a\0b", "NUL"), ("file:///a%00b", "NUL"),
        ("~root/x", "only ~/ (/home/me/) is supported"), ("~user/.ssh/id", "only ~/ (/home/me/) is supported"),
        ("$HOME/n", "HOME is /home/me"), ("${HOME}/n", "no shell expands"), ("$HOME", "no shell expands"),
        ("$(pwd)/x", "no shell expands"), ("`pwd`/x", "no shell expands"), ("$env:TEMP/x", "no shell expands"),
        ("%USERPROFILE%\\x", "no shell expands"), ("%HOME%/x", "no shell expands"),
        ("C:\\x", "Windows"), ("c:/x", "Windows"), ("\\\\server\\share", "Windows"), ("file:///C:/x", "Windows"),
        ("file://server/x", "Write the path alone, for example /server/x"),
        ("file://workspace/x", "for example /workspace/x"), ("file://C:/x", "does not name a file"),
        ("file://host", "does not name a file"), ("file:x", "has an absolute path"),
        ("sandbox:/workspace/x.txt", "Write /workspace/x.txt."), ("sandbox:///tmp/x", "Write /tmp/x."),
        ("sandbox:/mnt/data/x", "is not a URI scheme of the sandbox"),
        ("s3://bucket/key", "is not a URI scheme of the sandbox"),
        ("http://example.org/x", "a web address is not a file"), ("HTTPS://example.org", "a web address is not a file"),
        ("data:text/plain,x", "is not a URI scheme of the sandbox"), ("vscode-remote://x/y", "is not a URI scheme"),
        ("artifact:///", "artifact:///NAME"), ("artifact:///../x", "artifact:///NAME"),
        ("artifact:///a//b", "artifact:///NAME"), ("artifact:///%2E%2E/x", "artifact:///NAME"),
        ("skill://", "skill://NAME"), ("skill://a/../b", "skill://NAME"),
    ]

    @Test func refusesInWordsWhatMeansNothingHere() async throws {
        let found = try await meanings(of: Self.refused.map(\.0))
        #expect(found.count == Self.refused.count)
        for (pair, found) in zip(Self.refused, found) {
            #expect(found.hasPrefix("!"), "\(pair.0): \(found)")
            #expect(found.contains(pair.1), "\(pair.0): \(found)")
        }
        let other = found.filter { $0.contains("no shell") || $0.contains("URI scheme of the sandbox") }
        #expect(other.allSatisfy { $0.contains("If a file really has this name, write ./") })
    }

    @Test func showsOfALongPathTheBeginning() async throws {
        let script = """
            for path in ("x" * 5000, "$" + "x" * 5000, "file:" + "y" * 5000, None):
                print(len(guest.paths.shown(path)), len(guest.files.describe(OSError(36, "long"), path)["message"]) < 500)
            """
        #expect(try await GuestModules.run(script) == "301 True\n301 True\n301 True\n4 True\n")
    }
}
