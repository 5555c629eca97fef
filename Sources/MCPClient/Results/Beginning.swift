extension String {
    /// Returns the first `length` Unicode scalars. Not characters: a single one may be as long as a whole line.
    func beginning(_ length: Int) -> String { String(unicodeScalars.prefix(length)) }
}
