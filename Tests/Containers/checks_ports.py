"""Three edges with published ports of their own (compose.ports.yaml)."""

from checks import WS, check, run, until
from proof import Client, an_edge_dies, attempt, docker, everybody_talks, events_flow, http, online, the_bot_is_there

RANGES = {"edge-1": range(8100, 8120), "edge-2": range(8120, 8140), "edge-3": range(8140, 8160)}


async def program():
    await the_bot_is_there()
    clients = [await leased(edge) for edge in RANGES]
    clients.append(await Client.join(f"{WS}/"))
    edges = {client["app_id"]: client["edge"] for client in await online()}
    check([edges[client.app_id] for client in clients[:3]] == list(RANGES), "each on its edge, one on the shared port")
    await everybody_talks(clients)
    await events_flow(clients, "over three edges")

    victim = edges[clients[1].app_id]
    dead = [client for client in clients if edges[client.app_id] == victim]
    alive = [client for client in clients if edges[client.app_id] != victim]
    container = docker("ps", "--quiet", "--filter", f"label=com.docker.compose.service={victim}")
    await an_edge_dies(container, dead, alive)
    again = await until("it leases ports again", lambda: attempt(leased(victim)), 30)
    await everybody_talks(alive + [again])
    await events_flow(alive + [again], "after the edge came back")


async def leased(edge):
    lease = await http("get_ws_port", edge=edge)
    client = await Client.join(lease["url"])
    fits = client.app_id == lease["app_id"] and lease["port"] in RANGES[edge]
    check(fits, f"{edge}: a client on a port of its own", lease["port"])
    return client


run(program)
