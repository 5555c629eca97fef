/// What is said of a docstring that is too long to be returned.
public enum DocstringNotice {
    /// The end of its text then.
    public static let rest = "\n[… the rest is left out: read the file itself …]"
}
