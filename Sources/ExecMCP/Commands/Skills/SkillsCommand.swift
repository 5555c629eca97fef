import CommandOptions
import ExecCore

/// `exec-mcp skills`: for the person who decides which of the skills that agents wrote are kept.
struct SkillsCommand: Subcommand {
    let name = "skills"
    let summary = "review, approve and revoke skills that agents wrote"
    let flagsWithValue = SkillsArguments.options.filter(\.takesValue).map(\.flag)

    var help: String {
        """
        Usage: exec-mcp skills drafts [--user USER]
               exec-mcp skills show|diff NAME [--user USER] [--shared]
               exec-mcp skills approve NAME [--user USER] [--shared] [--yes] [--digest DIGEST] [--by PERSON]
               exec-mcp skills reject|revoke NAME [--user USER] [--shared] [--yes] [--reason TEXT] [--by PERSON]
               exec-mcp skills history [NAME] [--user USER] [--shared]

        An agent may leave a draft of a skill in /workspace/skills/NAME/. No session is told of it until a person has
        approved it. What is approved is a copy that no sandbox can change.

          drafts   list the drafts in the user's workspace
          show     print everything about a draft: what its code needs, what its tests say, its whole text
          diff     print what differs from the approved version
          approve  show that again, ask, and keep this version for the sessions that start from now on
          reject   note that this draft was refused; drafts lists it again once it changes
          revoke   take an approval back, also from sandboxes that run
          history  print who decided what and when

          --shared
              about the skills of all users; a draft is still that of --user
          --yes
              do not ask; a draft with anything to look at is refused then
          --digest DIGEST
              approve only the draft that show printed this digest of
          --test-timeout SECONDS
              the time that a draft's tests have together (default: \(DraftTrial.usualTestSeconds))
          --by PERSON, --reason TEXT
              for the history; the default person is the account's name

        The tests of a draft, test_*.py, run in a new sandbox without network and tools. With --mcp-config, what the tools
        that its code calls declare is remembered: if that changes, sessions are told that the skill is stale. The other
        options are the server's own (exec-mcp --help).

        Exit status: 0 when it was done, 1 when it was not, 2 for invalid arguments, 130 when interrupted.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let arguments = try SkillsArguments(arguments, environment: Environment.variables, defaults: defaults)
        guard let path = arguments.server.configuration.skillStore else {
            throw UsageError(
                message: """
                    there is no place for approved skills: --skills none turns them off, and without HOME or \
                    XDG_STATE_HOME there is none
                    """)
        }
        return Foreground.run { await SkillsSession(arguments, store: SkillStore(path: path)).run() }
    }
}
