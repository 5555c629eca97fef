import MCPClient
import Threading

/// Puts servers' questions to the person at the terminal, one after the other.
final class TerminalQuestions: QuestionAnswerer {
    private let screen: TerminalOutput
    private let source: any ReplySource
    private let turn = AsyncSemaphore(count: 1)

    init(screen: TerminalOutput, source: any ReplySource) {
        self.screen = screen
        self.source = source
    }

    func answer(_ question: ServerQuestion, onAsked: @Sendable () -> Void) async -> QuestionOutcome {
        guard QuestionDialog(question) != nil else {
            return .notAsked("its form has a field that cannot be filled in on a terminal")
        }
        do {
            try await turn.wait()
        } catch {
            return .withdrawn
        }
        defer { turn.signal() }
        onAsked()
        var isCut = false
        screen.beginQuestion { columns in
            let text = QuestionText(question, columns: columns)
            isCut = text.isCut
            return text.text
        }
        defer { screen.endQuestion() }
        guard let dialog = QuestionDialog(question, isCut: isCut) else { return .answered(.cancel) }
        return await talk(dialog, about: question)
    }

    private func talk(_ dialog: QuestionDialog, about question: ServerQuestion) async -> QuestionOutcome {
        var dialog = dialog
        var step = dialog.beginning
        while true {
            switch step {
            case .done(let answer): return .answered(answer)
            case .showAll:
                screen.addToQuestion { QuestionText(question, columns: $0, showsAll: true).text }
                dialog.didShowAll()
                step = dialog.beginning
            case .ask(let prompt, let quoted, let note):
                if !quoted.isEmpty { screen.addToQuestion { QuestionText.quoted(quoted, columns: $0) } }
                if let note { screen.addToQuestion { _ in note } }
                switch await source.reply(to: prompt) {
                case .line(let line): step = dialog.accept(line)
                case .ended: return .answered(.cancel)
                case .withdrawn: return .withdrawn
                }
            }
        }
    }
}
