import CommandOptions
import PrivateData

extension ServerOptionTable {
    /// The options about private data.
    static let privateDataOptions = [
        ServerOption(
            flag: "--pii", variable: "MCP_EXECUTOR_PII", placeholder: "off|found|all",
            help: """
                replace private values by tokens: those found in results of servers marked with pii, or all that look \
                like one
                """,
            fallback: "off", accepts: "off, found or all"
        ) { value, options in
            assign(value, to: \.privateData, of: &options)
        },
        ServerOption(
            flag: "--pii-pattern", variable: "MCP_EXECUTOR_PII_PATTERN", placeholder: "NAME=REGEX",
            help: "a further kind of private value, with a regular expression; may be repeated", fallback: "none",
            accepts: "NAME=REGEX; no anchors, lookarounds, back references or lazy repetitions",
            objection: { value in
                do throws(PatternError) {
                    _ = try PrivateDataPattern(value)
                    return nil
                } catch {
                    return error.reason
                }
            }
        ) { value, options in
            guard let pattern = try? PrivateDataPattern(value),
                !options.privateDataPatterns.contains(where: { $0.kind == pattern.kind }),
                options.privateDataPatterns.count < 50
            else { return false }
            options.privateDataPatterns.append(pattern)
            return true
        },
    ]
}
