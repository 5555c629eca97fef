import CommandOptions
import ExecCore

/// `exec-mcp image`: builds the sandbox's image from the Dockerfile embedded in the program.
struct ImageCommand: Subcommand {
    let name = "image"
    let summary = "build the sandbox's image; no checkout is needed"
    let flagsWithValue = ImageArguments.options.filter(\.takesValue).map(\.flag)

    var help: String {
        """
        Usage: exec-mcp image [OPTION]…

        Builds the image that sandboxes run from the Dockerfile that this program carries: Python with the scientific
        stack. It is checked in a sandbox before it replaces an older one. An image that is up to date is left as it is;
        so is one of that name that was not built here.

          --tag NAME, --image NAME
              the image's name (for the standard one also MCP_EXECUTOR_IMAGE; default: mcp-code-executor:latest)
          --base IMAGE
              the image to build on: Debian-like, with python3 (3.11 or newer) and pip; one that is on this machine is
              used as it is (MCP_EXECUTOR_BASE_IMAGE; default: \(ImageRecipe.defaultBase))
          --variant NAME
              standard (the default), or slim: Python without packages, curl, file, jq, less, ps, unzip and zip; its
              name is mcp-code-executor:slim
          --with FILE
              adds the packages that a requirements file lists. A package of the image that it names too is installed
              as the file says. The image is named by its content, mcp-code-executor:with-…, and its name is printed
          --engine PROGRAM
              docker-compatible command line, name or path (MCP_EXECUTOR_ENGINE; default: docker)
          --force
              rebuild even if nothing changed
          --print
              print the Dockerfile and build nothing

        The server's other options (exec-mcp --help) are accepted too, so that you can put `image` into a command line
        that lacks an image; they have no effect here.

        The build reaches the package index over this machine's network. It receives PIP_INDEX_URL,
        PIP_EXTRA_INDEX_URL and PIP_TRUSTED_HOST (else pip's own configuration), HTTP_PROXY, HTTPS_PROXY and NO_PROXY,
        and the certificates in PIP_CERT, REQUESTS_CA_BUNDLE or SSL_CERT_FILE (else the system's). None of it stays
        in the image.

        Run the server with a variant: exec-mcp --image mcp-code-executor:slim, or
        exec-mcp --image "$(exec-mcp image --with requirements.txt)".

        Exit status: 0 when the image is there, 1 when it could not be built, 2 for an invalid command line, 130 when
        it was interrupted.

        """
    }

    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32 {
        let arguments = try ImageArguments(arguments, environment: Environment.variables, defaults: defaults)
        if arguments.onlyPrints {
            print(ImageRecipe.dockerfile, terminator: "")
            return 0
        }
        return Foreground.run {
            do {
                let maker = ImageMaker(arguments: arguments)
                try await maker.run()
                if arguments.isNamedByContent { print(maker.tag) }
                return 0
            } catch is CancellationError {
                ImageMaker.printLine("interrupted")
                return Foreground.interruptedStatus
            } catch {
                ImageMaker.printLine("error: \(error)")
                return 1
            }
        }
    }
}
