/// A command-line option: its flag, environment variable and value, and how it changes the settings.
public struct OptionDescription<Settings>: Sendable {
    /// The flag with its two hyphens; empty if none, because other users of the machine can read command
    /// lines.
    public let flag: String
    /// The equivalent environment variable; empty if none.
    public let variable: String
    /// The placeholder for the value in the help; empty for a flag without a value.
    public let placeholder: String
    /// The meaning of the value, for the help.
    public let help: String
    /// The default, for the help.
    public let fallback: String
    /// The accepted values, as part of a sentence; empty if the option doesn't check them.
    public let accepts: String
    /// Returns why a value is not accepted, as a short clause such as "there is no such directory"; `nil` if
    /// ``accepts`` is explanation enough. Called with a value that ``apply`` did not accept.
    public let objection: @Sendable (String) -> String?
    /// Returns the paths on this machine that a value names.
    public let paths: @Sendable (String) -> [String]
    /// Applies a value, which is empty for a flag without one; returns false if it is not accepted.
    public let apply: @Sendable (String, inout Settings) -> Bool

    /// An option.
    public init(
        flag: String = "", variable: String = "", placeholder: String = "", help: String, fallback: String,
        accepts: String = "", objection: @escaping @Sendable (String) -> String? = { _ in nil },
        paths: @escaping @Sendable (String) -> [String] = { _ in [] },
        apply: @escaping @Sendable (String, inout Settings) -> Bool
    ) {
        self.flag = flag
        self.variable = variable
        self.placeholder = placeholder
        self.help = help
        self.fallback = fallback
        self.accepts = accepts
        self.objection = objection
        self.paths = paths
        self.apply = apply
    }

    /// Whether the flag is followed by a value.
    public var takesValue: Bool { !placeholder.isEmpty }

    /// The option's entry in `--help`: the flag, its meaning, variable and default.
    public var helpRow: String {
        let names = (flag.isEmpty ? [variable] : [flag]) + (takesValue ? [placeholder] : [])
        let variable = flag.isEmpty || variable.isEmpty ? "" : "\(variable); "
        return """
              \(names.joined(separator: " "))
                  \(help)
                  (\(variable)default: \(fallback))
            """
    }
}
