extension String {
    /// The first `length` scalars. Not characters: one of these may be as long as a line.
    func beginning(_ length: Int) -> String { String(unicodeScalars.prefix(length)) }
}
