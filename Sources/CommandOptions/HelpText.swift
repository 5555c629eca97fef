extension String {
    /// Returns the text, padded with trailing spaces to `width` characters.
    public func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
