import Testing

@testable import MCPClient

/// What of a server's words is told, and what not.
@Suite struct SecretTextsTests {
    @Test(arguments: [
        ("boom sk-SECRETVALUE!", "boom [env KEY]!"),
        ("sk-SECRETVALUEsk-SECRETVALUE", "[env KEY][env KEY]"),
        ("sk-SECRETVALUE-long", "[env LONG]"),
        ("sk-SECRETVALUE\u{301}", "[env KEY]\u{301}"),
        ("é sk-SECRETVALU", "é sk-SECRETVALU"),
        ("short is short", "short is short"),
        ("401 for abcdef123456", "401 for [env AUTH]"),
        ("Bearer abcdef123456", "[env AUTH]"),
        ("password hunter2hunter2 for db", "password [env URL] for db"),
        ("second line of it", "[env PEM]"), (#"{"key":"a\"b\\cdefgh"}"#, #"{"key":"[env QUOTED]"}"#),
        (#"a"b\cdefgh"#, "[env QUOTED]"), (#"one\nline\tmore"#, "[env LINES]"),
        (#"header "ntn_1234567""#, #"header "[env HEADERS]""#),
        ("", ""),
    ])
    func putsNamesInThePlaceOfSecrets(said: String, told: String) {
        let secrets = SecretTexts([
            "env KEY": "sk-SECRETVALUE", "env LONG": "sk-SECRETVALUE-long", "env SHORT": "short", "env EMPTY": "",
            "env AUTH": "Bearer abcdef123456", "env URL": "postgres://ann:hunter2hunter2@db.local/x",
            "env QUOTED": #"a"b\cdefgh"#, "env LINES": "one\nline\tmore",
            "env PEM": "-----BEGIN-----\nsecond line of it\n",
            "env HEADERS": #"{"Authorization": "Bearer ntn_1234567"}"#,
        ])
        #expect(secrets.hidden(in: said) == told)
    }
}
