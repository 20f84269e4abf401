/// Why the registry cannot start, save, or go on for now. Each says what was attempted, where, and what to do.
public enum RegistryError: Error, Sendable, Hashable {
    case cannotCreateDirectory(path: String, reason: String)
    case cannotOpen(path: String, reason: String)
    case readOnly(path: String)
    /// - Parameter holder: the process that has it; `nil` where that is not known, 0 where it runs elsewhere.
    case locked(path: String, holder: Int32? = nil)
    case corrupt(path: String, reason: String)
    /// It was written by a later release.
    case newerSchema(path: String)
    case full(path: String)
    case cannotSave(path: String, reason: String)
    /// The queue that questions come to was taken away.
    case lostQueue(String)
}

extension RegistryError: CustomStringConvertible {
    private static func inWords(_ holder: Int32?) -> String {
        switch holder {
        case nil: "another process"
        case 0: "a process in another container"
        case let pid?: "the process \(pid)"
        }
    }

    public var description: String {
        switch self {
        case .cannotCreateDirectory(let path, let reason):
            "Cannot create the folder \(path) for the registry's database: \(reason). "
                + "Create it, or set registry.database to a path that can be written."
        case .cannotOpen(let path, let reason):
            "Cannot open the registry's database \(path): \(reason). "
                + "Set registry.database to a file that can be read and written."
        case .readOnly(let path):
            "Cannot write the registry's database \(path): it, its folder or its file system is read-only. "
                + "Make it writable, or set registry.database to another path."
        case .locked(let path, let holder):
            "Cannot open the registry's database \(path): \(Self.inWords(holder)) uses it, another Perpetua as a rule. "
                + "Stop that one, or set registry.database to another path."
        case .corrupt(let path, let reason):
            "Cannot read the registry's database \(path): \(reason). "
                + "Restore it from a copy, or move it (with its -wal file) away to start with an empty one."
        case .newerSchema(let path):
            "Cannot use the registry's database \(path): a later release of Perpetua wrote it. "
                + "Run that release, or set registry.database to another path."
        case .full(let path):
            "Cannot write the registry's database \(path): the disk is full. Make room on it; a registry at work goes on by itself then."
        case .cannotSave(let path, let reason):
            "Cannot write the registry's database \(path): \(reason). Look at its disk; saving is tried again."
        case .lostQueue(let queue):
            "The registry lost its queue \(queue), perhaps with its connection to the broker. It takes it again when it can."
        }
    }
}
