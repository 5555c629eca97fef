/// The programs of this package, built beside the tests.
package enum BuiltProgram {
    /// The path of the program called `name`. A test target that uses it depends on the program's target, so that it is
    /// there.
    package static func path(_ name: String) -> String {
        #if os(Linux)
            let directory = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
            return directory.isEmpty ? name : directory.joined(separator: "/") + "/\(name)"
        #else
            return "\(Repository.path)/.build/debug/\(name)"
        #endif
    }
}
