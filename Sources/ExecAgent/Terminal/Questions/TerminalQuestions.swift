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
        guard let dialog = QuestionDialog(question) else {
            return .notAsked("its form has a field that cannot be filled in on a terminal")
        }
        do {
            try await turn.wait()
        } catch {
            return .withdrawn
        }
        defer { turn.signal() }
        onAsked()
        screen.beginQuestion { QuestionText.of(question, columns: $0) }
        defer { screen.endQuestion() }
        return await talk(dialog)
    }

    private func talk(_ dialog: QuestionDialog) async -> QuestionOutcome {
        var dialog = dialog
        var step = dialog.beginning
        while true {
            switch step {
            case .done(let answer): return .answered(answer)
            case .ask(let prompt, let note):
                if let note { screen.addToQuestion(note) }
                switch await source.reply(to: prompt) {
                case .line(let line): step = dialog.accept(line)
                case .ended: return .answered(.cancel)
                case .withdrawn: return .withdrawn
                }
            }
        }
    }
}
