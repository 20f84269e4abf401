import Contracts
import OneBot
import Testing

@testable import Registry

/// Random histories: after every step, what others believe is what the registry knows, and the registry's own rules
/// hold.
@Suite struct RandomHistoryTests {
    @Test(
        "whatever happens, replicas agree, names and app_ids are unique, and what is written is what is promised",
        arguments: 0..<40)
    func agree(_ round: UInt64) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(state: seed &+ round)
        var world = RegistryWorld(ports: 8100...8103)
        var grants: [SessionGrant] = []
        var offers: [PortOffer] = []
        var leases: [RegistryAPI.ClientLease] = []
        var instances = [1, 1, 1]
        func edge(_ index: Int) -> EdgeAddress { EdgeAddress(edgeID: "e\(index)", instance: "i\(instances[index])") }
        let names = ["one", "two", "caf\u{E9}", "cafe\u{301}"]
        for step in 0..<300 {
            let at = edge(Int.random(in: 0..<3, using: &random))
            let session = UInt64.random(in: 1...6, using: &random)
            switch Int.random(in: 0..<14, using: &random) {
            case 0, 1:
                let token = Bool.random(using: &random) ? grants.randomElement(using: &random)?.clientToken : nil
                if let grant = try? world.register(
                    session, at: at, token: token,
                    name: Bool.random(using: &random) ? names.randomElement(using: &random) : nil,
                    resume: Bool.random(using: &random) ? 20 : nil)
                {
                    grants.append(grant)
                }
            case 2, 3:
                if let appID = grants.randomElement(using: &random)?.appID,
                    let name = names.randomElement(using: &random)
                {
                    try? world.name(appID, name)
                }
            case 4: try world.report(.change, of: at, left: [session])
            case 5: try world.report(.renew, of: at)
            case 6:
                try world.report(
                    .full, of: at, sessions: grants.suffix(2).map { RegistryWorld.claim(session, granted: $0) })
            case 7: world.pass(.seconds(Int.random(in: 1...8, using: &random)))
            case 8:
                instances[Int.random(in: 0..<3, using: &random)] += 1
            case 9:
                if let offer = try? world.leasePort() { offers.append(offer) }
            case 12:
                let name = Bool.random(using: &random) ? names.randomElement(using: &random) : nil
                if let lease = try? world.registerClient(named: name) {
                    leases.append(lease)
                    grants.append(lease.grant)
                }
            case 13:
                for lease in leases { _ = try? world.renewClient(lease) }
            case 10:
                if let offer = offers.popLast() { try? world.bind(offer) }
            default:
                try world.report(
                    .change, of: at,
                    bots: [RegistryWorld.bot(Int64(session), at: at, epoch: UInt64(step), online: session > 2)])
            }
            check(world, "seed \(seed) round \(round) step \(step)")
        }
        checkTurns(of: world, "seed \(seed) round \(round)")
    }

    /// An edge is announced as up and as down in turns: never twice in a row.
    private func checkTurns(of world: RegistryWorld, _ place: Comment) {
        var up: Set<EdgeAddress> = []
        for change in world.published {
            guard let edge = change.edge else { continue }
            switch change.kind {
            case .edgeUp: #expect(up.insert(edge).inserted, place)
            case .edgeDown: #expect(up.remove(edge) != nil, place)
            case .clientOnline, .clientOffline, .clientRenamed, .botOnline, .botOffline: break
            }
        }
    }

    private func check(_ world: RegistryWorld, _ place: Comment) {
        let presence = world.state.presence
        #expect(Set(world.replica.clients.values) == Set(presence.clients.values), place)
        #expect(world.replica.edges == presence.edges, place)
        #expect(Set(world.replica.bots.values) == Set(presence.bots.values), place)
        let names = presence.clients.values.compactMap { $0.clientName.map { Array($0.utf8) } }
        #expect(Set(names).count == names.count, place)
        #expect(
            world.published.map(\.sequence)
                == Array(1...UInt64(max(1, world.published.count))).prefix(world.published.count).map { $0 }, place)
        for client in presence.clients.values {
            let known =
                if let edge = client.edge {
                    world.state.clients.client(of: SessionKey(edge: edge, sessionID: client.sessionID))
                } else {
                    world.state.clients[client.appID]
                }
            #expect(known?.appID == client.appID, place)
            #expect(
                known?.name?.text.utf8.elementsEqual(client.clientName?.utf8 ?? "".utf8) ?? (client.clientName == nil),
                place)
            if let name = client.clientName {
                guard case .put(let record) = world.saved.clients[client.appID] else {
                    Issue.record("A name was given that was not written. \(place)")
                    continue
                }
                #expect(record.clientName?.utf8.elementsEqual(name.utf8) == true, place)
            }
        }
        var stored: [[UInt8]] = []
        for case .put(let record) in world.saved.clients.values {
            #expect(world.state.clients[record.appID] != nil, "A record outlived its client. \(place)")
            if let name = record.clientName { stored.append(Array(name.utf8)) }
        }
        #expect(Set(stored).count == stored.count, place)
    }
}

/// Random numbers that are the same for the same seed.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
