import SystemCalls
import TestSupport
import Testing

@testable import ExecAgent

@Suite("The files of the page")
struct PageAssetsTests {
    private static let sources = "\(Repository.path)/Sources/ExecAgent/Page"

    private static func source(_ name: String) throws -> [UInt8] {
        try Files.contents(of: "\(sources)/\(name)", limit: 1 << 20)
    }

    @Test func allFilesOfThePageAreServedWithoutTheirComments() throws {
        let names = Set(Files.names(in: Self.sources).filter { !$0.hasPrefix(".") })
        #expect(names == Set(PageAssets.all.map(\.name)))
        for asset in PageAssets.all {
            let source = try Self.source(asset.name)
            let isCode = asset.name.hasSuffix(".js") || asset.name.hasSuffix(".css")
            #expect(asset.bytes == (isCode ? PageAssets.withoutComments(source) : source), "\(asset.name)")
        }
    }

    @Test(arguments: [
        ("a = 1;\n\tb = 2;\n\n", "a = 1;\nb = 2;\n"),
        ("// one\na; // two\n\t\t// three\n", "a; // two\n"),
        ("/** one */\na;\n/* two\n * three\nfour */\nb;", "a;\nb;\n"),
        ("a = '/* no comment';\nb = x\n  / 2;\n", "a = '/* no comment';\nb = x\n/ 2;\n"),
        ("a = 'ä ⏎';\n", "a = 'ä ⏎';\n"), ("", ""), ("/* never closed\na;\n", ""),
    ])
    func commentsAndIndentationAreNotServed(source: String, served: String) {
        #expect(String(decoding: PageAssets.withoutComments(Array(source.utf8)), as: UTF8.self) == served)
    }

    /// What the browser loads before anything is shown is 120 KiB at most. The rest is loaded when it is needed.
    @Test func thePageKeepsToItsBudget() throws {
        let sizes = Dictionary(uniqueKeysWithValues: PageAssets.all.map { ($0.name, $0.bytes.count) })
        var first: Set = ["index.html", "app.css", "icon.svg", "manifest.webmanifest", "theme.js"]
        var found = ["app.js"]
        while let name = found.popLast() {
            guard first.insert(name).inserted else { continue }
            let text = try String(decoding: Self.source(name), as: UTF8.self)
            found += text.matches(of: /from '\.\/([a-z]+\.js)'/).map { String($0.1) }
        }
        #expect(first.count > 20)
        #expect(first.reduce(0) { $0 + sizes[$1, default: 0] } <= 120 << 10)
        #expect(sizes.values.reduce(0, +) <= 160 << 10)
    }
}
