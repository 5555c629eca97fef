import SystemCalls

/// Finds programs of this machine. Desktop hosts start servers with a bare `PATH`, so the usual places are looked through
/// as well.
struct ProgramSearch: Sendable {
    /// Where programs usually are, whatever they are for.
    static let usualPlaces = ["/usr/local/bin", "/opt/homebrew/bin", "/usr/bin", "/bin", "/snap/bin"]

    private let environment: [String: String]
    private let places: [String]
    private let isExecutable: @Sendable (String) -> Bool

    /// - Parameters:
    ///   - environment: whose `PATH` comes first, and whose `HOME` a `~` stands for.
    ///   - places: the directories to look in besides.
    init(
        environment: [String: String], places: [String] = usualPlaces,
        isExecutable: @escaping @Sendable (String) -> Bool = Files.isExecutable
    ) {
        self.environment = environment
        self.places = places
        self.isExecutable = isExecutable
    }

    /// The path of the program called `name`; `nil` if there is none.
    func path(of name: String) -> String? {
        directories.lazy.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    /// The directories to look in: `PATH` first.
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
