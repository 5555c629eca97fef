import Diagnostics
import ExecCore
import JSON

/// A check of the doctor, in the order of the report.
enum Check: String, CaseIterable, Sendable {
    case commandLine = "command line"
    case engine
    /// What the account may do on a cluster. Checked only if the engine is one.
    case rights
    case image
    case sandbox
    case limits
    case isolation
    case network
    case workspace
    case skills
    case tools
    /// The MCP servers whose tools code can call. Checked only if there are any.
    case servers = "MCP servers"
    case latency
    case end
    case leftovers = "left-overs"
}

/// The result of a check.
struct Finding: Sendable, Equatable {
    enum Status: String, Sendable {
        case passed
        /// Unusual, but the server works.
        case warning
        case failed
        /// Not run, because a check that it depends on failed.
        case notChecked = "not checked"
    }

    let check: Check
    let status: Status
    /// What was found.
    let found: String
    /// How to fix the problem; `nil` if there is nothing to fix.
    let remedy: String?

    static func passed(_ check: Check, _ found: String) -> Finding {
        Finding(check, .passed, found, nil)
    }

    static func warning(_ check: Check, _ found: String, _ remedy: String) -> Finding {
        Finding(check, .warning, found, remedy)
    }

    static func failed(_ check: Check, _ found: String, _ remedy: String) -> Finding {
        Finding(check, .failed, found, remedy)
    }

    /// A failure reported by ExecCore: the first sentence of its message is the problem, the rest is the remedy.
    static func failed(_ check: Check, _ error: any Error) -> Finding {
        let text = "\(error)"
        guard let end = text.firstRange(of: ". ") else { return Finding(check, .failed, text, nil) }
        return Finding(check, .failed, String(text[..<end.lowerBound]) + ".", String(text[end.upperBound...]))
    }

    static func notChecked(_ check: Check, because reason: String) -> Finding {
        Finding(check, .notChecked, "not checked: \(reason)", nil)
    }

    private init(_ check: Check, _ status: Status, _ found: String, _ remedy: String?) {
        self.check = check
        self.status = status
        // These texts can contain output of engines, images and sandboxes.
        self.found = found.singleLine(limit: 600)
        self.remedy = remedy?.singleLine(limit: 1000)
    }
}

/// The result of an examination by the doctor.
struct Report: Sendable {
    /// One finding for each check, in order.
    let findings: [Finding]

    var failures: Int { findings.count { $0.status == .failed } }

    /// The report in machine-readable form.
    var json: JSON {
        [
            "ok": .bool(failures == 0), "version": .string(ServerHelp.version),
            "checks": .array(
                findings.map { finding in
                    var object: JSONObject = [
                        "name": .string(finding.check.rawValue), "status": .string(finding.status.rawValue),
                        "found": .string(finding.found),
                    ]
                    if let remedy = finding.remedy { object["remedy"] = .string(remedy) }
                    return .object(object)
                }),
        ]
    }
}
