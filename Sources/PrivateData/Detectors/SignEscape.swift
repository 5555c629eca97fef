/// How `@` is written where it is escaped: in URLs, JSON and HTML.
enum SignEscape {
    static let all = ["%40", #"\u0040"#, "&#64;"].map { Array($0.utf8) }
}
