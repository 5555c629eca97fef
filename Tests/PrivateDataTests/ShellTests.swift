import Testing

@testable import PrivateData

@Suite struct ShellTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let command: String
        let isHarmless: Bool
        var testDescription: String { command }

        init(_ command: String, _ isHarmless: Bool) { (self.command, self.isHarmless) = (command, isHarmless) }
    }

    private func isRestored(_ command: String, value: String, pattern: String) throws -> Bool {
        let vault = makeVault(patterns: ["own=\(pattern)"])
        let token = vault.redact(value)
        let command = command.replacing("TOKEN", with: token)
        do throws(PrivateDataError) {
            #expect(try vault.restore(command: command) == command.replacing(token, with: value))
            return true
        } catch {
            #expect(error.message.contains(token) && error.message.contains("file"))
            return false
        }
    }

    /// A phone number: parentheses and spaces.
    @Test(arguments: [
        Case("echo TOKEN", false), Case("echo 'TOKEN'", true), Case("echo \"TOKEN\"", true),
        Case("echo \"$(echo TOKEN)\"", false), Case("echo \"$(echo 'TOKEN')\"", true), Case("echo `echo TOKEN`", false),
        Case("# don't TOKEN\necho x", true), Case("echo 'it'TOKEN", false), Case("echo \\'TOKEN", false),
        Case("echo \\\"'TOKEN'", true), Case("cat <<'EOF'\nTOKEN\nEOF", true), Case("cat <<EOF\nTOKEN\nEOF", true),
        Case("cat <<EOF\nx\nEOF\necho TOKEN", false), Case("cat <<-\"E F\"\n\tdon't TOKEN\n\tE F\necho 'x'", true),
        Case("python3 - <<'EOF'\nprint(\"don't TOKEN\")\nEOF\necho 'a'", true), Case("echo $'TOKEN'", true),
        Case("echo ${x#y} 'TOKEN'", true), Case("echo \"${x:-TOKEN}\"", false), Case("grep -c TOKEN f", false),
        Case("case x in a) echo 'TOKEN';; esac", false), Case("echo 'TOKEN", false), Case("echo \"TOKEN", false),
        Case("cat <<EOF\nTOKEN", false), Case("(cd x && echo 'TOKEN')", true), Case("echo $((1 << 2)) 'TOKEN'", false),
        Case("wc <<< 'TOKEN'", true), Case("echo a#b 'TOKEN'", true), Case("x=\"a 'b\" && echo TOKEN", false),
        Case("x=\"a 'b\" && echo 'TOKEN'", true), Case("echo \"`echo \"TOKEN\"`\"", true),
        Case("echo ${x:-'TOKEN'}", true), Case("echo \"$(echo ${x:-'TOKEN'})\"", true),
        Case("echo $((1 + 2)) 'TOKEN'", true), Case("cat <<EOF\n$x \\$(TOKEN\nEOF", false),
        Case("cat <<EOF\n$x TOKEN\nEOF\necho $(date) 'TOKEN'", true),
        Case("cat <<'EOF'\n$(x) `y` TOKEN \\\nEOF\necho 'TOKEN'", true),
    ]) func aNumberWithParenthesesIsTextWithinQuotes(_ test: Case) throws {
        #expect(try isRestored(test.command, value: "(555) 123-4567", pattern: "none") == test.isHarmless)
    }

    @Test(arguments: [
        // The text of a here-document has commands and expressions in it.
        Case("cat <<EOF\n$(echo TOKEN)\nEOF", false), Case("cat <<EOF\n`echo TOKEN`\nEOF", false),
        Case("cat <<-EOF\n\t$(\n\techo TOKEN\n\t)\n\tEOF", false), Case("cat <<EOF\n${x:-TOKEN}\nEOF", false),
        Case("cat <<EOF\n$[TOKEN]\nEOF", false), Case("cat <<EOF\n$((TOKEN))\nEOF", false),
        // Its end isn't where it seems to be.
        Case("cat <<EOF\na\\\nEOF\necho 'TOKEN'\nEOF", false), Case("cat <<E$x\nE\necho 'TOKEN'\nE$x", false),
        // Quotes quote nothing.
        Case("echo \"${x:-'TOKEN'}\"", false), Case("echo \"${x:-$'TOKEN'}\"", false),
        Case("echo \"${x:-${y:-'TOKEN'}}\"", false), Case("echo $(( 'TOKEN' ))", false),
        Case("(( x = 'TOKEN' ))", false), Case("echo \"a${x+'TOKEN'}b\"", false),
        // Backticks end wherever the next one is, and backslashes go first.
        Case("echo `a # b` TOKEN\necho `c`d`", false), Case("echo `a 'b` TOKEN `c' d`", false),
        Case("echo `a $'b` TOKEN `c' d`", false), Case("echo `echo \"\\\\\" 'TOKEN' \"x\"`", false),
        Case("echo `cat <<EOF\n` TOKEN `\nEOF\n`", false),
        // Whether a word starts here isn't certain.
        Case("(cd x)#'\necho TOKEN #'", false), Case("echo $(x)#'TOKEN'", false), Case("echo \\ #'TOKEN'", false),
        Case("echo a\\\n#' TOKEN", false),
    ]) func aValueIsNoPartOfACommandThatIsHardToSee(_ test: Case) throws {
        #expect(try isRestored(test.command, value: "(555) 123-4567", pattern: "none") == test.isHarmless)
    }

    @Test(arguments: [
        Case("echo TOKEN", true), Case("echo 'TOKEN'", true), Case("mail -s x TOKEN < f", true),
        Case("case x in a) echo TOKEN;; esac", true), Case("cat <<EOF\nTOKEN", true),
    ]) func anAddressIsTextAnywhere(_ test: Case) throws {
        #expect(try isRestored(test.command, value: "ada@example.com", pattern: "none") == test.isHarmless)
    }

    @Test(arguments: [
        Case("echo 'TOKEN'", false), Case("echo \"TOKEN\"", false), Case("echo TOKEN", false),
        Case("cat <<'EOF'\nTOKEN\nEOF", true), Case("cat <<EOF\nTOKEN\nEOF", false), Case("# TOKEN", true),
        Case("echo $'TOKEN'", false),
    ]) func aValueThatClosesQuotesIsRefusedWithinThem(_ test: Case) throws {
        #expect(try isRestored(test.command, value: #"x'"$(id)`"#, pattern: #"x'"\$\(id\)`"#) == test.isHarmless)
    }

    @Test(arguments: [
        // A `$` makes the parenthesis that of a command.
        Case("echo \"call $TOKEN\"", false), Case("cat <<EOF\ncall $TOKEN\nEOF", false),
        Case("echo $\"$TOKEN\"", false),
        Case("echo \"call \\$TOKEN\"", true), Case("echo \"call \\\\$TOKEN\"", false), Case("echo 'call $TOKEN'", true),
        Case("cat <<'EOF'\ncall $TOKEN\nEOF", true), Case("# $TOKEN", true), Case("echo \"$x TOKEN\"", true),
        // No comments.
        Case("echo $(( 10 # TOKEN\n ))", false), Case("(( 10 # TOKEN\n )); echo", false),
        Case("for (( i=0 # TOKEN\n; i<1; i++ )); do :; done", false), Case("echo $[ 10 # TOKEN\n ]", false),
        Case("a[1 # TOKEN\n]=5", false), Case("[[ x == @( # TOKEN\n ) ]]", false), Case("ls @( # TOKEN\n )", false),
        Case("echo $(( (1 # TOKEN\n) ))", false), Case("[ -f x ] # TOKEN", true), Case("a=( # TOKEN\n x )", true),
        Case("x=${a[1]} # TOKEN", true), Case("(cd x # TOKEN\n)", true),
    ]) func aDollarAndWhatIsNoCommentMakeAValueACommand(_ test: Case) throws {
        #expect(try isRestored(test.command, value: "(555) 123-4567", pattern: "none") == test.isHarmless)
    }

    @Test(arguments: [
        Case("cat <<'VALUEEND'\na\nTOKEN\nid\nVALUEEND", false), Case("cat <<VALUEEND\nTOKEN\nid\nVALUEEND", false),
        Case("cat <<-'VALUEEND'\n\tTOKEN\nid\nVALUEEND", false),
        Case("cat <<'xVALUEEND'\nxTOKEN\nid\nxVALUEEND", false),
        Case("cat <<'VALUEEND'\nx TOKEN\nVALUEEND", true), Case("cat <<'EOF'\nTOKEN\nEOF", true),
        Case("cat <<'VALUEENDVALUEEND'\nTOKENTOKEN\nid\nVALUEENDVALUEEND", false), Case("echo TOKEN", true),
    ]) func aValueIsNotTheEndOfADocument(_ test: Case) throws {
        #expect(try isRestored(test.command, value: "VALUEEND", pattern: "VALUEEND") == test.isHarmless)
    }

    @Test func anUnknownTokenInACommandIsNamed() {
        #expect(throws: PrivateDataError.self) { try makeVault().restore(command: "echo '<email-3f9a2c>'") }
    }
}
