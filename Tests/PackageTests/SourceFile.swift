import Foundation
import TestSupport

/// A file of the repository's source text.
struct SourceFile: Sendable {
    /// Its path in the repository.
    let path: String
    let text: String

    /// The target that it belongs to: the directory under `Sources`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// Its name without directory and extension.
    var stem: String { path.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? "" }

    var isSwift: Bool { path.hasSuffix(".swift") }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The modules that it imports.
    var imports: Set<String> {
        Set(
            text.matches(of: /(?m)^\s*(?:@\w+\s+)?(?:public |package |internal )?import (?:\w+ )?(\w+)/).map {
                String($0.1)
            })
    }

    /// Every Swift and Python file under `Sources`: the product.
    static let all = files(under: "Sources")

    /// The product, and what tests and measures it.
    static let everything = all + ["Tests", "e2e", "bench"].flatMap(files)

    private static func files(under directory: String) -> [SourceFile] {
        let root = "\(Repository.path)/\(directory)"
        let paths = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".py") }.sorted().compactMap { path in
            guard let text = try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) else { return nil }
            return SourceFile(path: "\(directory)/\(path)", text: text)
        }
    }
}
