import JSON

extension ExecError {
    /// The error that a guest's failure stands for.
    init(guestFailure value: JSON) {
        let said = value["message"]?.stringValue ?? ""
        let message = said.isEmpty ? "The sandbox refused without saying why." : said
        let code: Code =
            switch value["code"]?.stringValue {
            case "busy": .busy
            case "timed_out": .timedOut
            case "invalid": .invalidArgument
            case "not_found": .notFound
            default: .refused
            }
        self.init(code, message)
    }
}
