#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The environment that this process was started with.
public enum ProcessEnvironment {
    /// All variables.
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
