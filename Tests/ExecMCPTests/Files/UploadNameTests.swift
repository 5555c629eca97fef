import Testing

@testable import ExecMCP

@Suite struct UploadNameTests {
    @Test(arguments: [
        "a.csv", "a b (1).txt", "日本.csv", "e\u{301}.txt", "👩‍👩‍👧.png", "a.", "data.tar.gz", "$(id).txt", "%41.txt",
    ])
    func keepsAnOrdinaryName(name: String) {
        #expect(UploadName.safe(name) == name)
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), ("C:\\fakepath\\a.csv", "a.csv"), ("/a/b/", "file"), ("", "file"),
        ("..", "_."), (".bashrc", "_bashrc"), ("-rf", "_rf"), ("~root", "_root"), ("  a  ", "a"), ("   ", "file"),
        ("a\u{202E}gpj.exe", "a_gpj.exe"), ("a\nb\u{1B}[0m", "a_b_[0m"), ("a\0b", "a_b"), ("a\u{2028}b", "a_b"),
        ("a/\u{301}b", "\u{301}b"),
    ])
    func makesAnotherSafe(name: String, safe: String) {
        #expect(UploadName.safe(name) == safe)
    }

    @Test func aLongNameKeepsItsExtension() {
        let name = UploadName.safe(String(repeating: "é", count: 300) + ".csv")
        #expect(name.utf8.count == 200)
        #expect(name.hasSuffix("é.csv"))
        let odd = UploadName.safe("a." + String(repeating: "x", count: 400))
        #expect(odd.utf8.count == 200)
    }
}
