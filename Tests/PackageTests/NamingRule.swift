/// A rule about names and sizes in source text.
enum NamingRule: String, CaseIterable {
    /// A file that declares types for others declares one of its own name. A file of extensions or functions alone is
    /// named by its topic.
    case aFileIsNamedAfterItsType
    /// A type name, an alias too, stands in one target only.
    case aTypeNameStandsInOneTarget
    case anErrorTypeEndsInError
    case aFileFitsAReadersHead

    /// The longest file, in lines.
    static let maxLines = 400

    /// What breaks the rule in these files.
    func breaches(in files: [SourceFile]) -> [String] {
        switch self {
        case .aFileIsNamedAfterItsType:
            files.compactMap { file in
                let types = file.declarations.filter { !$0.isExtension }
                let isNamed = types.allSatisfy(\.isPrivate) || types.map(\.name).contains(file.stem)
                return isNamed ? nil : "\(file.path) declares \(types.map(\.name))"
            }
        case .aTypeNameStandsInOneTarget:
            Self.targetsByType(in: files).filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
                .map { "\($0.key) is in \($0.value.sorted())" }
        case .anErrorTypeEndsInError:
            files.flatMap { file in
                file.errorTypes.filter { !$0.hasSuffix("Error") }.map { "\(file.path) declares the error \($0)" }
            }
        case .aFileFitsAReadersHead:
            files.filter { $0.lines.count > Self.maxLines }.map { "\($0.path) has \($0.lines.count) lines" }
        }
    }

    private static func targetsByType(in files: [SourceFile]) -> [String: Set<String>] {
        var targets: [String: Set<String>] = [:]
        for file in files where file.path.hasPrefix("Sources/") {
            for type in file.declarations where !type.isExtension {
                targets[type.name, default: []].insert(file.target)
            }
        }
        return targets
    }
}
