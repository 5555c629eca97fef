import Testing

/// What the guest ends when memory runs out, where the kernel would end everything. The numbers are fake, the processes
/// real.
@Suite(.timeLimit(.minutes(3))) struct GuestMemoryGuardTests {
    /// Runs `script` with a guard for a limit of 1,000 MiB, of which it keeps 50 free. `look(used)` has it look, and
    /// prints what has happened since.
    private func output(of script: String) async throws -> String {
        let heading = """
            import subprocess
            from guest import memory_guard, system
            MIB = 1 << 20
            class Memory:
                limit = 1000 * MIB
                def used(self, enough): return self.value
            class Call(guest.commands.Command):
                def __init__(self): self.note = ""
            class Parts:
                has_background = False
                ended = 0
                now = 0.0
                def own_pids(self): return own
                def snapshot(self): return [call]
                def stop_everything(self): self.ended += 1
                def log(self, text): pass
                def __bool__(self): return True
            parts, memory, call, own = Parts(), Memory(), Call(), set()
            parts.channel = parts.pool = parts.calls = parts.processes = parts.lifecycle = parts
            config = {"memory_bytes": 1000 * MIB, "memory": "1000m"}
            guard = memory_guard.MemoryGuard(config, memory, lambda: parts.now)
            guard.attach(parts)
            guard.start()
            def program(mebibytes):
                code = f"x = b'x' * {mebibytes << 20}; print(len(x), flush=True); input()"
                started = subprocess.Popen(
                    [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                started.stdout.readline()
                return started
            def look(used, seconds=10.0):
                before = system.OutOfMemoryKills.by_guest, parts.ended
                parts.now += seconds
                memory.value = used * MIB
                guard.check()
                killed, ended = system.OutOfMemoryKills.by_guest - before[0], parts.ended - before[1]
                print("killed" * killed + "all" * ended or "nothing", end=" ")
            """
        return try await GuestModules.run("\(heading)\n\(script)")
    }

    @Test func killsTheLargestProcessAndNoOther() async throws {
        let script = """
            small, large = program(30), program(90)
            look(949)
            look(951)
            print(large.wait(), small.poll(), call.note)
            small.kill()
            """
        #expect(try await output(of: script) == "nothing killed -9 None \n")
    }

    @Test func sparesTheGuestsOwn() async throws {
        let script = """
            mine, other = program(90), program(30)
            own.add(mine.pid)
            look(990)
            print(other.wait(), mine.poll())
            mine.kill()
            """
        #expect(try await output(of: script) == "killed -9 None\n")
    }

    @Test func waitsUntilTheMemoryOfTheLastOneIsBack() async throws {
        let script = """
            first, second = program(90), program(60)
            look(960)
            # Not waited for, it stays a process.
            look(960, 0.5)
            first.wait()
            look(960, 0.5)
            second.wait()
            """
        #expect(try await output(of: script) == "killed nothing killed ")
    }

    @Test func endsWhatWritesFilesIntoMemoryAndLetsThemBeDeleted() async throws {
        let script = """
            look(955)
            print("files in memory" in call.note, end=" ")
            # What deletes them may take a little more.
            look(960)
            look(970)
            look(990)
            look(999)
            # Once there was room again, all is as at first.
            look(500)
            look(955)
            """
        #expect(try await output(of: script) == "all True nothing all all nothing nothing all ")
    }

    @Test func looksMoreOftenTheLessIsLeft() async throws {
        let script = """
            waits = []
            for used in (0, 700, 900, 949):
                look(used)
                waits.append(guard.seconds_to_wait())
            print(waits == sorted(waits, reverse=True), waits[0] <= 0.25, 0 < waits[-1] < 0.01)
            """
        #expect(try await output(of: script) == "nothing nothing nothing nothing True True True\n")
    }

    @Test func doesNotLookWhileNothingRuns() async throws {
        let script = """
            Parts.__bool__ = lambda self: False
            look(990)
            print(guard.seconds_to_wait())
            """
        #expect(try await output(of: script) == "nothing None\n")
    }

    @Test func aFewMoreBytesThanAreNeededAreKeptFreeOfALittle() async throws {
        let script = """
            for limit in (64, 256, 1000, 100_000):
                config["memory_bytes"] = limit * MIB
                Memory.limit = None
                print((config["memory_bytes"] - memory_guard.MemoryGuard(config, memory)._threshold) // MIB, end=" ")
            """
        #expect(try await output(of: script) == "16 32 50 5000 ")
    }

    @Test func countsItsKillsLikeTheKernels() async throws {
        let script = """
            from guest import system
            count = system.OutOfMemoryKills().count()
            system.OutOfMemoryKills.by_guest = 3
            print(system.OutOfMemoryKills().count() - (count or 0))
            """
        #expect(try await GuestModules.run(script) == "3\n")
    }
}
