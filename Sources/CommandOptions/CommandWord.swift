/// Finds the subcommand in a command line, at any position.
public enum CommandWord {
    /// Returns the index of the first argument that is neither a flag nor a flag's value; `nil` if none
    /// before `--`.
    ///
    /// - Parameter takesValue: whether the flag of that name, such as `--engine`, is followed by a value.
    public static func place(in arguments: [String], takesValue: (String) -> Bool) -> Int? {
        var place = 0
        while place < arguments.count, arguments[place] != "--" {
            // By convention a lone hyphen isn't a flag but stands for standard input.
            guard arguments[place].hasPrefix("-"), arguments[place] != "-" else { return place }
            place += takesValue(arguments[place]) ? 2 : 1
        }
        return nil
    }
}
