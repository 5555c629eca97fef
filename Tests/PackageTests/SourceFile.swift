import Foundation
import TestSupport

/// A file of the product's own source text.
struct SourceFile: Sendable {
    /// Its path in the repository.
    let path: String
    let text: String

    /// The target that it belongs to: the directory under `Sources`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    var isSwift: Bool { path.hasSuffix(".swift") }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The modules that it imports.
    var imports: Set<String> {
        Set(
            text.matches(of: /(?m)^\s*(?:@\w+\s+)?(?:public |package |internal )?import (?:\w+ )?(\w+)/).map {
                String($0.1)
            })
    }

    /// Every Swift and Python file under `Sources`.
    static let all: [SourceFile] = {
        let root = Repository.path
        let paths = FileManager.default.enumerator(atPath: root + "/Sources")?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".py") }.sorted().compactMap { path in
            guard let text = try? String(contentsOfFile: "\(root)/Sources/\(path)", encoding: .utf8) else { return nil }
            return SourceFile(path: "Sources/\(path)", text: text)
        }
    }()
}
