import SystemCalls

/// Finds programs on this machine. Desktop hosts start servers with a minimal `PATH`, so the usual directories are
/// searched as well.
struct ProgramSearch: Sendable {
    /// The usual directories for programs of any kind.
    static let usualPlaces = ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin", "/bin", "/snap/bin"]

    private let environment: [String: String]
    private let places: [String]
    private let isExecutable: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - environment: provides `PATH`, which is searched first, and `HOME`, which replaces a `~`.
    ///   - places: the additional directories to search.
    init(
        environment: [String: String], places: [String] = usualPlaces,
        isExecutable: @escaping @Sendable (String) -> Bool = Files.isExecutable
    ) {
        self.environment = environment
        self.places = places
        self.isExecutable = isExecutable
    }

    /// Returns the path of the program called `name`; `nil` if none.
    func path(of name: String) -> String? {
        directories.lazy.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    /// The directories to search, `PATH` first.
    var directories: [String] {
        let path = Executables.searchPath(environment["PATH"] ?? "")
        let home = environment["HOME"]
        let usual = places.compactMap { place in
            place.hasPrefix("~") ? home.map { $0 + place.dropFirst() } : place
        }
        return path + usual.filter { !path.contains($0) }
    }

    /// The environment for a program that was found: the given one, with a `PATH` on which it finds its own helpers.
    var programEnvironment: [String: String] {
        environment.merging(["PATH": directories.joined(separator: ":")]) { $1 }
    }
}
