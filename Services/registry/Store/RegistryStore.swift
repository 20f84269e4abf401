import Dispatch
import Foundation
import GRDB

/// The registry's database. Nothing but this file opens it, and one call is one transaction.
///
/// It is in WAL mode with `synchronous = FULL`: what ``save(_:)`` has returned for survives `kill -9` and a power cut.
/// Writes are rare (names, resume windows, port leases), so the sync per transaction is affordable. The lock is
/// exclusive: a second process on the same file is refused at start instead of giving out the same names.
final class RegistryStore: Sendable {
    /// What was stored, as a registry finds it at start.
    struct Stored: Sendable {
        /// The epoch of the registry that starts now.
        var registryEpoch: UInt64
        var clients: [ClientRecord] = []
        var ports: [PortRecord] = []
        var edges: [EdgeRecord] = []
        var bots: [BotRecord] = []
    }

    let path: String
    /// SQLite work runs on its queue, on a thread of its own.
    let database: DatabaseQueue

    private static let keepsEndedEdges = 1_000
    private static let keepsBots = 10_000

    /// Opens or creates the file and brings its tables up to date. Blocks: see ``open(path:)``.
    /// - Parameter busyTimeout: how long another process may take to give the file up (a predecessor that is just
    ///   ending).
    init(path: String, busyTimeout: TimeInterval = 5) throws(RegistryError) {
        self.path = path
        do {
            if path == ":memory:" {
                database = try DatabaseQueue()
            } else {
                try Self.createFile(path)
                var configuration = Configuration()
                configuration.label = "perpetua.registry"
                configuration.busyMode = .timeout(busyTimeout)
                configuration.prepareDatabase { database in
                    try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
                    try database.execute(sql: "PRAGMA journal_mode = WAL")
                    try database.execute(sql: "PRAGMA synchronous = FULL")
                }
                database = try DatabaseQueue(path: path, configuration: configuration)
            }
            try Self.check(database, path)
            try RegistrySchema.migrator.migrate(database)
        } catch {
            throw Self.meaning(of: error, path: path, isStart: true)
        }
    }

    /// Opens it on a thread that may block.
    static func open(path: String) async throws -> RegistryStore {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try RegistryStore(path: path) })
            }
        }
    }

    /// Starts a new registry epoch, higher than any before and at least `utcMilliseconds`, and reads everything.
    func begin(utcMilliseconds: Int64) async throws -> Stored {
        do {
            return try await database.write { database in
                let last = try Int64.fetchOne(database, sql: "SELECT epoch_bits FROM registry WHERE id = 1")
                let next = max(last.map { UInt64(bitPattern: $0) &+ 1 } ?? 1, UInt64(max(1, utcMilliseconds)))
                try database.execute(
                    sql: "INSERT OR REPLACE INTO registry (id, epoch_bits) VALUES (1, ?)",
                    arguments: [Int64(bitPattern: next)])
                return Stored(
                    registryEpoch: next, clients: try ClientRecord.fetchAll(database),
                    ports: try PortRecord.fetchAll(database),
                    edges: try EdgeRecord.order(Column("changed_at")).fetchAll(database),
                    bots: try BotRecord.fetchAll(database))
            }
        } catch {
            throw Self.meaning(of: error, path: path, isStart: true)
        }
    }

    /// Writes all of it, or throws a ``RegistryError`` and writes nothing.
    func save(_ changes: StoreChanges) async throws {
        do {
            try await database.write { database in try Self.write(changes, to: database) }
        } catch {
            throw Self.meaning(of: error, path: path, isStart: false)
        }
    }

    /// Tries whether anything can be written, and changes nothing.
    func probe() async throws {
        do {
            try await database.write { database in
                try database.execute(sql: "UPDATE registry SET epoch_bits = epoch_bits WHERE id = 1")
            }
        } catch {
            throw Self.meaning(of: error, path: path, isStart: false)
        }
    }

    func close() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [database] in
                try? database.close()  // nothing is left to lose, and the lock goes with the process
                continuation.resume()
            }
        }
    }

    private static func write(_ changes: StoreChanges, to database: Database) throws {
        // All rows are deleted before any is inserted, so that a name can pass from one client to another within a
        // transaction.
        for appID in changes.clients.keys { try ClientRecord.deleteOne(database, key: appID) }
        for case .put(let client) in changes.clients.values { try client.insert(database) }
        for appID in changes.ports.keys { try PortRecord.deleteOne(database, key: appID) }
        for case .put(let port) in changes.ports.values { try port.insert(database) }
        for edge in changes.edges.values { try edge.save(database) }
        for bot in changes.bots.values { try bot.save(database) }
        if !changes.edges.isEmpty {
            try database.execute(
                sql: """
                    DELETE FROM edge WHERE state <> 'live' AND rowid NOT IN
                    (SELECT rowid FROM edge WHERE state <> 'live' ORDER BY changed_at DESC LIMIT ?)
                    """, arguments: [keepsEndedEdges])
        }
        if !changes.bots.isEmpty {
            try database.execute(
                sql: "DELETE FROM bot WHERE self_id NOT IN (SELECT self_id FROM bot ORDER BY epoch_bits DESC LIMIT ?)",
                arguments: [keepsBots])
        }
    }

    /// Makes the folder, and the file so that only its owner can read it: it holds secrets. SQLite gives its own files
    /// beside it the same mode.
    private static func createFile(_ path: String) throws {
        let files = FileManager.default
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw RegistryError.cannotCreateDirectory(path: folder, reason: error.localizedDescription)
        }
        var isDirectory: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isDirectory) {
            if isDirectory.boolValue { throw RegistryError.cannotOpen(path: path, reason: "it is a folder") }
        } else if !files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) {
            throw RegistryError.readOnly(path: path)
        }
    }

    private static func check(_ queue: DatabaseQueue, _ path: String) throws {
        try queue.write { database in
            let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no verdict"
            if verdict != "ok" { throw RegistryError.corrupt(path: path, reason: verdict) }
            if try RegistrySchema.migrator.hasBeenSuperseded(database) { throw RegistryError.newerSchema(path: path) }
        }
    }

    private static func meaning(of error: any Error, path: String, isStart: Bool) -> RegistryError {
        if let error = error as? RegistryError { return error }
        guard let error = error as? DatabaseError else {
            return isStart
                ? .cannotOpen(path: path, reason: "\(error)") : .cannotSave(path: path, reason: "\(error)")
        }
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .locked(path: path)
        case .SQLITE_READONLY: return .readOnly(path: path)
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: return .corrupt(path: path, reason: reason)
        case .SQLITE_FULL: return .full(path: path)
        default:  // the many codes of SQLite, each with its own text
            return isStart ? .cannotOpen(path: path, reason: reason) : .cannotSave(path: path, reason: reason)
        }
    }
}
