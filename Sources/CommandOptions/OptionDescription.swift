/// One option of a program: its flag, its variable, what it takes, and how it changes the settings.
public struct OptionDescription<Settings>: Sendable {
    /// The flag with its two hyphens; empty where there is none, because other users of the machine can read a
    /// command line.
    public let flag: String
    /// The variable of the environment that says the same; empty where there is none.
    public let variable: String
    /// What stands for the value in the help; empty for a flag that takes no value.
    public let placeholder: String
    /// What the value means, for the help.
    public let help: String
    /// The default, for the help.
    public let fallback: String
    /// What values are accepted, as part of a sentence; empty if the option does not check them.
    public let accepts: String
    /// Why a value is not accepted, as a short clause such as "there is no such directory"; `nil` where ``accepts``
    /// says all there is to say. Asked for a value that ``apply`` did not accept.
    public let objection: @Sendable (String) -> String?
    /// The paths of this machine that a value names.
    public let paths: @Sendable (String) -> [String]
    /// Takes a value, which is empty for a flag without one; returns false if it is not accepted.
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

    /// What `--help` says of it: the flag, what it means, its variable and its default.
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
