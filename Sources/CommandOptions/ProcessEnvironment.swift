#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The environment of this process.
public enum ProcessEnvironment {
    /// All environment variables, by name.
    public static let variables: [String: String] = {
        var variables: [String: String] = [:]
        var place = environ
        while let setting = place.pointee {
            let text = String(cString: setting)
            if let sign = text.firstIndex(of: "=") {
                variables[String(text[..<sign])] = String(text[text.index(after: sign)...])
            }
            place += 1
        }
        return variables
    }()
}
