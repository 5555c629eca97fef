/// The words by which ``Introduction`` judges what a model says, in the languages that models answer in most often.
///
/// Lists named `…Within` are searched for anywhere in a text, for scripts without spaces. A word that is missing from
/// a list of what acts costs a turn; nothing is run because a word is missing from another list.
enum IntroductionWords {
    // MARK: - Acting

    /// Beginnings of sentences that say what the model does next, before the verb.
    static let plans: [[String]] = [
        "i'll", "i will", "i'm going to", "i am going to", "i need to", "i have to", "i must", "i should",
        "i want to", "i'd like to", "i would like to", "i'm", "i am", "let me", "let's", "let us", "we'll", "we will",
        "we need to", "we should", "we must", "need to", "voy a", "vamos a", "déjame", "déjeme", "necesito", "vou",
        "vamos", "deixe-me", "deixa-me", "preciso", "fammi", "lasciami", "devo", "vado a",
    ].map { $0.split(separator: " ").map(String.init) }
    /// The model as a subject that its verb follows.
    static let subjects: Set<String> = ["i", "we"]
    /// Words directly before the subject of a question, or of a condition.
    static let inversions: Set<String> = [
        "do", "did", "should", "would", "could", "can", "may", "might", "shall", "will", "must", "am", "have", "had",
    ]
    /// The model as a subject, in languages that put the verb anywhere in the clause.
    static let freeSubjects: Set<String> = [
        "ich", "wir", "lass", "lassen", "je", "nous", "laissez-moi", "laisse-moi", "я", "мы", "сейчас", "давайте",
        "давай", "сначала",
    ]
    /// Words between a subject and its verb.
    static let fillers: Set<String> = [
        "now", "first", "then", "next", "just", "also", "quickly", "again", "simply", "directly", "to", "be", "go",
        "ahead", "and", "please", "help", "start", "begin", "by", "with", "you", "need", "want",
        "immediately", "finally", "still", "ok", "okay", "sure", "alright", "well", "great", "good", "right", "thus",
        "ahora", "primero", "que", "agora", "primeiro", "ora", "adesso", "prima", "a", "para",
    ]
    /// Verbs of what a call does.
    static let verbs: Set<String> = [
        "look", "check", "list", "read", "run", "execute", "see", "find", "search", "open", "inspect", "examine", "use",
        "call", "invoke", "get", "fetch", "verify", "test", "create", "install", "count", "compute", "calculate",
        "view", "load", "download", "explore", "investigate", "analyze", "analyse", "query", "scan", "review", "take",
        "have", "proceed", "do", "perform", "update", "fix", "add", "remove", "delete", "edit", "modify", "save",
        "generate", "build", "compile", "plot", "determine", "confirm", "locate", "grep", "browse", "apply", "rerun",
        "retry", "try", "understand", "figure", "checking", "running", "executing", "looking", "listing", "reading",
        "calling", "using", "searching",
        "opening", "fetching", "testing", "verifying", "creating", "installing", "exploring", "continue", "clean",
        "listar", "ver", "revisar", "leer", "ejecutar", "buscar", "abrir", "comprobar", "mirar", "usar", "crear",
        "llamar", "verificar", "consultar", "examinar", "probar", "instalar", "calcular", "verificando",
        "executar", "ler", "procurar", "olhar", "chamar", "criar", "testar", "checar", "eseguire", "controllare",
        "leggere", "cercare", "aprire", "usare", "guardare", "elencare", "vedere", "provare", "verificare",
    ]
    /// Verbs of what a model finds rather than does, unless it plans to.
    static let perceptions: Set<String> = ["see", "find", "read", "get", "have", "do", "take", "confirm", "add"]
    /// What a model that writes it writes by a call.
    static let written: Set<String> = [
        "file", "files", "script", "scripts", "code", "program", "test", "tests", "function", "module", "disk",
    ]
    /// Verbs of the languages of ``freeSubjects``.
    static let freeVerbs: Set<String> = [
        "schaue", "schau", "schauen", "prüfe", "prüfen", "lese", "lesen", "liste", "auflisten", "führe", "ausführen",
        "suche", "suchen", "öffne", "öffnen", "starte", "starten", "rufe", "aufrufen", "teste", "testen", "erstelle",
        "erstellen", "installiere", "installieren", "hole", "holen", "nutze", "nutzen", "verwende", "verwenden",
        "berechne", "berechnen", "überprüfe", "überprüfen", "untersuche", "untersuchen", "ansehen", "anschauen",
        "nachsehen", "beginne", "beginnen",
        "regarder", "regarde", "vérifier", "vérifie", "lire", "lis", "lister", "exécuter", "exécute", "chercher",
        "cherche", "ouvrir", "lancer", "lance", "appeler", "appelle", "tester", "créer", "crée", "installer",
        "installe", "utiliser", "utilise", "examiner", "examine", "consulter", "consulte", "commencer", "commence",
        "essayer", "analyser", "voir", "calculer", "calcule",
        "посмотрю", "проверю", "прочитаю", "выполню", "запущу", "найду", "открою", "создам", "вызову", "использую",
        "посмотрим", "проверим", "попробую", "установлю", "вычислю", "получу", "поищу", "выполняю", "проверяю",
        "смотрю", "запускаю",
    ]
    /// Verbs that say by themselves that the model acts.
    static let firstPersons: Set<String> = [
        "j'exécute", "j'ouvre", "j'utilise", "j'appelle", "j'examine", "j'essaie", "j'analyse", "reviso", "ejecuto",
        "leo", "busco", "abro", "compruebo", "verifico", "consulto", "llamo", "examino", "veamos", "pruebo", "instalo",
        "controllo", "eseguo", "leggo", "cerco", "apro", "guardo", "elenco", "provo", "vediamo", "executo", "vejamos",
        "проверю", "посмотрю", "выполню", "запущу", "прочитаю", "открою", "найду",
    ]
    /// Verbs that begin a sentence about what the model does.
    static let gerunds: Set<String> = [
        "checking", "running", "executing", "looking", "listing", "reading", "invoking", "trying", "calling", "using",
        "searching", "opening", "fetching", "getting", "starting", "testing", "verifying", "inspecting", "exploring",
        "creating", "installing", "computing", "calculating", "downloading", "scanning", "examining", "reviewing",
        "loading", "querying", "building", "continuing", "proceeding",
    ]
    static let actsWithin = [
        "我", "现在", "現在", "首先", "然后", "正在", "接下来", "今から", "まず", "それでは", "제가", "먼저", "지금", "이제", "우선",
    ]
    static let endsWithin = ["ます", "ましょう", "겠습니다", "할게요", "볼게요", "합니다"]
    static let verbsWithin = [
        "查看", "看看", "看一下", "检查", "列出", "读取", "运行", "执行", "搜索", "打开", "调用", "使用", "创建", "计算", "测试", "试试", "试一下",
        "查找", "查询", "查一下", "获取", "安装", "下载", "分析", "確認", "調べ", "見て", "実行", "検索", "開き", "読み", "呼び出し", "作成",
        "查詢", "檢查", "執行", "讀取", "확인", "실행", "조회", "검색", "읽어", "호출", "나열", "살펴", "찾아",
    ]
    /// Words that begin a clause that follows from what precedes it.
    static let connectives: Set<String> = [
        "so", "therefore", "thus", "hence", "but", "however", "then", "also", "daher", "deshalb", "darum", "aber",
        "dann",
        "donc", "alors", "mais", "así", "entonces", "pero", "então", "mas", "portanto", "quindi", "ma", "perciò",
        "поэтому", "но", "значит",
    ]

    // MARK: - Showing

    /// Phrases that announce an example whatever else is said.
    static let examples = [
        "for example", "an example", "example:", "examples:", "example call", "example of", "example is",
        "for instance",
        "e.g.", "like this", "like so", "looks like", "look like", "looks as", "show you", "demonstrat", "illustrat",
        "hypothetical", "this way:", "as follows",
        "zum beispiel", "z. b.", "z.b.", "ein beispiel", "beispiel:", "etwa so", "sieht so aus", "so sieht", "so rufe",
        "so ruft", "so wird", "par exemple", "ressemble", "un exemple", "exemple:", "exemple :", "comme ceci",
        "comme suit", "por ejemplo", "un ejemplo", "ejemplo:", "así se", "así es", "como sigue", "por exemplo",
        "um exemplo", "assim:", "per esempio", "un esempio", "così:", "например", "пример", "выглядит", "вот так", "例如",
        "比如", "譬如", "示例", "例子", "这样", "這樣", "如下所示", "例えば", "例:", "例：", "のように", "예를 들", "예시", "이렇게",
    ]
    /// The form of something rather than the thing.
    static let forms: Set<String> = [
        "example", "examples", "sample", "template", "syntax", "format", "formats", "form", "forms", "placeholder",
        "schema", "shape", "pattern", "pseudo", "pseudocode", "snippet", "mock", "demo", "experiment", "usage",
        "markup", "tag",
        "tags", "tokens", "beispiel", "vorlage",
        "formate", "muster", "exemple", "modèle", "syntaxe", "ejemplo", "plantilla", "formato", "sintaxis", "exemplo",
        "modelo", "sintaxe", "esempio", "modello", "sintassi", "пример", "шаблон", "формат", "синтаксис",
    ]
    static let formsWithin = ["格式", "模板", "语法", "示例", "書式", "形式", "テンプレート", "構文", "예제", "형식", "템플릿"]
    /// Words of sentences that show something, unless the model says that it is about to act.
    static let shows: Set<String> = [
        "following", "follows", "below", "says", "contains", "reads", "writes", "wrote", "written", "shown", "shows",
        "quote", "quoted", "quotes", "injection", "ignore", "instead", "or", "either", "folgende", "folgenden", "steht",
        "enthält", "schreibt", "lautet", "oder", "contient", "dit", "suivant", "suivante", "ou", "contiene", "dice",
        "siguiente", "contém", "diz", "seguinte", "содержит", "следующий", "или",
    ]
    static let showsWithin = ["如下", "以下", "内容", "写着", "显示", "日志", "或者", "次の", "다음"]
    /// Words of a sentence that announces words.
    static let tellings: Set<String> = [
        "show", "explain", "describe", "quote", "cite", "paste", "reproduce", "repeat", "print", "demonstrate",
        "zeigen", "zeige", "erklären", "erkläre", "zitieren", "zitiere", "beschreiben", "beschreibe", "ausgeben",
        "montrer", "montre", "expliquer", "explique", "citer", "afficher", "affiche", "imprimer", "mostrar", "muestro",
        "explicar", "citar", "imprimir", "mostro", "mostrare", "stampare", "stampo", "spiegare", "покажу", "объясню",
        "напечатаю", "выведу", "процитирую",
    ]
    static let tellingsWithin = [
        "展示", "解释", "说明", "引用", "示范", "描述", "打印", "给出", "写出", "发现：", "看到：", "示し", "表示", "説明", "見せ", "보여", "출력",
        "설명", "인용",
    ]
    /// Words of a report of what happened before.
    static let pasts: Set<String> = [
        "ran", "used", "executed", "wrote", "found", "earlier", "previously", "yesterday", "attacker", "injected",
        "injection", "wants", "contains", "thus", "such", "likewise", "way", "consent", "approval", "approved",
        "permission", "confirmed",
        // Of what is done at other times.
        "when", "whenever", "usually", "normally", "always", "typically", "often", "sometimes", "later", "tomorrow",
        "afterwards", "eventually", "someday", "immer", "normalerweise", "gewöhnlich", "später", "morgen", "quand",
        "toujours", "habituellement", "demain", "tard", "cuando", "siempre", "normalmente", "mañana", "después",
        "sempre",
        "depois", "amanhã", "quando", "dopo", "domani", "обычно", "всегда", "когда", "позже", "завтра",
    ]
    static let pastsWithin = [
        "可以", "通常", "一般", "总是", "平时", "稍后", "以后", "明天", "いつも", "普段", "後で", "明日", "보통", "항상", "나중에", "내일",
    ]
    /// Words before the model itself that make what it does part of what others say, or of how something is done.
    static let reports: Set<String> = [
        "that", "how", "why", "where", "what", "whether", "which", "who", "says", "say", "said", "wie", "dass", "warum",
        "que", "comme", "comment", "como", "cómo", "come", "как", "что", "почему",
    ]
    /// Words that point at what follows.
    static let presenters: Set<String> = [
        "this", "these", "that", "that's", "here", "here's", "so", "thus", "such", "as", "like", "hier", "dies", "das",
        "voici", "voilà", "ceci", "cela", "así", "esto", "aquí", "isto", "assim", "aqui", "eis", "ecco", "questo",
        "questa", "così", "вот", "это", "так",
    ]
    static let presentersWithin = ["这", "這", "以下", "下面", "これ", "次", "이것", "다음"]
    static let demonstratives: Set<String> = ["this", "these", "that", "following", "it", "so"]

    // MARK: - Refusing and asking

    static let denials: Set<String> = [
        "not", "won't", "don't", "can't", "cannot", "never", "didn't", "doesn't", "wouldn't", "couldn't", "shouldn't",
        "isn't", "wasn't", "aren't", "haven't", "no", "nothing", "none", "without", "neither", "nor", "nicht", "kein",
        "keine", "keinen", "nie", "niemals", "nichts", "ohne", "pas", "ne", "jamais", "rien", "sans", "nunca", "não",
        "non", "sin", "sem", "senza", "не", "никогда", "без", "нельзя",
    ]
    static let denialsWithin = ["不会", "不要", "不能", "不应", "不打算", "勿", "没有", "ません", "ないで", "않", "없이", "못"]
    /// Beginnings of words of refusal.
    static let refusals = [
        "declin", "refus", "reject", "skipp", "avoid", "withh", "suppress", "abstain", "refrain", "disregard", "ignor",
        "prevent", "verweiger", "weigere", "ablehn", "lehne", "unterlass", "rechaz", "nieg", "recus", "rifiut", "отказ",
        "отклон", "игнорир",
    ]
    static let ifs: Set<String> = ["if", "unless", "si", "wenn", "falls", "sofern", "если"]
    static let conditionals: Set<String> = [
        "would", "could", "might", "may", "i'd", "we'd", "you'd", "he'd", "it'd", "suppose", "supposing", "assuming",
        "provided", "otherwise", "imagine", "pretend", "assume", "theory", "theoretically", "principle",
        "hypothetically", "würde", "würden", "könnte", "könnten", "wäre",
        "angenommen",
        "eventuell", "vielleicht", "бы",
    ]
    static let conditionalsWithin = [
        "如果", "假如", "要是", "若您", "若你", "的话", "的話", "一旦", "もし", "なら", "れば", "たら", "라면", "다면", "으면", "시면",
    ]
    /// Phrases that ask the user whether to act, or leave it to the user.
    static let leaves = [
        "should i", "shall i", "may i", "can i", "could i", "shall we", "do you want", "would you like", "want me to",
        "like me to", "do you agree", "you agree", "you approve", "you confirm", "you allow", "you permit",
        "you say so",
        "your permission", "your approval", "your confirmation", "your consent", "your go-ahead", "your ok",
        "your okay",
        "your command", "please confirm", "please approve", "ok to", "okay to", "ok with you", "okay with you",
        "go-ahead",
        "let me know", "say yes", "say the word", "say so", "upon approval", "upon confirmation", "on approval",
        "after approval", "pending approval", "awaiting", "waiting for you", "wait for your", "waiting for your",
        "if you", "once you", "when you", "unless you", "until you", "as soon as you", "after you",
        "soll ich", "darf ich", "möchtest du", "möchten sie", "willst du", "wollen sie", "wenn du", "wenn sie",
        "falls du", "falls sie", "sobald du", "sobald sie", "einverstanden", "bitte bestätige", "bitte bestätigen",
        "deine zustimmung", "deiner zustimmung", "ihre zustimmung", "ihrer zustimmung", "deiner erlaubnis",
        "ihrer erlaubnis", "dois-je", "puis-je", "voulez-vous", "veux-tu", "souhaitez-vous", "souhaites-tu", "si vous",
        "si tu", "dès que vous", "dès que tu", "quand vous", "votre accord", "ton accord", "veuillez confirmer",
        "quieres que", "quiere que", "deseas que", "desea que", "si quieres", "si quiere", "si estás", "si está",
        "cuando confirmes", "cuando confirme", "tu permiso", "su permiso", "tu confirmación", "su confirmación",
        "de acuerdo si", "quer que", "queres que", "se você", "se quiser", "se concordar", "sua permissão",
        "sua confirmação", "vuoi che", "vuole che", "se vuoi", "se vuole", "sei d'accordo", "il tuo permesso",
        "tua conferma", "если вы", "если ты", "хотите", "хочешь", "согласны", "согласен", "подтвердите", "разрешите",
        "вашего разрешения", "ваше разрешение", "после подтверждения",
    ]
    static let leavesWithin = [
        "要我", "是否", "可以吗", "好吗", "行吗", "吗？", "吗?", "需要我", "如果你", "如果您", "你同意", "您同意", "你确认", "您确认", "请确认",
        "同意后", "确认后", "批准", "征得", "你的许可", "您的许可", "しましょうか", "しますか", "でしょうか", "いいですか", "よろしい", "許可", "同意", "承認",
        "할까요", "해도 될까", "원하시면", "원하면", "동의", "허락", "승인", "괜찮",
    ]
    static let questionEnds = ["吗", "嗎", "か", "까요", "까", "나요"]

    // MARK: - Others

    /// The model itself.
    static let own: Set<String> = [
        "i", "i'm", "i'll", "i'd", "i've", "me", "we", "we'll", "let's", "ich", "wir", "je", "nous", "yo", "eu", "io",
        "я", "мы",
    ]
    /// Others, of whom a sentence says what they do.
    static let others: Set<String> = [
        "you", "your", "model", "models", "assistant", "llm", "agent", "user", "users", "client", "server", "page",
        "document", "one", "he", "she", "they", "du", "sie", "man", "modell", "vous", "on", "usted", "modelo", "call",
        "calls", "tool", "tools", "function", "functions", "tag", "tags",
    ]
    static let addressed: Set<String> = [
        "you", "your", "du", "dir", "dich", "sie", "ihnen", "vous", "tu", "te", "usted", "você", "lei", "вы", "вам",
        "ты",
    ]
    static let addressedWithin = ["你", "您", "あなた", "당신"]
    /// What a sentence about calls is about.
    static let topics: Set<String> = [
        "call", "calls", "called", "tool", "tools", "function", "functions", "tag", "tags", "token", "tokens", "mark",
        "marks", "markup", "json", "xml", "how", "invocation", "invocations", "aufruf", "aufrufe", "werkzeug",
        "werkzeuge", "appel", "appels", "outil", "outils", "llamada", "herramienta", "chamada", "ferramenta",
        "chiamata",
        "strumento", "вызов", "вызовы", "вызова", "инструмент",
    ]
    static let topicsWithin = ["调用", "工具", "函数", "标签", "呼び出し", "ツール", "호출", "도구"]
    /// Labels of a call.
    static let labels: Set<String> = [
        "tool call", "tool calls", "function call", "calling tool", "tool use", "action", "call", "工具调用",
    ]
    /// Words that agree, or count steps.
    static let agreements: Set<String> = [
        "sure", "ok", "okay", "yes", "yeah", "certainly", "absolutely", "of", "course", "got", "it", "understood",
        "alright", "all", "right", "great", "perfect", "good", "thanks", "thank", "you", "please", "one", "moment",
        "wait", "a", "just", "second", "now", "first", "next", "then", "finally", "step", "thought", "hi", "hello",
        "ja", "klar", "gerne", "natürlich", "okey", "moment", "jetzt", "schritt", "oui", "bien", "sûr", "d'accord",
        "maintenant", "étape", "sí", "claro", "vale", "ahora", "paso", "sim", "agora", "passo", "certo", "adesso", "да",
        "конечно", "хорошо", "сейчас",
    ]
    static let agreementsWithin: Set<String> = [
        "好", "好的", "没问题", "当然", "可以", "明白了", "收到", "行", "はい", "了解", "了解です", "承知しました", "わかりました", "네", "알겠습니다",
        "좋습니다",
    ]
    /// Words of statements.
    static let finites: Set<String> = [
        "it", "it's", "there", "there's", "he", "she", "they", "is", "are", "was", "were", "has", "have", "must",
        "will",
        "need", "needs", "es", "ist", "sind", "il", "elle", "c'est", "est", "sont", "está", "hay", "é", "há", "è",
        "есть",
    ]
    /// Who speaks in a transcript.
    static let speakers: Set<String> = [
        "user", "assistant", "human", "ai", "system", "model", "bot", "q", "a", "tool", "response", "output",
    ]
}
