import TestSupport
import Testing

/// What the filters of commands let through, on processors that this machine has not, too.
@Suite(.timeLimit(.minutes(3))) struct GuestConfinementTests {
    /// Runs a filter as the kernel does. `judges` gives the name of the error, or "allowed".
    private static let judging = """
        import errno, struct
        confinement = guest.confinement
        architectures = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003, "riscv": 0xC00000F3}
        def judges(strictness, architecture, number, *arguments):
            data = struct.pack("<IIQ6Q", number, architectures[architecture], 0, *arguments, *[0] * (6 - len(arguments)))
            program, at, value = confinement._program(strictness), 0, 0
            while True:
                code, true, false, operand = program[at]
                at += 1
                if code == 0x20: value = struct.unpack_from("<I", data, operand)[0]
                elif code == 0x54: value &= operand
                elif code == 0x15: at += true if value == operand else false
                else: return "allowed" if operand == 0x7FFF0000 else errno.errorcode[operand & 0xFFFF]

        """

    @Test(arguments: [
        // fallocate: room ahead, with and without a new size; a hole.
        ("0, 'x86_64', 285, 3, 0", "ENOTSUP"), ("0, 'x86_64', 285, 3, 1", "ENOTSUP"),
        ("0, 'x86_64', 285, 3, 3", "allowed"), ("0, 'aarch64', 47, 3, 1", "ENOTSUP"),
        ("0, 'i386', 324, 3, 1", "ENOTSUP"), ("0, 'x86_64', 285, 3, 1 << 32 | 1", "ENOTSUP"),
        // The same by ioctl, for either size of its structure; an ioctl like others.
        ("0, 'x86_64', 16, 3, 0x4030582A", "ENOTTY"), ("0, 'i386', 54, 3, 0x402C5828", "ENOTTY"),
        ("0, 'x86_64', 16, 3, 0x5401", "allowed"), ("0, 'aarch64', 29, 3, 0x401C5820", "ENOTTY"),
        // Rings.
        ("0, 'x86_64', 425", "ENOSYS"), ("0, 'aarch64', 425", "ENOSYS"),
        // Numbers with the bit of the other calling convention; a processor that is not known.
        ("0, 'x86_64', 285 | 0x40000000, 3, 1", "ENOSYS"), ("0, 'riscv', 47, 3, 1", "ENOSYS"),
        // Memory that stands for a file: shared, shared and validated, private, nobody's.
        ("0, 'x86_64', 9, 0, 1, 3, 1, 3", "allowed"), ("1, 'x86_64', 9, 0, 1, 3, 1, 3", "EDQUOT"),
        ("1, 'x86_64', 9, 0, 1, 1, 3, 3", "EDQUOT"), ("1, 'x86_64', 9, 0, 1, 3, 2, 3", "allowed"),
        ("1, 'x86_64', 9, 0, 1, 3, 0x21, 3", "allowed"), ("1, 'aarch64', 222, 0, 1, 3, 1, 3", "EDQUOT"),
        ("1, 'i386', 4", "ENOSYS"),
        // What is made.
        ("1, 'x86_64', 257, 3, 0, 0x41", "allowed"), ("2, 'x86_64', 257, 3, 0, 0x41", "EDQUOT"),
        ("2, 'x86_64', 257, 3, 0, 0x1", "allowed"), ("2, 'x86_64', 257, 3, 0, 0x410002", "EDQUOT"),
        ("2, 'x86_64', 2, 0, 0x40", "EDQUOT"), ("2, 'x86_64', 437", "ENOSYS"), ("2, 'x86_64', 83", "EDQUOT"),
        ("2, 'aarch64', 56, 3, 0, 0x41", "EDQUOT"), ("2, 'aarch64', 34", "EDQUOT"), ("2, 'aarch64', 35", "allowed"),
        ("2, 'x86_64', 87", "allowed"), ("2, 'x86_64', 263", "allowed"),
    ])
    func judgesASystemCall(call: String, verdict: String) async throws {
        #expect(try await GuestModules.run(Self.judging + "print(judges(\(call)))") == verdict + "\n")
    }
}
