import JSON
import Testing

@testable import OpenAI

/// Calls that a model makes up and only shows, and calls that it means behind similar words.
@Suite struct ShownCallTests {
    private static let json = #"{"name": "execute_bash", "arguments": {"command": "ls"}}"#
    private static let marked = ["<tool_call>\n\(json)\n</tool_call>", "[TOOL_CALLS][\(json)]"]
    private static let bare = [json, "Action: execute_bash\nAction Input: {\"command\": \"ls\"}"]

    private func expectShown(_ text: String, isUnclear: Bool? = nil) throws {
        for size in [1, 1000] {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size): \(text)")
            #expect(told == text, "in pieces of \(size): \(text)")
            #expect(answer.hasUnreadCall, "in pieces of \(size): \(text)")
            if let isUnclear { #expect(answer.hasUnclearCall == isUnclear, "in pieces of \(size): \(text)") }
        }
    }

    private func expectRun(_ text: String, behind words: String = "") throws {
        for size in [1, 1000] {
            let (told, answer) = try readAnswer(words + text, pieces: size, someTools)
            let made = answer.message.toolCalls.map { try? JSON.parse($0.arguments) }
            #expect(made == [["command": "ls"]], "in pieces of \(size): \(words + text)")
            #expect(told == words)
            #expect(!answer.hasUnreadCall)
        }
    }

    /// What leaves it to the user, or refuses. The model isn't asked to make the call.
    @Test(
        arguments: [
            // Questions.
            "Should I go ahead?\n", "Shall I run this?\n", "Do you want me to list the files?\n\n", "May I run it:\n",
            "I can list the files. Would you like me to?\n", "Ok to run?\n",
            "I will run this. Is that okay with you?\n",
            "Soll ich das ausführen?\n", "Darf ich das ausführen:\n", "Dois-je exécuter ceci ?\n",
            "¿Quieres que lo ejecute?\n", "Quer que eu execute?\n", "Vuoi che lo esegua?\n",
            "Мне выполнить это? Хотите?\n",
            "要我执行这个吗？\n", "是否执行？\n", "実行しますか？\n", "実行してもよろしいですか。\n", "실행할까요?\n",
            // Conditions.
            "If you agree, I would run\n", "If you agree, I'll run:\n", "Once you confirm, I will run:\n",
            "With your permission, I'll run it.\n", "I would run:\n", "I could run this:\n", "I'd run it like that.\n",
            "Say yes and I run this:\n", "Please confirm. I will then run:\n", "Unless you object, I run:\n",
            "Wenn du einverstanden bist, führe ich das aus:\n", "Ich würde Folgendes ausführen:\n",
            "Si vous êtes d'accord, je vais exécuter :\n", "J'exécuterais ceci :\n", "Si quieres, voy a ejecutar:\n",
            "Ejecutaría esto:\n", "Se você concordar, vou executar:\n", "Если вы согласны, я выполню:\n",
            "如果你同意，我会执行：\n", "同意后我将执行：\n", "同意いただければ実行します：\n", "원하시면 실행하겠습니다:\n",
            "Should I list them first?\n\nI would then run it.\n",
            // Refusals.
            "I declined:\n", "I won't run:\n", "I refuse to run this:\n", "I did not execute it.\n",
            "I never run this:\n",
            "I'm not going to run this:\n", "The page wants it, but I won't run it:\n", "I run nothing of it:\n",
            "I won't execute this, I list it here:\n", "Das führe ich nicht aus:\n", "Ich lehne es ab:\n",
            "Je refuse d'exécuter :\n", "No voy a ejecutar esto:\n", "Non eseguo questo:\n", "Я не выполню это:\n",
            "我不会执行：\n", "実行しません：\n", "실행하지 않겠습니다:\n",
        ], marked + bare)
    func aCallThatIsLeftToTheUserOrRefusedIsShown(words: String, call: String) throws {
        try expectShown(words + call, isUnclear: false)
    }

    @Test(arguments: marked + bare)
    func aCallBehindWhichTheUserIsAskedIsShown(call: String) throws {
        for words in ["\n\nShould I run this?", "\nDo you agree?", "\n\nSoll ich das ausführen?", "\n\n要执行吗？"] {
            try expectShown(call + words, isUnclear: false)
        }
    }

    /// What announces words rather than acts, and where nothing is announced.
    @Test(
        arguments: [
            "Let me print the template:\n", "The format is:\n", "Here is what a call looks like:\n", "Here it is:\n",
            "I show it:\n", "I'll write it down:\n", "Let me spell it out:\n", "This is one:\n", "The Hermes way.\n",
            "Below you find it.\n", "In text form it reads\n", "As text:\n", "A call, then:\n", "It is this.\n\nSo:\n",
            "We run commands thus:\n", "I run this when I am asked:\n", "I'll run this later:\n",
            "The page says I run:\n",
            "This is how I call it:\n", "I usually run:\n", "Let me run through the markup:\n",
            "So schreibe ich das immer:\n", "Je l'exécute toujours ainsi :\n", "我通常执行：\n", "I suggest:\n",
            "I propose the next call:\n", "You can run this:\n", "The model will run:\n",
            "So sieht ein Aufruf aus:\n", "Ich drucke die Vorlage:\n", "Das Format ist:\n",
            "Voici à quoi ressemble un appel :\n", "Je vais afficher le modèle :\n", "Así se escribe una llamada:\n",
            "Voy a mostrar el formato:\n", "Vou mostrar o modelo:\n", "Ecco il formato:\n", "Вот как выглядит вызов:\n",
            "Покажу шаблон:\n", "下面是调用格式：\n", "我来展示模板：\n", "我会这样调用：\n", "呼び出しの形式は次のとおりです：\n",
            "テンプレートを表示します：\n", "호출 형식은 다음과 같습니다:\n",
            "Hermes models write calls as tags. Here is one.\n", "A tool call has a name.\n\nIt is written so.\n",
            // Titles.
            "## Example\n", "# Format\n", "### Output\n", "## The call\n", "## What the attacker wrote\n",
            "**Template**\n",
            "## Beispiel\n", "## 格式\n", "## Usage\n\nThe model runs it.\n", "# Step 1: what it wrote\n",
            // Behind what is shown already.
            "```py\nx = 1\n```\n", "I made it.\n\n```json\n{\"a\": 1}\n```\n\n", "> quoted\n\n",
            "| a |\n|---|\n| 1 |\n\n",
            "~~~\nx\n~~~\n",
            // Items.
            "i. ", "ii) ", "A. ", "b) ", "１．", "①", "(1) ", "(a) ", "- [ ] ", "* [x] ", "[ ] ", "• ", "1、", "（一）",
            "– ", "To do:\n- [ ] ", "Steps.\nA. ",
        ], marked + bare)
    func aCallThatNothingProvesIsShown(words: String, call: String) throws {
        // A form whose mark is no more at the start of its line may not be found at all.
        let text = words + call
        for size in [1, 1000] {
            let (told, answer) = try readAnswer(text, pieces: size, someTools)
            #expect(answer.message.toolCalls.isEmpty, "in pieces of \(size): \(text)")
            #expect(told == text, "in pieces of \(size): \(text)")
        }
        if words.hasSuffix("\n") { try expectShown(text) }
    }

    @Test(
        arguments: [
            "Format ", "Hermes: ", "Call: ", "Tool call: ", "Step 1: ", "Fig. 1. ", "Listing 1. ", "Output: ", "So: ",
            "A call. ", "First: ", "Next: ", "Caption: ", "Beispiel: ", "示例： ", "格式 ", "This one: ", "Template. ",
            "Abb. 2: ", "Should I? ", "I would run ", "I declined: ", "For you: ",
        ], marked)
    func aCallBehindACaptionIsShown(words: String, call: String) throws { try expectShown(words + call) }

    /// Only the model knows whether it means these: it is asked.
    @Test(arguments: [
        "Something happens:\n", "The directory listing.\n", "## Files\n", "```py\nx = 1\n```\n", "- [ ] ", "A. ",
        "I have a script:\n",
    ])
    func theModelIsAskedAboutACallThatIsUnclear(words: String) throws {
        try expectShown(words + Self.marked[0], isUnclear: true)
    }

    @Test(arguments: marked + bare)
    func aCallThatTheModelHasReadIsNotAskedAbout(call: String) throws {
        let readTexts = ReadTexts([ChatMessage(role: .tool, text: "a\n\(call)\n")])
        for text in [call, "Something happens:\n\(call)", "```py\nx = 1\n```\n\(call)"] {
            let (_, answer) = try readAnswer(text, pieces: 7, someTools, readTexts: readTexts)
            #expect(answer.message.toolCalls.isEmpty, "\(text)")
            #expect(answer.hasUnreadCall, "\(text)")
            #expect(!answer.hasUnclearCall, "\(text)")
        }
    }

    @Test(
        arguments: [
            "The file was not found, so I'll list the directory:\n", "It isn't there. Let me check the directory:\n",
            "There is no such file, so I look elsewhere.\n", "I don't see it yet; let me search for it:\n",
            "Let me check if the file exists:\n", "I'll see whether there is one:\n", "I'd like to list the files.\n",
            "I would like to check the directory first.\n", "I'll run the following command:\n",
            "OK, now let me try again:\n", "Step 1: List the files\n", "First, I need to read the file.\n",
            "Let's take a look.\n", "I'll write the script to a file:\n", "Next, I'm going to run it:\n", "OK.\n",
            "Sure!\n",
            "I am going to check that for you.\n", "Let me first use the tool to list the files.\n",
            "Die Datei fehlt, also prüfe ich das Verzeichnis:\n", "Ich werde die Dateien auflisten.\n",
            "Le fichier n'existe pas, donc je vais lister le dossier :\n", "Je vérifie si le fichier existe :\n",
            "El archivo no existe, así que voy a listar el directorio:\n", "Reviso el directorio.\n",
            "Vou verificar os arquivos:\n", "Controllo i file:\n", "Файл не найден, поэтому я проверю каталог:\n",
            "文件没有找到，所以我查看目录：\n", "我需要先检查文件。\n", "ファイルが見つからないので、確認します。\n", "먼저 파일을 확인하겠습니다.\n",
        ], marked + bare)
    func aCallBehindWordsThatSayWhatTheModelDoesIsRun(words: String, call: String) throws {
        try expectRun(call, behind: words)
    }

    @Test(arguments: ["The file was not found, so I'll list the directory: ", "I don't see it. Let me look: "])
    func aMarkedCallBehindSuchWordsOnItsLineIsRun(words: String) throws {
        for call in Self.marked { try expectRun(call, behind: words) }
    }

    // MARK: - Forms

    @Test(arguments: [
        "```tool_call\n<tool_call>\(json)</tool_call>\n```", "```json\n\(json)\n```",
        ">>> execute_bash\n{\"command\": \"ls\"}", ">>>  execute_bash\n{\"command\": \"ls\"}",
        "<tool name=\"execute_bash\">{\"command\": \"ls\"}</tool>",
        "<tool name=\"execute_bash\">\n<parameter name=\"command\">ls</parameter>\n</tool>",
    ])
    func aCallInAnotherFormThatIsTheWholeAnswerIsRun(text: String) throws {
        try expectRun(text)
        for end in ["\r", "\r\n"] { try expectRun(text.replacing("\n", with: end)) }
    }

    @Test(arguments: [
        "execute_bash('ls')", "execute_bash(\"ls -l\")", "`execute_bash('ls')`", "```\nexecute_bash('ls')\n```",
        "I look.\n\nexecute_bash('ls')", "functions.execute_bash(\"ls\")", "<tool name=\"execute_bash\">ls</tool>",
        "```xml\n<tool_call>\(json)</tool_call>\n```", "```\n<tool_call>\n\(json)\n</tool_call>\n```\n",
        "```xml\n<function=execute_bash>\n<parameter=command>\nls\n</parameter>\n</function>\n```",
        "```json\n[TOOL_CALLS][\(json)]\n```",
        "```\n<invoke name=\"execute_bash\"><parameter name=\"command\">ls</parameter></invoke>\n```",
        "```xml\n<tool_call>{\"name\": \"fly\"}</tool_call>\n```", "```xml\r<tool_call>\(json)</tool_call>\r```",
        "I look.\r```json\r\(json)\r```",
    ])
    func aCallInAFormThatIsNotReadIsAskedAbout(text: String) throws { try expectShown(text, isUnclear: true) }

    @Test(arguments: [
        "```text\n<tool_call>\(json)</tool_call>\n```", "Use execute_bash('ls') for it.", "execute_bash(x)",
        "```xml\n<tool>hammer</tool>\n```", "A </tool> ends it.", ">>> x = 1", "```python\nexecute_bash('ls')\n```",
    ])
    func aTextAboutSuchFormsIsNotRun(text: String) throws {
        let (told, answer) = try readAnswer(text, pieces: 3, someTools)
        #expect(told == text)
        #expect(answer.message.toolCalls.isEmpty)
    }
}
