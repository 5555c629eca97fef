import Foundation

/// Whether there is a process of this number, be it one that nobody has reaped.
func isAlive(_ process: Int32) -> Bool {
    kill(process, 0) == 0
}
