/// The checkout that the tests are part of.
package enum Repository {
    /// Its directory.
    package static let path = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")
}
