import Bus
import Contracts
import Logging
import Observability

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
