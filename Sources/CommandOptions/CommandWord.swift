/// Finds the word of a command line that names a command, wherever it stands.
public enum CommandWord {
    /// The place of the first argument that is neither a flag nor the value of one. What follows `--` does not count.
    ///
    /// - Parameter takesValue: whether the flag of that name, such as `--engine`, is followed by a value.
    public static func place(in arguments: [String], takesValue: (String) -> Bool) -> Int? {
        var place = 0
        while place < arguments.count, arguments[place] != "--" {
            // A lone hyphen is a word by custom: standard input.
            guard arguments[place].hasPrefix("-"), arguments[place] != "-" else { return place }
            place += takesValue(arguments[place]) ? 2 : 1
        }
        return nil
    }
}
