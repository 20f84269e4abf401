import Contracts
import Foundation
import GRDB
import OneBot
import Testing

@testable import Registry

@Suite(.timeLimit(.minutes(1))) struct RegistryStoreTests {
    private func record(_ appID: String, name: String? = nil) -> ClientRecord {
        ClientRecord(
            appID: appID, clientToken: "token of \(appID)", clientName: name, edgeID: "e", instance: "i",
            sessionBits: -1, resumeSeconds: 60, keptUntil: nil)
    }

    private func saved(_ clients: ClientRecord...) -> StoreChanges {
        var changes = StoreChanges()
        for client in clients { changes.put(client) }
        return changes
    }

    @Test("what was saved is there after the process was killed")
    func killed() async throws {
        let folder = try TemporaryFolder()
        let store = try RegistryStore(path: folder.file("a/b/registry.sqlite"))
        let first = try await store.begin(utcMilliseconds: 1_000)
        var changes = saved(record("x", name: "caf\u{E9}"), record("y", name: "cafe\u{301}"))
        changes.put(EdgeAddress(edgeID: "e", instance: "i"), .live, at: Moment(uptime: .zero, utcMilliseconds: 5))
        changes.put(
            PortRecord(appID: "p", clientToken: "t", edgeID: "e", instance: "i", port: 8100, expiresAt: 99))
        changes.put(BotRecord(selfID: 10001, epochBits: -1, configuredIndex: nil))
        try await store.save(changes)
        // The files as a killed process leaves them: nothing was closed, nothing written back.
        let copy = try folder.copy(of: "a/b", to: "crashed")
        let after = try await RegistryStore(path: copy + "/registry.sqlite").begin(utcMilliseconds: 0)
        #expect(first.registryEpoch == 1_000)
        #expect(after.registryEpoch == 1_001)
        #expect(
            Set(after.clients.compactMap { $0.clientName.map { Array($0.utf8) } })
                == [Array("caf\u{E9}".utf8), Array("cafe\u{301}".utf8)])
        #expect(after.clients.map(\.sessionBits) == [-1, -1])
        #expect(after.ports.map(\.port) == [8100])
        #expect(after.edges.map(\.state) == [.live])
        #expect(after.bots.map(\.epochBits) == [-1])
        await store.close()
    }

    @Test("the epoch is higher at every start, whatever the calendar says")
    func epoch() async throws {
        let folder = try TemporaryFolder()
        var last: UInt64 = 0
        for calendar: Int64 in [5_000, 1, -7, 9_000] {
            let store = try RegistryStore(path: folder.file("registry.sqlite"))
            let epoch = try await store.begin(utcMilliseconds: calendar).registryEpoch
            #expect(epoch > last)
            last = epoch
            await store.close()
        }
        #expect(last == 9_000)
    }

    @Test("a name passes from one client to another in one transaction")
    func namePasses() async throws {
        let store = try RegistryStore(path: ":memory:")
        _ = try await store.begin(utcMilliseconds: 1)
        try await store.save(saved(record("x", name: "one"), record("y", name: "two")))
        try await store.save(saved(record("x", name: "two"), record("y", name: "one")))
        var changes = saved(record("z", name: "one"))
        changes.removeClient("y")
        try await store.save(changes)
        let clients = try await store.begin(utcMilliseconds: 1).clients
        #expect(
            Dictionary(uniqueKeysWithValues: clients.map { ($0.appID, $0.clientName) }) == ["x": "two", "z": "one"])
    }

    @Test("of edges that ended only the latest are kept")
    func endedEdges() async throws {
        let store = try RegistryStore(path: ":memory:")
        _ = try await store.begin(utcMilliseconds: 1)
        var changes = StoreChanges()
        for number in 0..<1_500 {
            changes.put(
                EdgeAddress(edgeID: "e", instance: "\(number)"), .ended,
                at: Moment(uptime: .zero, utcMilliseconds: Int64(number)))
        }
        changes.put(EdgeAddress(edgeID: "e", instance: "live"), .live, at: Moment(uptime: .zero, utcMilliseconds: 0))
        try await store.save(changes)
        let edges = try await store.begin(utcMilliseconds: 1).edges
        #expect(edges.count == 1_001)
        #expect(edges.contains { $0.state == .live })
        #expect(!edges.contains { $0.instance == "3" })
    }

    @Test("only its owner may read the file: it holds secrets")
    func mode() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let store = try RegistryStore(path: path)
        _ = try await store.begin(utcMilliseconds: 1)
        for file in [path, path + "-wal"] {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(file)")
        }
        await store.close()
    }

    @Test("a file that is no database is said to be corrupt, and is left as it is")
    func garbage() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let garbage = Data(repeating: 0x5A, count: 8_192)
        try garbage.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: RegistryError.self) { try RegistryStore(path: path) }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains(path) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
    }

    @Test("a database damaged inside is said to be corrupt")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let store = try RegistryStore(path: path)
        _ = try await store.begin(utcMilliseconds: 1)
        var changes = StoreChanges()
        for number in 0..<2_000 { changes.put(record("client \(number)", name: "name \(number)")) }
        try await store.save(changes)
        await store.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for offset in 4_096 * 6..<4_096 * 9 { bytes[offset] = 0xFF }
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: RegistryError.self) { try RegistryStore(path: path) }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a folder in place of the file, or a file in place of the folder, is said so")
    func folderInPlace() throws {
        let folder = try TemporaryFolder()
        let inPlace = #expect(throws: RegistryError.self) { try RegistryStore(path: folder.path) }
        #expect(inPlace == .cannotOpen(path: folder.path, reason: "it is a folder"))
        let file = folder.file("file")
        try Data().write(to: URL(fileURLWithPath: file))
        let below = #expect(throws: RegistryError.self) { try RegistryStore(path: file + "/registry.sqlite") }
        guard case .cannotCreateDirectory(path: file, reason: _) = below else {
            Issue.record("\(String(describing: below))")
            return
        }
    }

    @Test("a second process on one file is refused")
    func locked() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let store = try RegistryStore(path: path)
        _ = try await store.begin(utcMilliseconds: 1)
        let error = #expect(throws: RegistryError.self) { try RegistryStore(path: path, busyTimeout: 0.05) }
        #expect(error == .locked(path: path))
        await store.close()
        await (try RegistryStore(path: path)).close()
    }

    @Test("a database of a later release is not touched")
    func newer() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let store = try RegistryStore(path: path)
        try await store.database.write { database in
            try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: from the future')")
        }
        await store.close()
        #expect(throws: RegistryError.newerSchema(path: path)) { try RegistryStore(path: path) }
    }

    @Test("when the disk is full nothing of a transaction is written, and saving works again later")
    func full() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("registry.sqlite")
        let store = try RegistryStore(path: path)
        _ = try await store.begin(utcMilliseconds: 1)
        try await store.save(saved(record("x", name: "one")))
        try await store.database.write { try $0.execute(sql: "PRAGMA max_page_count = 1") }
        var many = StoreChanges()
        many.removeClient("x")
        for number in 0..<500 { many.put(record("client \(number)")) }
        await #expect(throws: RegistryError.full(path: path)) { try await store.save(many) }
        #expect(try await store.begin(utcMilliseconds: 1).clients.map(\.appID) == ["x"])
        try await store.database.write { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        try await store.save(many)
        #expect(try await store.begin(utcMilliseconds: 1).clients.count == 500)
        await store.close()
    }

    @Test("a write that is not allowed says so")
    func readOnly() async throws {
        let store = try RegistryStore(path: ":memory:")
        _ = try await store.begin(utcMilliseconds: 1)
        try await store.database.write { try $0.execute(sql: "PRAGMA query_only = 1") }
        await #expect(throws: RegistryError.readOnly(path: ":memory:")) { try await store.save(saved(record("x"))) }
        await #expect(throws: RegistryError.readOnly(path: ":memory:")) { try await store.probe() }
        try await store.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        try await store.probe()
    }

    @Test(
        "every message says what, where, and what to do",
        arguments: [
            RegistryError.cannotCreateDirectory(path: "/p", reason: "r"), .cannotOpen(path: "/p", reason: "r"),
            .readOnly(path: "/p"), .locked(path: "/p"), .corrupt(path: "/p", reason: "r"), .newerSchema(path: "/p"),
            .full(path: "/p"), .cannotSave(path: "/p", reason: "r"),
        ])
    func messages(_ error: RegistryError) {
        #expect("\(error)".contains("/p"))
        #expect("\(error)".split(separator: ". ").count >= 2)
    }
}

/// A folder of the test's own, removed when nobody holds it any more.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)  // a leftover in the temporary folder does no harm
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Copies a folder inside this one; returns the path of the copy.
    func copy(of name: String, to other: String) throws -> String {
        try FileManager.default.copyItem(atPath: file(name), toPath: file(other))
        return file(other)
    }
}
