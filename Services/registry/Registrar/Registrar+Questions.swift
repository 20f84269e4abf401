import Bus
import Contracts
import Logging
import Observability
import OneBot

extension Registrar {
    /// Answers a question, or says what is to be done before it can be.
    func answer(_ delivery: Delivery, at now: Moment) async -> [Errand] {
        do throws(RPC.Failure) {
            switch try RegistryMethods.question(in: delivery.body) {
            case .register(let question):
                return await register(question, delivery, at: now)
            case .setName(let wish):
                return await rename(wish, delivery, at: now)
            case .snapshot:
                methods.answer(delivery, .success(try state.snapshot()))
                return []
            case .position:
                methods.answer(delivery, state.presence.position.answer)
                return []
            case .identify(let caller):
                methods.answer(delivery, .success(try state.identify(caller)))
                return []
            case .registerClient(let wish):
                return await register(wish, delivery, at: now)
            case .renewClient(let wish):
                methods.answer(delivery, .success(try state.renew(wish, at: now)))
                return []
            case .leasePort(let wish):
                guard leasing < Self.maxLeasing else {
                    throw RPC.Failure(.unavailable(.no()), "Too many ports are being opened. Try again.")
                }
                leasing += 1
                return [.lease(wish, delivery)]
            }
        } catch {
            refuse(delivery, error)
            return []
        }
    }

    private func register(_ question: RegistryAPI.Register, _ delivery: Delivery, at now: Moment) async -> [Errand] {
        guard var effects = state.hear(from: question.edge, at: now) else {
            refuse(
                delivery,
                RPC.Failure(
                    .unavailable(.no()),
                    "This run of the edge \(question.edge.edgeID.prefix(48)) has ended or was replaced."))
            return []
        }
        publish(&effects, at: now)
        switch state.decide(question.session, at: question.edge, fresh: newcomer(in: state), now: now) {
        case .refused(let failure):
            refuse(delivery, failure)
        case .superseded(let failure):
            refuse(delivery, failure)
            effects.requests.append(
                .disconnect(question.edge, session: question.session.sessionID, reason: failure.message))
        case .repeated(let client):
            // What a report brought may not be written yet. This answer promises it, so it has to be.
            if unsaved.clients[client.appID] != nil, let failure = await save(StoreChanges()) {
                refuse(delivery, failure)
            } else {
                methods.answer(delivery, .success(client.grant))
            }
        case .admitted(let admission):
            if let failure = await save(admission.saves) {
                refuse(delivery, failure)
                break
            }
            let later = state.admit(admission, at: now)
            methods.answer(delivery, .success(admission.client.grant))
            effects.append(later)
            logger.debug(
                "A client came online.",
                metadata: [
                    LogKeys.appID: "\(admission.client.appID)", LogKeys.edgeID: "\(question.edge.edgeID)",
                    LogKeys.sessionID: "\(question.session.sessionID)",
                ])
        }
        return await finish(effects, at: now)
    }

    private func rename(_ wish: RegistryAPI.SetName, _ delivery: Delivery, at now: Moment) async -> [Errand] {
        do throws(RPC.Failure) {
            guard let renaming = try state.decide(wish, at: now) else {
                if unsaved.clients[wish.appID] != nil, let failure = await save(StoreChanges()) { throw failure }
                methods.answer(delivery, .success(RPC.Empty()))
                return []
            }
            if let failure = await save(renaming.saves) { throw failure }
            let effects = state.rename(renaming)
            methods.answer(delivery, .success(RPC.Empty()))
            return await finish(effects, at: now)
        } catch {
            refuse(delivery, error)
            return []
        }
    }

    func refuse(_ delivery: Delivery, _ failure: RPC.Failure) {
        methods.answer(delivery, Result<RPC.Empty, RPC.Failure>.failure(failure))
    }
}

extension Registrar {
    /// Makes a program on the broker a client.
    func register(
        _ wish: RegistryAPI.RegisterClient, _ delivery: Delivery, at now: Moment
    ) async -> [Errand] {
        do throws(RPC.Failure) {
            let enrolment = try state.decide(wish, fresh: newcomer(in: state), at: now)
            if let failure = await save(enrolment.saves) { throw failure }
            let effects = state.enrol(enrolment, at: now)
            methods.answer(delivery, .success(state.lease(of: enrolment.client)))
            logger.debug(
                "A client came online on AMQP.", metadata: [LogKeys.appID: "\(enrolment.client.appID)"])
            return await finish(effects, at: now)
        } catch {
            refuse(delivery, error)
            return []
        }
    }
}
