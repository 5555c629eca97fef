import TestSupport
import Testing

/// How the guest deals with the program that scales pictures, whatever that does.
@Suite(.timeLimit(.minutes(3))) struct GuestPicturesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        // One of 1 x 1 pixels, filled up to a hundred bytes.
        let whole: [UInt8] =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
            + [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 10] + Array("IDAT".utf8)
            + [0x78, 0x9C, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xAF, 0xA4, 0x71, 0, 0, 0, 0] + Array("IEND".utf8)
            + [0xAE, 0x42, 0x60, 0x82]
        try directory.write(whole + Array(repeating: 0, count: 100 - whole.count), to: "picture")
    }

    /// Runs `script` with the guest's modules, `program` in the place of the one that scales, and gives what it prints.
    private func output(of script: String, program: String) async throws -> String {
        let heading = """
            files, pictures = guest.files, guest.pictures
            program, path = sys.argv[1:]
            guest.picture_scaler.__source__ = program
            def read(limit, whole):
                params = {
                    "file_path": path, "offset": 0, "limit": 99, "picture_limit": limit, "picture_side": 2000,
                    "unscaled_picture_limit": whole,
                }
                source, sink = os.pipe()
                try:
                    outcome = files.read_file(params, None, sink)
                except files.OperationError as error:
                    outcome = str(error).replace(path, "PATH")
                os.close(sink)
                print(outcome if isinstance(outcome, str) else {**outcome, "path": "PATH"}, len(os.read(source, 9999)))

            """
        return try await GuestModules.run(heading + script, arguments: [program, "\(directory.path)/picture"])
    }

    private static let advice = "Make a smaller one, for example with Pillow, and read that."

    @Test func aSmallPictureIsSentAsItIs() async throws {
        #expect(
            try await output(of: "read(100, 0)", program: "never run")
                == "{'path': 'PATH', 'media_type': 'image/png'} 100\n")
    }

    @Test func aLargerOneIsWhatTheProgramMakesOfIt() async throws {
        let program = """
            import sys
            data = sys.stdin.buffer.read()
            print('{"type": "image/jpeg", "from": [%d, %s], "to": [1, %s]}' % (len(data), *sys.argv[1:]))
            sys.stdout.write("x" * 42)
            """
        #expect(
            try await output(of: "read(99, 0)", program: program) == """
                {'path': 'PATH', 'media_type': 'image/jpeg', \
                'scaled': {'from': [100, 99], 'to': [1, 2000], 'animated': None, 'size': 100, 'type': 'image/png', \
                'is_for_bytes': True}} 42

                """)
    }

    @Test func oneOfTooManyPixelsIsScaledThough() async throws {
        let program = """
            print('{"type": "image/png", "from": [1, 1], "to": [1, 1], "animated": true}')
            """
        let script = "guest.picture_validation.check = lambda *_: (2001, 5)\nread(100, 100)"
        #expect(
            try await output(of: script, program: program) == """
                {'path': 'PATH', 'media_type': 'image/png', \
                'scaled': {'from': [1, 1], 'to': [1, 1], 'animated': True, 'size': 100, 'type': 'image/png', \
                'is_for_bytes': False}} 0

                """)
        let refused = try await output(of: script, program: #"print('{"missing": true}')"#)
        #expect(refused.hasPrefix("PATH is a picture of 2001 x 5 pixels, more than 2000 a side, and the image has no"))
        let failed = try await output(of: script, program: #"print('{"error": "why"}')"#)
        #expect(failed.contains("2001 x 5 pixels, and it cannot be scaled down to 2000 a side: why. Make a smaller"))
    }

    @Test func withoutALimitForPicturesTheyAreDescribed() async throws {
        #expect(
            try await output(of: "read(0, 0)", program: "never run") == """
                {'path': 'PATH', 'described': {'type': 'image/png', 'size': 100, 'sides': (1, 1)}} 0

                """)
    }

    @Test func withoutPillowOneIsSentAsItIsOrRefused() async throws {
        let program = #"print('{"missing": true}')"#
        #expect(
            try await output(of: "read(99, 100); read(98, 99)", program: program) == """
                {'path': 'PATH', 'media_type': 'image/png', 'unscaled': 100} 100
                PATH is a picture of 100 bytes, more than 99, and the image has no Pillow to scale it down with. \
                \(Self.advice) 0

                """)
    }

    @Test(arguments: [
        (#"print('{"error": "why"}')"#, "why"),
        ("import os; os.kill(os.getpid(), 9)", "the scaling process was killed, perhaps for lack of memory"),
        ("raise SystemExit('no')", "the scaling process was killed, perhaps for lack of memory"),
        (
            "import sys\nwhile True: sys.stdout.write('x' * 65536)",
            "the scaling process was killed, perhaps for lack of memory"
        ),
        ("import time; time.sleep(600)", "it took longer than 0.5 seconds"),
    ])
    func aFailureIsARefusal(program: String, reason: String) async throws {
        #expect(
            try await output(
                of: "pictures._SECONDS = 0.5 if 'sleep' in program else 60\nread(50, 0)", program: program)
                == "PATH is a picture of 100 bytes, and it cannot be scaled down to 50: \(reason). \(Self.advice) 0\n")
    }

    @Test func theProgramEndsWithTheCall() async throws {
        let script = """
            class Stopped(BaseException): pass
            def stop(number, stack): raise Stopped
            signal.signal(signal.SIGUSR1, stop)
            try:
                read(50, 0)
            except Stopped:
                print("stopped")
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                print("none left")
            """
        let program = "import os, signal, time; os.kill(os.getppid(), signal.SIGUSR1); time.sleep(600)"
        #expect(try await output(of: script, program: program) == "stopped\nnone left\n")
    }
}
